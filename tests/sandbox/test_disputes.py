"""Disputes: opened by the payer's bank, answered in time or lost by silence; and files by address."""

import csv
import io
from typing import Any

import pytest
import requests

from tests.makers.ear import Ear
from tests.makers.sandbox import SandboxProcess
from tests.sandbox.merchant import ask, pay_out
from tests.sandbox.vectors import fields, load

OPENING = 5_000_000_00
NET = 482_500


@pytest.fixture
def dispute(sandbox: SandboxProcess) -> dict[str, Any]:
    """A dispute of a payment of NGN 5,000, opened at ten in the morning."""
    sandbox.clock("2026-11-20T10:00:00Z")
    ask(sandbox)
    sandbox.pay("dep-1")
    return sandbox.dispute("dep-1")


def status(sandbox: SandboxProcess) -> str:
    """What verify says of the payment."""
    return str(sandbox.call("GET", "/transaction/verify/dep-1").json()["data"]["status"])


def answer(sandbox: SandboxProcess, dispute: dict[str, Any], resolution: str, **more: Any) -> requests.Response:
    """PUT /dispute/{id}/resolve."""
    body = {
        "resolution": resolution,
        "message": "We looked",
        "refund_amount": 500_000,
        "uploaded_filename": "f",
        **more,
    }
    return sandbox.call("PUT", f"/dispute/{dispute['id']}/resolve", json=body)


class TestOpen:
    def test_gives_sixteen_hours_and_tells(self, sandbox: SandboxProcess, ear: Ear, dispute: dict[str, Any]) -> None:
        assert (dispute["status"], dispute["dueAt"]) == ("awaiting-merchant-feedback", "2026-11-21T02:00:00.000Z")
        heard = ear.wait_for(2)[-1]
        assert heard.event == "charge.dispute.create"
        assert fields(heard.content) == fields(load(heard.event)["data"])
        listed = sandbox.call("GET", "/dispute", params={"status": "awaiting-merchant-feedback"}).json()["data"]
        assert [row["id"] for row in listed] == [dispute["id"]]
        assert sandbox.call("GET", "/dispute/transaction/dep-1").json()["data"]["id"] == dispute["id"]

    def test_needs_a_payment(self, sandbox: SandboxProcess) -> None:
        ask(sandbox)
        with pytest.raises(AssertionError, match="was not paid"):
            sandbox.dispute("dep-1")

    def test_is_lost_by_silence(self, sandbox: SandboxProcess, ear: Ear) -> None:
        sandbox.clock("2026-11-20T10:00:00Z")
        ask(sandbox)
        sandbox.pay("dep-1")
        sandbox.dispute("dep-1", due_at="2026-11-20T10:00:00Z")
        sandbox.flush()
        heard = ear.wait_for(3)[-1]
        assert (heard.event, heard.content["resolution"]) == ("charge.dispute.resolve", "auto-accepted")
        assert fields(heard.content) == fields(load(heard.event)["data"])
        assert (status(sandbox), sandbox.stream(), sandbox.balance()) == ("reversed", 0, OPENING - 17_500)

    def test_is_reminded_of(self, sandbox: SandboxProcess, ear: Ear, dispute: dict[str, Any]) -> None:
        sandbox.end_dispute(dispute["id"], "remind")
        heard = ear.wait_for(3)[-1]
        assert (heard.event, heard.content["status"]) == ("charge.dispute.remind", "awaiting-merchant-feedback")


class TestAnswer:
    def test_accepts_and_pays_back(self, sandbox: SandboxProcess, dispute: dict[str, Any]) -> None:
        shape = answer(sandbox, dispute, "merchant-accepted", refund_amount=200_000).json()["data"]
        assert (shape["status"], shape["resolution"], shape["refund_amount"]) == (
            "resolved", "merchant-accepted", 200_000,
        )  # fmt: skip
        assert (status(sandbox), sandbox.stream()) == ("success", NET - 200_000)
        assert answer(sandbox, dispute, "merchant-accepted").status_code == 400
        with pytest.raises(AssertionError, match="409"):
            sandbox.end_dispute(dispute["id"], "accept")

    def test_declines_with_evidence_and_leaves_it_to_the_bank(
        self, sandbox: SandboxProcess, dispute: dict[str, Any]
    ) -> None:
        path = f"/dispute/{dispute['id']}"
        place = sandbox.call("GET", f"{path}/upload_url", params={"upload_filename": "slip.pdf"}).json()["data"]
        assert requests.put(place["signedUrl"], data=b"%PDF", timeout=5).status_code == 200
        said = {"customer_email": "a@b.co", "customer_name": "A", "customer_phone": "0", "service_details": "Naira"}
        assert sandbox.call("POST", f"{path}/evidence", json=said).json()["data"]["dispute"] == dispute["id"]
        shape = answer(sandbox, dispute, "declined", uploaded_filename=place["fileName"]).json()["data"]
        assert (shape["status"], shape["attachments"]) == ("awaiting-bank-feedback", place["fileName"])
        ended = sandbox.end_dispute(dispute["id"], "decline")
        assert (ended["status"], ended["resolution"]) == ("resolved", "declined")
        assert (status(sandbox), sandbox.stream()) == ("success", NET)

    def test_is_given_by_whoever_sits_here_as_the_merchant_would(
        self, sandbox: SandboxProcess, dispute: dict[str, Any]
    ) -> None:
        assert sandbox.end_dispute(dispute["id"], "answer")["status"] == "awaiting-bank-feedback"
        with pytest.raises(AssertionError, match="400"):
            sandbox.end_dispute(dispute["id"], "answer")

    def test_is_refused_for_more_than_was_paid(self, sandbox: SandboxProcess, dispute: dict[str, Any]) -> None:
        refused = answer(sandbox, dispute, "merchant-accepted", refund_amount=500_001)
        assert refused.json()["message"] == "Refund amount cannot be greater than initial amount"
        changed = sandbox.call("PUT", f"/dispute/{dispute['id']}", json={"refund_amount": 1_000}).json()["data"]
        assert [row["refund_amount"] for row in changed] == [1_000]

    def test_leaves_owed_what_nothing_covers_and_later_payments_pay_it(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(opening_balance=0)
        ask(sandbox)
        sandbox.pay("dep-1")
        sandbox.settle()
        sandbox.end_dispute(sandbox.dispute("dep-1")["id"], "accept")
        assert (sandbox.stream(), sandbox.balance()) == (-500_000, 0)
        for number in (2, 3):
            ask(sandbox, f"dep-{number}")
            sandbox.pay(f"dep-{number}")
            (lump,) = sandbox.settle()
            assert lump["deductions"] == (NET if number == 2 else 500_000 - NET)
        assert sandbox.stream() == 0


class TestFiles:
    def read(self, sandbox: SandboxProcess, path: str, **wanted: Any) -> list[dict[str, str]]:
        """An export's lines, from the address that was given."""
        shape = sandbox.call("GET", path, params=wanted).json()["data"]
        assert ("expiresAt" in shape) == (path != "/transfer/export")
        answer = requests.get(shape["path"], timeout=5)
        assert answer.headers["Content-Type"].startswith("text/csv")
        return list(csv.DictReader(io.StringIO(answer.text)))

    def test_hold_whole_lists(self, sandbox: SandboxProcess, dispute: dict[str, Any]) -> None:
        pay_out(sandbox)
        sandbox.settle("2026-11-23")
        ask(sandbox, "dep-2")
        sandbox.pay("dep-2")
        settled = self.read(sandbox, "/transaction/export", settled="true")
        assert [(row["Reference number"], row["Paystack fee"]) for row in settled] == [("dep-1", "17500")]
        assert settled[0]["Settlement date"] == "2026-11-23"
        assert len(self.read(sandbox, "/transaction/export", status="success")) == 2
        assert [row["Reference"] for row in self.read(sandbox, "/transfer/export")] == ["payout-0000000001"]
        assert [row["ID"] for row in self.read(sandbox, "/dispute/export")] == [str(dispute["id"])]

    def test_are_nobodys_under_another_address(self, sandbox: SandboxProcess) -> None:
        assert requests.get(f"{sandbox.url}/files/nothing.csv", timeout=5).status_code == 403
        assert requests.put(f"{sandbox.url}/files/nothing", timeout=5).status_code == 403


class TestIds:
    def test_can_be_wider_than_a_signed_number(self, sandbox: SandboxProcess, ear: Ear) -> None:
        sandbox.knobs(huge_ids=True)
        ask(sandbox)
        sandbox.pay("dep-1")
        number = sandbox.call("GET", "/transaction/verify/dep-1").json()["data"]["id"]
        assert number > 2**63
        assert ear.wait_for(1)[0].content["id"] == number
        assert sandbox.call("GET", f"/transaction/{number}").json()["data"]["reference"] == "dep-1"
        assert sandbox.call("GET", f"/transaction/timeline/{number}").json()["data"]["success"] is True
        totals = sandbox.call("GET", "/transaction/totals").json()["data"]
        assert (totals["total_transactions"], totals["pending_transfers"]) == (1, NET)

    def test_of_a_transfer_are_not_found_just_after_it_was_made(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(hide_transfers=1)
        pay_out(sandbox)
        path = "/transfer/verify/payout-0000000001"
        assert [sandbox.call("GET", path).status_code for _ in range(2)] == [404, 200]
