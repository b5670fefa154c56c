"""Exchanges through ccxt, and the other feeds: exact numbers, the vendor's time, and every way to fail as ours."""

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.clients.feeds import BankRate, CoinGecko, Source
from app.clients.http import Refused, Silent, Unreadable
from app.clients.venues import Ticker, Venue, at_milliseconds, decimal
from app.core import clock
from tests.makers.exchange import ExchangeProcess

SECONDS = 1.0
NOBODY = "http://127.0.0.1:1"


def sources(venue: ExchangeProcess) -> dict[str, tuple[Source, str]]:
    """Every feed, and something that it tells."""
    return {
        "kraken": (Venue("kraken", venue.url, seconds=SECONDS), "XBTUSDT"),
        "luno": (Venue("luno", venue.luno_url, seconds=SECONDS), "USDTNGN"),
        "coingecko": (CoinGecko(venue.coingecko_url, seconds=SECONDS), "bitcoin.usd"),
        "bank": (BankRate(venue.bank_url, seconds=SECONDS), "USDNGN"),
    }


class TestTheSandbox:
    def test_kraken_tells_bid_and_ask_and_no_time(self, exchange: ExchangeProcess) -> None:
        exchange.price("BTC/USDT", "97500.5")
        told = Venue("kraken", exchange.url, seconds=SECONDS).tickers(["XBTUSDT", "USDTZUSD", "XBTUSDT"])
        assert set(told) == {"XBTUSDT", "USDTZUSD"}
        ticker = told["XBTUSDT"]
        assert ticker.bid is not None
        assert ticker.ask is not None
        assert ticker.bid < Decimal("97500.5") < ticker.ask
        assert ticker.at is None

    def test_luno_tells_when(self, exchange: ExchangeProcess) -> None:
        exchange.price("USDT/NGN", "1500")
        ticker = Venue("luno", exchange.luno_url, seconds=SECONDS).tickers(["USDTNGN"])["USDTNGN"]
        assert ticker.last == 1_500
        assert ticker.at is not None
        assert abs(clock.now() - ticker.at) < timedelta(seconds=5)

    def test_what_luno_does_not_list_is_left_out(self, exchange: ExchangeProcess) -> None:
        told = Venue("luno", exchange.luno_url, seconds=SECONDS).tickers(["USDTNGN", "DOGENGN"])
        assert set(told) == {"USDTNGN"}

    def test_what_kraken_does_not_list_is_left_out_and_the_rest_is_told(self, exchange: ExchangeProcess) -> None:
        venue = Venue("kraken", exchange.url, seconds=SECONDS)
        assert set(venue.tickers(["XBTUSDT", "DOGENGN", "ETHUSDT"])) == {"XBTUSDT", "ETHUSDT"}
        for alone in (["DOGENGN"], ["DOGENGN", "DOGEUSD"]):
            with pytest.raises(Refused):
                venue.tickers(alone)

    def test_coingecko_is_asked_once_and_leaves_out_what_it_does_not_know(self, exchange: ExchangeProcess) -> None:
        exchange.price("USDT/NGN", "1500")
        gecko = CoinGecko(exchange.coingecko_url, seconds=SECONDS)
        told = gecko.tickers(["tether.ngn", "tether.usd", "bitcoin.usd", "nocoin.usd"])
        assert set(told) == {"tether.ngn", "tether.usd", "bitcoin.usd"}
        assert told["tether.ngn"].last == 1_500
        assert told["tether.ngn"].at is not None

    def test_a_bank_tells_what_it_gives_and_takes(self, exchange: ExchangeProcess) -> None:
        exchange.price("USD/NGN", "1500")
        told = BankRate(exchange.bank_url, seconds=SECONDS).tickers(["USDNGN", "EURNGN"])
        assert set(told) == {"USDNGN"}
        rate = told["USDNGN"]
        assert rate.bid is not None
        assert rate.ask is not None
        assert rate.last is not None
        assert rate.bid < rate.last < rate.ask
        assert rate.at is not None

    @pytest.mark.parametrize("feed", ["kraken", "luno", "coingecko", "bank"])
    @pytest.mark.parametrize("knobs", [{"down": "503"}, {"down": "cut"}, {"slow_ms": 5_000}])
    def test_no_answer_is_silence(self, exchange: ExchangeProcess, feed: str, knobs: dict[str, object]) -> None:
        exchange.feed(feed, **knobs)
        source, symbol = sources(exchange)[feed]
        with pytest.raises(Silent):
            source.tickers([symbol])

    def test_nobody_there_is_silence(self) -> None:
        for source in (Venue("kraken", NOBODY, seconds=1), CoinGecko(NOBODY, seconds=1), BankRate(NOBODY, seconds=1)):
            with pytest.raises(Silent):
                source.tickers(["XBTUSDT"])


@pytest.fixture
def said() -> Iterator[dict[str, object]]:
    """A vendor that says what it is told to: `status` and `body`, at `url`."""
    speech: dict[str, object] = {"status": 200, "body": "{}"}

    class Speaker(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = str(speech["body"]).encode()
            self.send_response(int(str(speech["status"])))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Speaker)
    speech["url"] = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield speech
    server.shutdown()
    server.server_close()


class TestOddAnswers:
    @pytest.mark.parametrize("body", ["", "[]", "nonsense", '"text"', "null"])
    def test_that_nobody_can_read_are_silence(self, said: dict[str, object], body: str) -> None:
        said["body"], url = body, str(said["url"])
        for source in (CoinGecko(url, seconds=SECONDS), BankRate(url, seconds=SECONDS)):
            with pytest.raises(Unreadable):
                source.tickers(["USDNGN"])
        for name in ("kraken", "luno"):
            with contextlib.suppress(Silent, Refused):
                assert Venue(name, url, seconds=SECONDS).tickers(["XBTUSDT"]) == {}

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({"bitcoin": {"usd": 97500.5}}, Ticker(None, None, Decimal("97500.5"), None)),
            ({"bitcoin": {"usd": 1e-8}}, Ticker(None, None, Decimal("1e-8"), None)),
            ({"bitcoin": {"usd": None}}, Ticker(None, None, None, None)),
            ({"bitcoin": {"usd": True}}, Ticker(None, None, None, None)),
            ({"bitcoin": {"usd": "NaN"}}, Ticker(None, None, None, None)),
            ({"bitcoin": {"usd": {}}}, Ticker(None, None, None, None)),
            ({"bitcoin": {"usd": 1, "last_updated_at": "x"}}, Ticker(None, None, Decimal(1), None)),
            ({"bitcoin": {"usd": 1, "last_updated_at": 10**30}}, Ticker(None, None, Decimal(1), None)),
            ({"bitcoin": []}, None),
            ({"bitcoin": {}}, None),
        ],
    )
    def test_of_coingecko_make_no_number(self, said: dict[str, object], body: object, told: Ticker | None) -> None:
        said["body"] = json.dumps(body)
        found = CoinGecko(str(said["url"]), seconds=SECONDS).tickers(["bitcoin.usd"])
        assert found == ({} if told is None else {"bitcoin.usd": told})

    @pytest.mark.parametrize("at", ["yesterday", "2026-13-40", 5])
    def test_of_a_bank_with_a_time_that_is_none(self, said: dict[str, object], at: object) -> None:
        said["body"] = json.dumps({"rate": "1500", "at": at})
        with pytest.raises(Unreadable):
            BankRate(str(said["url"]), seconds=SECONDS).tickers(["USDNGN"])

    def test_of_a_bank_that_tells_the_day_alone(self, said: dict[str, object]) -> None:
        said["body"] = json.dumps({"rate": 1500, "at": "2026-11-20"})
        (rate,) = BankRate(str(said["url"]), seconds=SECONDS).tickers(["USDNGN"]).values()
        assert rate == Ticker(None, None, Decimal(1_500), datetime(2026, 11, 20, tzinfo=UTC))

    def test_too_many_calls_are_a_no(self, said: dict[str, object]) -> None:
        said["status"], url = 429, str(said["url"])
        for source in (CoinGecko(url, seconds=SECONDS), Venue("luno", url, seconds=SECONDS)):
            with pytest.raises(Refused) as refused:
                source.tickers(["USDNGN"])
            assert refused.value.status == 429

    def test_kraken_says_no_in_a_list(self, said: dict[str, object]) -> None:
        said["body"] = json.dumps({"error": ["EQuery:Unknown asset pair"]})
        with pytest.raises(Refused):
            Venue("kraken", str(said["url"]), seconds=SECONDS).tickers(["XBTUSDT"])

    @pytest.mark.parametrize("told", ["1e999999999", "-1e-999999999", "9" * 100, "1e41"])
    def test_what_nothing_amounts_to_is_no_number(self, said: dict[str, object], told: str) -> None:
        """Reckoned with, it would take hours: of all feeds' numbers, and not only of this one's."""
        assert decimal(told) is None
        said["body"] = f'{{"bitcoin": {{"usd": {told}, "last_updated_at": {told}}}}}'
        found = CoinGecko(str(said["url"]), seconds=SECONDS).tickers(["bitcoin.usd"])
        assert found == {"bitcoin.usd": Ticker(None, None, None, None)}

    def test_nought_is_nought_however_it_is_written(self) -> None:
        assert decimal("0e-999999999") == decimal("0.00") == 0

    @pytest.mark.parametrize("told", [None, "", "x", "NaN", "Infinity", [], {}])
    def test_what_is_no_number_is_none(self, told: object) -> None:
        assert decimal(told) is None
        assert at_milliseconds(told) is None

    def test_a_time_beyond_all_times_is_none(self) -> None:
        assert at_milliseconds("9" * 30) is None
