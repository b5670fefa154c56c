"""Money in and out of the venue, its ledger page by page, and the statements that people download."""

import csv
import io
import zipfile
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.makers.exchange import ExchangeProcess
from tests.sandbox.trader import kraken, post, post_raw

NOON = "2026-11-21T12:00:00+00:00"
OURS = "TQmdxSuC16EhFg8FZWtYgrfFRosoRF7bCp"
TEN = ["txid", "refid", "time", "type", "subtype", "aclass", "asset", "amount", "fee", "balance"]


@pytest.fixture
def desk(exchange: ExchangeProcess) -> ccxt.kraken:
    """A client of a venue on a clock that stands."""
    exchange.clock(NOON)
    exchange.price("BTC/USD", "90000")
    return kraken(exchange)


def rows(text: str) -> list[dict[str, str]]:
    """A CSV file's rows by their column names."""
    return list(csv.DictReader(io.StringIO(text)))


def withdrawn(exchange: ExchangeProcess, desk: ccxt.kraken, amount: str = "100") -> str:
    """A withdrawal of Tether by Tron; its reference."""
    exchange.fund("USDT", "500")
    exchange.withdrawal_key("treasury", "USDT", OURS, method="Tether USD (TRC20)")
    return str(desk.withdraw("USDT", amount, "", {"key": "treasury"})["id"])


class TestDeposits:
    def test_arrive_at_an_address_of_ones_own(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        with pytest.raises(ccxt.InvalidAddress):
            desk.fetch_deposit_address("USDT", {"network": "TRC20"})
        made = desk.create_deposit_address("USDT", {"network": "TRC20"})["address"]
        assert made.startswith("T")
        assert desk.fetch_deposit_address("USDT", {"network": "TRC20"})["address"] == made
        assert desk.create_deposit_address("USDT", {"network": "ERC20"})["address"].startswith("0x")
        refid = exchange.fund("USDT", "25.5", method="Tether USD (TRC20)", address=made, txid="ab" * 32)
        told = desk.fetch_deposits("USDT")[0]
        assert (told["id"], told["status"], told["amount"], told["address"], told["txid"]) == (
            refid, "ok", "25.50000000", made, "ab" * 32,
        )  # fmt: skip
        assert desk.fetch_balance()["USDT"]["total"] == "25.50000000"

    @pytest.mark.parametrize("code", ["BTC", "ETH", "TRX", "TON", "BNB"])
    def test_have_methods_of_every_asset(self, desk: ccxt.kraken, code: str) -> None:
        assert desk.create_deposit_address(code)["currency"] == code

    def test_may_be_pending(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.knobs(deposit_seconds=600)
        refid = exchange.fund("BTC", "0.5")
        assert desk.fetch_deposits()[0]["status"] == "pending"
        assert desk.fetch_balance()["total"] == {}
        exchange.clock("2026-11-21T12:10:00+00:00")
        assert desk.fetch_deposits()[0]["status"] == "ok"
        assert [(line["referenceId"], line["after"]) for line in desk.fetch_ledger()] == [(refid, "0.5000000000")]

    def test_of_dollars_have_no_address(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.fund("USD", "1000")
        with pytest.raises(ccxt.BadRequest, match="EFunding:No funding method"):
            desk.create_deposit_address("USD", {"method": "Wire"})

    @pytest.mark.parametrize("amount", ["0.00001", "-1", "x", "0"])
    def test_are_exact_or_refused(self, exchange: ExchangeProcess, amount: str) -> None:
        with pytest.raises(AssertionError, match="400"):
            exchange.fund("USD", amount)


class TestWithdrawals:
    def test_go_to_a_known_key_and_cost_what_was_said(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.fund("USDT", "500")
        exchange.withdrawal_key("treasury", "USDT", OURS, method="Tether USD (TRC20)")
        terms = post(exchange, "WithdrawInfo", asset="USDT", key="treasury", amount="100")["result"]
        assert terms == {"method": "Tron", "limit": "500.00000000", "amount": "97.50000000", "fee": "2.50000000"}
        refid = desk.withdraw("USDT", "100", "", {"key": "treasury"})["id"]
        told = desk.fetch_withdrawals("USDT")[0]
        assert (told["id"], told["status"], told["amount"], told["address"], told["txid"]) == (
            refid, "pending", "97.50000000", OURS, None,
        )  # fmt: skip
        assert desk.fetch_balance()["USDT"]["total"] == "400.00000000"
        exchange.clock("2026-11-21T12:00:03+00:00")
        told = desk.fetch_withdrawals("USDT")[0]
        assert (told["status"], told["network"], told["fee"]["cost"]) == ("ok", "TRC20", "2.50000000")
        assert told["txid"]
        line = desk.fetch_ledger("USDT")[0]["info"]
        assert (line["amount"], line["fee"], line["balance"]) == ("-97.50000000", "2.50000000", "400.00000000")

    def test_that_fail_come_back_with_their_fee(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.knobs(withdrawal_outcome="failure")
        refid = withdrawn(exchange, desk)
        exchange.clock("2026-11-21T12:00:03+00:00")
        assert desk.fetch_withdrawals()[0]["status"] == "failed"
        assert exchange.balances()["USDT"] == 500
        lines = [line["info"] for line in desk.fetch_ledger("USDT") if line["referenceId"] == refid]
        assert {(line["amount"], line["fee"]) for line in lines} == {
            ("97.50000000", "-2.50000000"), ("-97.50000000", "2.50000000"),
        }  # fmt: skip

    def test_may_be_cancelled_until_they_have_gone(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.knobs(withdrawal_outcome="pending-forever")
        refid = withdrawn(exchange, desk)
        assert post(exchange, "WithdrawCancel", asset="USDT", refid=refid) == {"error": [], "result": True}
        assert exchange.balances()["USDT"] == 500
        assert post(exchange, "WithdrawStatus")["result"][0]["status-prop"] == "canceled"
        assert post(exchange, "WithdrawCancel", asset="USDT", refid=refid)["error"] == ["EFunding:Unknown reference id"]

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"key": "nobody"}, "EFunding:Unknown withdraw key"),
            ({"asset": "XBT"}, "EFunding:Unknown withdraw key"),
            ({"asset": "DOGE"}, "EFunding:Unknown asset"),
            ({"amount": "4"}, "EFunding:Invalid amount"),
            ({"amount": "much"}, "EFunding:Invalid amount"),
            ({"amount": "501"}, "EFunding:Insufficient funds"),
            ({"address": "TSomebodyElse"}, "EFunding:Invalid withdraw address"),
            ({"max_fee": "1"}, "EFunding:Max fee exceeded"),
        ],
    )
    def test_are_refused_and_nothing_moves(
        self, exchange: ExchangeProcess, desk: ccxt.kraken, change: dict[str, str], error: str
    ) -> None:
        exchange.fund("USDT", "500")
        exchange.withdrawal_key("treasury", "USDT", OURS, method="Tether USD (TRC20)")
        good = {"asset": "USDT", "key": "treasury", "amount": "100"}
        assert post(exchange, "Withdraw", **(good | change)) == {"error": [error]}
        assert exchange.balances()["USDT"] == 500

    def test_may_go_unheard(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        desk.load_markets()
        exchange.knobs(answer="drop", answer_to="Withdraw", answer_times=1)
        with pytest.raises(ccxt.NetworkError):
            withdrawn(exchange, desk)
        assert len(desk.fetch_withdrawals()) == 1

    def test_do_not_take_what_open_orders_hold(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.price("USDT/USD", "1")
        exchange.fund("USDT", "500")
        exchange.withdrawal_key("treasury", "USDT", OURS, method="Tether USD (TRC20)")
        desk.create_order("USDT/USD", "limit", "sell", "450", "1.1")
        with pytest.raises(ccxt.ExchangeError, match="EFunding:Insufficient funds"):
            desk.withdraw("USDT", "100", "", {"key": "treasury"})


class TestPages:
    @pytest.fixture
    def busy(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> ccxt.kraken:
        """An account with 120 ledger lines, a second after another, and 60 closed orders."""
        exchange.fund("USD", "500000")
        exchange.fund("BTC", "1")
        exchange.knobs(fill_parts=59, fill_seconds=1)
        desk.create_order("BTC/USD", "market", "buy", "0.59")
        exchange.clock("2026-11-21T12:05:00+00:00")
        return desk

    def test_hold_fifty_lines_newest_first_and_say_how_many_there_are(
        self, exchange: ExchangeProcess, busy: ccxt.kraken
    ) -> None:
        pages = [post(exchange, "Ledgers", ofs=str(skipped))["result"] for skipped in (0, 50, 100, 150)]
        assert [len(page["ledger"]) for page in pages] == [50, 50, 20, 0]
        assert {page["count"] for page in pages} == {120}
        lines = [line for page in pages for line in page["ledger"].values()]
        assert len({txid for page in pages for txid in page["ledger"]}) == 120
        assert [line["time"] for line in lines] == sorted((line["time"] for line in lines), reverse=True)

    def test_may_overlap_and_never_leave_a_gap(self, exchange: ExchangeProcess, busy: ccxt.kraken) -> None:
        exchange.knobs(repeat_rows=3)
        pages = [list(post(exchange, "Ledgers", ofs=str(skipped))["result"]["ledger"]) for skipped in (0, 50, 100)]
        assert pages[0][-3:] == pages[1][:3]
        assert len({txid for page in pages for txid in page}) == 120

    def test_are_of_one_asset_or_kind_and_between_two_times(self, exchange: ExchangeProcess, busy: ccxt.kraken) -> None:
        def count(**wanted: str) -> int:
            return int(post(exchange, "Ledgers", **wanted)["result"]["count"])

        start = str(1_795_262_400 + 10)
        assert (count(asset="XBT"), count(asset="XXBT,ZUSD"), count(type="deposit")) == (60, 120, 2)
        assert count(type="trade", start=start) == 2 * 48  # exclusive: the parts of second 11 to 58
        assert count(type="trade", end=start) == 2 * 11
        assert post(exchange, "Ledgers", asset="DOGE")["error"] == ["EQuery:Unknown asset"]
        assert post(exchange, "Ledgers", ofs="-1")["error"] == ["EGeneral:Invalid arguments:ofs"]
        assert post(exchange, "Ledgers", start="then")["error"] == ["EGeneral:Invalid arguments:start"]

    def test_start_after_a_row_that_is_named(self, exchange: ExchangeProcess, busy: ccxt.kraken) -> None:
        trades = post(exchange, "TradesHistory")["result"]
        assert (len(trades["trades"]), trades["count"]) == (50, 59)
        named = list(trades["trades"])[4]
        after = post(exchange, "TradesHistory", start=named)["result"]
        assert list(after["trades"]) == list(trades["trades"])[:4]

    def test_are_of_single_rows_too(self, exchange: ExchangeProcess, busy: ccxt.kraken) -> None:
        line = busy.fetch_ledger()[7]
        assert busy.fetch_ledger_entry(line["id"])["info"]["balance"] == line["info"]["balance"]
        trade = post(exchange, "TradesHistory", ledgers="true")["result"]["trades"].popitem()
        assert post(exchange, "QueryTrades", txid=trade[0], ledgers="true")["result"] == {trade[0]: trade[1]}
        assert len(trade[1]["ledgers"]) == 2
        assert post(exchange, "QueryTrades")["error"] == ["EGeneral:Invalid arguments:txid"]

    def test_of_closed_orders_are_found_by_when_they_ended(self, exchange: ExchangeProcess, busy: ccxt.kraken) -> None:
        opened = 1_795_262_400
        found = [
            post(exchange, "ClosedOrders", start=str(opened + 30), closetime=by)["result"]["count"]
            for by in ("open", "close", "both")
        ]
        assert found == [0, 1, 1]
        assert post(exchange, "ClosedOrders", closetime="never")["error"] == ["EGeneral:Invalid arguments:closetime"]


class TestWorth:
    def test_is_what_everything_would_fetch(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> None:
        exchange.fund("USD", "1000.5")
        exchange.fund("BTC", "0.1")
        told = post(exchange, "TradeBalance")["result"]
        assert (told["eb"], told["tb"], told["mf"]) == ("10000.5000", "10000.5000", "10000.5000")

    def test_fees_are_told_per_pair(self, desk: ccxt.kraken) -> None:
        fee = desk.fetch_trading_fee("BTC/USD")
        assert (fee["taker"], fee["maker"]) == ("0.0026", "0.0016")


class TestStatements:
    @pytest.fixture
    def history(self, exchange: ExchangeProcess, desk: ccxt.kraken) -> dict[str, Any]:
        """A deposit that was pending, a trade, and a withdrawal that failed."""
        exchange.knobs(deposit_seconds=60)
        deposit = exchange.fund("USD", "10000")
        exchange.clock("2026-11-21T12:02:00+00:00")
        order = desk.create_order("BTC/USD", "market", "buy", "0.01")["id"]
        exchange.knobs(deposit_seconds=0, withdrawal_outcome="failure", withdrawal_seconds=60)
        withdrawal = withdrawn(exchange, desk)
        exchange.clock("2026-11-21T12:05:00+00:00")
        return {"deposit": deposit, "order": order, "withdrawal": withdrawal}

    def test_of_the_ledger_come_in_three_generations(self, exchange: ExchangeProcess, history: dict[str, Any]) -> None:
        short, wallet, newest = (exchange.statement("ledgers", columns=number) for number in (10, 11, 12))
        assert short.splitlines()[0] == ",".join(f'"{name}"' for name in TEN)
        assert list(rows(wallet)[0]) == [*TEN[:7], "wallet", *TEN[7:]]
        assert list(rows(newest)[0]) == [*TEN[:6], "subclass", "asset", "wallet", *TEN[7:]]
        assert exchange.statement("ledgers") == newest
        assert (rows(short)[0]["asset"], rows(newest)[0]["asset"], rows(newest)[0]["subclass"]) == (
            "ZUSD",
            "USD",
            "fiat",
        )

    def test_show_what_was_pending_as_a_twin_without_id_and_balance(
        self, exchange: ExchangeProcess, history: dict[str, Any]
    ) -> None:
        told = [row for row in rows(exchange.statement("ledgers")) if row["refid"] == history["deposit"]]
        assert [(row["txid"] == "", row["time"], row["amount"], row["balance"]) for row in told] == [
            (True, "2026-11-21 12:00:00", "10000.0000", ""), (False, "2026-11-21 12:01:00", "10000.0000", "10000.0000"),
        ]  # fmt: skip
        back = [row for row in rows(exchange.statement("ledgers")) if row["refid"] == history["withdrawal"]]
        assert [(row["txid"] == "", row["amount"], row["fee"]) for row in back] == [
            (True, "-97.50000000", "2.50000000"), (False, "-97.50000000", "2.50000000"),
            (False, "97.50000000", "-2.50000000"),
        ]  # fmt: skip

    def test_chain_from_balance_to_balance(self, exchange: ExchangeProcess, history: dict[str, Any]) -> None:
        balances: dict[str, Decimal] = {}
        for row in rows(exchange.statement("ledgers", columns=10)):
            if row["txid"]:
                after = balances.get(row["asset"], Decimal(0)) + Decimal(row["amount"]) - Decimal(row["fee"])
                assert Decimal(row["balance"]) == after
                balances[row["asset"]] = after
        assert balances["ZUSD"] == exchange.balances()["USD"]

    def test_hold_the_lines_that_the_calls_tell(
        self, exchange: ExchangeProcess, desk: ccxt.kraken, history: dict[str, Any]
    ) -> None:
        told = {line["id"]: line["info"] for line in desk.fetch_ledger()}
        written = {row["txid"]: row for row in rows(exchange.statement("ledgers", columns=10)) if row["txid"]}
        assert told.keys() == written.keys()
        for txid, row in written.items():
            assert {name: told[txid][name] for name in ("refid", "asset", "amount", "fee", "balance", "type")} == {
                name: row[name] for name in ("refid", "asset", "amount", "fee", "balance", "type")
            }

    def test_of_trades_come_in_two(self, exchange: ExchangeProcess, history: dict[str, Any]) -> None:
        short, newest = (rows(exchange.statement("trades", columns=number)) for number in (13, 24))
        assert (len(short[0]), len(newest[0])) == (13, 24)
        assert (short[0]["pair"], newest[0]["pair"]) == ("XXBTZUSD", "BTC/USD")
        assert (short[0]["ordertxid"], short[0]["time"], short[0]["vol"]) == (
            history["order"], "2026-11-21 12:02:00.0000", "0.01000000",
        )  # fmt: skip
        ledger = {row["txid"] for row in rows(exchange.statement("ledgers")) if row["refid"] == short[0]["txid"]}
        assert set(short[0]["ledgers"].split(",")) == ledger

    def test_may_repeat_rows(self, exchange: ExchangeProcess, history: dict[str, Any]) -> None:
        before = rows(exchange.statement("ledgers"))
        exchange.knobs(repeat_rows=2)
        assert rows(exchange.statement("ledgers")) == before + before[:2]

    def test_can_be_asked_for_over_the_wire(
        self, exchange: ExchangeProcess, desk: ccxt.kraken, history: dict[str, Any]
    ) -> None:
        asked = desk.private_post_addexport({"report": "ledgers", "description": "November"})["result"]["id"]
        status = desk.private_post_exportstatus({"report": "ledgers"})["result"][0]
        assert (status["id"], status["status"], status["descr"]) == (asked, "Processed", "November")
        # Not through ccxt, which reads every answer as text.
        packed = post_raw(exchange, "RetrieveExport", id=asked)
        assert packed.headers["Content-Type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
            assert archive.read("ledgers.csv").decode() == exchange.statement("ledgers")
        assert desk.private_post_removeexport({"id": asked, "type": "delete"})["result"] == {"delete": True}
        assert post(exchange, "RetrieveExport", id=asked)["error"] == ["EGeneral:Invalid arguments:id"]

    def test_refuse_a_generation_that_never_was(self, exchange: ExchangeProcess) -> None:
        with pytest.raises(AssertionError, match="columns is one of 10, 11, 12"):
            exchange.statement("ledgers", columns=9)
