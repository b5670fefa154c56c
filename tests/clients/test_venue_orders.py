"""Our own dealing at the simulated exchange, through ccxt's own class: signed, exact, and told apart from silence."""

import secrets
from datetime import timedelta
from decimal import Decimal

import pytest

from app.clients.breaker import Breaker
from app.clients.http import Refused, Silent, Unreached
from app.clients.venue_orders import Order, RateLimited, VenueOrders
from app.core import clock, ids
from app.exchange.rules import client_order_id
from tests.makers.exchange import ExchangeProcess

BTC = "BTC/USDT"


def client(
    exchange: ExchangeProcess, *, secret: str = "", seconds: float = 5, breaker: Breaker | None = None
) -> VenueOrders:
    """The product's client of it."""
    return VenueOrders(
        "kraken", exchange.url, key=exchange.key, secret=secret or exchange.secret, seconds=seconds, breaker=breaker
    )


def order(volume: str = "0.01", limit: str = "61000", *, side: str = "buy", **changes: str) -> Order:
    """A fresh one."""
    return Order(
        changes.get("client_id") or client_order_id(ids.new("hdg")), BTC, side, volume, limit,
        clock.now() + timedelta(seconds=60),
    )  # fmt: skip


@pytest.fixture
def at(exchange: ExchangeProcess) -> VenueOrders:
    """The client, with money at the venue and a price that stands still."""
    exchange.fund("USDT", "100000")
    exchange.fund("BTC", "2")
    exchange.price(BTC, "60000")
    return client(exchange)


def test_reads_how_a_pair_is_dealt_in(at: VenueOrders) -> None:
    market = at.market(BTC)
    assert (market.tick, market.lot, market.least) == (Decimal("0.1"), Decimal("0.00000001"), Decimal("0.00005"))
    bid, ask = at.seen(BTC)
    assert 59_900 < bid < ask < 60_100
    with pytest.raises(Refused, match="no_pair"):
        at.market("BTC/NGN")


def test_places_finds_and_reads_what_it_cost(at: VenueOrders, exchange: ExchangeProcess) -> None:
    mine = order("0.01234567")
    named = at.place(mine)
    found = at.find(mine.client_id)
    assert found is not None
    assert (found.venue_id, found.client_id, found.open) == (named, mine.client_id, False)
    assert found.volume == found.executed == Decimal("0.01234567")
    lines = [
        line for line in at.lines(found.opened_at - timedelta(minutes=1), kind="trade") if line.refid in found.trades
    ]
    by_currency = {line.currency: line for line in lines}
    assert by_currency["BTC"].amount == Decimal("0.01234567")
    assert by_currency["USDT"].amount < 0 < by_currency["USDT"].fee
    held = exchange.balances()
    assert at.balances()["USDT"] == held["USDT"] == 100_000 + by_currency["USDT"].amount - by_currency["USDT"].fee
    assert exchange.calls("AddOrder") == 1


def test_a_fee_in_what_was_bought_is_read_as_such(at: VenueOrders, exchange: ExchangeProcess) -> None:
    exchange.knobs(fee_in="base")
    mine = order()
    at.place(mine)
    found = at.find(mine.client_id)
    assert found is not None
    lines = {line.currency: line for line in at.lines(found.opened_at - timedelta(minutes=1), kind="trade")}
    assert lines["BTC"].fee > 0 == lines["USDT"].fee


def test_a_limit_that_is_out_of_reach_is_cancelled(at: VenueOrders) -> None:
    mine = order(limit="50000")
    at.place(mine)
    found = at.find(mine.client_id)
    assert found is not None
    assert (found.open, found.executed, found.trades) == (False, Decimal(0), ())


def test_the_signature_is_looked_at(at: VenueOrders, exchange: ExchangeProcess) -> None:
    with pytest.raises(Refused, match=r"EAPI:Invalid") as refused:
        client(exchange, secret="d3Jvbmcgc2VjcmV0IGFsdG9nZXRoZXI=").balances()
    assert not isinstance(refused.value, RateLimited)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"volume": "9"}, "Insufficient funds"),
        ({"volume": "0.00001"}, "minimum not met"),
    ],
)
def test_a_no_is_a_no(at: VenueOrders, what: dict[str, str], words: str) -> None:
    wanted = order(**what)
    with pytest.raises(Refused, match=words):
        at.place(wanted)
    assert at.find(wanted.client_id) is None


def test_too_late_is_a_no(at: VenueOrders) -> None:
    late = Order(client_order_id(ids.new("hdg")), BTC, "buy", "0.01", "61000", clock.now() - timedelta(seconds=5))
    with pytest.raises(Refused, match="Deadline"):
        at.place(late)


@pytest.mark.parametrize(
    ("answer", "taken"), [({"answer": "error_after"}, True), ({"answer": "drop"}, True), ({"answer": "refuse"}, False)]
)
def test_what_came_of_it_is_asked_by_our_own_id(
    at: VenueOrders,
    exchange: ExchangeProcess,
    answer: dict[str, str],
    taken: bool | None,  # noqa: FBT001 (a case)
) -> None:
    at.market(BTC)
    exchange.knobs(**answer, answer_times=1, answer_to="AddOrder")
    mine = order()
    with pytest.raises((Silent, Refused)) as caught:
        at.place(mine)
    assert not isinstance(caught.value, Unreached)
    if taken is not False:
        assert isinstance(caught.value, Silent)
    there = exchange.orders(mine.client_id)
    assert (at.find(mine.client_id) is not None) == bool(there)
    if taken is not None:
        assert bool(there) is taken


def test_late_is_silent(at: VenueOrders, exchange: ExchangeProcess) -> None:
    impatient = client(exchange, seconds=0.7)
    impatient.market(BTC)
    exchange.knobs(answer="late_ms", late_ms=1_500, answer_times=1, answer_to="AddOrder")
    mine = order()
    with pytest.raises(Silent):
        impatient.place(mine)
    assert len(exchange.orders(mine.client_id)) == 1


def test_a_venue_that_is_down_is_silent_and_then_left_alone(at: VenueOrders, exchange: ExchangeProcess) -> None:
    breaker = Breaker(failures=2, lasting=0, rest=60)
    resting = client(exchange, breaker=breaker)
    resting.market(BTC)
    exchange.knobs(down="503")
    for _ in range(2):
        with pytest.raises(Silent):
            resting.balances()
    exchange.knobs(down="no")
    with pytest.raises(Unreached):
        resting.place(order())
    assert exchange.calls("AddOrder") == 0


def test_nobody_there_is_certainly_not_reached() -> None:
    nobody = VenueOrders("kraken", "http://127.0.0.1:1", key="k", secret="c2VjcmV0", seconds=1)
    with pytest.raises(Unreached):
        nobody.balances()


def test_too_many_calls_are_said_to_be(at: VenueOrders, exchange: ExchangeProcess) -> None:
    at.market(BTC)
    exchange.knobs(rate_limit=1, rate_window_seconds=60)
    with pytest.raises(RateLimited):
        _ = [at.balances(), at.balances()]


def test_two_processes_share_a_key(at: VenueOrders, exchange: ExchangeProcess) -> None:
    other = client(exchange)
    for _ in range(5):
        assert at.balances() == other.balances()


def test_what_is_ours_is_listed_over_pages(at: VenueOrders, exchange: ExchangeProcess) -> None:
    exchange.knobs(repeat_rows=3)
    since = clock.now() - timedelta(minutes=1)
    placed = [order("0.001") for _ in range(55)]
    for each in placed:
        at.place(each)
    found = at.recent(since)
    assert {each.client_id for each in found} == {each.client_id for each in placed}
    lines = at.lines(since, kind="trade")
    assert len(lines) == len({line.id for line in lines}) == 2 * len(placed)


def test_cancels_what_is_open_and_nothing_else(at: VenueOrders) -> None:
    assert at.cancel(secrets.token_hex(16)) is False
