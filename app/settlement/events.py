"""What settlement tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class PullAsked(Event):
    """Somebody wants Paystack's settlements to be read now."""

    name: ClassVar[str] = "settlement.pull_asked"
    asked_by: str


@dataclass(frozen=True)
class SettlementPosted(Event):
    """Paystack paid our bank, and it is booked."""

    name: ClassVar[str] = "settlement.posted"
    settlement_id: str


@dataclass(frozen=True)
class SettlementDiffers(Event):
    """What Paystack says of a settlement does not add up, or it failed: nothing is booked."""

    name: ClassVar[str] = "settlement.differs"
    settlement_id: str


@dataclass(frozen=True)
class SettlementBookedByHand(Event):
    """A journal of people's stands for a settlement that did not add up: its charges are not owed any more."""

    name: ClassVar[str] = "settlement.booked_by_hand"
    settlement_id: str


@dataclass(frozen=True)
class SettlementLate(Event):
    """A day is over on which Paystack was to pay us, and something of it is still owed."""

    name: ClassVar[str] = "settlement.late"
    due_on: str


@dataclass(frozen=True)
class FloatLow(Event):
    """The balance that transfers are paid from fell below its floor."""

    name: ClassVar[str] = "settlement.float_low"
    reading_id: int


@dataclass(frozen=True)
class FloatDiffers(Event):
    """Paystack's balance is another one than the books and what is under way say, and stays so."""

    name: ClassVar[str] = "settlement.float_differs"
    reading_id: int
