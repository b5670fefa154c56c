"""The terms of orders: for any price, spread, fee, size and decimals they add up, and nobody gets more than said."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.errors import InvalidAmount
from app.core.money import NGN, Asset, Money
from app.risk.errors import NoFee
from app.risk.rules import Band, fee_units
from app.trading import errors, postings, rules
from app.trading.rules import Deal, Side, Terms, Typed

BTC, ETH, USDT = Asset("BTC", 8), Asset("ETH", 18), Asset("USDT.TRC20", 6)
FREE = (Band(0, 0),)
FLAT = (Band(0, 1_000), Band(500_000, 2_500))
CHEAPER = (Band(0, 5_000), Band(1_000_000, 0, bps=10))  # above the bound less is asked than below it
SHARE = (Band(0, 0, bps=50, floor=100, cap=1_000_000),)

amounts = st.integers(1, 10**24)
typings = st.sampled_from([Typed.GIVE, Typed.GET])


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Band, ...]:
    """Fees in up to three bands, with parts, floors and caps."""
    overs = [0, *sorted(draw(st.sets(st.integers(1, 10**12), max_size=2)))]
    bands = []
    for over in overs:
        floor = draw(st.none() | st.integers(0, 10**6))
        cap = draw(st.none() | st.integers(floor or 0, 10**9))
        bands.append(Band(over, draw(st.integers(0, 10**6)), draw(st.integers(0, 9_999)), floor, cap))
    return tuple(bands)


@st.composite
def deals(draw: st.DrawFn) -> Deal:
    """Two assets of 0 to 18 decimals, a price of up to 18 digits behind the point, a spread."""
    coin, other = Asset("COIN", draw(st.integers(0, 18))), Asset("OTHER", draw(st.integers(0, 18)))
    money = Asset("NGN", draw(st.integers(0, 18)))
    give, get = draw(st.sampled_from([(money, coin), (coin, money), (other, coin)]))
    mid = Decimal(f"{draw(st.integers(1, 10**24))}E-{draw(st.integers(0, 18))}")
    return Deal(give, get, mid, draw(st.integers(0, 9_999)))


def made(deal: Deal, typed: Money, bands: tuple[Band, ...]) -> Terms:
    """The terms, where there are some."""
    try:
        return rules.terms(deal, typed=typed, bands=bands)
    except (errors.TooSmall, InvalidAmount):
        assume(False)
        raise


def typed_of(deal: Deal, units: int, *, given: bool) -> Money:
    """So much of what is given or of what is got."""
    return Money(deal.give if given else deal.get, units)


@given(deals(), amounts, typings, schedules())
def test_what_was_typed_is_what_moves(deal: Deal, units: int, way: Typed, bands: tuple[Band, ...]) -> None:
    terms = made(deal, typed_of(deal, units, given=way is Typed.GIVE), bands)
    assert (terms.give if way is Typed.GIVE else terms.get).units == units


@given(deals(), amounts, typings, schedules())
def test_every_order_balances_and_no_leg_turns_round(
    deal: Deal, units: int, way: Typed, bands: tuple[Band, ...]
) -> None:
    terms = made(deal, typed_of(deal, units, given=way is Typed.GIVE), bands)
    parts = {"fee": terms.fee, "spread": terms.spread, "rounding": terms.rounding}
    assert all(part.asset == deal.money and part.units >= 0 for part in (*parts.values(), terms.value))
    post = {Side.BUY: postings.bought, Side.SELL: postings.sold, Side.SWAP: postings.swapped}[deal.side]
    journal = post(  # (an unbalanced one cannot be made)
        ref="ord_x",
        payer=f"liability:p:{deal.give.code}",
        taker=f"liability:t:{deal.get.code}",
        give=terms.give,
        get=terms.get,
        fee=terms.fee,
        spread=terms.spread,
        rounding=terms.rounding,
    )
    moved = {(leg.account.split(":")[1], leg.amount.asset.code): leg.amount.units for leg in journal.legs}
    sold = deal.side is Side.SELL
    assert moved["p", deal.give.code] == terms.give.units
    assert moved["t", deal.get.code] == -terms.get.units
    # What meets in dealing is the coin on one side and its value at mid on the other.
    assert moved["dealing", deal.coin.code] == (-terms.give.units if sold else terms.get.units)
    if terms.value:
        assert moved["dealing", deal.money.code] == (terms.value.units if sold else -terms.value.units)
    for name, account in (("fee", "trading_fees"), ("spread", "spread"), ("rounding", "rounding")):
        assert -moved.get((account, deal.money.code), 0) == parts[name].units


@given(deals(), amounts, typings, schedules())
def test_nobody_gets_more_than_the_price_and_pays_no_more_than_it_and_a_unit(
    deal: Deal, units: int, way: Typed, bands: tuple[Band, ...]
) -> None:
    terms = made(deal, typed_of(deal, units, given=way is Typed.GIVE), bands)
    if deal.side is Side.SELL:
        exact = terms.give.units * deal.priced
        assert terms.get.units + terms.fee.units <= exact
        assert terms.value.units <= terms.give.units * deal.at_mid < terms.value.units + 1
        # (what is given is the least that brings it: one unit less would not)
        assert way is Typed.GIVE or (terms.give.units - 1) * deal.priced < terms.get.units + terms.fee.units
    else:
        exact = terms.get.units * deal.priced
        assert terms.give.units - terms.fee.units >= exact
        assert terms.value.units - 1 < terms.get.units * deal.at_mid <= terms.value.units
        # (one unit more of the coin could not be had for it; one unit less of money would not buy it)
        left = terms.give.units - terms.fee.units
        assert left < (terms.get.units + 1) * deal.priced if way is Typed.GIVE else left - 1 < exact


@given(deals(), amounts, typings, schedules())
def test_what_rounding_leaves_is_less_than_one_unit_of_the_coin(
    deal: Deal, units: int, way: Typed, bands: tuple[Band, ...]
) -> None:
    terms = made(deal, typed_of(deal, units, given=way is Typed.GIVE), bands)
    assert 0 <= terms.rounding.units < deal.priced or terms.rounding.units == 0
    # Where the amount of the money was typed in a sale, or that of the coin in a purchase, nothing else is left over.
    if (deal.side is Side.SELL) == (way is Typed.GIVE):
        assert terms.rounding.units == 0


@given(deals(), amounts, typings, schedules())
def test_the_spread_is_its_share_of_the_value_to_a_unit(
    deal: Deal, units: int, way: Typed, bands: tuple[Band, ...]
) -> None:
    terms = made(deal, typed_of(deal, units, given=way is Typed.GIVE), bands)
    coins = terms.give.units if deal.side is Side.SELL else terms.get.units
    assert abs(terms.spread.units - coins * deal.at_mid * deal.spread_bps / 10_000) < 1


@given(deals(), amounts, schedules())
def test_the_other_side_typed_is_never_dearer(deal: Deal, units: int, bands: tuple[Band, ...]) -> None:
    """Who types what they would get for an amount gives no more for it than that amount."""
    first = made(deal, typed_of(deal, units, given=True), bands)
    second = rules.terms(deal, typed=first.get, bands=bands)
    assert second.get == first.get
    assert second.give <= first.give
    # And what it names now buys at least as much.
    assert not rules.terms(deal, typed=second.give, bands=bands).get < first.get


@given(deals(), amounts, typings, schedules())
def test_the_fee_is_that_of_the_schedule_or_lies_between_two_bands(
    deal: Deal, units: int, way: Typed, bands: tuple[Band, ...]
) -> None:
    terms = made(deal, typed_of(deal, units, given=way is Typed.GIVE), bands)
    amount = terms.get.units + terms.fee.units if deal.side is Side.SELL else terms.give.units
    said = fee_units(bands, amount=amount) or 0
    if terms.fee.units != said:
        below = max(band.over for band in bands if band.over < amount)
        assert way is Typed.GET
        assert amount == below + 1  # the first amount of a band that asks for less than the one below
        assert said < terms.fee.units <= (fee_units(bands, amount=below) or 0)


@given(schedules(), st.integers(1, 10**15))
def test_an_amount_before_its_fee_is_the_least_that_leaves_it(bands: tuple[Band, ...], net: int) -> None:
    gross = rules.gross_of(bands, net=net)
    assert gross - (fee_units(bands, amount=gross) or 0) >= net
    for less in {gross - 1, net, *(band.over for band in bands)}:
        if 0 < less < gross:
            assert less - (fee_units(bands, amount=less) or 0) < net


@given(deals())
def test_the_rate_is_exactly_the_price_with_its_spread(deal: Deal) -> None:
    assert Fraction(deal.rate) * 10**deal.money.decimals / 10**deal.coin.decimals == deal.priced


class TestByHand:
    def test_a_purchase(self) -> None:
        deal = Deal(NGN, BTC, Decimal(100_000_000), 100)
        terms = rules.terms(deal, typed=Money(NGN, 10_000_00), bands=FLAT)
        # 9,975 naira buy 0.00009876 BTC at 101,000,000: 9,974.76; at mid it is worth 9,876.00.
        assert (terms.get, terms.fee, terms.value) == (Money(BTC, 9_876), Money(NGN, 2_500), Money(NGN, 9_876_00))
        assert (terms.spread, terms.rounding) == (Money(NGN, 98_76), Money(NGN, 24))
        assert deal.rate == Decimal(101_000_000)

    def test_the_same_typed_as_coins(self) -> None:
        terms = rules.terms(Deal(NGN, BTC, Decimal(100_000_000), 100), typed=Money(BTC, 9_876), bands=FLAT)
        assert (terms.give, terms.rounding) == (Money(NGN, 9_999_76), Money(NGN, 0))

    def test_a_sale(self) -> None:
        terms = rules.terms(Deal(BTC, NGN, Decimal(100_000_000), 100), typed=Money(BTC, 9_876), bands=FLAT)
        assert (terms.value, terms.spread, terms.fee) == (Money(NGN, 987600), Money(NGN, 9876), Money(NGN, 2500))
        assert (terms.get, terms.rounding) == (Money(NGN, 975224), Money(NGN, 0))

    def test_a_sale_typed_as_naira_leaves_less_than_a_satoshi(self) -> None:
        terms = rules.terms(Deal(BTC, NGN, Decimal(100_000_000), 100), typed=Money(NGN, 9_000_01), bands=FLAT)
        assert terms.get == Money(NGN, 9_000_01)
        assert terms.give == Money(BTC, 9_117)  # 9,026.00 (with the fee of 25) would be 9,116.2
        assert terms.rounding == Money(NGN, 82)

    def test_a_swap_keeps_all_of_it_in_what_is_given(self) -> None:
        deal = Deal(BTC, USDT, Decimal("0.00001"), 50)
        terms = rules.terms(deal, typed=Money(BTC, 100_000), bands=SHARE)
        assert {part.asset for part in (terms.value, terms.spread, terms.fee, terms.rounding)} == {BTC}
        assert (terms.fee, terms.get) == (Money(BTC, 500), Money(USDT, 99_004_975))

    def test_what_lies_between_two_bands_is_the_fee(self) -> None:
        deal = Deal(NGN, BTC, Decimal(1_000_000), 0)  # a satoshi is a kobo
        terms = rules.terms(deal, typed=Money(BTC, 997_000), bands=CHEAPER)
        assert (terms.give, terms.fee, terms.rounding) == (Money(NGN, 1_000_001), Money(NGN, 3_001), Money(NGN, 0))

    @pytest.mark.parametrize(
        ("deal", "typed"),
        [
            (Deal(NGN, BTC, Decimal(100_000_000), 0), Money(NGN, 99)),  # not one satoshi
            (Deal(BTC, NGN, Decimal("0.5"), 0), Money(BTC, 100)),  # not one kobo
            (Deal(NGN, BTC, Decimal(100_000_000), 0), Money(NGN, 0)),
        ],
    )
    def test_dust_is_refused(self, deal: Deal, typed: Money) -> None:
        with pytest.raises(errors.TooSmall):
            rules.terms(deal, typed=typed, bands=FREE)

    def test_a_fee_that_takes_it_all_is_refused(self) -> None:
        for deal, typed in (
            (Deal(NGN, BTC, Decimal(100), 0), Money(NGN, 1_000)),
            (Deal(BTC, NGN, Decimal(1_000), 0), Money(BTC, 1_000)),
        ):
            with pytest.raises(errors.TooSmall):
                rules.terms(deal, typed=typed, bands=FLAT)
        with pytest.raises(errors.TooSmall):
            rules.gross_of((Band(0, 0, bps=10_000),), net=1)

    def test_what_has_no_price_is_not_for_nothing(self) -> None:
        deal = Deal(NGN, BTC, Decimal(100), 0)
        for typed in (Money(NGN, 1_000), Money(BTC, 1_000)):
            with pytest.raises(NoFee):
                rules.terms(deal, typed=typed, bands=())

    def test_what_cannot_be_booked_is_refused(self) -> None:
        with pytest.raises(InvalidAmount):
            rules.terms(Deal(NGN, ETH, Decimal("1E-18"), 0), typed=Money(NGN, 10**24), bands=FREE)

    def test_one_coin_for_itself_is_none(self) -> None:
        for give, get in ((NGN, NGN), (USDT, Asset("USDT.BEP20", 18))):
            with pytest.raises(errors.SameAsset):
                rules.side_of(give, get)

    def test_a_price_of_nothing_and_a_spread_of_all_are_no_deal(self) -> None:
        sound = Deal(NGN, BTC, Decimal(1), 0)
        for change in ({"mid": Decimal(0)}, {"mid": Decimal("NaN")}, {"spread_bps": 10_000}, {"spread_bps": -1}):
            with pytest.raises(ValueError, match="a price is above nothing"):
                replace(sound, **change)


class TestSizes:
    def test_within_bounds_passes(self) -> None:
        rules.refuse_less(Money(BTC, 100), least=Money(BTC, 100))
        rules.refuse_more(Money(NGN, 200), most=Money(NGN, 200))

    def test_beyond_them_is_refused(self) -> None:
        with pytest.raises(errors.BelowMinimum) as less:
            rules.refuse_less(Money(BTC, 99), least=Money(BTC, 100))
        with pytest.raises(errors.AboveMaximum) as more:
            rules.refuse_more(Money(NGN, 201), most=Money(NGN, 200))
        assert (less.value.facts, more.value.facts) == ({"asset": "BTC", "minimum": "100"}, {"maximum": "200"})


class TestMoved:
    @pytest.mark.parametrize(
        ("side", "within", "beyond"),
        [(Side.BUY, "1005", "1005.01"), (Side.SWAP, "1005", "1005.01"), (Side.SELL, "995", "994.99")],
    )
    def test_against_the_house_and_beyond_its_bound(self, side: Side, within: str, beyond: str) -> None:
        for now, away in ((within, False), (beyond, True)):
            assert rules.ran_away(side, quoted=Decimal(1000), now=Decimal(now), bps=50) is away

    def test_for_the_house_it_may_move(self) -> None:
        assert not rules.ran_away(Side.BUY, quoted=Decimal(1000), now=Decimal(1), bps=50)
        assert not rules.ran_away(Side.SELL, quoted=Decimal(1000), now=Decimal(9999), bps=50)
