"""Control of the exchange, its settings, and what holds when many call at once."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import requests

from sandbox.exchange.settings import Settings
from sandbox.settings import SettingsRefused
from tests.makers.beside import ROOT
from tests.makers.exchange import KEY, SECRET, ExchangeProcess
from tests.sandbox.trader import kraken, send, sign

GOOD = {"EXCHANGE_SANDBOX_KEY": KEY, "EXCHANGE_SANDBOX_SECRET": SECRET}
NOON = "2026-11-21T12:00:00+00:00"


def control(exchange: ExchangeProcess, method: str, call: str, **how: Any) -> requests.Response:
    """A control call as anybody may try it."""
    return requests.request(method, f"{exchange.url}/_sandbox/exchange/{call}", timeout=10, **how)


class TestSettings:
    def test_have_defaults(self) -> None:
        settings = Settings.from_env(GOOD)
        assert (settings.host, settings.port, settings.seed, settings.durable) == ("127.0.0.1", 4020, 1, True)
        assert (settings.reset_allowed, settings.control_open) == (False, False)

    @pytest.mark.parametrize(
        ("change", "names"),
        [
            ({"EXCHANGE_SANDBOX_KEY": ""}, "EXCHANGE_SANDBOX_KEY"),
            ({"EXCHANGE_SANDBOX_SECRET": ""}, "EXCHANGE_SANDBOX_SECRET"),
            ({"EXCHANGE_SANDBOX_SECRET": "not base64!"}, "EXCHANGE_SANDBOX_SECRET"),
            ({"EXCHANGE_SANDBOX_PORT": "many"}, "EXCHANGE_SANDBOX_PORT"),
            ({"EXCHANGE_SANDBOX_SEED": "-1"}, "EXCHANGE_SANDBOX_SEED"),
        ],
    )
    def test_are_refused_by_name(self, change: dict[str, str], names: str) -> None:
        with pytest.raises(SettingsRefused, match=names):
            Settings.from_env(GOOD | change)

    def test_that_are_refused_start_nothing(self) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_SANDBOX_")}
        ran = subprocess.run(
            [sys.executable, "-m", "sandbox.exchange"], check=False, cwd=ROOT, env=env, capture_output=True, timeout=60
        )
        assert ran.returncode == 2
        assert ran.stderr.startswith(b"sandbox.exchange: EXCHANGE_SANDBOX_KEY is missing")


class TestKnobs:
    @pytest.mark.parametrize(
        "change",
        [
            {"nothing": 1}, {"answer": "maybe"}, {"answer_times": 0}, {"noise": 1}, {"fill_parts": "2"},
            {"fill_parts": True}, {"rate_limit": 1.5},
        ],
    )  # fmt: skip
    def test_are_refused_whole(self, exchange: ExchangeProcess, change: dict[str, Any]) -> None:
        before = exchange.knobs()
        refused = control(exchange, "POST", "knobs", json={"late_ms": 5, **change})
        assert refused.status_code == 400
        assert refused.json()["error"]
        assert exchange.knobs() == before

    @pytest.mark.parametrize(
        "change",
        [{"stood_at": 1}, {"factor": "x"}, {"factor": "0"}, {"factor": 2}, {"pairs": "BTC/USD"}, {"stale": -1}],
    )
    def test_of_feeds_are_refused_whole(self, exchange: ExchangeProcess, change: dict[str, Any]) -> None:
        before = control(exchange, "GET", "feeds").json()
        assert control(exchange, "POST", "feeds/luno", json={"slow_ms": 5, **change}).status_code == 400
        assert control(exchange, "GET", "feeds").json() == before
        assert control(exchange, "POST", "feeds/reuters", json={}).status_code == 400

    def test_outlast_a_kill(self, exchange: ExchangeProcess) -> None:
        exchange.knobs(fill_parts=7)
        exchange.feed("bank", lie_bps=50)
        exchange.kill()
        exchange.start()
        assert exchange.knobs()["fill_parts"] == 7
        assert control(exchange, "GET", "feeds").json()["bank"]["lie_bps"] == 50

    def test_of_answers_forget_what_was_left_over(self, exchange: ExchangeProcess) -> None:
        exchange.knobs(answer="drop", answer_times=5, answer_to="Withdraw")
        board = exchange.knobs(answer="refuse")
        assert (board["answer_times"], board["answer_to"]) == (None, None)


class TestControl:
    @pytest.mark.parametrize(
        ("call", "body"),
        [
            ("prices", {"pair": "BTC/EUR", "price": "1"}), ("prices", {"pair": "BTC/USD", "price": 1.5}),
            ("prices", {"pair": "BTC/USD", "price": "-1"}), ("prices", {"pair": "BTC/USD", "price": "1", "feed": "x"}),
            ("clock", {"now": "noon"}), ("fund", {"asset": "DOGE", "amount": "1"}), ("withdrawal-keys", {"key": "a"}),
            ("withdrawal-keys", {"asset": "USD", "key": "a", "address": "b"}), ("knobs", []),
        ],
    )  # fmt: skip
    def test_refuses_what_makes_no_sense(self, exchange: ExchangeProcess, call: str, body: Any) -> None:
        refused = control(exchange, "POST", call, json=body)
        assert (refused.status_code, bool(refused.json()["error"])) == (400, True)

    def test_is_not_for_web_pages(self, exchange: ExchangeProcess) -> None:
        assert control(exchange, "POST", "knobs", data={"late_ms": 5}).status_code == 400
        foreign = {"Origin": "https://example.com"}
        assert control(exchange, "POST", "knobs", json={"late_ms": 5}, headers=foreign).status_code == 403

    def test_pins_the_clock_and_lets_it_run(self, exchange: ExchangeProcess) -> None:
        assert exchange.clock(NOON) == "2026-11-21T12:00:00.000000Z"
        assert control(exchange, "GET", "health").json()["now"] == "2026-11-21T12:00:00.000000Z"
        assert exchange.clock(None) != "2026-11-21T12:00:00.000000Z"

    def test_counts_calls_refused_ones_too(self, exchange: ExchangeProcess) -> None:
        client = kraken(exchange)
        exchange.fund("BTC", "1")
        client.create_order("BTC/USD", "market", "sell", "0.01", None, {"clientOrderId": "mine"})
        exchange.knobs(denied="trade")
        with pytest.raises(Exception, match="Permission denied"):
            client.create_order("BTC/USD", "market", "sell", "0.01")
        assert (exchange.calls("AddOrder"), exchange.calls("AddOrder", reference="mine")) == (2, 1)

    def test_forgets_everything(self, exchange: ExchangeProcess) -> None:
        exchange.fund("BTC", "1")
        exchange.price("BTC/USD", "1")
        exchange.knobs(late_ms=1)
        exchange.reset()
        assert exchange.balances() == {}
        assert exchange.mid("BTC/USD") > 1000
        assert exchange.knobs()["late_ms"] == 3000


class TestManyAtOnce:
    def test_make_one_open_order_of_one_client_id(self, exchange: ExchangeProcess) -> None:
        exchange.price("BTC/USD", "90000")
        exchange.fund("USD", "100000")
        exchange.knobs(nonce_window=1_000)

        def place(number: int) -> list[str]:
            body = f"nonce={number}&pair=XBTUSD&type=buy&ordertype=limit&price=80000&volume=0.01&cl_ord_id=mine"
            signed = sign(exchange.secret, "/0/private/AddOrder", body)
            return list(send(exchange, "AddOrder", body, signature=signed).json()["error"])

        with ThreadPoolExecutor(8) as pool:
            errors = list(pool.map(place, range(1, 25)))
        assert errors.count([]) == 1
        assert len(exchange.orders("mine")) == 1

    def test_never_spend_more_than_there_is(self, exchange: ExchangeProcess) -> None:
        exchange.price("BTC/USD", "90000")
        exchange.fund("USD", "1000")
        exchange.knobs(nonce_window=1_000)

        def buy(number: int) -> list[str]:
            body = f"nonce={number}&pair=XBTUSD&type=buy&ordertype=market&volume=0.002"
            signed = sign(exchange.secret, "/0/private/AddOrder", body)
            return list(send(exchange, "AddOrder", body, signature=signed).json()["error"])

        with ThreadPoolExecutor(8) as pool:
            errors = list(pool.map(buy, range(1, 25)))
        assert errors.count([]) == 5  # each takes 180.48
        assert errors.count(["EOrder:Insufficient funds"]) == 19
        assert exchange.balances()["BTC"] == Decimal("0.0100000000")

    def test_lines_stand_in_the_order_of_time(self, exchange: ExchangeProcess) -> None:
        exchange.clock(NOON)
        exchange.fund("BTC", "1")
        exchange.knobs(fill_parts=3, fill_seconds=10)
        client = kraken(exchange)
        client.create_order("BTC/USD", "market", "sell", "0.3")
        exchange.clock("2026-11-21T12:00:05+00:00")
        client.create_order("BTC/USD", "market", "sell", "0.3")
        exchange.knobs(deposit_seconds=3)
        exchange.fund("USD", "1")
        exchange.clock("2026-11-21T12:01:00+00:00")
        lines = [line["info"] for line in sorted(client.fetch_ledger(), key=lambda line: line["timestamp"])]
        times = [line["time"] - 1_795_262_400 for line in lines]
        assert times == [0, 0, 0, 5, 5, 8, 10, 10, 15, 15, 20, 20, 25, 25]
        dollars = Decimal(0)
        for line in lines:
            if line["asset"] == "ZUSD":
                dollars += Decimal(line["amount"]) - Decimal(line["fee"])
                assert Decimal(line["balance"]) == dollars
