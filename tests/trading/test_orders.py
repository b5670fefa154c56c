"""Quotes and orders: what was quoted is what moves, once; and each guard says no by itself, when it must."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from app.core import clock, machine
from app.core.db import leave, rows, transaction
from app.core.errors import InvalidAmount, KeyReused, Malformed, Refusal
from app.core.money import NGN, Asset, Money
from app.customers import service as customers
from app.customers.errors import AccountFrozen
from app.customers.rules import Tier
from app.ledger import balances, chart, prices
from app.payments import deposits
from app.pricing.errors import NoPrice, PairHalted, PriceTooOld
from app.restrictions.errors import Restricted
from app.restrictions.rules import Kind
from app.risk.errors import LimitExceeded, NoFee, TierTooLow
from app.trading import errors, orders, queries, quotes
from app.trading.models import Order, Quote
from app.trading.rules import Side, State, Typed
from tests.makers import coins, priced, restricted, switched, trading
from tests.makers.books import fresh
from tests.makers.coins import BTC, ETH, USDT
from tests.makers.people import Customer, naira

pytestmark = pytest.mark.usefixtures("inside", "market")
TICK = timedelta(microseconds=1)


@pytest.fixture
def who() -> Customer:
    """Somebody with a million naira and a bitcoin."""
    return trading.dealer(naira(1_000_000), Money(BTC, 10**8))


class TestAQuote:
    def test_says_what_is_paid_got_and_kept(self, who: Customer) -> None:
        made = trading.quoted(who, naira(10_000))
        # 60,000 x 1,600 = 96,000,000 naira for a bitcoin; 1 % spread for this size, half a percent fee.
        assert (made.side, made.typed, made.mid) == (Side.BUY, Typed.GIVE, Decimal(96_000_000))
        assert (made.give, made.fee, made.get) == (naira(10_000), naira(50), Money(BTC, 10_261))
        assert made.rate == Decimal(96_960_000)
        assert (made.spread, made.rounding) == (Money(NGN, 98_51), Money(NGN, 93))
        assert (made.worth, set(made.sources)) == (naira(10_000), {"kraken", "coingecko"})
        assert made.legs == ["BTC/USDT", "USDT/NGN"]
        assert made.expires_at - made.created_at == timedelta(seconds=20)
        assert trading.has(who) == naira(1_000_000)

    def test_can_be_typed_on_the_other_side(self, who: Customer) -> None:
        made = trading.quoted(who, Money(BTC, 10_261))
        assert (made.typed, made.get, made.rounding) == (Typed.GET, Money(BTC, 10_261), Money(NGN, 0))
        assert made.give < naira(10_000)

    def test_of_everything_is_of_all_that_is_there(self) -> None:
        made = trading.all_of(trading.dealer(Money(BTC, 1_234_567)), give_asset=BTC, get=NGN)
        assert (made.typed, made.give, made.rounding) == (Typed.ALL, Money(BTC, 1_234_567), Money(NGN, 0))

    def test_is_not_asked_for_without_end(self, who: Customer) -> None:
        moment = clock.now()
        with clock.at(moment):
            for _ in range(quotes.A_MINUTE):
                trading.quoted(who)
            with pytest.raises(errors.TooManyQuotes):
                trading.quoted(who)
        with clock.at(moment + timedelta(minutes=1, milliseconds=1)):
            priced.at()
            trading.quoted(who)

    def test_that_ran_out_is_made_anew_in_its_place(self, who: Customer) -> None:
        old = trading.quoted(who, Money(BTC, 10_261))
        priced.at(BTC_USDT="61000")
        with transaction(who.actor):
            new = quotes.again(old.id, customer_id=who.id)
        assert (new.replaces, new.get, new.mid) == (old.id, old.get, Decimal(97_600_000))

    def test_of_somebody_else_is_not_replaced(self, who: Customer) -> None:
        old = trading.quoted(trading.dealer())
        with pytest.raises(errors.NoSuchQuote), transaction(who.actor):
            quotes.again(old.id, customer_id=who.id)

    def test_of_a_sale_keeps_its_part_of_the_naira(self, who: Customer) -> None:
        made = trading.quoted(who, Money(BTC, 100_000), give_asset=BTC, get=NGN)
        assert (made.side, made.fee.asset, made.money, made.coin) == (Side.SELL, NGN, "NGN", "BTC")
        assert made.get.units + made.fee.units + made.spread.units + made.rounding.units == 96_000_00

    def test_of_a_swap_keeps_its_part_of_what_is_given(self, who: Customer) -> None:
        made = trading.quoted(who, Money(BTC, 100_000), give_asset=BTC, get=ETH)
        assert (made.side, made.fee.asset, made.coin) == (Side.SWAP, BTC, "ETH")
        assert made.mid == Decimal("0.05")  # a bitcoin for twenty ether
        assert made.worth == naira(96_000)


class TestAnOrder:
    def test_moves_what_was_quoted_and_is_recorded(self, who: Customer) -> None:
        quote = trading.quoted(who)
        order = trading.accepted(who, quote)
        assert (order.give, order.get, order.state) == (quote.give, quote.get, State.FILLED)
        assert (trading.has(who), trading.has(who, BTC)) == (naira(990_000), Money(BTC, 10**8 + quote.get.units))
        assert [move.new_state for move in machine.history(order.id)] == ["placed", "filled"]
        assert queries.quote(quote.id, customer_id=who.id).used_at == order.created_at
        (journal,) = rows("SELECT kind, memo FROM ledger.journals WHERE ref = :ref", ref=order.id)
        assert (journal.kind, journal.memo["quote"], journal.memo["mid"]) == ("trading.bought", quote.id, "96000000")
        assert [row.name for row in rows("SELECT name FROM outbox WHERE subject = :ref", ref=order.id)] == [
            "trading.traded"
        ]

    def test_opens_a_wallet_for_what_is_new(self) -> None:
        who = trading.dealer()
        with pytest.raises(LookupError):
            balances.of(chart.of_customer(who.id, asset=ETH))
        leave()
        order = trading.accepted(who, trading.quoted(who, get=ETH))
        assert trading.has(who, ETH) == order.get

    @pytest.mark.parametrize(
        ("give", "get", "kind"),
        [(NGN, BTC, "bought"), (BTC, NGN, "sold"), (BTC, USDT, "swapped"), (BTC, coins.USD, "swapped")],
    )
    def test_of_all_there_is_leaves_exactly_nothing(self, give: Asset, get: Asset, kind: str) -> None:
        who = trading.dealer(Money(give, 1_234_567))
        order = trading.accepted(who, trading.all_of(who, give_asset=give, get=get))
        assert trading.has(who, give) == Money(give, 0)
        assert trading.has(who, get) == order.get
        (journal,) = rows("SELECT kind FROM ledger.journals WHERE ref = :ref", ref=order.id)
        assert journal.kind == f"trading.{kind}"

    def test_is_the_same_for_the_same_key_however_often(self, who: Customer) -> None:
        quote, key = trading.quoted(who), fresh()
        made = {trading.accepted(who, quote, key=key).id for _ in range(50)}
        assert len(made) == 1
        assert trading.has(who) == naira(990_000)
        with clock.at(clock.now() + timedelta(days=1)):  # (what was answered is answered, also when it has run out)
            assert trading.accepted(who, quote, key=key).id in made

    def test_is_not_made_twice_of_one_quote(self, who: Customer) -> None:
        quote = trading.quoted(who)
        first = trading.accepted(who, quote)
        with pytest.raises(errors.QuoteUsed) as refused:
            trading.accepted(who, quote)
        assert refused.value.facts == {"order_id": first.id}

    def test_is_not_made_of_another_quote_with_the_same_key(self, who: Customer) -> None:
        key = fresh()
        trading.accepted(who, trading.quoted(who), key=key)
        with pytest.raises(KeyReused):
            trading.accepted(who, trading.quoted(who), key=key)

    def test_needs_a_key(self, who: Customer) -> None:
        quote = trading.quoted(who)
        with pytest.raises(Malformed), transaction(who.actor):
            orders.accept(quote.id, customer_id=who.id, key="", actor=who.actor)

    def test_is_not_made_of_anothers_quote(self, who: Customer) -> None:
        with pytest.raises(errors.NoSuchQuote):
            trading.accepted(who, trading.quoted(trading.dealer()))

    def test_counts_against_the_limits_once(self, who: Customer) -> None:
        order = trading.accepted(who, trading.quoted(who))
        (use,) = rows("SELECT * FROM limit_uses WHERE ref = :ref", ref=order.id)
        assert (use.rail, use.direction, use.asset, use.units) == ("inside", "out", "NGN", 1_000_000)
        assert use.settled_at is not None
        sold = trading.accepted(who, trading.quoted(who, Money(BTC, 100_000), give_asset=BTC, get=NGN))
        (use,) = rows("SELECT * FROM limit_uses WHERE ref = :ref", ref=sold.id)
        assert (use.direction, use.asset, use.units) == ("in", "NGN", sold.get.units)


class TestExpiry:
    @pytest.mark.parametrize(("from_its_end", "passes"), [(-TICK, True), (timedelta(0), False), (TICK, False)])
    def test_is_at_the_very_moment_that_it_names(self, who: Customer, from_its_end: timedelta, *, passes: bool) -> None:
        quote = trading.quoted(who)
        refused = nullcontext() if passes else pytest.raises(errors.QuoteExpired)
        with clock.at(quote.expires_at + from_its_end), refused:
            trading.accepted(who, quote)
        assert trading.has(who) == naira(990_000 if passes else 1_000_000)


class TestAPriceThatMoved:
    @pytest.mark.parametrize(
        ("give", "usdt", "passes"),
        [
            (NGN, "60300", True),  # half a percent against us
            (NGN, "60301", False),
            (NGN, "50000", True),  # for us
            (BTC, "59700", True),
            (BTC, "59699", False),
            (BTC, "70000", True),
        ],
    )
    def test_against_us_is_not_honoured(self, who: Customer, give: Asset, usdt: str, *, passes: bool) -> None:
        get = NGN if give == BTC else BTC
        quote = trading.quoted(who, Money(BTC, 100_000), give_asset=give, get=get)
        priced.at(BTC_USDT=usdt)
        with nullcontext() if passes else pytest.raises(errors.PriceMoved):
            order = trading.accepted(who, quote)
            assert (order.give, order.get, order.rate) == (quote.give, quote.get, quote.rate)


Stop = Callable[[Customer, Engine], AbstractContextManager[object]]


def _frozen(one: Customer, _engine: Engine) -> AbstractContextManager[object]:
    with transaction(one.actor):
        customers.lock(one.id, here="", actor=one.actor)
    leave()
    return nullcontext()


def _restricted(kind: Kind) -> Stop:
    def stop(one: Customer, _engine: Engine) -> AbstractContextManager[object]:
        restricted.placed(one, kind)
        return nullcontext()

    return stop


def _off(scope: str) -> Stop:
    return lambda _one, _engine: switched.stopped(scope)


def _no_price(_one: Customer, _engine: Engine) -> AbstractContextManager[object]:
    priced.at(BTC_USDT="")
    return nullcontext()


def _old_price(_one: Customer, _engine: Engine) -> AbstractContextManager[object]:
    priced.aged(timedelta(seconds=61))
    return nullcontext()


STOPS: dict[str, tuple[Stop, type[Refusal]]] = {
    "a frozen account": (_frozen, AccountFrozen),
    "no trade": (_restricted(Kind.NO_TRADE), Restricted),
    "no debit": (_restricted(Kind.NO_DEBIT), Restricted),
    "no credit": (_restricted(Kind.NO_CREDIT), Restricted),
    "a legal hold": (_restricted(Kind.LEGAL_HOLD), Restricted),
    "everything turned off": (_off("all"), errors.TradingOff),
    "the rail turned off": (_off("rail:inside"), errors.TradingOff),
    "what is given turned off": (_off("asset:NGN"), errors.TradingOff),
    "what is got turned off": (_off("asset:BTC"), errors.TradingOff),
    "an asset closed for trading": (lambda _one, engine: trading.closed(engine, "BTC"), errors.NotTraded),
    "a pair turned off": (lambda _one, engine: trading.halted(engine, "BTC/NGN"), PairHalted),
    "a pair on the way turned off": (lambda _one, engine: trading.halted(engine, "USDT/NGN"), PairHalted),
    "no price": (_no_price, NoPrice),
    "a price that is too old": (_old_price, PriceTooOld),
}


@pytest.mark.parametrize("what", STOPS)
def test_what_stops_it_stops_the_quote(who: Customer, owner_engine: Engine, what: str) -> None:
    stop, refusal = STOPS[what]
    with stop(who, owner_engine), pytest.raises(refusal):
        trading.quoted(who)


@pytest.mark.parametrize("what", STOPS)
def test_what_stops_it_stops_the_order(who: Customer, owner_engine: Engine, what: str) -> None:
    quote = trading.quoted(who)
    stop, refusal = STOPS[what]
    with stop(who, owner_engine), pytest.raises(refusal):
        trading.accepted(who, quote)
    leave()
    assert rows("SELECT FROM orders WHERE customer_id = :me", me=who.id) == []
    assert balances.of(who.account).booked == naira(1_000_000)


class TestAmounts:
    def test_that_come_to_nothing_are_refused(self, who: Customer) -> None:
        with pytest.raises(errors.TooSmall):
            trading.quoted(who, Money(NGN, 1))
        with pytest.raises(errors.TooSmall):
            trading.quoted(who, Money(BTC, 0))

    def test_below_the_least_of_either_are_refused(self, who: Customer) -> None:
        with pytest.raises(errors.BelowMinimum) as given:
            trading.quoted(who, Money(NGN, 99_99), get=coins.USD)
        with pytest.raises(errors.BelowMinimum) as got:
            trading.quoted(who, naira(1_000))
        assert (given.value.facts["asset"], got.value.facts) == ("NGN", {"asset": "BTC", "minimum": "5000"})

    def test_above_the_most_are_refused(self, who: Customer, owner_engine: Engine) -> None:
        with trading.threshold(owner_engine, "order_max", 10_000_00):
            trading.quoted(who, naira(10_000))
            with pytest.raises(errors.AboveMaximum):
                trading.quoted(who, Money(NGN, 10_000_01))

    def test_that_are_not_there_are_refused(self, who: Customer) -> None:
        with pytest.raises(errors.NotEnough) as refused:
            trading.quoted(who, Money(NGN, 1_000_000_01))
        assert refused.value.facts == {"asset": "NGN", "available": "100000000", "needed": "100000001"}
        with pytest.raises(errors.NotEnough):
            trading.quoted(who, Money(ETH, 10**18), give_asset=ETH, get=NGN)
        with pytest.raises(errors.NothingThere):
            trading.all_of(who, give_asset=ETH)

    def test_that_cannot_be_booked_are_refused(self, who: Customer) -> None:
        with pytest.raises(InvalidAmount):
            trading.quoted(who, Money(NGN, 10**37), get=ETH)

    def test_of_what_has_no_fee_are_not_for_nothing(self, who: Customer, owner_engine: Engine) -> None:
        with trading.no_fees(owner_engine, "BTC"), pytest.raises(NoFee):
            trading.quoted(who, Money(BTC, 100_000), give_asset=BTC, get=ETH)

    def test_of_one_coin_for_itself_are_refused(self, who: Customer) -> None:
        with pytest.raises(errors.SameAsset):
            trading.quoted(who, Money(BTC, 100_000), give_asset=BTC, get=BTC)

    def test_over_a_limit_are_refused_when_quoted(self) -> None:
        who = trading.dealer(naira(100_000), tier=Tier.T1)
        with pytest.raises(LimitExceeded):
            trading.quoted(who, naira(50_001))
        trading.quoted(who, naira(50_000))

    def test_over_a_limit_are_refused_when_accepted(self) -> None:
        who = trading.dealer(naira(100_000), tier=Tier.T1)
        first, second = (trading.quoted(who, naira(30_000)) for _ in range(2))
        trading.accepted(who, first)
        with pytest.raises(LimitExceeded):
            trading.accepted(who, second)
        assert trading.has(who) == naira(70_000)

    def test_of_a_sale_are_not_kept_from_who_has_all_they_may(self) -> None:
        """What they have is no more by it: it is in naira now."""
        who = trading.dealer(Money(BTC, 312_500), tier=Tier.T1)
        with transaction(trading.TEST):
            prices.record("BTC", naira=Decimal(96_000_000), at=clock.now(), source="test")  # (₦300,000 in all)
        with pytest.raises(LimitExceeded), transaction(trading.TEST):
            deposits.refuse_over(who.id, amount=Money(NGN, 1))
        order = trading.accepted(who, trading.quoted(who, Money(BTC, 100_000), give_asset=BTC, get=NGN))
        assert trading.has(who) == order.get

    def test_of_somebody_who_is_not_verified_are_refused(self) -> None:
        with pytest.raises(TierTooLow):
            trading.quoted(trading.dealer(tier=Tier.T0))

    def test_taken_by_another_order_meanwhile_are_refused(self, who: Customer) -> None:
        first, second = (trading.quoted(who, naira(600_000)) for _ in range(2))
        trading.accepted(who, first)
        with pytest.raises(errors.NotEnough):
            trading.accepted(who, second)
        assert trading.has(who) == naira(400_000)


def test_pages_of_orders_are_ones_own_and_operators_see_all(who: Customer) -> None:
    made = [trading.accepted(who, trading.quoted(who)) for _ in range(3)]
    other = trading.dealer()
    theirs = trading.accepted(other, trading.quoted(other, get=ETH))
    page, older = queries.orders(customer_id=who.id, limit=2)
    rest, end = queries.orders(customer_id=who.id, before=older, limit=2)
    assert [one.id for one in (*page, *rest)] == [one.id for one in reversed(made)]
    assert end is None
    asked = queries.Asked(asset="ETH", side=Side.BUY, since=made[0].created_at)
    found, _ = queries.orders_for_operators(asked)
    assert theirs.id in {one.id for one in found}
    assert {one.get_asset for one in found} == {"ETH"}
    assert queries.counts_for_operators(queries.Asked(customer_id=who.id)) == {
        Side.BUY: 3,
        Side.SELL: 0,
        Side.SWAP: 0,
    }
    assert _shapes(queries.one_for_operators(theirs.id)) == (Order, Quote)


def _shapes(pair: tuple[Order, Quote]) -> tuple[type, type]:
    return type(pair[0]), type(pair[1])
