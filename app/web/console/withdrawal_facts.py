"""What a check was given, as people read it: amounts in naira, times in WAT, yes and no."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.money import NGN, Money
from app.web import filters

# Facts that are kobo, as text.
_AMOUNTS = frozenset(
    {"amount", "held", "needed", "float", "left", "disputed", "limit", "used", "asked", "day_units", "paid_units"}
    | {"came_units", "day_old"}
)
_HIDDEN = frozenset({"rule", "policy"})  # said in words beside them
_NAMES = {
    "day_old": "came within a day",
    "day_units": "asked for in a day",
    "paid_units": "paid in 90 days",
    "came_units": "came a moment ago",
} | {
    "in_hour": "asked for in an hour, times",
    "in_day": "asked for in a day, times",
    "paid_count": "paid in 90 days, times",
    "sharers": "customers with this destination",
    "quiet_days": "days quiet before",
    "age_days": "days old",
}


def lines(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each fact with its name."""
    return [
        (_NAMES.get(name, name.replace("_", " ")).capitalize(), _told(name, value))
        for name, value in facts.items()
        if name not in _HIDDEN
    ]


def _told(name: str, value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_told("", each) for each in value) or "none"
    if isinstance(value, Mapping):
        # (what is inside is of the same kind: what is left of limits is money throughout)
        told = (f"{key.replace('_', ' ').replace(':', ' ')} {_told(name, each)}" for key, each in value.items())
        return ", ".join(told) or "none"
    text = str(value)
    if name in _AMOUNTS and text.lstrip("-").isdecimal():
        return str(Money(NGN, int(text)))
    moment = _moment(text) if name.endswith(("_at", "_since")) or "T" in text else None
    return filters.wat(moment) if moment else text.replace("_", " ")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
