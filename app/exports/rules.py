"""States of a file, how long it is kept, and when a schedule is due. Pure."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from app.core.clock import WAT
from app.core.machine import Machine, Wait
from app.core.permissions import Role


class FileState(StrEnum):
    """A file from when it is asked for."""

    ASKED = "asked"
    READY = "ready"
    FAILED = "failed"
    SWEPT = "swept"


S = FileState

MACHINE = Machine(
    "report file",
    {
        S.ASKED: frozenset({S.READY, S.FAILED}),
        S.FAILED: frozenset({S.READY}),
        S.READY: frozenset({S.SWEPT}),
    },
    waits={
        S.ASKED: Wait(
            timedelta(hours=3),
            Role.FINANCE,
            "It is tried again by itself. Ask for it anew, of fewer days or as CSV, where it does not come.",
        )
    },
    rests={
        S.FAILED: "what could not be made is work that was given up, which has a case of its own; it is asked for anew",
        S.READY: "it is kept to be downloaded, and swept away when its time is over",
    },
)

KEPT_FOR = timedelta(days=14)
UNDER_WAY_MAX = 5  # files of one person
PIECE_BYTES = 1 << 20
SWEPT_AT_ONCE = 50
MADE_AT = time(6, 0)  # in the morning, when the day before is over everywhere
SLOTS_MAX = 7  # that are caught up with at a time


def is_due(next_on: date, *, at: datetime) -> bool:
    """Whether a schedule whose next day is this one is due by now."""
    return datetime.combine(next_on, MADE_AT, WAT) <= at


def sealed_as(file_id: str, number: int) -> str:
    """What a piece of a file is bound to."""
    return f"report-file:{file_id}:{number}"
