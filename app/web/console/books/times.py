"""Moments in the address of a page: minutes of West Africa Time, as the browser's own field writes them.

A minute is meant whole: `from` begins with it, `to` and `at` end with it, so that 23:59 is the end of a day.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.core import clock
from app.core.clock import WAT
from app.core.errors import Malformed

MINUTE, TICK = timedelta(minutes=1), timedelta(microseconds=1)
FORM = "%Y-%m-%dT%H:%M"
FIRST_YEAR, LAST_YEAR = 2000, 2200


@dataclass(frozen=True)
class Preset:
    """A moment, or a span of time, that people ask for by name."""

    name: str
    at: str
    since: str = ""


def day_in(text: str) -> str:
    """A day as a field of days shows it; nothing for what it cannot show."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def begins(text: str) -> datetime | None:
    """The first moment of the minute; None for nothing. Raises Malformed."""
    if not text.strip():
        return None
    try:
        minute = datetime.strptime(text.strip()[:16], FORM).replace(tzinfo=WAT)
    except ValueError as unread:
        raise Malformed("Write a day and a time, like 2026-10-31T23:59.") from unread
    if not FIRST_YEAR <= minute.year <= LAST_YEAR:
        raise Malformed("No books are kept for that year.")
    return minute


def ends(text: str) -> datetime | None:
    """The last moment of the minute; None for nothing. Raises Malformed."""
    minute = begins(text)
    return minute + MINUTE - TICK if minute else None


def written(moment: datetime) -> str:
    """The minute of a moment, for a field or an address."""
    return moment.astimezone(WAT).strftime(FORM)


def moments() -> list[Preset]:
    """Moments to look at: now, the end of yesterday, the end of last month."""
    today = _midnight()
    return [
        Preset("Now", ""),
        Preset("End of yesterday", written(today - TICK)),
        Preset("End of last month", written(today.replace(day=1) - TICK)),
    ]


def spans() -> list[Preset]:
    """Spans to look at: this month, last month, this year."""
    today = _midnight()
    month = today.replace(day=1)
    before = (month - TICK).replace(day=1)
    return [
        Preset("This month", "", written(month)),
        Preset("Last month", written(month - TICK), written(before.replace(hour=0, minute=0))),
        Preset("This year", "", written(month.replace(month=1))),
    ]


def _midnight() -> datetime:
    return clock.now().astimezone(WAT).replace(hour=0, minute=0, second=0, microsecond=0)
