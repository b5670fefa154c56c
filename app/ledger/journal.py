"""A journal before it is posted: a balanced proposal, pure. Rooms build these in their `postings.py`."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from app.core.money import Asset, Money
from app.ledger.errors import Unbalanced

LEGS_MIN = 2


@dataclass(frozen=True)
class Leg:
    """One side of a movement: a debit has positive units, a credit negative ones."""

    account: str
    amount: Money


def debit(account: str, amount: Money) -> Leg:
    """Increase an asset or expense, decrease what we owe or earned."""
    return Leg(account, amount)


def credit(account: str, amount: Money) -> Leg:
    """Increase what we owe or earned, decrease an asset or expense."""
    return Leg(account, -amount)


@dataclass(frozen=True)
class Journal:
    """Legs that sum to zero per asset, for one business object (`ref`). Legs of zero are left out.

    Raises Unbalanced.
    """

    kind: str
    ref: str
    legs: tuple[Leg, ...]
    memo: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Drop legs of zero, refuse what does not balance."""
        object.__setattr__(self, "legs", tuple(leg for leg in self.legs if leg.amount))
        sums: dict[Asset, int] = defaultdict(int)
        for leg in self.legs:
            sums[leg.amount.asset] += leg.amount.units
        if len(self.legs) < LEGS_MIN or any(sums.values()):
            raise Unbalanced(kind=self.kind, ref=self.ref)
