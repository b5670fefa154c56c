"""Every status a transfer can stand at, the waiting ones too; and many transfers in one call."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.makers.ear import Ear
from tests.makers.sandbox import SandboxProcess
from tests.sandbox.merchant import name_recipient, pay_out, status_of

OPENING = 5_000_000_00
REFERENCE = "payout-0000000001"


class TestSilentEnds:
    @pytest.mark.parametrize(
        ("end", "first"), [("abandoned", "otp"), ("blocked", "received"), ("rejected", "received")]
    )
    def test_bring_the_money_back_and_have_no_event(self, sandbox: SandboxProcess, end: str, first: str) -> None:
        sandbox.knobs(transfer_outcome=end, transfer_delay_seconds=3600)
        assert pay_out(sandbox).json()["data"]["status"] == first
        assert sandbox.balance() == OPENING - 101_000
        verb = {"abandoned": "abandon", "blocked": "block", "rejected": "reject"}[end]
        assert sandbox.conclude(REFERENCE, verb)["status"] == end
        assert (sandbox.balance(), sandbox.webhooks()) == (OPENING, [])
        with pytest.raises(AssertionError, match="409"):
            sandbox.conclude(REFERENCE, "succeed")

    def test_come_by_themselves(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(transfer_outcome="blocked")
        pay_out(sandbox)
        sandbox.flush()
        assert status_of(sandbox, REFERENCE) == "blocked"

    def test_success_can_be_the_answer_itself(self, sandbox: SandboxProcess, ear: Ear) -> None:
        sandbox.knobs(transfer_outcome="at-once")
        assert pay_out(sandbox).json()["data"]["status"] == "success"
        assert [heard.event for heard in ear.wait_for(1)] == ["transfer.success"]


class TestPassword:
    def finalise(self, sandbox: SandboxProcess, otp: str) -> dict[str, Any]:
        """POST /transfer/finalize_transfer for the one transfer there is."""
        code = sandbox.call("GET", f"/transfer/verify/{REFERENCE}").json()["data"]["transfer_code"]
        answer = sandbox.call("POST", "/transfer/finalize_transfer", json={"transfer_code": code, "otp": otp})
        shape: dict[str, Any] = answer.json()
        return shape

    def test_lets_the_transfer_go(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(transfer_outcome="otp")
        answer = pay_out(sandbox).json()
        assert (answer["message"], answer["data"]["status"]) == ("Transfer requires OTP to continue", "otp")
        assert self.finalise(sandbox, "123456")["data"]["status"] == "pending"
        sandbox.flush()
        assert status_of(sandbox, REFERENCE) == "success"
        assert self.finalise(sandbox, "123456")["status"] is False
        assert sandbox.balance() == OPENING - 101_000

    def test_ends_it_when_it_is_wrong(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(transfer_outcome="otp")
        pay_out(sandbox)
        self.finalise(sandbox, "000000")
        assert (status_of(sandbox, REFERENCE), sandbox.balance()) == ("failed", OPENING)

    def test_can_be_asked_for_later_and_sent_again(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(transfer_outcome="pending-forever")
        code = pay_out(sandbox).json()["data"]["transfer_code"]
        assert sandbox.conclude(REFERENCE, "otp")["status"] == "otp"
        again = {"transfer_code": code, "reason": "resend_otp"}
        assert sandbox.call("POST", "/transfer/resend_otp", json=again).json()["message"] == "OTP has been resent"
        wrong = {"transfer_code": "TRF_none", "otp": "123456"}
        assert (
            sandbox.call("POST", "/transfer/finalize_transfer", json=wrong).json()["message"]
            == "Transfer code is invalid"
        )


class TestApproval:
    @pytest.fixture
    def door(self) -> Iterator[ThreadingHTTPServer]:
        """A merchant's approval address that answers as `status` says."""

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(self.server.status)  # type: ignore[attr-defined]
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()
        server.server_close()

    @pytest.mark.parametrize(("word", "end"), [(200, "success"), (400, "rejected"), (500, "blocked")])
    def test_decides(self, sandbox: SandboxProcess, door: ThreadingHTTPServer, word: int, end: str) -> None:
        door.status = word  # type: ignore[attr-defined]
        sandbox.knobs(approval_url=f"http://127.0.0.1:{door.server_port}/approve")
        assert pay_out(sandbox).json()["data"]["status"] == "received"
        sandbox.flush()
        sandbox.flush()
        assert status_of(sandbox, REFERENCE) == end
        assert sandbox.balance() == (OPENING - 101_000 if end == "success" else OPENING)


class TestMany:
    def many(self, sandbox: SandboxProcess, *references: str, amount: int = 100_000) -> Any:
        """POST /transfer/bulk to one recipient."""
        recipient = name_recipient(sandbox).json()["data"]["recipient_code"]
        each = [{"amount": amount, "recipient": recipient, "reference": reference} for reference in references]
        return sandbox.call("POST", "/transfer/bulk", json={"source": "balance", "transfers": each})

    def test_are_made_in_one_call(self, sandbox: SandboxProcess) -> None:
        answer = self.many(sandbox, "payout-0000000001", "payout-0000000002")
        assert answer.json()["message"] == "2 transfers queued."
        assert set(answer.json()["data"][0]) == {
            "reference", "recipient", "amount", "transfer_code", "currency", "status",
        }  # fmt: skip
        sandbox.flush()
        assert [status_of(sandbox, f"payout-000000000{number}") for number in (1, 2)] == ["success", "success"]
        assert sandbox.balance() == OPENING - 202_000

    def test_are_all_refused_for_one_that_was_made_before(self, sandbox: SandboxProcess) -> None:
        self.many(sandbox, "payout-0000000001")
        answer = self.many(sandbox, "payout-0000000001", "payout-0000000002", "payout-0000000002")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown")
        assert answer.json()["message"].endswith("payout-0000000001,payout-0000000002")
        assert sandbox.balance() == OPENING - 101_000

    def test_are_all_refused_when_the_balance_is_short_of_all(self, sandbox: SandboxProcess) -> None:
        answer = self.many(sandbox, "payout-0000000001", "payout-0000000002", amount=OPENING // 2)
        assert "not enough" in answer.json()["message"]
        assert sandbox.balance() == OPENING

    def test_may_be_made_although_the_answer_is_an_error(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(answer="error_after", answer_to="/transfer/bulk")
        assert pay_out(sandbox, "payout-0000000009").status_code == 200
        assert self.many(sandbox, "payout-0000000001").status_code == 500
        assert sandbox.balance() == OPENING - 202_000
