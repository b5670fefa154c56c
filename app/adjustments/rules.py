"""What adjustments decides without looking anything up: states, sizes, when it takes effect, what an approval is of."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from app.core.clock import WAT
from app.core.machine import Machine
from app.ledger.journal import Leg

LINES_MAX = 20
REASON_MAX = 500
YEAR_MIN = 1900


class State(StrEnum):
    """A request for a journal, from asking to its end."""

    REQUESTED = "requested"
    BOOKED = "booked"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


MACHINE = Machine("journal request", {State.REQUESTED: frozenset({State.BOOKED, State.REJECTED, State.WITHDRAWN})})

WAITING = (State.REQUESTED,)
ENDED = (State.BOOKED, State.REJECTED, State.WITHDRAWN)


@dataclass(frozen=True)
class Content:
    """What is asked for, and what an approval is bound to.

    `effective_on` is the day of West Africa Time on which it takes effect, None for when it is booked.
    """

    legs: tuple[Leg, ...]
    reason: str
    effective_on: date | None = None
    corrects: int | None = None

    @property
    def hash(self) -> str:
        """A change of anything is another hash (SHA-256, hex)."""
        written = [
            [[leg.account, leg.amount.asset.code, leg.amount.units] for leg in self.legs],
            self.reason,
            self.effective_on.isoformat() if self.effective_on else None,
            self.corrects,
        ]
        return hashlib.sha256(json.dumps(written).encode()).hexdigest()


def is_about(content: Content, customer_id: str | None) -> bool:
    """Whether one of its accounts is this customer's."""
    return customer_id is not None and any(leg.account.split(":")[2:3] == [customer_id] for leg in content.legs)


def has_come(day: date, *, at: datetime) -> bool:
    """Whether the day has begun in West Africa Time."""
    return day <= at.astimezone(WAT).date()


def effective_at(day: date | None, *, at: datetime) -> datetime | None:
    """The last moment of a day that is over: after all that happened on it. None, which is when it is booked, else."""
    if day is None or day >= at.astimezone(WAT).date():
        return None
    return datetime.combine(day, time.max, WAT)
