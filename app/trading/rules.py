"""What trading decides without looking anything up: what an order's terms are, when a quote is over, states.

Of an order's two assets one is the *coin* and one is the *money*: a purchase or a swap gives money for a coin, a sale
gives a coin for money. Fee, spread and rounding are always in the money. A price is whole money for one whole coin.

Rounding, once and in this direction (all in smallest units):
- the coin's value at mid goes up when the customer gets the coin, and down when they give it: the books' dealing is
  never short of it;
- value and spread together go the same way, so the spread is what lies between two whole numbers;
- a fee that is a part of something goes down, as every fee of the house does;
- what the customer gets goes down, what they give goes up: what they typed is exactly what moves, and what is left
  between is less than one smallest unit of the coin is worth, and is posted as rounding.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.core.machine import Machine, Wait
from app.core.money import NGN, UNITS_LIMIT, Asset, Money
from app.core.permissions import Role
from app.risk.errors import NoFee
from app.risk.rules import BPS, Band, fee_units
from app.trading import errors


class Side(StrEnum):
    """What an order is to its customer."""

    BUY = "buy"  # naira for something
    SELL = "sell"  # something for naira
    SWAP = "swap"  # something for something, and neither is naira


class Typed(StrEnum):
    """Which amount the customer wrote; the other one followed."""

    GIVE = "give"
    GET = "get"
    ALL = "all"  # whatever was available


class State(StrEnum):
    """An order from its placing to its end, both in one transaction."""

    PLACED = "placed"
    FILLED = "filled"


MACHINE = Machine(
    "order",
    {State.PLACED: frozenset({State.FILLED})},
    waits={
        # (It is filled in the transaction that places it, and the database holds to that: none is ever seen so.)
        State.PLACED: Wait(
            timedelta(minutes=5), Role.TREASURY, "Tell whoever runs this: an order without its journal cannot be."
        ),
    },
)


def ticker_of(asset: Asset) -> str:
    """What is priced of an asset: a token has one price on all its networks."""
    return asset.ticker or asset.code.partition(".")[0]


def side_of(give: Asset, get: Asset) -> Side:
    """What giving one for the other is. Raises SameAsset, also for one coin on two networks."""
    if ticker_of(give) == ticker_of(get):
        raise errors.SameAsset
    if give.code == NGN.code:
        return Side.BUY
    return Side.SELL if get.code == NGN.code else Side.SWAP


@dataclass(frozen=True)
class Deal:
    """One asset for another at a price: `mid` is whole money for one whole coin, `spread_bps` is what we keep of it."""

    give: Asset
    get: Asset
    mid: Decimal
    spread_bps: int

    def __post_init__(self) -> None:
        """Refuse what no price and no spread can be: ValueError."""
        if not self.mid.is_finite() or self.mid <= 0 or not 0 <= self.spread_bps < BPS:
            raise ValueError("a price is above nothing, and a spread is less than the whole of it")

    @property
    def side(self) -> Side:
        """What it is to the customer."""
        return side_of(self.give, self.get)

    @property
    def coin(self) -> Asset:
        """What is priced."""
        return self.give if self.side is Side.SELL else self.get

    @property
    def money(self) -> Asset:
        """What it is priced in; fee, spread and rounding are in it."""
        return self.get if self.side is Side.SELL else self.give

    @property
    def at_mid(self) -> Fraction:
        """The smallest units of the money that one smallest unit of the coin is worth."""
        return Fraction(self.mid) * Fraction(10**self.money.decimals, 10**self.coin.decimals)

    @property
    def priced(self) -> Fraction:
        """The same as the customer is charged for it, or gets for it."""
        return self.at_mid * Fraction(self._share, BPS)

    @property
    def rate(self) -> Decimal:
        """Whole money for one whole coin as the customer deals, the spread in it and the fee not: exactly."""
        numerator, places = Fraction(self.mid) * self._share, 0
        while numerator.denominator > 1:  # (of a decimal number: it ends)
            numerator, places = numerator * 10, places + 1
        return Decimal(f"{numerator.numerator}E-{places + 4}")

    @property
    def _share(self) -> int:
        return BPS - self.spread_bps if self.side is Side.SELL else BPS + self.spread_bps


@dataclass(frozen=True)
class Terms:
    """What moves in an order: what the customer gives and gets, and where the money between goes.

    A purchase or swap: give = value + spread + fee + rounding. A sale: value = get + spread + fee + rounding.
    """

    deal: Deal
    give: Money
    get: Money
    value: Money
    spread: Money
    fee: Money
    rounding: Money


def terms(deal: Deal, *, typed: Money, bands: Sequence[Band]) -> Terms:
    """The terms of an order for the amount that was typed, of what is given or of what is got.

    What was typed is what moves, exactly. `bands` is the schedule of fees: of what is paid in a purchase or swap, of
    what would be got in a sale. Raises TooSmall, NoFee, InvalidAmount (beyond what can be booked).
    """
    made = _sale if deal.side is Side.SELL else _purchase
    return made(deal, typed, bands)


def gross_of(bands: Sequence[Band], *, net: int) -> int:
    """The least amount of which so much is left after its fee. Raises NoFee, TooSmall (no amount leaves it).

    Within a band what is left never falls when the amount rises, so each is halved until it is found.
    """
    if not bands:
        raise NoFee
    ordered = sorted(bands, key=lambda one: one.over)
    tops = [*(band.over for band in ordered[1:]), UNITS_LIMIT - 1]
    for band, top in zip(ordered, tops, strict=True):
        low, high = max(band.over + 1, net), top
        if low > high or high - _fee(bands, high) < net:
            continue
        while low < high:
            middle = (low + high) // 2
            if middle - _fee(bands, middle) >= net:
                high = middle
            else:
                low = middle + 1
        return low
    raise errors.TooSmall


def _purchase(deal: Deal, typed: Money, bands: Sequence[Band]) -> Terms:
    if typed.asset == deal.give:
        give, fee = typed.units, _fee(bands, typed.units)
        get = (give - fee) // deal.priced  # (of fractions: a whole number, down)
    else:
        get = typed.units
        needed = math.ceil(get * deal.priced)
        # Between two bands of which the higher is cheaper, what lies between is the fee: never more than the lower's.
        give = gross_of(bands, net=needed)
        fee = give - needed
    if get < 1:
        raise errors.TooSmall
    value, charged = math.ceil(get * deal.at_mid), math.ceil(get * deal.priced)
    return _written(deal, give=give, get=get, value=value, spread=charged - value, fee=fee)


def _sale(deal: Deal, typed: Money, bands: Sequence[Band]) -> Terms:
    if typed.asset == deal.give:
        give, gross = typed.units, math.floor(typed.units * deal.priced)
        fee = _fee(bands, gross)
        get = gross - fee
    else:
        get = typed.units
        gross = gross_of(bands, net=get)
        give, fee = -(-gross // deal.priced), gross - get
    if get < 1:
        raise errors.TooSmall
    value = math.floor(give * deal.at_mid)
    return _written(deal, give=give, get=get, value=value, spread=value - math.floor(give * deal.priced), fee=fee)


def _written(deal: Deal, *, give: int, get: int, value: int, spread: int, fee: int) -> Terms:
    rounding = value - get - spread - fee if deal.side is Side.SELL else give - value - spread - fee
    money = deal.money
    return Terms(
        deal,
        Money(deal.give, give),
        Money(deal.get, get),
        value=Money(money, value),
        spread=Money(money, spread),
        fee=Money(money, fee),
        rounding=Money(money, rounding),
    )


def _fee(bands: Sequence[Band], amount: int) -> int:
    """What an amount costs, and it leaves something. Raises NoFee (what has no price is not for nothing), TooSmall."""
    if not bands:
        raise NoFee
    return fee_units(bands, amount=amount) or 0


def exactly(number: Decimal) -> str:
    """A number in digits, all of them, without noughts at its end (Decimal's own way to drop them may round)."""
    whole, _, fraction = format(number, "f").partition(".")
    kept = fraction.rstrip("0")
    return f"{whole}.{kept}" if kept else whole


def rate_in_words(rate: Decimal, *, coin: Asset, money: Asset) -> str:
    """`1 BTC = ₦101,000,000.00`: at least the money's own digits, at most eight more, cut (the terms are exact)."""
    whole, _, fraction = format(rate, "f").partition(".")
    kept = fraction[: money.decimals + 8].rstrip("0").ljust(min(money.decimals, NGN.decimals), "0")
    unit = money.symbol or f"{ticker_of(money)} "
    return f"1 {ticker_of(coin)} = {unit}{int(whole):,}{'.' if kept else ''}{kept}"


def refuse_less(amount: Money, *, least: Money) -> None:
    """Raise BelowMinimum for less of an asset than is traded."""
    if amount < least:
        facts = {"asset": least.asset.code, "minimum": str(least.units)}
        raise errors.BelowMinimum(f"{least} is the least that is traded.", **facts)


def refuse_more(size: Money, *, most: Money) -> None:
    """Raise AboveMaximum for an order that is worth more."""
    if most < size:
        raise errors.AboveMaximum(f"The largest order is worth {most}.", maximum=str(most.units))


def is_over(expires_at: datetime, *, at: datetime) -> bool:
    """Whether a quote has run out: at the very moment that it names it has."""
    return at >= expires_at


def ran_away(side: Side, *, quoted: Decimal, now: Decimal, bps: int) -> bool:
    """Whether the price is by now more than so many ten-thousandths worse for the house than it was quoted.

    Better for the house it may be: its customer agreed to what the quote says.
    """
    if side is Side.SELL:
        return Fraction(now) * BPS < Fraction(quoted) * (BPS - bps)
    return Fraction(now) * BPS > Fraction(quoted) * (BPS + bps)
