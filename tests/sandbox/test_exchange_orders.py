"""Orders through ccxt's own class: what is filled, held, refused and found, to the last unit."""

from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.makers.exchange import ExchangeProcess
from tests.sandbox.trader import kraken, post

UUID = "6d47a5f0-6fd4-4b84-b56e-c23f0f689c20"
NOON = "2026-11-21T12:00:00+00:00"


@pytest.fixture
def desk(exchange: ExchangeProcess) -> ccxt.kraken:
    """A client with 100,000 dollars and one bitcoin, at 90,000 dollars each, on a clock that stands."""
    exchange.clock(NOON)
    exchange.price("BTC/USD", "90000")
    exchange.fund("USD", "100000")
    exchange.fund("BTC", "1")
    return kraken(exchange)


def sent(client: ccxt.kraken, side: str = "buy", amount: str = "0.1", **params: Any) -> str:
    """A market order; its id."""
    return str(client.create_order("BTC/USD", "market", side, amount, None, params)["id"])


def resting(client: ccxt.kraken, price: str = "80000", **params: Any) -> str:
    """A limit order out of reach; its id."""
    return str(client.create_order("BTC/USD", "limit", "buy", "0.1", price, params)["id"])


class TestAMarketOrder:
    def test_is_filled_at_the_other_side_with_the_fee_in_the_quote(
        self, exchange: ExchangeProcess, desk: ccxt.kraken
    ) -> None:
        order = desk.fetch_order(sent(desk, clientOrderId=UUID))
        assert (order["status"], order["clientOrderId"], order["filled"]) == ("closed", UUID, "0.10000000")
        assert order["average"] == "90003.6"
        # 0.1 at 90,003.6 is 9,000.36; 0.26 % of that is 23.400936, and a part of a unit goes to the venue.
        assert order["info"]["cost"] == "9000.36000"
        assert order["fee"] == {"cost": "23.40100", "rate": None, "currency": "USD"}
        assert exchange.balances() == {"USD": Decimal("90976.2390"), "BTC": Decimal("1.1000000000")}

    def test_sells_at_the_bid(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        sent(desk, "sell", "0.5")
        cost, fee = Decimal("44998.2"), Decimal("116.9954")  # 0.5 at 89,996.4; 116.99532, up
        assert exchange.balances() == {"USD": 100_000 + cost - fee, "BTC": Decimal("0.5000000000")}

    def test_takes_its_fee_in_the_base_when_asked_and_tells_it_of_the_trade_in_the_quote(
        self, exchange: ExchangeProcess, desk: ccxt.kraken
    ) -> None:
        order = desk.fetch_order(sent(desk, oflags="fcib"))
        assert order["fee"] == {"cost": "0.0002600000", "rate": None, "currency": "BTC"}
        assert exchange.balances() == {"USD": Decimal("90999.6400"), "BTC": Decimal("1.0997400000")}
        assert desk.fetch_my_trades()[0]["fee"] == {"currency": "USD", "cost": "23.40100"}

    def test_takes_fees_where_nothing_is_said_as_the_knob_says(
        self, exchange: ExchangeProcess, desk: ccxt.kraken
    ) -> None:
        exchange.knobs(fee_in="base")
        assert desk.fetch_order(sent(desk, "sell"))["fee"]["currency"] == "BTC"
        assert exchange.balances()["BTC"] == Decimal("0.8997400000")

    def test_by_cost_buys_whole_lots(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        made = desk.create_market_buy_order_with_cost("BTC/USD", "1000")
        order = desk.fetch_order(made["id"])
        assert order["filled"] == "0.01111066"  # 1000 / 90003.6, down to a lot
        assert exchange.balances()["BTC"] == Decimal("1.0111106600")

    def test_leaves_two_lines_of_one_reference_and_one_trade(self, desk: ccxt.kraken) -> None:
        order = desk.fetch_order(sent(desk))
        trade = desk.fetch_my_trades()[0]
        assert (trade["order"], trade["amount"], trade["cost"]) == (order["id"], "0.10000000", "9000.36000")
        lines = [line for line in desk.fetch_ledger() if line["referenceId"] == trade["id"]]
        told = {line["currency"]: (line["info"]["amount"], line["info"]["fee"], line["after"]) for line in lines}
        assert told == {
            "BTC": ("0.1000000000", "0.0000000000", "1.1000000000"),
            "USD": ("-9000.3600", "23.4010", "90976.2390"),
        }
        assert desk.fetch_order_trades(order["id"], params={"trades": order["trades"]})[0]["id"] == trade["id"]


class TestALimitOrder:
    def test_holds_what_it_may_take_until_it_is_cancelled(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        resting(desk)
        balance = desk.fetch_balance()
        assert (balance["USD"]["used"], balance["USD"]["free"]) == ("8020.8000", "91979.2")
        assert desk.fetch_open_orders()[0]["status"] == "open"
        desk.cancel_order(desk.fetch_open_orders()[0]["id"])
        assert desk.fetch_balance()["USD"]["used"] == "0.0000"
        closed = desk.fetch_closed_orders()[0]
        assert (closed["status"], closed["info"]["reason"]) == ("canceled", "User requested")

    def test_is_made_at_its_own_price_when_the_market_comes_to_it(
        self, exchange: ExchangeProcess, desk: ccxt.kraken
    ) -> None:
        order_id = resting(desk)
        exchange.clock("2026-11-21T12:00:05+00:00")
        exchange.price("BTC/USD", "79000")
        order = desk.fetch_order(order_id)
        assert (order["status"], order["average"], order["info"]["fee"]) == ("closed", "80000.0", "12.80000")
        assert desk.fetch_my_trades()[0]["takerOrMaker"] == "maker"

    def test_in_reach_is_made_at_the_better_price_at_once(self, desk: ccxt.kraken) -> None:
        order = desk.fetch_order(desk.create_order("BTC/USD", "limit", "buy", "0.1", "95000")["id"])
        assert (order["status"], order["average"]) == ("closed", "90003.6")

    def test_that_may_only_rest_is_cancelled_when_it_would_not(self, desk: ccxt.kraken) -> None:
        order = desk.fetch_order(desk.create_order("BTC/USD", "limit", "buy", "0.1", "95000", {"postOnly": True})["id"])
        assert (order["status"], order["filled"], order["info"]["reason"]) == (
            "canceled",
            "0.00000000",
            "Post only order",
        )

    def test_immediate_or_cancel_does_not_wait(self, desk: ccxt.kraken) -> None:
        order = desk.fetch_order(resting(desk, timeInForce="IOC"))
        assert (order["status"], order["filled"]) == ("canceled", "0.00000000")


class TestParts:
    def test_come_one_after_the_other_each_at_the_price_of_its_time(
        self, exchange: ExchangeProcess, desk: ccxt.kraken
    ) -> None:
        exchange.knobs(fill_parts=3, fill_seconds=10)
        order_id = sent(desk, amount="0.1")
        assert desk.fetch_order(order_id)["filled"] == "0.03333333"
        exchange.clock("2026-11-21T12:00:10+00:00")
        exchange.price("BTC/USD", "91000")
        exchange.clock("2026-11-21T12:00:15+00:00")
        exchange.price("BTC/USD", "99000")
        order = desk.fetch_order(order_id)
        assert (order["status"], order["filled"], order["remaining"]) == ("open", "0.06666666", "0.03333334")
        exchange.clock("2026-11-21T12:01:00+00:00")
        exchange.price("BTC/USD", "50000")  # long after: the last part was due at :20
        assert desk.fetch_order(order_id)["status"] == "closed"
        fills = exchange.orders()[0]["fills"]
        assert [fill["price"] for fill in fills] == ["90003.6", "91003.7", "99004.0"]
        assert [fill["vol"] for fill in fills] == ["0.03333333", "0.03333333", "0.03333334"]
        spent = sum(Decimal(fill["cost"]) + Decimal(fill["fee"]) for fill in fills)
        assert exchange.balances() == {"USD": 100_000 - spent, "BTC": Decimal("1.1000000000")}

    def test_may_stop_and_leave_the_rest_open(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.knobs(fill_parts=4, fill_stop=1)
        order_id = sent(desk)
        assert desk.fetch_order(order_id)["filled"] == "0.02500000"
        assert desk.fetch_balance()["USD"]["used"] != "0.0000"
        desk.cancel_order(order_id)
        order = desk.fetch_order(order_id)
        assert (order["status"], order["filled"]) == ("canceled", "0.02500000")

    def test_may_stop_and_the_venue_cancels_the_rest(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.knobs(fill_parts=2, fill_stop=1, rest="canceled")
        order = desk.fetch_order(sent(desk))
        assert (order["status"], order["filled"], order["info"]["reason"]) == (
            "canceled", "0.05000000", "Out of liquidity",
        )  # fmt: skip

    def test_stop_when_the_money_is_gone(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.knobs(fill_parts=2, fill_seconds=10)
        order_id = sent(desk, amount="1.1")
        exchange.clock("2026-11-21T12:00:05+00:00")
        exchange.price("BTC/USD", "190000")
        exchange.clock("2026-11-21T12:00:10+00:00")
        order = desk.fetch_order(order_id)
        assert (order["status"], order["info"]["reason"], order["filled"]) == (
            "canceled", "Insufficient funds", "0.55000000",
        )  # fmt: skip
        assert exchange.balances()["USD"] > 0


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"pair": "XBTEUR"}, "EQuery:Unknown asset pair"),
            ({"type": "hold"}, "EGeneral:Invalid arguments:type"),
            ({"ordertype": "iceberg"}, "EGeneral:Invalid arguments:ordertype"),
            ({"volume": "0.00004"}, "EOrder:Order minimum not met"),
            ({"volume": "0.1.2"}, "EGeneral:Invalid arguments:volume"),
            ({"volume": "-1"}, "EGeneral:Invalid arguments:volume"),
            ({"volume": "NaN"}, "EGeneral:Invalid arguments:volume"),
            ({"volume": "0.000100001"}, "EGeneral:Invalid arguments:volume"),
            ({"price": "0"}, "EGeneral:Invalid arguments:price"),
            ({"price": "80000.05"}, "EOrder:Tick size check failed"),
            ({"price": "0.1"}, "EOrder:Cost minimum not met"),
            ({"volume": "2"}, "EOrder:Insufficient funds"),
            ({"oflags": "fcib,fciq"}, "EGeneral:Invalid arguments:oflags"),
            ({"oflags": "viqc"}, "EGeneral:Invalid arguments:oflags"),
            ({"timeinforce": "FOK"}, "EGeneral:Invalid arguments:timeinforce"),
            ({"deadline": "2026-11-21T11:59:59Z"}, "EService:Deadline elapsed"),
            ({"deadline": "soon"}, "EGeneral:Invalid arguments:deadline"),
            ({"userref": "99999999999"}, "EGeneral:Invalid arguments:userref"),
            ({"cl_ord_id": "a-text-of-nineteen-"}, "EGeneral:Invalid arguments:cl_ord_id"),
            ({"cl_ord_id": "näher"}, "EGeneral:Invalid arguments:cl_ord_id"),
            ({"cl_ord_id": "mine", "userref": "1"}, "EGeneral:Invalid arguments:cl_ord_id"),
        ],
    )
    def test_in_the_words_of_the_venue(
        self, exchange: ExchangeProcess, desk: ccxt.kraken, change: dict[str, str], error: str
    ) -> None:
        good = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.1", "price": "80000"}
        assert post(exchange, "AddOrder", **(good | change)) == {"error": [error]}
        assert exchange.orders() == []
        assert post(exchange, "AddOrder", **good)["error"] == []

    def test_as_the_exceptions_of_ccxt(self, desk: ccxt.kraken) -> None:
        with pytest.raises(ccxt.InsufficientFunds):
            sent(desk, amount="2")
        with pytest.raises(ccxt.InvalidOrder):
            sent(desk, amount="0.00001")
        with pytest.raises(ccxt.OrderNotFound):
            desk.cancel_order("OAAAAA-AAAAA-AAAAAA")
        with pytest.raises(ccxt.OrderNotFound):
            desk.fetch_order("OAAAAA-AAAAA-AAAAAA")
        for call in ("QueryOrders", "CancelOrder"):
            with pytest.raises(ccxt.InvalidOrder, match="EOrder:Invalid order"):
                desk.request(call, ["private"], "POST", {"txid": "no-such-order"})

    def test_while_the_market_only_cancels_or_only_rests(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.knobs(status="cancel_only")
        with pytest.raises(ccxt.OnMaintenance):
            sent(desk)
        exchange.knobs(status="post_only")
        with pytest.raises(ccxt.OnMaintenance):
            sent(desk)
        resting(desk, postOnly=True)

    def test_validated_alone_leaves_nothing(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        answer = post(
            exchange, "AddOrder", pair="XBTUSD", type="buy", ordertype="market", volume="0.1", validate="true"
        )
        assert answer == {"error": [], "result": {"descr": {"order": "buy 0.10000000 XBTUSD @ market"}}}
        assert exchange.orders() == []


class TestTheClientsOwnId:
    @pytest.mark.parametrize("mine", [UUID, UUID.replace("-", ""), "hdg_0123456789abcd", "1"])
    def test_finds_open_and_closed_orders(self, desk: ccxt.kraken, mine: str) -> None:
        closed, opened = sent(desk, clientOrderId=mine), resting(desk, clientOrderId=mine)
        assert [each["id"] for each in desk.fetch_open_orders(params={"clientOrderId": mine})] == [opened]
        assert [each["id"] for each in desk.fetch_closed_orders(params={"clientOrderId": mine})] == [closed]
        assert desk.fetch_closed_orders(params={"clientOrderId": "another"}) == []
        desk.cancel_order("", params={"clientOrderId": mine})
        assert desk.fetch_open_orders() == []

    def test_is_unique_among_open_orders_alone(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        resting(desk, clientOrderId="mine")
        with pytest.raises(ccxt.ExchangeError, match="cl_ord_id"):
            sent(desk, clientOrderId="mine")
        desk.cancel_order("", params={"clientOrderId": "mine"})
        sent(desk, clientOrderId="mine")
        assert len(exchange.orders("mine")) == 2

    def test_stands_beside_a_number_that_need_not_be_unique(self, desk: ccxt.kraken) -> None:
        resting(desk, userref=7)
        resting(desk, userref=7)
        resting(desk, userref=8)
        assert len(desk.fetch_open_orders(params={"userref": 7})) == 2
        desk.cancel_order("", params={"userref": 7})
        assert [each["clientOrderId"] for each in desk.fetch_open_orders()] == ["8"]


class TestAnswersThatGoWrong:
    @pytest.mark.parametrize("answer", ["drop", "error_after", "gateway"])
    def test_leave_an_order_that_was_made_to_be_found(
        self, exchange: ExchangeProcess, desk: ccxt.kraken, answer: str
    ) -> None:
        desk.load_markets()
        exchange.knobs(answer=answer, answer_times=1)
        with pytest.raises(ccxt.NetworkError):
            sent(desk, clientOrderId=UUID)
        assert desk.fetch_closed_orders(params={"clientOrderId": UUID})[0]["filled"] == "0.10000000"
        sent(desk)
        assert len(exchange.orders()) == 2

    def test_may_come_when_nobody_waits_any_more(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        desk.load_markets()
        exchange.knobs(answer="late_ms", late_ms=1_500, answer_times=1)
        desk.timeout = 500
        with pytest.raises(ccxt.RequestTimeout):
            sent(desk, clientOrderId=UUID)
        desk.timeout = 10_000
        assert len(exchange.orders(UUID)) == 1

    def test_may_be_a_no_that_is_true(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.knobs(answer="refuse", answer_times=1)
        with pytest.raises(ccxt.ExchangeNotAvailable):
            sent(desk, clientOrderId=UUID)
        assert exchange.orders() == []

    def test_go_wrong_for_one_call_alone(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.knobs(answer="refuse", answer_to="CancelOrder")
        order_id = resting(desk)
        with pytest.raises(ccxt.ExchangeNotAvailable):
            desk.cancel_order(order_id)
        assert desk.fetch_open_orders()[0]["id"] == order_id

    def test_a_new_order_may_be_hidden_from_the_first_look_ups(
        self, exchange: ExchangeProcess, desk: ccxt.kraken
    ) -> None:
        exchange.knobs(hide_orders=2)
        order_id = sent(desk, clientOrderId="mine")
        with pytest.raises(ccxt.OrderNotFound):
            desk.fetch_order(order_id)
        assert desk.fetch_my_trades() == []
        assert desk.fetch_closed_orders(params={"clientOrderId": "mine"}) == []
        assert desk.fetch_closed_orders(params={"clientOrderId": "mine"})[0]["id"] == order_id
        assert len(desk.fetch_my_trades()) == 1

    @pytest.mark.parametrize(("down", "error"), [("503", ccxt.ExchangeNotAvailable), ("cut", ccxt.NetworkError)])
    def test_nobody_may_be_there(
        self, exchange: ExchangeProcess, desk: ccxt.kraken, down: str, error: type[Exception]
    ) -> None:
        desk.load_markets()
        exchange.knobs(down=down)
        with pytest.raises(error):
            sent(desk)
        exchange.knobs(down="no")
        assert exchange.orders() == []


def test_what_was_agreed_survives_a_kill(exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
    exchange.knobs(fill_parts=2, fill_seconds=10)
    order_id = sent(desk, clientOrderId=UUID)
    before = exchange.balances()
    exchange.kill()
    exchange.start()
    assert exchange.balances() == before
    exchange.clock("2026-11-21T12:00:30+00:00")
    assert desk.fetch_order(order_id)["status"] == "closed"
