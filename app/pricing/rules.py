"""What pricing decides without looking anything up: which spread is in force, and how a halted pair may go on.

A spread is in ten-thousandths of the price. Of the schedules that cover a deal the most specific counts: one for its
ticker before one for any, then one for its side, then one for its tier; of that scope the newest that has begun, whole;
and of it the band that the worth reaches (kobo).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from app.core.machine import Machine, Wait

ANY = "*"
_PRICE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,18})?")
BPS_MAX = 2_000  # a fifth of the price: more is a slip of the pen
MINUTES_MAX = 24 * 60  # an override's
AGREE_FOR = timedelta(minutes=5)  # until a disagreement is over


class Side(StrEnum):
    """What the customer does."""

    BUY = "buy"
    SELL = "sell"
    SWAP = "swap"


class HaltState(StrEnum):
    """Why nothing is dealt in a pair, until it is again."""

    OFF = "off"
    MOVED = "moved"
    DISAGREEING = "disagreeing"
    ENDED = "ended"


_ASK = "When it is well, ask that trading go on, on the page of rates: another of treasury agrees."
HALT = Machine(
    "halted pair",
    {
        HaltState.OFF: frozenset({HaltState.ENDED}),
        HaltState.MOVED: frozenset({HaltState.ENDED}),
        HaltState.DISAGREEING: frozenset({HaltState.ENDED}),
    },
    waits={
        HaltState.OFF: Wait(timedelta(hours=4), "treasury", f"Find out what happened. {_ASK}"),
        HaltState.MOVED: Wait(
            timedelta(minutes=30), "treasury", f"Compare the feeds with what others quote: did the market move? {_ASK}"
        ),
        HaltState.DISAGREEING: Wait(
            timedelta(minutes=30),
            "treasury",
            "See which feed errs, and ask that it be turned off, or for a price of our own. It ends by itself when the"
            " feeds have agreed for five minutes.",
        ),
    },
)


@dataclass(frozen=True)
class Scope:
    """What a schedule of spreads covers; ANY stands for each."""

    ticker: str
    side: str
    tier: str

    def covers(self, ticker: str, side: str, tier: str) -> bool:
        """Whether a deal of this kind falls into it."""
        mine, theirs = (self.ticker, self.side, self.tier), (ticker, side, tier)
        return all(one in {ANY, two} for one, two in zip(mine, theirs, strict=True))

    @property
    def closeness(self) -> tuple[bool, bool, bool]:
        """Greater for a more specific one."""
        return self.ticker != ANY, self.side != ANY, self.tier != ANY


@dataclass(frozen=True)
class Band:
    """So many ten-thousandths for deals worth at least `from_kobo`."""

    from_kobo: int
    bps: int


@dataclass(frozen=True)
class Ladder:
    """A schedule: its bands, from a time on, for a scope."""

    scope: Scope
    starts_at: datetime
    bands: tuple[Band, ...]


def stops(cause: str, *, by_hand: bool) -> bool:
    """Whether a halt keeps from dealing: a price that people set stands in for feeds, never for who turned it off."""
    return cause == HaltState.OFF or not by_hand


def read_price(text: str) -> Decimal | None:
    """A price that somebody typed, `1,486.50`; None for what is none: nought, below, or with too many digits."""
    found = _PRICE.fullmatch(text.strip().replace(",", ""))
    price = Decimal(found[0]) if found else Decimal(0)
    return price if price > 0 else None


def ladder_for(ladders: Sequence[Ladder], *, ticker: str, side: str, tier: str, at: datetime) -> Ladder | None:
    """The schedule in force for a deal of this kind; None where there is none."""
    begun = [one for one in ladders if one.starts_at <= at and one.scope.covers(ticker, side, tier)]
    return max(begun, key=lambda one: (one.scope.closeness, one.starts_at), default=None)


def bps_of(ladder: Ladder, *, kobo: int) -> int:
    """What is asked of a deal worth so much. Raises ValueError for less than nothing."""
    if kobo < 0:
        raise ValueError("a deal is not worth less than nothing")
    return max((band for band in ladder.bands if band.from_kobo <= kobo), key=lambda band: band.from_kobo).bps


def fault_of_bands(bands: Sequence[Band]) -> str:
    """What is wrong with a schedule, in a sentence; empty when nothing is."""
    starts = [band.from_kobo for band in bands]
    if not bands or starts[0] != 0:
        return "The first band begins at nothing."
    if starts != sorted(set(starts)):
        return "Each band begins above the one before."
    if any(not 0 <= band.bps <= BPS_MAX for band in bands):
        return f"A spread is not less than nothing, and not above {BPS_MAX // 100} %."
    return ""
