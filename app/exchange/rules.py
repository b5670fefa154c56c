"""What our position asks for: exposure, what is ordered for it and at what price at most; states of it. Pure."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.core.machine import Machine, Wait
from app.core.money import ASSETS, Asset
from app.core.permissions import Role

VENUE = "kraken"
BPS = 10_000
FEE_ROOM_BPS = 100  # what an order may cost above its price: twice the dearest fee there is
DEADLINE = timedelta(seconds=10)  # after it the venue does not take an order any more, wherever its call was meanwhile
CERTAIN_AFTER = timedelta(seconds=30)  # since it began: what the venue does not know by then it never had
SENT_WITHIN = timedelta(seconds=20)  # of being planned: an older price is no basis
PAUSE = timedelta(seconds=10)  # after an order that came to nothing: what stopped it stops the next one too
ASKED_SOONEST, ASKED_LATEST = timedelta(seconds=2), timedelta(seconds=30)  # about an order, after the time before
LASTS_MOST = timedelta(days=2)  # far more than any order does
CANCEL_AFTER = timedelta(seconds=30)  # none of ours is to stay open at the venue
PRICE_COUNTS_FOR = timedelta(minutes=15)  # a stored price that is older says nothing about the venue's
READINGS_THAT_MATTER = 3  # a balance that differs this often in a row is no order on its way
LEVELS = ("soft", "hard")
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # of our ids
_PART_DIGITS = 18


class HedgeState(StrEnum):
    """An order as we follow it. `sending` and `unknown` may be at the venue or not: only asking tells."""

    PLANNED = "planned"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class DealState(StrEnum):
    """A deal over the counter from the day two people agreed to it."""

    AGREED = "agreed"
    ARRIVED = "arrived"
    ABANDONED = "abandoned"


H, D = HedgeState, DealState
ENDED = frozenset({H.FILLED, H.CANCELLED, H.REFUSED})
UNCERTAIN = frozenset({H.SENDING, H.UNKNOWN})
AT_VENUE = frozenset({H.SENT, H.PARTLY_FILLED})
_ASK = "It is asked about by itself, and never sent again. Look for its client order id at the venue."
_WATCHED = "It is watched, and cancelled at the venue when it stays open. See at the venue why it does not end."

HEDGE = Machine(
    "hedge",
    {
        H.PLANNED: frozenset({H.SENDING, H.CANCELLED}),
        H.SENDING: frozenset({H.UNKNOWN, H.SENT, H.PARTLY_FILLED, H.FILLED, H.CANCELLED, H.REFUSED}),
        H.UNKNOWN: frozenset({H.SENT, H.PARTLY_FILLED, H.FILLED, H.CANCELLED, H.REFUSED}),
        H.SENT: frozenset({H.PARTLY_FILLED, H.FILLED, H.CANCELLED}),
        H.PARTLY_FILLED: frozenset({H.FILLED, H.CANCELLED}),
        H.REFUSED: frozenset({H.FILLED, H.CANCELLED}),  # it shows at the venue after all
    },
    {
        H.PLANNED: Wait(timedelta(minutes=5), Role.TREASURY, "It is sent or given up by a worker: see that one runs."),
        H.SENDING: Wait(timedelta(minutes=5), Role.TREASURY, _ASK),
        H.UNKNOWN: Wait(timedelta(minutes=5), Role.TREASURY, _ASK),
        H.SENT: Wait(timedelta(minutes=10), Role.TREASURY, _WATCHED),
        H.PARTLY_FILLED: Wait(timedelta(minutes=10), Role.TREASURY, _WATCHED),
    },
    {H.REFUSED: "the venue has none of it, and the position is answered by another order"},
)
DEAL = Machine(
    "deal",
    {D.AGREED: frozenset({D.ARRIVED, D.ABANDONED})},
    {
        D.AGREED: Wait(
            timedelta(days=2),
            Role.TREASURY,
            "It is booked when it shows at the venue. Ask the counterparty for it, or give it up.",
        )
    },
)


@dataclass(frozen=True)
class Policy:
    """What is done about the position of a ticker, in units of `asset`; no `pair`: people deal by hand."""

    asset: str
    pair: str
    target: int
    threshold: int
    soft: int
    hard: int
    slippage_bps: int
    apart_bps: int

    @property
    def ticker(self) -> str:
        """What it is a policy for: all networks of a token are one risk."""
        return ticker(self.asset)


@dataclass(frozen=True)
class Market:
    """How a venue deals in a pair: steps of price and volume, the least order in whole coins of base and of quote."""

    tick: Decimal
    lot: Decimal
    least: Decimal
    least_cost: Decimal


@dataclass(frozen=True)
class Seen:
    """What a venue bids and asks, quote for one whole base."""

    bid: Decimal
    ask: Decimal


@dataclass(frozen=True)
class Plan:
    """An order to be written down: units of the base, the price at worst, and what it may take of what is given."""

    side: str
    volume: int
    limit: Decimal
    seen: Decimal
    held: int


@dataclass(frozen=True)
class Change:
    """What a fill does to one currency, in whole coins, exact: without the fee, signed; and the fee."""

    currency: str
    amount: Decimal
    fee: Decimal


@dataclass(frozen=True)
class Booking:
    """What of a change is booked, in whole units: as it leaves the venue's account, and of that the fee."""

    asset: Asset
    net: int
    fee: int
    part: Decimal


def ticker(code: str) -> str:
    """What is priced, of what is held: `USDT` of `USDT.TRC20`."""
    return code.partition(".")[0]


def own(policy: Policy, positions: Mapping[str, int]) -> int:
    """Our own position in a ticker, all of its assets together, in units of the policy's asset, towards zero."""
    held = {code: units for code, units in positions.items() if ticker(code) == policy.ticker}
    coins = sum((Fraction(units, 10 ** ASSETS[code].decimals) for code, units in held.items()), Fraction(0))
    return int(coins * 10 ** ASSETS[policy.asset].decimals)


def exposure(policy: Policy, positions: Mapping[str, int]) -> int:
    """How much more of our own there is than we want to have (below zero: less), in units of the policy's asset."""
    return own(policy, positions) - policy.target


def calls_for_one(policy: Policy, exposed: int) -> bool:
    """Whether so much is answered by an order; the venue's least order is asked about afterwards."""
    return bool(policy.pair) and exposed != 0 and abs(exposed) >= policy.threshold


def levels_passed(policy: Policy, exposed: int) -> frozenset[str]:
    """Which limits this is beyond."""
    limits = zip(LEVELS, (policy.soft, policy.hard), strict=True)
    return frozenset(level for level, limit in limits if abs(exposed) > limit)


def plan(
    policy: Policy, exposed: int, *, market: Market, seen: Seen, quote: Asset, there: tuple[int, int]
) -> Plan | None:
    """What to order so that `exposed` is made good; None: nothing yet.

    `there` is what is free at the venue of base and of quote, in units: no more is ordered than that allows. Volumes go
    down to the venue's step, the limit is never further from the price than the policy lets it be.
    """
    asset, slip = ASSETS[policy.asset], Fraction(policy.slippage_bps, BPS)
    buys = exposed < 0
    price = seen.ask if buys else seen.bid
    limit = _stepped(Fraction(price) * (1 + slip if buys else 1 - slip), market.tick, up=not buys)
    if limit <= 0:
        return None
    given, free = (quote, there[1]) if buys else (asset, there[0])
    each = (Fraction(limit) if buys else Fraction(1)) * Fraction(BPS + FEE_ROOM_BPS, BPS)  # given for a base, at most
    allowed = max(Fraction(free, 10**given.decimals) * Fraction(1, each), Fraction(0))
    volume = _stepped(min(Fraction(abs(exposed), 10**asset.decimals), allowed), market.lot, up=False)
    if volume <= 0 or volume < market.least or Fraction(volume) * Fraction(limit) < Fraction(market.least_cost):
        return None
    held = -int(-Fraction(volume) * each * 10**given.decimals // 1)
    return Plan("buy" if buys else "sell", int(Fraction(volume) * 10**asset.decimals), limit, price, held)


def too_small(policy: Policy, exposed: int, *, market: Market) -> bool:
    """Whether the venue takes no order of this size at all."""
    return Fraction(abs(exposed), 10 ** ASSETS[policy.asset].decimals) < Fraction(market.least)


def far_apart(policy: Policy, *, seen: Seen, stored: Fraction | None) -> bool:
    """Whether what the venue says is too far from the stored price to deal at it; without one it is not."""
    middle = (Fraction(seen.bid) + Fraction(seen.ask)) * Fraction(1, 2)
    if stored is None or not stored:
        return seen.bid <= 0 or seen.ask < seen.bid
    return seen.bid <= 0 or abs(middle - stored) * BPS > stored * policy.apart_bps


def ask_again(followed_for: timedelta) -> timedelta:
    """How long until an order is asked about again: soon at first, then a quarter of the time that it has taken.

    Venues count calls; what did not show at once will not show for being asked about more often.
    """
    return min(max(followed_for // 4, ASKED_SOONEST), ASKED_LATEST)


def client_order_id(hedge_id: str) -> str:
    """The id under which the venue knows an order: the 128 bits of ours, written as a UUID (Kraken's `cl_ord_id`)."""
    number = 0
    for digit in hedge_id.partition("_")[2]:
        number = number * len(_DIGITS) + _DIGITS.index(digit)
    return str(uuid.UUID(int=number))


def book(change: Change, *, asset: Asset, part: Decimal) -> Booking:
    """What of a change is booked, where the venue has `part` of a unit of ours beyond what the books say.

    The venue counts finer than we do: the books have the whole units of what it has, cut; the rest is carried on. A fee
    is booked upwards, what was dealt is what remains.
    """
    scale = 10**asset.decimals
    exact = Fraction(part) + (Fraction(change.amount) - Fraction(change.fee)) * scale
    net = exact // 1
    rest = (exact - net) * 10**_PART_DIGITS  # (a venue that writes more digits than that would lose what is below)
    return Booking(asset, int(net), -int(-Fraction(change.fee) * scale // 1), Decimal(int(rest)).scaleb(-_PART_DIGITS))


def fault_of(policy: Policy, *, known: Iterable[str], quotes: Iterable[str]) -> str:
    """Why a policy cannot count, in a sentence; empty when it can. `quotes` are tickers that a venue is paid in."""
    if policy.asset not in known:
        return "The venue has no such asset of ours."
    base, _, quote = policy.pair.partition("/")
    if policy.pair and (base != policy.ticker or quote not in quotes or quote == base):
        return f"A pair begins with {policy.ticker}/ and ends with a currency of the venue's that we keep."
    if min(policy.target, policy.threshold) < 0 or not policy.threshold < policy.soft <= policy.hard:
        return "What is wanted is not below nothing; an order comes before an alarm, and an alarm before a stop."
    if not 1 <= policy.slippage_bps <= 1_000 or not 1 <= policy.apart_bps <= 5_000:  # noqa: PLR2004 (10 % and 50 %)
        return "A price is at most 10 % worse than seen, and at most 50 % from the stored one."
    return ""


def _stepped(value: Fraction, step: Decimal, *, up: bool) -> Decimal:
    """The nearest whole number of steps, down or up."""
    steps = value // Fraction(step)
    return (int(steps) + (1 if up and value % Fraction(step) else 0)) * step
