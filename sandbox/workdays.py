"""The vendor's calendar: on which day what was paid today is settled. T+1, working days of Nigeria, in Lagos time.

The kept list of public holidays names those of the moon by estimate. What is announced beyond it, control tells, as it
tells any other day without work.
"""

import sqlite3
from datetime import UTC, date, datetime, timedelta, timezone

from holidays import country_holidays

from sandbox.book import recall, remember

LAGOS = timezone(timedelta(hours=1))
_HOLIDAYS = country_holidays("NG")
_SATURDAY = 5


def named(db: sqlite3.Connection) -> frozenset[str]:
    """The days control has named, as ISO dates."""
    return frozenset(recall(db, "holidays") or ())


def name(db: sqlite3.Connection, days: list[date]) -> None:
    """Say which more days nobody works; the list replaces the one before."""
    remember(db, "holidays", sorted(day.isoformat() for day in days) or None)


def is_working(day: date, also: frozenset[str] = frozenset()) -> bool:
    """Whether banks settle on this day."""
    return day.weekday() < _SATURDAY and day not in _HOLIDAYS and day.isoformat() not in also


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
