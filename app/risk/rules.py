"""What risk decides without looking anything up: which limits are on an intent, what is left of them, what it costs.

Amounts are kobo: what is not naira counts at its quote's rate. A limit that is not stated (None) is none; one of zero
blocks. A limit has a scope (rail, direction, asset; ANY stands for each) and counts everything in that scope, so
several can be on one intent, and each must hold. An intent that no limit is on is refused.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.core.clock import WAT
from app.core.machine import Machine, Wait
from app.core.money import NGN, Money

ANY = "*"
MONTH_DAYS = 30
BPS = 10_000
PERCENT = 100


class Rail(StrEnum):
    """The way that value takes."""

    BANK = "bank"
    CHAIN = "chain"
    INSIDE = "inside"  # nothing leaves the house: a trade, a transfer between customers


class Direction(StrEnum):
    """Which way it goes, as the customer sees it."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True)
class Scope:
    """What a limit counts."""

    rail: str
    direction: str
    asset: str

    def covers(self, other: "Scope") -> bool:
        """Whether everything in the other is in this one."""
        mine, theirs = (self.rail, self.direction, self.asset), (other.rail, other.direction, other.asset)
        return all(one in {ANY, two} for one, two in zip(mine, theirs, strict=True))


@dataclass(frozen=True)
class Bounds:
    """How much at once, on one day, within thirty days, and to have at the end (kobo each; None is no limit)."""

    single: int | None = None
    day: int | None = None
    month: int | None = None
    balance: int | None = None

    @property
    def blocked(self) -> bool:
        """Whether nothing at all goes through."""
        return 0 in {self.single, self.day, self.month, self.balance}


@dataclass(frozen=True)
class Measured:
    """What counts already, beside the intent itself (kobo); `balance` is all that somebody has, naira or not."""

    day: int
    month: int
    balance: int


@dataclass(frozen=True)
class Excess:
    """A bound that an amount is over: its name, its size and what is left of it (kobo)."""

    bound: str
    limit: int
    left: int


def day_begins(at: datetime) -> datetime:
    """Midnight in Lagos before this time."""
    return at.astimezone(WAT).replace(hour=0, minute=0, second=0, microsecond=0)


def month_begins(at: datetime) -> datetime:
    """Midnight in Lagos with which the thirty days begin of which today is the last."""
    return day_begins(at) - timedelta(days=MONTH_DAYS - 1)


def left(bounds: Bounds, measured: Measured) -> dict[str, int]:
    """How much fits each bound that is stated (kobo), never less than nothing."""
    used = {"single": 0, "day": measured.day, "month": measured.month, "balance": measured.balance}
    stated = ((field.name, getattr(bounds, field.name)) for field in fields(bounds))
    return {name: max(limit - used[name], 0) for name, limit in stated if limit is not None}


def excess(bounds: Bounds, measured: Measured, *, asked: int, adds: bool) -> Excess | None:
    """The narrowest bound that `asked` kobo do not fit; what one may have at the end bounds only what adds to it."""
    over = [
        Excess(name, getattr(bounds, name), room)
        for name, room in left(bounds, measured).items()
        if asked > room and (name != "balance" or adds)
    ]
    return min(over, key=lambda one: one.left, default=None)


def worth(money: Money, *, naira: Decimal) -> Money:
    """What it is worth in kobo at so much naira for a whole one, rounded up: nothing slips in below a limit."""
    if money.asset.code == NGN.code:
        return money
    exact = Fraction(naira) * Fraction(money.units * 10**NGN.decimals, 10**money.asset.decimals)
    return Money(NGN, math.ceil(exact))


def fault_of(bounds: Bounds) -> str:
    """What is wrong with them, in a sentence; empty when nothing is."""
    stated = [value for value in (bounds.single, bounds.day, bounds.month) if value is not None]
    if any(value < 0 for value in (*stated, bounds.balance or 0)):
        return "A limit is not less than nothing."
    if stated != sorted(stated):
        return "What goes at once fits a day, and what goes on a day fits thirty days."
    return ""


def in_force(scopes: Iterable[Scope], *, intent: Scope) -> list[Scope]:
    """The scopes that an intent falls into."""
    return [scope for scope in scopes if scope.covers(intent)]


@dataclass(frozen=True)
class Band:
    """A fee for amounts above `over`: a flat part and a part of the amount, no less than `floor`, no more than `cap`.

    All but `bps` (of ten thousand) are the asset's smallest units.
    """

    over: int
    flat: int
    bps: int = 0
    floor: int | None = None
    cap: int | None = None


def fee_units(bands: Sequence[Band], *, amount: int) -> int | None:
    """What an amount costs by the highest band that it is above; None where there is none.

    A part of the amount is rounded down to a whole unit: in doubt the customer pays less.
    """
    band = max((one for one in bands if amount > one.over), key=lambda one: one.over, default=None)
    if band is None:
        return None
    asked = max(band.flat + amount * band.bps // BPS, band.floor or 0)
    return asked if band.cap is None else min(asked, band.cap)


def rounded_up(bands: Sequence[Band], *, amount: int) -> int:
    """As `fee_units`, nothing where no band fits, and a part of the amount is rounded up, as Paystack does."""
    band = max((one for one in bands if amount > one.over), key=lambda one: one.over, default=None)
    return 0 if band is None else _bounded(band, band.flat - (-amount * band.bps // BPS))


def added(bands: Sequence[Band], *, net: int) -> int:
    """What a payer who bears the fee pays on top, so that `net` units remain of the whole.

    The highest band counts whose first amount leaves less than `net`: between two bands an amount exists that leaves
    `net` more cheaply, and Paystack's own formula does not use it.
    """
    for band in sorted(bands, key=lambda one: one.over, reverse=True):
        first = band.over + 1
        if net > first - rounded_up(bands, amount=first) or band.over == min(one.over for one in bands):
            share = BPS - band.bps
            return _bounded(band, -(-(net + band.flat) * BPS // share) - net)
    return 0


def _bounded(band: Band, fee: int) -> int:
    fee = max(fee, band.floor or 0)
    return fee if band.cap is None else min(fee, band.cap)


def fault_of_bands(bands: Sequence[Band]) -> str:
    """What is wrong with a schedule, in a sentence; empty when nothing is."""
    overs = [band.over for band in bands]
    if not bands or overs[0] != 0:
        return "The first band begins at nothing."
    if overs != sorted(set(overs)):
        return "Each band begins above the one before."
    for band in bands:
        if min(band.flat, band.floor or 0) < 0 or not 0 <= band.bps <= BPS:
            return "A fee is not less than nothing, and a part is not more than the whole."
        if band.cap is not None and band.cap < (band.floor or 0):
            return "A cap is not below the floor."
    return ""


class SwitchState(StrEnum):
    """A switch that somebody turned, until two people have turned it back."""

    OFF = "off"
    ON = "on"


SWITCH = Machine(
    "switch",
    {SwitchState.OFF: frozenset({SwitchState.ON})},
    waits={
        SwitchState.OFF: Wait(
            timedelta(hours=4),
            "treasury",
            "Find out what happened and ask that payouts go on: another of treasury or compliance agrees.",
        )
    },
)
EVERYTHING, HEDGING = "all", "hedging"
_RAILS = {Rail.BANK: "to banks", Rail.CHAIN: "on chains", Rail.INSIDE: "inside the house"}


def switch_scopes(assets: Iterable[str]) -> tuple[str, ...]:
    """All that can be turned off: all payouts, a rail, one of these assets; and our own orders at venues."""
    return EVERYTHING, HEDGING, *(f"rail:{rail}" for rail in Rail), *(f"asset:{code}" for code in assets)


def switches_of(*, rail: Rail, asset: str) -> tuple[str, ...]:
    """The switches that something passes on its way out."""
    return EVERYTHING, f"rail:{rail}", f"asset:{asset}"


def switch_in_words(scope: str) -> str:
    """`Payouts to banks`."""
    part, _, name = scope.partition(":")
    if part == "rail":
        return f"Payouts {_RAILS[Rail(name)]}"
    if part == HEDGING:
        return "Orders of our own at the venue"
    return f"Payouts of {name}" if part == "asset" else "All payouts"


OUTFLOW_WINDOW = timedelta(minutes=15)
USUAL_OVER = timedelta(days=30)


@dataclass(frozen=True)
class Breaker:
    """When a rail turns itself off, in kobo.

    More than `times` the usual left it within the window, and more than `floor`; or less than `percent` of `target`,
    which its float is topped up to, is left.
    """

    times: int
    floor: int
    target: int
    percent: int

    def tripped_by(self, *, outflow: int, usual: int, left: int) -> str:
        """Why the rail is to be turned off, in a sentence; empty while all is well."""
        bound = max(self.floor, self.times * usual)
        if outflow > bound:
            return (
                f"{Money(NGN, outflow)} left within a quarter of an hour. Above {Money(NGN, bound)}"
                " payouts stop by themselves."
            )
        # (an empty one needs no stop: nothing leaves it, and what is to leave waits for a top-up)
        if left and left * PERCENT < self.target * self.percent:
            return (
                f"{Money(NGN, left)} is left to pay out from, less than {self.percent} % of the"
                f" {Money(NGN, self.target)} that are meant to be there."
            )
        return ""
