"""What is typed about a source: how its files are read, and when they are due."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import available_timezones

from flask import request

from app.statements.errors import BadDays, BadSource, BadTolerance
from app.statements.formats import registry
from app.statements.rules import Days

# The settings of a source that are one field each, in the order of the form; the profile has a page of its own.
PLAIN = ("zone", "asset", "account", "unit", "date_order", "bank_reference_is_id")
_TEXT_MAX = 80
_ZONES_FIRST = ("Africa/Lagos", "UTC")


def settings(format_name: str, *, kept: Mapping[str, Any]) -> dict[str, object]:
    """The settings that were sent, of those that the format takes; what has no field stays as it is kept.

    A zone is kept of each source: it says when its days begin and end. Raises BadSource.
    """
    takes = registry.FORMATS[format_name].takes | {"zone"}
    said: dict[str, object] = {name: value for name, value in kept.items() if name not in PLAIN}
    for name in PLAIN:
        told = request.form.get(name, "").strip()[:_TEXT_MAX]
        if name in takes and told:
            said[name] = True if name == "bank_reference_is_id" else told
    if said.get("zone") not in available_timezones():
        raise BadSource("Say in which time zone the account is kept.")
    return said


def zones() -> list[tuple[str, str]]:
    """Time zones to choose from, the likeliest first."""
    names = [*_ZONES_FIRST, *sorted(available_timezones() - set(_ZONES_FIRST))]
    return [(name, name.replace("_", " ")) for name in names]


def due() -> tuple[int, time]:
    """How many days later a statement is there, and at what time. Raises BadSource."""
    try:
        return int(request.form.get("lag_days", "")), time.fromisoformat(request.form.get("cut_off", ""))
    except ValueError as unread:
        raise BadSource("Say how many days later a day's statement is there, and at what time, like 12:00.") from unread


def said_days() -> Days | None:
    """The days that a file is said to cover; None where neither was said. Raises BadDays."""
    first, last = (request.form.get(name, "").strip() for name in ("from", "to"))
    if not first and not last:
        return None
    try:
        return Days(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError as unread:
        raise BadDays from unread


def tolerance() -> Decimal:
    """In whole coins; nothing where nothing was typed. Raises BadTolerance."""
    told = request.form.get("tolerance", "").strip().replace(",", "")
    try:
        return Decimal(told or 0) if len(told) < _TEXT_MAX else Decimal("NaN")
    except InvalidOperation as unread:
        raise BadTolerance from unread
