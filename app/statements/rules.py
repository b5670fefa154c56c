"""What a source of statements must be, when its statements are due, and where a file stands. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from app.core.machine import Machine, Wait
from app.statements import errors
from app.statements.formats import registry
from app.statements.formats.settings import DateOrder, Profile, Settings, Unit

_NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
_DAY = timedelta(days=1)
LAG_DAYS, CUT_OFF = 1, time(12)  # where nobody says otherwise: a day's statement is there at noon of the next
LAG_DAYS_MAX = 31
LATE_AFTER = timedelta(days=2)  # weekends apart, who tells late has told by then
LATE_WITHIN = timedelta(days=62)  # what has been missing for longer is the closing's to say


class FileState(StrEnum):
    """A file from its arrival to its end."""

    WAITING = "waiting"
    KEPT = "kept"
    REFUSED = "refused"


FILE = Machine(
    "statement file",
    {FileState.WAITING: frozenset({FileState.KEPT, FileState.REFUSED})},
    waits={
        FileState.WAITING: Wait(
            timedelta(hours=1),
            "finance",
            "Its worker died, or the queue is long. Bring the same file again: it goes on where it is.",
        )
    },
)


class PullState(StrEnum):
    """A question to a teller's API from its asking to its answer."""

    ASKED = "asked"
    DONE = "done"
    FAILED = "failed"


PULL = Machine(
    "statement pull",
    {PullState.ASKED: frozenset({PullState.DONE, PullState.FAILED})},
    waits={
        PullState.ASKED: Wait(
            timedelta(hours=2),
            "finance",
            "Its worker died, or the list is very long. It is begun again by itself; their own export does, too.",
        )
    },
)
PULLED = frozenset(
    {
        *("paystack-transactions", "paystack-transfers", "paystack-payouts", "paystack-balance"),
        *("kraken-ledgers", "luno-wallet", "bitstamp-transactions"),
    }
)
PULL_RHYTHMS = {3_600: "each hour", 21_600: "each six hours", 86_400: "each day"}
PULLED_AGAIN = timedelta(days=3)  # what was under way when it was listed has come to its end by then, mostly
PULL_SETTLES = timedelta(minutes=1)  # what happens at this moment may not be listed yet


@dataclass(frozen=True)
class Days:
    """Days from the first to the last, both included."""

    first: date
    last: date

    @property
    def count(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


def expected_through(at: datetime, *, zone: str, lag_days: int, cut_off: time) -> date:
    """The last day whose statement should be there: `lag_days` later, at `cut_off` where the account is kept."""
    local = at.astimezone(ZoneInfo(zone))
    return local.date() - (lag_days + (local.time() < cut_off)) * _DAY


def last_day_before(at: datetime, tz: ZoneInfo) -> date:
    """The day of a moment; of a day's first moment the day before, which ended with it."""
    return (at - timedelta(microseconds=1)).astimezone(tz).date()


def missing(covered: Iterable[Days], *, through: date) -> list[Days]:
    """The days without a statement between the first that has one and `through`; `covered` in order, and apart."""
    found: list[Days] = []
    before: Days | None = None
    for days in covered:
        if before is not None and days.first > before.last + _DAY:
            found.append(Days(before.last + _DAY, days.first - _DAY))
        before = days
    if before is not None and before.last < through:
        found.append(Days(before.last + _DAY, through))
    return [Days(each.first, min(each.last, through)) for each in found if each.first <= through]


def strip(covered: Iterable[Days], missing: Iterable[Days], *, through: date, days: int) -> list[tuple[date, str]]:
    """The last `days` days up to the one whose statement should be there, each `covered`, `missing` or `before`."""
    known = [(each, "covered") for each in covered] + [(each, "missing") for each in missing]
    found = []
    for back in reversed(range(days)):
        day = through - back * _DAY
        found.append((day, next((what for each, what in known if each.first <= day <= each.last), "before")))
    return found


def how_far(file_id: str, rows: int) -> str:
    """What a connection is called that has read so many rows of a file."""
    return f"statement {file_id} {rows}"


_ENUMS = {"unit": Unit, "date_order": DateOrder}


def check_source(name: str, *, title: str, format_name: str, lag_days: int) -> None:
    """Raises BadSource."""
    if not _NAME.fullmatch(name) or not title.strip() or format_name not in registry.FORMATS:
        raise errors.BadSource
    if not 0 <= lag_days <= LAG_DAYS_MAX:
        raise errors.BadSource(f"A statement comes 0 to {LAG_DAYS_MAX} days after its day.")


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
