"""What the market tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class PriceUnavailable(Event):
    """A pair has had no price for a minute: too few feeds tell one that counts, or they disagree."""

    name: ClassVar[str] = "market.price_unavailable"
    pair: str
    why: str
