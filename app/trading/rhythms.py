"""When what comes again comes: every week or every month, at a full hour in Lagos. Pure.

The 31st of a month that has no such day is its last day; the month after it is the 31st again.
"""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.clock import WAT
from app.core.machine import Machine, Wait
from app.core.permissions import Role
from app.trading.errors import BadRhythm

HOURS = range(6, 19)  # (so that a try that fails has hours of the day left to be made again)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_DAYS_MAX = 31
MONTHS = 12
TRY_AGAIN_AFTER = timedelta(hours=1)


class Every(StrEnum):
    """How often."""

    WEEK = "week"
    MONTH = "month"


class State(StrEnum):
    """A recurring order, until its owner ends it."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class RunState(StrEnum):
    """One day on which it is due."""

    DUE = "due"
    DONE = "done"
    MISSED = "missed"


MACHINE = Machine(
    "recurring order",
    {
        State.ACTIVE: frozenset({State.PAUSED, State.ENDED}),
        State.PAUSED: frozenset({State.ACTIVE, State.ENDED}),
    },
    rests={
        State.ACTIVE: "nothing is awaited between two of its days; each of those is a run, which waits by itself",
        State.PAUSED: "its owner paused it, and goes on with it or ends it",
    },
)
RUN = Machine(
    "recurring run",
    {RunState.DUE: frozenset({RunState.DONE, RunState.MISSED})},
    waits={
        RunState.DUE: Wait(
            timedelta(hours=26),
            Role.TREASURY,
            "It is tried every hour of its day and then given up. See why its task is not worked off.",
        ),
    },
)


@dataclass(frozen=True)
class Rhythm:
    """`day` is 0 (Monday) to 6 of a week, or 1 to 31 of a month; `hour` is a full hour in Lagos.

    Raises BadRhythm for what is none.
    """

    every: Every
    day: int
    hour: int = 9

    def __post_init__(self) -> None:
        """Refuse a day or an hour that is not offered."""
        days = range(len(WEEKDAYS)) if self.every is Every.WEEK else range(1, MONTH_DAYS_MAX + 1)
        if self.day not in days or self.hour not in HOURS:
            raise BadRhythm

    @property
    def words(self) -> str:
        """`every Monday at 09:00`, `on day 31 of every month at 09:00`."""
        which = f"every {WEEKDAYS[self.day]}" if self.every is Every.WEEK else f"on day {self.day} of every month"
        return f"{which} at {self.hour:02d}:00"


def next_after(rhythm: Rhythm, *, after: datetime) -> datetime:
    """The first time it is due later than a moment."""
    local = after.astimezone(WAT)
    first = local.replace(hour=rhythm.hour, minute=0, second=0, microsecond=0)
    if rhythm.every is Every.WEEK:
        found = first + timedelta(days=(rhythm.day - first.weekday()) % len(WEEKDAYS))
        return found if found > local else found + timedelta(weeks=1)
    found = _in_month(first, rhythm.day)
    if found > local:
        return found
    year, month = divmod(first.year * MONTHS + first.month, MONTHS)
    return _in_month(first.replace(year=year, month=month + 1, day=1), rhythm.day)


def given_up_at(due_at: datetime) -> datetime:
    """Until when one that fails is tried again: midnight in Lagos after it was due."""
    local = due_at.astimezone(WAT)
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def try_again_at(due_at: datetime, *, now: datetime) -> datetime | None:
    """When one that failed is tried again; None when its day is over by then."""
    again = now + TRY_AGAIN_AFTER
    return again if again < given_up_at(due_at) else None


def _in_month(moment: datetime, day: int) -> datetime:
    _, last = calendar.monthrange(moment.year, moment.month)
    return moment.replace(day=min(day, last))
