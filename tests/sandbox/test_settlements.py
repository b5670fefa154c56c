"""Two pockets: what payers paid is settled to the merchant's bank a working day later, and never pays a transfer."""

from typing import Any

import pytest

from sandbox.workdays import is_working, settles_on
from tests.makers.sandbox import SandboxProcess
from tests.sandbox.merchant import ask, pay_out

OPENING = 5_000_000_00


def paid(sandbox: SandboxProcess, reference: str, at: str, amount: int = 500_000) -> None:
    """A card payment at a time."""
    sandbox.clock(at)
    ask(sandbox, reference, amount)
    sandbox.pay(reference)


def listed(sandbox: SandboxProcess, **wanted: Any) -> list[dict[str, Any]]:
    """GET /settlement."""
    rows: list[dict[str, Any]] = sandbox.call("GET", "/settlement", params=wanted).json()["data"]
    return rows


class TestCalendar:
    @pytest.mark.parametrize(
        ("paid_at", "settled_on"),
        [
            ("2026-11-19T10:00:00.000Z", "2026-11-20"),
            ("2026-11-20T10:00:00.000Z", "2026-11-23"),  # Friday
            ("2026-11-19T23:30:00.000Z", "2026-11-23"),  # Friday in Lagos
            ("2026-12-24T10:00:00.000Z", "2026-12-29"),  # Christmas, Boxing Day on a Saturday and the Monday for it
            ("2026-04-02T10:00:00.000Z", "2026-04-07"),  # Easter
        ],
    )
    def test_settles_on_the_next_working_day(self, paid_at: str, settled_on: str) -> None:
        assert settles_on(paid_at).isoformat() == settled_on

    def test_does_not_settle_on_a_day_that_was_announced(self) -> None:
        also = frozenset({"2026-11-20"})
        assert settles_on("2026-11-19T10:00:00.000Z", also).isoformat() == "2026-11-23"
        assert is_working(settles_on("2026-11-19T10:00:00.000Z", also), also)


class TestPockets:
    def test_keep_a_payment_out_of_the_balance(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(opening_balance=0)
        ask(sandbox)
        sandbox.pay("dep-1")
        assert (sandbox.stream(), sandbox.balance()) == (482_500, 0)
        assert pay_out(sandbox).json()["message"] == "Your balance is not enough to fulfil this request"
        assert sandbox.top_up(101_000) == 101_000
        assert pay_out(sandbox).status_code == 200
        assert (sandbox.stream(), sandbox.balance()) == (482_500, 0)

    def test_open_with_another_balance_only_while_nothing_has_moved(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(opening_balance=7)
        sandbox.top_up(1)
        assert sandbox.knobs(opening_balance=7, repeat=1)["opening_balance"] == 7
        with pytest.raises(AssertionError, match="top up instead"):
            sandbox.knobs(opening_balance=8)
        assert sandbox.balance() == 8


class TestSettle:
    def test_makes_a_lump_of_each_day_that_is_due(self, sandbox: SandboxProcess) -> None:
        paid(sandbox, "dep-1", "2026-11-18T10:00:00Z")
        paid(sandbox, "dep-2", "2026-11-18T11:00:00Z", 100_000)
        paid(sandbox, "dep-3", "2026-11-19T10:00:00Z")
        paid(sandbox, "dep-4", "2026-11-20T10:00:00Z")
        first, second = sandbox.settle("2026-11-20")
        assert set(first) == {
            "id", "domain", "status", "currency", "integration", "total_amount", "effective_amount", "total_fees",
            "total_processed", "deductions", "settlement_date", "settled_by", "createdAt", "updatedAt",
        }  # fmt: skip
        assert (first["total_processed"], first["total_fees"], first["total_amount"]) == (600_000, 19_000, 581_000)
        assert (first["settlement_date"], first["deductions"]) == ("2026-11-19T00:00:00.000Z", None)
        assert (second["settlement_date"], second["effective_amount"]) == ("2026-11-20T00:00:00.000Z", 482_500)
        assert (sandbox.stream(), sandbox.balance()) == (482_500, OPENING)
        assert sandbox.settle("2026-11-20") == []

    def test_is_told_with_its_payments(self, sandbox: SandboxProcess) -> None:
        paid(sandbox, "dep-1", "2026-11-18T10:00:00Z")
        paid(sandbox, "dep-2", "2026-11-19T10:00:00Z")
        sandbox.settle("2026-11-20")
        newest, oldest = listed(sandbox)
        assert listed(sandbox, to="2026-11-19") == [oldest]
        assert listed(sandbox, **{"from": "2026-11-20"}) == [newest]
        rows = sandbox.call("GET", f"/settlement/{oldest['id']}/transactions").json()["data"]
        assert [(row["reference"], row["fees"]) for row in rows] == [("dep-1", 17_500)]
        same = sandbox.call("GET", "/transaction", params={"settlement": oldest["id"]}).json()["data"]
        assert [row["reference"] for row in same] == ["dep-1"]
        assert sandbox.call("GET", "/settlement/1/transactions").status_code == 404

    def test_waits_out_an_announced_holiday(self, sandbox: SandboxProcess) -> None:
        paid(sandbox, "dep-1", "2026-11-18T10:00:00Z")
        sandbox.control("POST", "holidays", {"dates": ["2026-11-19"]})
        assert sandbox.settle("2026-11-19") == []
        assert [row["settlement_date"][:10] for row in sandbox.settle("2026-11-20")] == ["2026-11-20"]

    def test_takes_everything_now_when_no_day_is_named(self, sandbox: SandboxProcess) -> None:
        paid(sandbox, "dep-1", "2026-11-18T10:00:00Z")
        paid(sandbox, "dep-2", "2026-11-20T10:00:00Z")
        (lump,) = sandbox.settle()
        assert (lump["settlement_date"][:10], lump["total_processed"]) == ("2026-11-20", 1_000_000)

    def test_can_be_on_its_way_and_fail(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(settlement_status="processing")
        paid(sandbox, "dep-1", "2026-11-18T10:00:00Z")
        (lump,) = sandbox.settle("2026-11-19")
        assert lump["status"] == "processing"
        assert sandbox.control("POST", f"settlements/{lump['id']}/failed")["status"] == "failed"
        assert listed(sandbox, status="success") == []
