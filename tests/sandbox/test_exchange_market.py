"""Public prices: through ccxt's classes, at any time, from every feed; and how each feed is made to lie."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import ccxt
import pytest
import requests

from tests.makers.exchange import ExchangeProcess
from tests.sandbox.trader import kraken, luno, public

NOON = "2026-11-21T12:00:00+00:00"
NOON_MS = 1_795_262_400_000
HOUR_MS = 3_600_000


@pytest.fixture
def still(exchange: ExchangeProcess) -> ExchangeProcess:
    """The exchange on a clock that stands."""
    exchange.clock(NOON)
    return exchange


def coins(exchange: ExchangeProcess, ids: str = "bitcoin,tether", **more: Any) -> Any:
    """What the aggregator tells in dollars and naira."""
    fields = {"ids": ids, "vs_currencies": "usd,ngn", "include_last_updated_at": "true"}
    return public(exchange, "/coingecko/api/v3/simple/price", **(fields | more))


class TestTheVenue:
    def test_lists_its_pairs_with_steps_and_minimums(self, still: ExchangeProcess) -> None:
        markets = kraken(still).load_markets()
        bases = {"BTC", "ETH", "TRX", "TON", "BNB"}
        assert set(markets) == {f"{base}/{quote}" for base in bases for quote in ("USD", "USDT")} | {"USDT/USD"}
        bitcoin = markets["BTC/USD"]
        assert (bitcoin["id"], bitcoin["taker"], bitcoin["maker"]) == ("XXBTZUSD", "0.0026", "0.0016")
        assert (bitcoin["precision"], bitcoin["limits"]["amount"]["min"], bitcoin["limits"]["cost"]["min"]) == (
            {"amount": "0.00000001", "price": "0.1"}, "0.00005", "0.5",
        )  # fmt: skip

    def test_lists_its_assets(self, still: ExchangeProcess) -> None:
        currencies = kraken(still).fetch_currencies()
        assert {code: each["precision"] for code, each in currencies.items()} == {
            "USD": "0.0001", "BTC": "0.0000000001", "ETH": "0.0000000001", "USDT": "0.00000001", "TRX": "0.00000001",
            "TON": "0.000000001", "BNB": "0.0000000001",
        }  # fmt: skip
        assert currencies["BTC"]["id"] == "XXBT"

    def test_quotes_both_sides_around_the_middle(self, still: ExchangeProcess) -> None:
        still.price("BTC/USDT", "90000")
        told = kraken(still).fetch_ticker("BTC/USDT")
        assert (told["bid"], told["ask"], told["last"]) == ("89995.5", "90004.5", "90000.0")
        assert Decimal(told["low"]) <= Decimal(told["last"]) <= Decimal(told["high"])

    def test_quotes_every_pair_at_once(self, still: ExchangeProcess) -> None:
        tickers = kraken(still).fetch_tickers()
        assert len(tickers) == 11
        for symbol, told in tickers.items():
            middle = still.mid(symbol)
            assert Decimal(told["bid"]) < middle < Decimal(told["ask"])
            assert (Decimal(told["ask"]) - Decimal(told["bid"])) / middle < Decimal("0.002")

    def test_has_a_book_with_times(self, still: ExchangeProcess) -> None:
        book = kraken(still).fetch_order_book("ETH/USD", 5)
        assert (len(book["bids"]), len(book["asks"])) == (5, 5)
        assert Decimal(book["bids"][0][0]) < Decimal(book["asks"][0][0])
        assert {level[2] for level in book["bids"]} == {NOON_MS // 1000}

    def test_tells_candles_that_hang_together(self, still: ExchangeProcess) -> None:
        candles = kraken(still).fetch_ohlcv("BTC/USD", "1h", since=NOON_MS - 10 * HOUR_MS)
        assert [each[0] for each in candles] == [NOON_MS - back * HOUR_MS for back in range(10, -1, -1)]
        for (_, *_, close, _), (_, opened, *_) in pairwise(candles):
            assert close == opened
        for _, opened, high, low, close, volume in candles:
            assert Decimal(low) <= min(Decimal(opened), Decimal(close)) <= Decimal(high)
            assert Decimal(volume) > 0
        then = still.mid("BTC/USD", at="2026-11-21T02:00:00+00:00")
        assert Decimal(candles[0][1]) == then.quantize(Decimal("0.1"))

    def test_tells_the_past_the_same_whenever_it_is_asked(self, still: ExchangeProcess) -> None:
        before = kraken(still).fetch_ohlcv("TON/USDT", "1d")
        still.clock("2026-11-22T18:30:00+00:00")
        after = kraken(still).fetch_ohlcv("TON/USDT", "1d")
        assert len(before) == len(after) == 720
        # Two days on, two candles have left at the beginning; the one that was under way has since been finished.
        assert [each for each in after if each[0] < before[-1][0]] == before[1:-1]

    def test_tells_trades(self, still: ExchangeProcess) -> None:
        trades = kraken(still).fetch_trades("TRX/USD", since=NOON_MS - 60_000)
        assert [each["timestamp"] for each in trades] == [NOON_MS - 50_000 + 10_000 * number for number in range(6)]

    def test_has_a_clock(self, still: ExchangeProcess) -> None:
        assert kraken(still).fetch_time() == NOON_MS

    @pytest.mark.parametrize(
        ("call", "error"),
        [
            ("Ticker?pair=XBTEUR", "EQuery:Unknown asset pair"),
            ("Assets?asset=DOGE", "EQuery:Unknown asset"),
            ("OHLC?pair=XBTUSD&interval=7", "EGeneral:Invalid arguments:interval"),
            ("Nothing", "EGeneral:Unknown method"),
        ],
    )
    def test_refuses_in_its_own_words(self, exchange: ExchangeProcess, call: str, error: str) -> None:
        assert public(exchange, f"/0/public/{call}") == {"error": [error]}


class TestTheOtherFeeds:
    def test_the_second_exchange_prices_in_naira(self, still: ExchangeProcess) -> None:
        tickers = luno(still).fetch_tickers()
        assert {"BTC/NGN", "ETH/NGN", "USDT/NGN", "TRX/NGN", "BTC/USDT"} <= set(tickers)
        for symbol, told in tickers.items():
            assert told["timestamp"] == NOON_MS
            assert Decimal(told["bid"]) < still.mid(symbol, "luno") < Decimal(told["ask"])
        one = luno(still).fetch_ticker("BTC/NGN")
        assert (one["bid"], one["info"]["pair"]) == (tickers["BTC/NGN"]["bid"], "XBTNGN")
        best = luno(still).fetch_order_book("USDT/NGN", 1)["bids"][0][0]
        assert Decimal(str(best)) == Decimal(tickers["USDT/NGN"]["bid"])

    def test_the_second_exchange_knows_no_other_pair(self, exchange: ExchangeProcess) -> None:
        client = luno(exchange)
        with pytest.raises(ccxt.ExchangeError, match="ErrInvalidMarketPair"):
            client.public_get_ticker({"pair": "XBTZAR"})

    def test_the_aggregator_tells_dollars_and_naira(self, still: ExchangeProcess) -> None:
        still.price("BTC/USD", "90000.5")
        still.price("BTC/NGN", "135000000")
        assert coins(still, "bitcoin,dogecoin") == {
            "bitcoin": {"usd": 90000.5, "ngn": 135_000_000, "last_updated_at": NOON_MS // 1000}
        }
        everything = coins(still, "bitcoin,ethereum,tether,tron,the-open-network,binancecoin", vs_currencies="usd")
        assert len(everything) == 6
        assert coins(still, "") == {"error": "Missing parameter ids or vs_currencies"}

    def test_the_bank_tells_dollars_in_texts(self, still: ExchangeProcess) -> None:
        still.price("USD/NGN", "1480.55", feed="bank")
        assert public(still, "/bank/usd-ngn") == {
            "base": "USD", "quote": "NGN", "buy": "1474.63", "rate": "1480.55", "sell": "1486.47",
            "at": "2026-11-21T12:00:00Z",
        }  # fmt: skip

    def test_all_tell_of_one_market(self, still: ExchangeProcess) -> None:
        bitcoin = [still.mid("BTC/USDT", feed) for feed in ("kraken", "luno")]
        naira = [still.mid("BTC/NGN", feed) for feed in ("luno", "coingecko")]
        assert bitcoin[0] != bitcoin[1]
        assert all(abs(one / other - 1) < Decimal("0.003") for one, other in (bitcoin, naira))
        street = still.mid("USDT/NGN", "luno")
        assert Decimal("0.97") < still.mid("USD/NGN", "bank") / street < Decimal("0.999")

    def test_agree_to_the_last_digit_without_noise(self, still: ExchangeProcess) -> None:
        still.knobs(noise=False)
        assert still.mid("BTC/USDT", "kraken") == still.mid("BTC/USDT", "luno")


class TestPricesByHand:
    def test_hold_at_every_feed_and_for_what_crosses_over_them(self, still: ExchangeProcess) -> None:
        still.knobs(noise=False)
        still.price("BTC/USD", "90000")
        still.price("USDT/USD", "1")
        still.price("USDT/NGN", "1500")
        assert still.mid("BTC/USDT", "luno") == 90_000
        assert still.mid("BTC/NGN", "coingecko") == 135_000_000

    def test_hold_at_one_feed_alone_when_it_is_named(self, still: ExchangeProcess) -> None:
        before = still.mid("BTC/USDT", "kraken")
        still.price("BTC/USDT", "1", feed="luno")
        assert still.mid("BTC/USDT", "luno") == 1
        assert still.mid("BTC/USDT", "kraken") == before

    def test_hold_from_then_on_until_they_are_lifted(self, still: ExchangeProcess) -> None:
        before = still.mid("ETH/USD")
        still.clock("2026-11-21T12:10:00+00:00")
        still.price("ETH/USD", "5000")
        assert still.mid("ETH/USD", at=NOON) == before
        still.clock("2026-11-21T12:20:00+00:00")
        assert still.mid("ETH/USD") == 5000
        still.price("ETH/USD", None)
        assert still.mid("ETH/USD") != 5000
        assert still.mid("ETH/USD", at="2026-11-21T12:15:00+00:00") == 5000


def _kraken(exchange: ExchangeProcess) -> Decimal:
    # What came over the wire: ccxt itself makes nothing (None) of a zero.
    told = kraken(exchange).fetch_ticker("BTC/USDT")["info"]
    return (Decimal(told["b"][0]) + Decimal(told["a"][0])) / 2


def _luno(exchange: ExchangeProcess) -> Decimal:
    return Decimal(luno(exchange).fetch_ticker("BTC/USDT")["info"]["last_trade"])


def _coingecko(exchange: ExchangeProcess) -> Decimal:
    return Decimal(str(coins(exchange)["bitcoin"]["usd"]))


def _bank(exchange: ExchangeProcess) -> Decimal:
    return Decimal(public(exchange, "/bank/usd-ngn")["rate"])


FEEDS: dict[str, tuple[str, Callable[[ExchangeProcess], Decimal]]] = {
    "kraken": ("BTC/USDT", _kraken), "luno": ("BTC/USDT", _luno), "coingecko": ("BTC/USD", _coingecko),
    "bank": ("USD/NGN", _bank),
}  # fmt: skip


@pytest.mark.parametrize("name", FEEDS)
class TestAFeedThatLies:
    def test_tells_nothing_times_ten_or_a_little_off(self, still: ExchangeProcess, name: str) -> None:
        pair, told = FEEDS[name]
        still.price(pair, "50000")
        assert told(still) == 50_000
        still.feed(name, factor="10")
        assert told(still) == 500_000
        still.feed(name, factor="1", lie_bps=-200)
        assert told(still) == 49_000
        still.feed(name, lie_bps=0, zero=True)
        assert told(still) == 0
        still.feeds_at_rest()
        assert told(still) == 50_000

    def test_stands_still(self, still: ExchangeProcess, name: str) -> None:
        pair, told = FEEDS[name]
        still.price(pair, "50000")
        still.clock("2026-11-21T12:05:00+00:00")
        still.feed(name, stale=60)
        still.price(pair, "60000")
        still.clock("2026-11-21T13:00:00+00:00")
        assert told(still) == 50_000
        still.feed(name, stale=None)
        assert told(still) == 60_000

    def test_is_not_there(self, exchange: ExchangeProcess, name: str) -> None:
        told = FEEDS[name][1]
        exchange.feed(name, down="503")
        with pytest.raises((ccxt.ExchangeNotAvailable, requests.RequestException)):
            told(exchange)
        exchange.feed(name, down="cut")
        with pytest.raises((ccxt.NetworkError, requests.RequestException)):
            told(exchange)
        for other in FEEDS.keys() - {name}:
            assert FEEDS[other][1](exchange) > 0

    def test_takes_its_time(self, exchange: ExchangeProcess, name: str) -> None:
        told = FEEDS[name][1]
        told(exchange)
        exchange.feed(name, slow_ms=400)
        began = datetime.now().astimezone()
        told(exchange)
        assert (datetime.now().astimezone() - began).total_seconds() >= 0.4

    def test_lies_about_some_pairs_alone(self, still: ExchangeProcess, name: str) -> None:
        pair, told = FEEDS[name]
        still.price(pair, "50000")
        still.feed(name, factor="2", pairs=["TRX/USDT"])
        assert told(still) == 50_000
        still.feed(name, pairs=[pair])
        assert told(still) == 100_000


def test_old_prices_bear_old_times(still: ExchangeProcess) -> None:
    for name in FEEDS:
        still.feed(name, stale=600)
    then = NOON_MS - 600_000
    assert luno(still).fetch_ticker("BTC/NGN")["timestamp"] == then
    assert coins(still)["bitcoin"]["last_updated_at"] == then // 1000
    assert public(still, "/bank/usd-ngn")["at"] == "2026-11-21T11:50:00Z"
    assert kraken(still).fetch_order_book("BTC/USD", 1)["bids"][0][2] == then // 1000


def test_orders_are_made_at_what_is_so_whatever_is_told(still: ExchangeProcess) -> None:
    still.price("BTC/USD", "90000")
    still.fund("BTC", "1")
    still.feed("kraken", factor="10")
    client = kraken(still)
    assert client.fetch_ticker("BTC/USD")["last"] == "900000.0"
    order = client.fetch_order(client.create_order("BTC/USD", "market", "sell", "0.1")["id"])
    assert order["average"] == "89996.4"
