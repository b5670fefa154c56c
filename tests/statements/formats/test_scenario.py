"""Our own month: each outside account's file says what the truth beside it says, and both bank formats agree."""

import json
from decimal import Decimal
from typing import Any

from app.statements.formats import registry
from app.statements.formats.lines import Kind, Line, Parsed, total
from app.statements.formats.settings import Settings
from tests.makers.statements import BANK, sample

TRUTH: dict[str, Any] = json.loads(sample("scenario_a/truth.json"))
TIES: dict[str, Any] = TRUTH["tie_out"]


def read(name: str, path: str, settings: Settings | None = None) -> Parsed:
    """A file of the month."""
    return registry.parse(name, sample(f"scenario_a/{path}"), settings)


def bank(name: str) -> Parsed:
    """The bank's file in one of its two formats."""
    return read(name, {"mt940": "bank_ngn.mt940", "bank-csv": "bank_ngn.csv"}[name], BANK)


def sums(told: Parsed) -> dict[str, Decimal]:
    """What each asset moved by."""
    return {each.asset: each.moved for each in told.statements}


class TestTheBank:
    def test_ties_over_the_month_in_both_formats(self) -> None:
        wanted = TIES["bank"]["NGN"]
        for name, parts in (("mt940", wanted["mt940_statements"]), ("bank-csv", 1)):
            told = bank(name)
            assert len(told.statements) == parts
            assert told.statements[0].opening == Decimal(wanted["opening"])
            assert told.statements[-1].closing == Decimal(wanted["closing"])
            assert total(line.delta for line in told.lines) == Decimal(wanted["movements"])
            assert len(told.lines) == wanted["lines"]
            assert all(each.ties for each in told.statements)

    def test_each_statement_begins_where_the_last_ended(self) -> None:
        days = bank("mt940").statements
        assert [each.closing for each in days[:-1]] == [each.opening for each in days[1:]]

    def test_both_formats_give_the_same_lines(self) -> None:
        def said(line: Line) -> tuple[object, ...]:
            return (line.at, line.booked_on, line.asset, line.delta, line.principal, line.narration, line.group)

        swift, table = bank("mt940").lines, bank("bank-csv").lines
        assert [said(line) for line in swift] == [said(line) for line in table]
        assert all(set(theirs.refs) <= set(ours.refs) for ours, theirs in zip(swift, table, strict=True))
        assert [line.group for line in table] == ["772001", "", "772002", "", "", "772003", "", "772004"]
        assert table[0].at.isoformat() == "2026-03-01T23:00:00+00:00"  # a day in Lagos begins an hour before UTC's


class TestVenues:
    def test_kraken(self) -> None:
        told = read("kraken-ledgers", "kraken_ledgers.csv")
        for each in told.statements:
            wanted = TIES["kraken"][each.asset]
            assert (each.opening, each.moved, each.closing, len(each.lines), each.ties, each.gaps) == (
                *(Decimal(wanted[name]) for name in ("opening", "movements", "closing")),
                *(wanted["lines"], True, ()),
            )
        assert len(told.ignored) == TIES["kraken"]["_pending_rows_to_drop"]
        back = [line for line in told.lines if line.kind is Kind.REVERSAL]
        assert [(line.delta, line.fee, line.group) for line in back] == [
            (Decimal("700.0900"), Decimal("-0.0900"), "B2PVXPJ-7MPNVQ-BDR2BW")
        ]

    def test_luno(self) -> None:
        told = read("luno-wallet", "luno_9061778909545963731_XBT.csv")
        (wallet,), wanted = told.statements, TIES["luno"]["BTC"]
        assert (wallet.opening, wallet.moved, wallet.closing) == tuple(
            Decimal(wanted[name]) for name in ("opening", "movements", "closing")
        )
        assert told.rows_total == wanted["lines"]
        assert {row.reason for row in wallet.ignored} == {"only what is available changes"}
        ignored = [f"row {row.raw['Row']}" for row in wallet.ignored]
        assert ignored == [line["line"] for line in TRUTH["statement_lines"] if line["expect"] == "IGNORE"]
        fees = {line.external_id: line.delta for line in told.lines if line.narration == "Withdrawal fee"}
        assert fees == {f"{wallet.account}/7": Decimal("-0.0001"), f"{wallet.account}/14": Decimal("-0.0001")}
        assert told.lines[3].group == told.lines[4].group  # what was sent, and its fee

    def test_binance(self) -> None:
        told = read("binance-history", "binance_transaction_history.csv")
        assert sums(told) == {
            asset: Decimal(wanted["movements"]) for asset, wanted in TIES["binance"].items() if asset[0] != "_"
        }
        assert len(told.lines) == TIES["binance"]["_rows"]
        groups = {line.group: 0 for line in told.lines}
        for line in told.lines:
            groups[line.group] += 1
        wanted = [line for line in TRUTH["statement_lines"] if line["source"] == "binance_transaction_history.csv"]
        assert len(groups) == len(wanted)
        for each in wanted:
            if each["line"].startswith("group"):
                _, day, time, fills = each["line"].split(" ", 3)
                assert groups[f"Spot/trade/{day}T{time}Z"] == 3 * int(fills.strip("(fils)"))
        assert groups["Spot/dust/2026-03-03T20:29:31Z"] == 2

    def test_kucoin(self) -> None:
        told = read("kucoin-account", "kucoin_account_history.csv")
        assert sums(told) == {"USDT": Decimal(TIES["kucoin"]["USDT"]["movements"])}
        out = next(line for line in told.lines if line.row == 3)
        assert (out.delta, out.principal, out.fee) == (
            *(Decimal("-138.08326488"), Decimal("-137.58326488"), Decimal("0.50000000")),
        )


class TestPaystack:
    def test_payments_add_up_to_payouts(self) -> None:
        payments = read("paystack-transactions", "paystack_transactions.csv").lines
        payouts = read("paystack-payouts", "paystack_payouts.csv").lines
        assert len(payments) == 43
        assert total(line.principal for line in payments) == Decimal("1935119.00")
        assert total(line.fee for line in payments) == Decimal("23799.86")
        for payout in payouts:
            paid = total(line.delta for line in payments if line.group == payout.group)
            assert paid == -total(line.delta for line in payouts if line.group == payout.group)
        (kept,) = (line for line in payouts if line.kind is Kind.REFUND)
        assert (kept.delta, kept.refs) == (Decimal("-2500.00"), ("dep_dvu37ncuthucjm",))

    def test_the_truth_knows_each_line(self) -> None:
        named = {
            "paystack_transactions.csv": read("paystack-transactions", "paystack_transactions.csv"),
            "paystack_transfers.csv": read("paystack-transfers", "paystack_transfers.csv"),
        }
        for source, told in named.items():
            wanted = [line for line in TRUTH["statement_lines"] if line["source"] == source]
            assert [line["line"] for line in wanted] == [line.refs[0] for line in sorted(told.lines, key=_row)]
        missing = next(line for line in TRUTH["statement_lines"] if line["reason"] == "MISSING_IN_LEDGER")
        told_of = next(line for line in named["paystack_transactions.csv"].lines if line.refs[0] == missing["line"])
        assert told_of.delta == Decimal(missing["delta"])

    def test_a_transfer_that_came_back_moved_nothing(self) -> None:
        told = read("paystack-transfers", "paystack_transfers.csv")
        assert [(line.delta, line.kind, line.refs[0]) for line in told.lines if not line.delta] == [
            (Decimal(0), Kind.REVERSAL, "wd_vzhntnfr3j5v")
        ]
        payouts = read("paystack-payouts", "paystack_payouts.csv").lines
        assert total(line.delta for line in payouts if line.kind is Kind.SETTLEMENT) == Decimal("-1908819.14")


def _row(line: Line) -> int:
    return line.row
