"""Refunds: taken from the stream, then from the balance, told step by step, and the fee stays with the vendor."""

from typing import Any

import pytest
import requests

from tests.makers.ear import Ear
from tests.makers.sandbox import SandboxProcess
from tests.sandbox.merchant import ask
from tests.sandbox.vectors import fields, load

OPENING = 5_000_000_00
NET = 482_500


@pytest.fixture(autouse=True)
def _paid(sandbox: SandboxProcess) -> None:
    """A payment of NGN 5,000, and refunds that wait to be told."""
    sandbox.knobs(refund_outcome="pending-forever")
    ask(sandbox)
    sandbox.pay("dep-1")


def refund(sandbox: SandboxProcess, transaction: Any = "dep-1", **more: Any) -> requests.Response:
    """POST /refund."""
    return sandbox.call("POST", "/refund", json={"transaction": transaction, **more})


def status(sandbox: SandboxProcess) -> str:
    """What verify says of the payment."""
    return str(sandbox.call("GET", "/transaction/verify/dep-1").json()["data"]["status"])


class TestAsk:
    def test_takes_the_stream_first_and_the_balance_after(self, sandbox: SandboxProcess) -> None:
        shape = refund(sandbox).json()["data"]
        assert (shape["status"], shape["amount"], shape["fully_deducted"]) == ("pending", 500_000, True)
        assert shape["transaction"]["reference"] == "dep-1"
        assert (sandbox.stream(), sandbox.balance()) == (0, OPENING - 17_500)
        (line,) = sandbox.call("GET", "/balance/ledger").json()["data"]
        assert (line["difference"], line["model_responsible"]) == (-17_500, "Refund")

    def test_gives_no_more_than_was_paid(self, sandbox: SandboxProcess) -> None:
        assert refund(sandbox, amount=200_000).status_code == 200
        assert refund(sandbox, amount=300_001).json()["message"].startswith("Refund amount cannot be greater")
        assert refund(sandbox).json()["data"]["amount"] == 300_000
        assert refund(sandbox).status_code == 400
        assert sandbox.stream() + sandbox.balance() == OPENING + NET - 500_000

    def test_knows_only_payments(self, sandbox: SandboxProcess) -> None:
        ask(sandbox, "dep-2")
        assert refund(sandbox, "dep-2").status_code == 400
        assert refund(sandbox, "dep-3").status_code == 404
        number = sandbox.call("GET", "/transaction/verify/dep-1").json()["data"]["id"]
        assert refund(sandbox, str(number), amount=1).status_code == 200

    def test_waits_until_something_covers_it(self, sandbox: SandboxProcess) -> None:
        sandbox.reset()
        sandbox.knobs(opening_balance=0, refund_delay_seconds=0)
        ask(sandbox)
        sandbox.pay("dep-1")
        shape = refund(sandbox).json()["data"]
        assert (shape["deducted_amount"], shape["fully_deducted"]) == (NET, False)
        sandbox.flush()
        assert status(sandbox) == "success"
        with pytest.raises(AssertionError, match="covers"):
            sandbox.refund(shape["id"], "process")
        sandbox.top_up(17_500)
        assert sandbox.refund(shape["id"], "process")["status"] == "processed"
        assert (status(sandbox), sandbox.balance(), sandbox.stream()) == ("reversed", 0, 0)

    def test_reduces_the_settlement(self, sandbox: SandboxProcess) -> None:
        refund(sandbox, amount=100_000)
        (lump,) = sandbox.settle()
        assert (lump["total_amount"], lump["deductions"], lump["effective_amount"]) == (NET, 100_000, NET - 100_000)


class TestEnds:
    @pytest.mark.parametrize(
        ("verb", "events"),
        [
            ("process", ["pending", "processing", "processed"]),
            ("fail", ["pending", "failed"]),
            ("needs-attention", ["pending", "processing", "needs-attention"]),
        ],
    )
    def test_are_told_step_by_step(self, sandbox: SandboxProcess, ear: Ear, verb: str, events: list[str]) -> None:
        sandbox.refund(refund(sandbox).json()["data"]["id"], verb)
        heard = [each for each in ear.wait_for(len(events) + 1) if each.event.startswith("refund.")]
        assert [each.event for each in heard] == [f"refund.{name}" for name in events]
        for each in heard:
            sample = load(each.event)["data"]
            assert fields(each.content) == fields(sample)
            assert type(each.content["amount"]) is type(sample["amount"])
            assert (each.content["refund_reference"] is None) == (sample["refund_reference"] is None)

    def test_of_a_failed_one_bring_back_what_was_taken(self, sandbox: SandboxProcess) -> None:
        number = refund(sandbox).json()["data"]["id"]
        sandbox.refund(number, "fail")
        assert (status(sandbox), sandbox.stream(), sandbox.balance()) == ("success", NET, OPENING)
        assert refund(sandbox).status_code == 200

    def test_of_a_failed_one_come_to_the_balance_once_a_settlement_has_carried_it(
        self, sandbox: SandboxProcess
    ) -> None:
        number = refund(sandbox, amount=100_000).json()["data"]["id"]
        sandbox.settle()
        sandbox.refund(number, "fail")
        assert (sandbox.stream(), sandbox.balance()) == (0, OPENING + 100_000)

    def test_come_by_themselves_and_reverse_the_payment(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(refund_outcome="processed", refund_delay_seconds=0)
        refund(sandbox, amount=500_000)
        sandbox.flush()
        assert status(sandbox) == "reversed"
        with pytest.raises(AssertionError, match="409"):
            sandbox.refund(self.rows(sandbox)[0]["id"], "fail")

    def rows(self, sandbox: SandboxProcess, **wanted: Any) -> list[dict[str, Any]]:
        """GET /refund."""
        rows: list[dict[str, Any]] = sandbox.call("GET", "/refund", params=wanted).json()["data"]
        return rows

    def test_are_found_by_payment(self, sandbox: SandboxProcess) -> None:
        refund(sandbox, amount=1_000)
        refund(sandbox, amount=2_000)
        assert [row["amount"] for row in self.rows(sandbox, transaction="dep-1")] == [2_000, 1_000]
        assert self.rows(sandbox, transaction="dep-9") == []
        assert [row["fully_deducted"] for row in self.rows(sandbox)] == [1, 1]


class TestRetry:
    def retry(self, sandbox: SandboxProcess, number: int) -> requests.Response:
        """POST /refund/retry_with_customer_details."""
        account = {"currency": "NGN", "account_number": "0123456789", "bank_id": "1"}
        path = f"/refund/retry_with_customer_details/{number}"
        return sandbox.call("POST", path, json={"refund_account_details": account})

    def test_pays_into_the_payers_account(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(refund_delay_seconds=0)
        number = refund(sandbox).json()["data"]["id"]
        early = self.retry(sandbox, number)
        assert (early.status_code, early.json()["code"]) == (422, "invalid_params")
        sandbox.refund(number, "needs-attention")
        assert self.retry(sandbox, number).json()["data"]["status"] == "processing"
        sandbox.flush()
        assert sandbox.call("GET", f"/refund/{number}").json()["data"]["status"] == "processed"
        assert sandbox.stream() + sandbox.balance() == OPENING + NET - 500_000


@pytest.mark.parametrize(("card", "end"), [("4084080000671803", "failed"), ("4084080000671902", "needs-attention")])
def test_a_test_card_decides_what_becomes_of_its_refund(sandbox: SandboxProcess, card: str, end: str) -> None:
    sandbox.knobs(refund_outcome="processed", refund_delay_seconds=0)
    ask(sandbox, "dep-2")
    sandbox.pay("dep-2", card=card)
    number = refund(sandbox, "dep-2").json()["data"]["id"]
    sandbox.flush()
    assert sandbox.call("GET", f"/refund/{number}").json()["data"]["status"] == end


@pytest.mark.parametrize(
    ("card", "words"), [("4084080000005408", "Declined"), ("4084080000670037", "Insufficient Funds")]
)
def test_a_test_card_can_be_declined(sandbox: SandboxProcess, card: str, words: str) -> None:
    ask(sandbox, "dep-2")
    assert sandbox.pay("dep-2", card=card)["status"] == "failed"
    shape = sandbox.call("GET", "/transaction/verify/dep-2").json()["data"]
    assert (shape["gateway_response"], sandbox.stream()) == (words, NET)
