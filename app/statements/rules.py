"""What a source of statements must be. Pure."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from app.statements import errors
from app.statements.formats import registry
from app.statements.formats.settings import DateOrder, Profile, Settings, Unit

_NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
_ENUMS = {"unit": Unit, "date_order": DateOrder}


def check_source(name: str, *, title: str, format_name: str) -> None:
    """Raises BadSource."""
    if not _NAME.fullmatch(name) or not title.strip() or format_name not in registry.FORMATS:
        raise errors.BadSource


def settings_of(kept: Mapping[str, Any]) -> Settings:
    """Settings as they are kept with a source. Raises BadSource for what no format takes."""
    told = dict(kept)
    known = {field.name for field in fields(Settings)}
    if set(told) - known:
        raise errors.BadSource(f"No format takes {', '.join(sorted(set(told) - known))}.")
    try:
        if told.get("profile") is not None:
            told["profile"] = Profile(**told["profile"])
        for name, enum in _ENUMS.items():
            if told.get(name) is not None:
                told[name] = enum(told[name])
        settings = Settings(**told)
    except (TypeError, ValueError) as wrong:
        raise errors.BadSource(f"These settings cannot be read: {wrong}.") from wrong
    settings.tz()
    return settings
