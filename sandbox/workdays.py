"""The vendor's calendar: on which day what was paid today is settled. T+1, working days of Nigeria, in Lagos time.

The holidays of the sun's calendar are computed here. Those of the moon's are announced, days before: control tells
them, as it tells any other day without work.
"""

import sqlite3
from datetime import UTC, date, datetime, timedelta, timezone

from sandbox.book import recall, remember

LAGOS = timezone(timedelta(hours=1))
_FIXED = {(1, 1), (5, 1), (6, 12), (10, 1), (12, 25), (12, 26)}
_SATURDAY = 5


def _easter(year: int) -> date:
    """Easter Sunday by the Gregorian computus."""
    golden, century, of_century = year % 19, *divmod(year, 100)
    leap, of_leap = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    quarter, of_quarter = divmod(of_century, 4)
    sunday = (32 + 2 * of_leap + 2 * quarter - moon - of_quarter) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def named(db: sqlite3.Connection) -> frozenset[str]:
    """The days control has named, as ISO dates."""
    return frozenset(recall(db, "holidays") or ())


def name(db: sqlite3.Connection, days: list[date]) -> None:
    """Say which more days nobody works; the list replaces the one before."""
    remember(db, "holidays", sorted(day.isoformat() for day in days) or None)


def is_working(day: date, also: frozenset[str] = frozenset()) -> bool:
    """Whether banks settle on this day."""
    easter = _easter(day.year)
    free = (day.month, day.day) in _FIXED or day in (easter - timedelta(days=2), easter + timedelta(days=1))
    return day.weekday() < _SATURDAY and not free and day.isoformat() not in also


def settles_on(paid_at: str, also: frozenset[str] = frozenset()) -> date:
    """The working day after the day, in Lagos, of a payment's time."""
    day = day_of(paid_at) + timedelta(days=1)
    while not is_working(day, also):
        day += timedelta(days=1)
    return day


def day_of(moment: str) -> date:
    """The day in Lagos of a time as the book writes it."""
    return datetime.fromisoformat(moment).astimezone(LAGOS).date()


def midnight(day: date) -> str:
    """A date as the vendor prints one: the first moment of it, in UTC."""
    return datetime.combine(day, datetime.min.time(), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
