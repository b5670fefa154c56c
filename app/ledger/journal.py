"""A journal before it is posted: a balanced proposal, pure. Rooms build these in their `postings.py`."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
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


def known_as(told: str) -> dict[str, Any]:
    """The memo of a journal about what somebody else knows by this id: their statements are matched by it."""
    return {"told": told} if told else {}


@dataclass(frozen=True)
class Journal:
    """Legs that sum to zero per asset, for one business object (`ref`). Legs of zero are left out.

    `effective_at` is when it happened, where that is not when it is booked; `corrects` is the journal that this one
    puts right. Raises Unbalanced, also for an amount of one asset in an account of another.
    """

    kind: str
    ref: str
    legs: tuple[Leg, ...]
    memo: dict[str, Any] = field(default_factory=dict)
    effective_at: datetime | None = None
    corrects: int | None = None

    def __post_init__(self) -> None:
        """Drop legs of zero, refuse what does not balance."""
        object.__setattr__(self, "legs", tuple(leg for leg in self.legs if leg.amount))
        sums: dict[Asset, int] = defaultdict(int)
        for leg in self.legs:
            sums[leg.amount.asset] += leg.amount.units
        foreign = any(leg.account.rpartition(":")[2] != leg.amount.asset.code for leg in self.legs)
        if len(self.legs) < LEGS_MIN or any(sums.values()) or foreign:
            raise Unbalanced(kind=self.kind, ref=self.ref)
