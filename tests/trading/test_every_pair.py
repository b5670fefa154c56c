"""Every asset for every other, those of eighteen decimals too: all there is, either side typed, and the least."""

from collections.abc import Iterator
from fractions import Fraction

import pytest

from app.core.money import ASSETS, NGN, Asset, Money
from app.ledger import assets as coins
from app.pricing import queries as pricing
from app.trading import errors
from app.trading.models import Order
from tests.makers import priced, trading
from tests.makers.people import Customer

CODES = ("NGN", "USD", "BTC", "ETH", "USDT.TRC20", "USDT.ERC20", "USDT.BEP20", "TRX", "TON", "BNB")
ABOUT, DUST = 20_000, 7  # naira, and units of what is given
KEPT_MAX = Fraction(6, 100)  # what spread and fee come to together, at most

pytestmark = pytest.mark.usefixtures("inside", "market", "prices")


def all_priced() -> None:
    """Of everything there is a price of now."""
    priced.at(TON_USDT="5.2", BNB_USDT="612.5")


@pytest.fixture
def prices(market: None) -> None:
    all_priced()


def naira_of(asset: Asset) -> Fraction:
    """What one smallest unit of it is worth."""
    each = Fraction(1) if asset == NGN else Fraction(pricing.price(asset.ticker, "NGN").mid)
    return each / 10**asset.decimals


def others(give: Asset) -> Iterator[Asset]:
    """What it can be given for; each at a price of now, for one is not good for as long as all take."""
    for code in CODES:
        if ASSETS[code].ticker != give.ticker:
            all_priced()
            yield ASSETS[code]


def filled(who: Customer, *, give: Asset, get: Asset, typed: Money | None) -> Order:
    """An order that moved exactly what it says, for its price to a unit and no more than spread and fee."""
    before = trading.has(who, give), trading.has(who, get)
    if typed is None:
        order = trading.accepted(who, trading.all_of(who, give_asset=give, get=get))
    else:
        order = trading.accepted(who, trading.quoted(who, typed, give_asset=give, get=get))
    assert (trading.has(who, give), trading.has(who, get)) == (before[0] - order.give, before[1] + order.get)
    unit = Fraction(order.rate) * Fraction(10 ** ASSETS[order.money].decimals, 10 ** ASSETS[order.coin].decimals)
    assert 0 <= order.rounding.units < max(unit, Fraction(1))
    gave, got = order.give.units * naira_of(give), order.get.units * naira_of(get)
    assert gave * (1 - KEPT_MAX) <= got <= gave
    return order


@pytest.mark.parametrize("code", CODES)
def test_all_there_is_leaves_nothing_and_either_side_can_be_typed(code: str) -> None:
    give = ASSETS[code]
    units = int(ABOUT / naira_of(give)) + DUST
    for get in others(give):
        who = trading.dealer(Money(give, units), Money(get, 1))
        first = filled(who, give=give, get=get, typed=None)
        assert trading.has(who, give) == Money(give, 0)
        trading.give(who, first.give)
        again = filled(who, give=give, get=get, typed=first.get)
        assert again.get == first.get
        assert again.give <= first.give


@pytest.mark.parametrize("code", CODES)
def test_the_least_is_an_order_and_less_is_none(code: str) -> None:
    give = ASSETS[code]
    least = {one.asset: one.trade_min for one in coins.all_terms()}
    for get in others(give):
        who = trading.dealer(Money(give, int(ABOUT / naira_of(give))), Money(get, 1))
        for typed in (Money(give, 1), Money(get, 1), least[give] - Money(give, 1), least[get] - Money(get, 1)):
            with pytest.raises((errors.BelowMinimum, errors.TooSmall)):
                trading.quoted(who, typed, give_asset=give, get=get)
        filled(who, give=give, get=get, typed=enough(least[give], least[get]))


def enough(give: Money, get: Money) -> Money:
    """The least of the one that is worth more by far, or else of what is got and as much again."""
    worths = give.units * naira_of(give.asset), get.units * naira_of(get.asset)
    if worths[0] > 2 * worths[1]:
        return give
    return get if worths[1] > worths[0] else Money(get.asset, 2 * get.units)


def test_what_there_is_from_the_beginning_is_tried() -> None:
    assert set(CODES) <= set(ASSETS)
