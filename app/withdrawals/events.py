"""What withdrawals tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class Requested(Event):
    """A customer asked for money out; it is held, and its checks begin."""

    name: ClassVar[str] = "withdrawals.requested"
    withdrawal_id: str


@dataclass(frozen=True)
class Approved(Event):
    """Everybody who must has agreed, or nobody had to; also when treasury tries again: it can be sent."""

    name: ClassVar[str] = "withdrawals.approved"
    withdrawal_id: str


@dataclass(frozen=True)
class Unpaid(Event):
    """The rail ended an attempt without payment: treasury tries again or gives it back."""

    name: ClassVar[str] = "withdrawals.unpaid"
    withdrawal_id: str


@dataclass(frozen=True)
class Settled(Event):
    """The bank has the money."""

    name: ClassVar[str] = "withdrawals.settled"
    withdrawal_id: str


@dataclass(frozen=True)
class Ended(Event):
    """It ended without payment and the money is the customer's again: rejected, cancelled, failed or returned."""

    name: ClassVar[str] = "withdrawals.ended"
    withdrawal_id: str
    state: str
