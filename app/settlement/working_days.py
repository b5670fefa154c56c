"""The days on which Nigerian banks settle: neither weekends nor public holidays. Pure.

Moon-dependent holidays are estimates until they are declared: one that moves makes a settlement look a day late or
early, never lost.
"""

import importlib
from collections.abc import Container
from datetime import date, datetime, timedelta
from functools import cache

from app.core.clock import WAT

_DAY = timedelta(days=1)
SATURDAY = 5


@cache
def _holidays() -> Container[date]:
    """Those of twenty years, from a library that is loaded by who asks first: most processes never do.

    Filled at once: filled when it is asked, a year is empty for a moment for whoever asks beside.
    """
    found: Container[date] = importlib.import_module("holidays").country_holidays("NG", years=range(2025, 2046))
    return found


def is_working(day: date) -> bool:
    """Whether banks settle on this day."""
    return day.weekday() < SATURDAY and day not in _holidays()


def after(day: date) -> date:
    """The next working day: when what was taken on `day` is settled (T+1)."""
    day += _DAY
    while not is_working(day):
        day += _DAY
    return day


def due_on(taken_at: datetime) -> date:
    """The day in Lagos on which a charge taken at this moment is to be settled."""
    return after(taken_at.astimezone(WAT).date())
