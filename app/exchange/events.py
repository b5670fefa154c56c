"""What our own dealing tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class HedgePlanned(Event):
    """An order is written down: it is to be brought to the venue, and followed until it ends."""

    name: ClassVar[str] = "exchange.hedge_planned"
    hedge_id: str


@dataclass(frozen=True)
class HedgeEnded(Event):
    """An order is over: what is left of the position is answered anew."""

    name: ClassVar[str] = "exchange.hedge_ended"
    hedge_id: str


@dataclass(frozen=True)
class HedgeSurfaced(Event):
    """The venue has an order that counted as never arrived."""

    name: ClassVar[str] = "exchange.hedge_surfaced"
    hedge_id: str


@dataclass(frozen=True)
class ExposurePassed(Event):
    """A position is beyond a limit: `level` soft or hard; `side` is `short` where customers have bought too much."""

    name: ClassVar[str] = "exchange.exposure_passed"
    alert_id: str
    ticker: str
    level: str
    side: str


@dataclass(frozen=True)
class ExposureBack(Event):
    """A position is within a limit again."""

    name: ClassVar[str] = "exchange.exposure_back"
    alert_id: str
    ticker: str
    level: str


@dataclass(frozen=True)
class BalanceDiffers(Event):
    """A venue holds something else than the books say, and goes on doing so."""

    name: ClassVar[str] = "exchange.balance_differs"
    reading_id: int
