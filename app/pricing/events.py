"""What pricing tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class BreakerTripped(Event):
    """Nothing is dealt in a pair any more: it moved too fast, its feeds disagree, or somebody turned it off."""

    name: ClassVar[str] = "pricing.breaker_tripped"
    halt_id: str


@dataclass(frozen=True)
class WentOn(Event):
    """It is dealt in again."""

    name: ClassVar[str] = "pricing.went_on"
    halt_id: str
