"""What trading tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class Traded(Event):
    """An order was filled: it is in the books, and our position changed by it."""

    name: ClassVar[str] = "trading.traded"
    order_id: str


@dataclass(frozen=True)
class RunDue(Event):
    """A recurring order is due."""

    name: ClassVar[str] = "trading.run_due"
    run_id: str


@dataclass(frozen=True)
class Missed(Event):
    """A recurring order came to nothing on one of its days, and is not tried again for it."""

    name: ClassVar[str] = "trading.missed"
    run_id: str
    customer_id: str


@dataclass(frozen=True)
class PriceReached(Event):
    """A price came that somebody waits for."""

    name: ClassVar[str] = "trading.price_reached"
    alert_id: str
    customer_id: str
