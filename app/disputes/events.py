"""What disputes tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class Opened(Event):
    """A payer takes a charge back: somebody must answer in time, and its end must be watched for."""

    name: ClassVar[str] = "disputes.opened"
    dispute_id: str


@dataclass(frozen=True)
class DueSoon(Event):
    """Nobody has answered, and soon it counts as accepted."""

    name: ClassVar[str] = "disputes.due_soon"
    dispute_id: str


@dataclass(frozen=True)
class Won(Event):
    """The payer did not get it: what was held is the customer's again."""

    name: ClassVar[str] = "disputes.won"
    dispute_id: str


@dataclass(frozen=True)
class Lost(Event):
    """The payer got it back, out of the customer's money as far as they have it."""

    name: ClassVar[str] = "disputes.lost"
    dispute_id: str
