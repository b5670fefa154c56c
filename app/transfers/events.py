"""What transfers tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class Sent(Event):
    """One customer paid another."""

    name: ClassVar[str] = "transfers.sent"
    transfer_id: str


@dataclass(frozen=True)
class Asked(Event):
    """One customer asks another for money, or reminds them of it (`reminder` counts from 1; 0 is the asking)."""

    name: ClassVar[str] = "transfers.asked"
    request_id: str
    reminder: int


@dataclass(frozen=True)
class RequestEnded(Event):
    """A request for money ended without being paid: declined, expired or cancelled."""

    name: ClassVar[str] = "transfers.request_ended"
    request_id: str
    state: str


@dataclass(frozen=True)
class HandleClaimed(Event):
    """A customer is found by another handle."""

    name: ClassVar[str] = "transfers.handle_claimed"
    handle: str
    customer_id: str
