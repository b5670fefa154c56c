"""The venue's book is exact whatever is asked of it, and holds what it has answered through a kill."""

import tempfile
import threading
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.book import remember
from sandbox.exchange import due, funding, knobs, orders
from sandbox.exchange.answers import Refused
from sandbox.exchange.book import Book
from sandbox.exchange.listed import ASSETS, PAIRS
from sandbox.exchange.prices import Market
from tests.makers.exchange import ExchangeProcess
from tests.sandbox.trader import send, sign

NOON = 1_795_262_400_000_000
VOLUMES = {"BTC": "0.0001", "ETH": "0.004", "TRX": "30", "TON": "3", "BNB": "0.01", "USDT": "7"}

asked = st.fixed_dictionaries(
    {
        "pair": st.sampled_from(sorted(PAIRS)),
        "type": st.sampled_from(["buy", "sell"]),
        "ordertype": st.sampled_from(["market", "limit"]),
        "times": st.integers(min_value=1, max_value=3_000_000).map(lambda number: Decimal(number) / 1_000),
        "off": st.integers(min_value=-50, max_value=50),
        "oflags": st.sampled_from(["", "fcib", "fciq", "post"]),
        "timeinforce": st.sampled_from(["GTC", "IOC"]),
        "wait": st.integers(min_value=0, max_value=100),
        "parts": st.integers(min_value=1, max_value=7),
        "stop": st.sampled_from([None, 0, 1, 3]),
        "rest": st.sampled_from(["open", "canceled"]),
    }
)


def order_of(wish: dict[str, Any], market: Market) -> dict[str, str]:
    """What is sent for a drawn wish: near the price of the moment, in steps of the pair."""
    pair = PAIRS[wish["pair"]]
    mid = market.mid("kraken", pair.base.ticker, pair.quote.ticker)
    price = (mid * (1000 + wish["off"]) / 1000).quantize(pair.tick)
    volume = (Decimal(VOLUMES[pair.base.ticker]) * wish["times"]).quantize(Decimal("1e-8"))
    sent = {name: wish[name] for name in ("pair", "type", "ordertype", "oflags", "timeinforce")}
    return sent | {"volume": f"{volume:f}"} | ({"price": f"{price:f}"} if wish["ordertype"] == "limit" else {})


def check(db: Any) -> None:
    """Every line follows from the one before, every trade from its order, and nobody has less than nothing."""
    balances = dict.fromkeys(ASSETS, 0)
    for line in db.execute("SELECT * FROM ledger ORDER BY id"):
        balances[line["asset"]] += line["amount"] - line["fee"]
        assert line["balance"] == balances[line["asset"]] >= 0
    for order in db.execute("SELECT * FROM orders").fetchall():
        pair, fees = PAIRS[order["pair"]], {"base": 0, "quote": 0}
        trades = db.execute("SELECT * FROM trades WHERE order_id = ?", (order["id"],)).fetchall()
        assert order["executed"] == sum(trade["volume"] for trade in trades) <= order["volume"]
        assert order["cost"] == sum(trade["cost"] for trade in trades)
        assert (order["status"] == "closed") == (order["executed"] == order["volume"])
        for trade in trades:
            moved = db.execute("SELECT * FROM ledger WHERE refid = ?", (trade["txid"],)).fetchall()
            lines = {line["asset"]: line for line in moved}
            assert len(moved) == len(lines) == 2
            sign = 1 if order["side"] == "buy" else -1
            base, quote = lines[pair.base.code], lines[pair.quote.code]
            assert (base["amount"], quote["amount"]) == (sign * trade["volume"], -sign * trade["cost"])
            exact = pair.base.amount(trade["volume"]) * Decimal(trade["price"])
            assert abs(pair.quote.amount(trade["cost"]) - exact) <= Decimal(5).scaleb(-pair.quote.decimals - 1)
            fees = {"base": fees["base"] + base["fee"], "quote": fees["quote"] + quote["fee"]}
            if order["limit_price"] is not None:
                better = Decimal(order["limit_price"]) - Decimal(trade["price"])
                assert better * sign >= 0
        assert fees == {"base": 0, "quote": 0} | {order["fee_in"]: order["fee"]}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wishes=st.lists(asked, min_size=1, max_size=8), seed=st.integers(min_value=0, max_value=99))
def test_whatever_is_ordered_the_book_adds_up(wishes: list[dict[str, Any]], seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        book = Book(Path(folder) / "book.sqlite3", durable=False)
        now = NOON
        with book.writing() as db:
            remember(db, "clock", now)
            for asset in ASSETS.values():
                funding.receive(db, asset, Decimal(1_000), method=None, txid=None, address=None)
        for wish in wishes:
            now += wish["wait"] * 1_000_000
            with book.writing() as db:
                remember(db, "clock", now)
                due.settle(db, Market(db, seed=seed))
                plan = {"fill_parts": wish["parts"], "fill_stop": wish["stop"], "rest": wish["rest"]}
                knobs.turn(db, {"fill_seconds": 5, **plan})
            # Too little money, or too small an order: then none of it is kept.
            with suppress(Refused), book.writing() as db:
                market = Market(db, seed=seed)
                orders.place(db, order_of(wish, market), market)
        with book.writing() as db:
            remember(db, "clock", now + 3_600_000_000)
            due.settle(db, Market(db, seed=seed))
            check(db)
        book.close()


@pytest.mark.parametrize("_round", range(2))
def test_what_was_answered_is_there_after_a_kill(exchange: ExchangeProcess, _round: int) -> None:
    exchange.price("BTC/USD", "90000")
    exchange.fund("USD", "1000000")
    exchange.knobs(nonce_window=100_000)
    answered: list[str] = []
    numbers = iter(range(1, 100_000))
    stop = threading.Event()

    def trade() -> None:
        while not stop.is_set():
            number = next(numbers)
            body = f"nonce={number}&pair=XBTUSD&type=buy&ordertype=market&volume=0.0001&cl_ord_id=k{number}"
            signed = sign(exchange.secret, "/0/private/AddOrder", body)
            try:
                answer = send(exchange, "AddOrder", body, signature=signed).json()
            except OSError:  # the line was cut by the kill
                return
            assert answer["error"] == []
            answered.append(answer["result"]["txid"][0])

    threads = [threading.Thread(target=trade) for _ in range(3)]
    for thread in threads:
        thread.start()
    while len(answered) < 30:
        assert any(thread.is_alive() for thread in threads)
        stop.wait(0.01)
    exchange.kill()
    stop.set()
    for thread in threads:
        thread.join()
    exchange.start()
    kept = exchange.orders()
    assert set(answered) <= {order["txid"] for order in kept}
    assert len(kept) <= len(answered) + len(threads)
    bought = sum(Decimal(order["vol_exec"]) for order in kept)
    assert exchange.balances()["BTC"] == bought == Decimal("0.0001") * len(kept)
