"""What customers are owed in each asset beside what we hold of it, place by place, and what venues say of theirs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from functools import reduce

from app.core import clock
from app.core.db import rows
from app.core.money import ASSETS, NGN, Asset, Money, zero
from app.exchange import queries as exchange
from app.exchange import rules
from app.exchange.models import VenueReading
from app.exchange.rules import Policy
from app.ledger import chart, prices

BPS = 10_000
PLACES = {
    "paystack": "Paystack",
    "paystack_clearing": "Clearing at Paystack",
    "bank": "Our bank",
    "wallet": "Our own wallets",
}
OWED = {"customer": "Customers", "suspense": "In suspense", "refunds": "Going back to payers"}
# House accounts are few; customers' are one line an asset.
_SUMS = """
SELECT a.asset, a.class AS account_class, split_part(a.code, ':', 2) AS what,
       CASE WHEN a.code LIKE 'asset:venue:%' THEN split_part(a.code, ':', 3) ELSE '' END AS venue,
       sum(b.debits - b.credits) AS units
  FROM ledger.accounts a JOIN ledger.balances b ON b.account_id = a.id
 WHERE a.class IN ('asset', 'liability') AND a.code NOT LIKE :owed GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


@dataclass(frozen=True)
class Place:
    """Where something is held, or to whom it is owed; `reading` is what a venue said of it last."""

    name: str
    amount: Money
    venue: str = ""
    reading: VenueReading | None = None

    @property
    def unexplained(self) -> Money | None:
        """What the venue has more than the books say; None where nobody said."""
        return Money(self.amount.asset, self.reading.unexplained) if self.reading else None


class Standing(StrEnum):
    """Whether as much is held as is owed, and what a lack means by the policy of its ticker."""

    COVERED = "covered"
    LET_BE = "let_be"  # less than an order of our own begins with: trades bring and take so much all day
    ANSWERED = "answered"  # an order answers it, or people do where nothing is dealt by itself
    BEYOND = "beyond"  # the alarm; or of something that no policy lets be short at all


@dataclass(frozen=True)
class Cover:
    """One asset: what is owed in it and where it is held. What customers owe us is not held: nobody is paid from it."""

    asset: Asset
    owed: tuple[Place, ...]
    held: tuple[Place, ...]
    worth: Money | None  # of what is held above what is owed, in naira
    policy: Policy | None = None  # of its ticker

    @property
    def owed_all(self) -> Money:
        """To whomever."""
        return _together(self.asset, self.owed)

    @property
    def held_all(self) -> Money:
        """Wherever."""
        return _together(self.asset, self.held)

    @property
    def ours(self) -> Money:
        """What is held above what is owed; below zero it is lacking."""
        return self.held_all - self.owed_all

    @property
    def standing(self) -> Standing:
        """How grave it is that less is held than owed."""
        lacks = Fraction(-self.ours.units, 10**self.asset.decimals)
        if lacks <= 0:
            return Standing.COVERED
        if self.policy is None:
            return Standing.BEYOND
        units = lacks * 10 ** ASSETS[self.policy.asset].decimals
        if units > self.policy.soft:
            return Standing.BEYOND
        return Standing.LET_BE if self.policy.pair and units < self.policy.threshold else Standing.ANSWERED

    @property
    def bps(self) -> int | None:
        """How much of what is owed is held, in ten-thousandths, cut; None where nothing is owed."""
        return self.held_all.units * BPS // self.owed_all.units if self.owed_all.units > 0 else None

    @property
    def read_at(self) -> datetime | None:
        """When a venue said last what it holds of it."""
        return max((place.reading.read_at for place in self.held if place.reading), default=None)

    @property
    def differs(self) -> bool:
        """Whether a venue holds something else than the books say."""
        return any(place.reading.unexplained for place in self.held if place.reading)


def covers() -> list[Cover]:
    """Every asset in which anything is owed or held, naira first, as assets are listed."""
    found: dict[str, dict[str, list[Place]]] = {}
    readings = {(one.venue, one.asset): one for one in exchange.readings_for_operators()}
    for row in rows(_SUMS, owed=chart.OWED_BY_CUSTOMERS.format(asset="%")):
        held, units = row.account_class == "asset", int(row.units)
        place = Place(
            _name(row.what, row.venue, held=held),
            Money(ASSETS[row.asset], units if held else -units),
            row.venue,
            readings.get((row.venue, row.asset)) if row.venue else None,
        )
        if units or place.reading:
            found.setdefault(row.asset, {}).setdefault(row.account_class, []).append(place)
    stored = prices.as_of(clock.now())
    policies = {policy.ticker: policy for policy in exchange.policies_for_system()}
    covers_ = [
        Cover(ASSETS[code], tuple(each.get("liability", ())), tuple(each.get("asset", ())), None)
        for code, each in found.items()
    ]
    order = {code: number for number, code in enumerate(ASSETS)}
    return [
        replace(one, worth=prices.value(one.ours, stored), policy=policies.get(rules.ticker(one.asset.code)))
        for one in sorted(covers_, key=lambda one: order[one.asset.code])
    ]


def worth_of(amounts: Iterable[Money]) -> Money:
    """What these are worth in naira together; what has no price counts as nothing."""
    stored = prices.as_of(clock.now())
    return reduce(lambda total, each: total + (prices.value(each, stored) or zero(NGN)), amounts, zero(NGN))


def _name(what: str, venue: str, *, held: bool) -> str:
    if venue:
        return venue.capitalize()
    return (PLACES if held else OWED).get(what, what.replace("_", " ").capitalize())


def _together(asset: Asset, places: Iterable[Place]) -> Money:
    return Money(asset, sum(place.amount.units for place in places))
