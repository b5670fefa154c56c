"""Money going out, by the contract: one effect per reference, the balance that pays, and the ends it can meet."""

import threading
from typing import Any

import pytest

from tests.makers.sandbox import SandboxProcess
from tests.sandbox.merchant import name_recipient, pay_out, status_of

OPENING = 5_000_000_00
REFERENCE = "payout-0000000001"


class TestRecipient:
    def test_is_the_same_for_the_same_account(self, sandbox: SandboxProcess) -> None:
        first, again = name_recipient(sandbox), name_recipient(sandbox, name="Another Name")
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["data"] == again.json()["data"]
        assert first.json()["data"]["recipient_code"].startswith("RCP_")
        assert first.json()["data"]["details"]["bank_name"] == "Zenith Bank"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"type": "mobile_money"},
            {"bank_code": "000"},
            {"account_number": "123"},
            {"account_number": 1234567890},
            {"account_number": "9990000001"},
        ],
        ids=str,
    )
    def test_is_refused_where_the_account_cannot_be(self, sandbox: SandboxProcess, wrong: dict[str, Any]) -> None:
        answer = name_recipient(sandbox, **wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_params")


class TestInitiate:
    def test_is_pending_and_has_taken_amount_and_fee(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(transfer_outcome="pending-forever")
        answer = pay_out(sandbox)
        assert (answer.status_code, answer.json()["message"]) == (200, "Transfer has been queued")
        shape = answer.json()["data"]
        assert set(shape) == {
            "transfersessionid", "transfertrials", "domain", "amount", "currency", "reference", "source",
            "source_details", "reason", "status", "failures", "transfer_code", "titan_code", "transferred_at", "id",
            "integration", "request", "recipient", "createdAt", "updatedAt",
        }  # fmt: skip
        assert (shape["status"], shape["reference"], shape["amount"]) == ("pending", REFERENCE, 100_000)
        assert isinstance(shape["recipient"], int)
        assert sandbox.balance() == OPENING - 101_000

    def test_moves_nothing_the_second_time(self, sandbox: SandboxProcess) -> None:
        pay_out(sandbox)
        answer = pay_out(sandbox, amount=300_000)
        assert (answer.status_code, answer.json()["code"]) == (400, "duplicate_transfer_reference")
        assert "unique reference" in answer.json()["message"]
        assert sandbox.balance() == OPENING - 101_000

    def test_pays_once_when_asked_by_many_at_once(self, sandbox: SandboxProcess) -> None:
        recipient = name_recipient(sandbox).json()["data"]["recipient_code"]
        statuses: list[int] = []
        askers = [
            threading.Thread(target=lambda: statuses.append(pay_out(sandbox, recipient=recipient).status_code))
            for _ in range(8)
        ]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        assert sorted(statuses) == [200] + 7 * [400]
        assert sandbox.balance() == OPENING - 101_000

    def test_is_refused_when_the_balance_does_not_cover_the_fee(self, sandbox: SandboxProcess) -> None:
        answer = pay_out(sandbox, amount=OPENING)
        assert answer.status_code == 400
        assert answer.json() == {"status": False, "message": "Your balance is not enough to fulfil this request"}
        assert pay_out(sandbox, amount=OPENING - 5_000).status_code == 200
        assert sandbox.balance() == 0

    def test_is_refused_for_a_recipient_nobody_named(self, sandbox: SandboxProcess) -> None:
        answer = pay_out(sandbox, recipient="RCP_nobody")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_transfer_recipient")

    @pytest.mark.parametrize(
        "reference",
        ["short", "x" * 51, "Payout-0000000001", "payout.0000000001", "payout 0000000001", "payout=000000001"],
    )
    def test_is_refused_for_a_reference_of_other_letters_or_length(
        self, sandbox: SandboxProcess, reference: str
    ) -> None:
        answer = pay_out(sandbox, reference)
        assert answer.status_code == 400
        assert answer.json()["message"] == "Your reference contains illegal special characters"

    @pytest.mark.parametrize(
        "wrong", [{"source": "card"}, {"amount": 0}, {"amount": 10.5}, {"currency": "USD"}], ids=str
    )
    def test_is_refused_for_what_may_not_be_so(self, sandbox: SandboxProcess, wrong: dict[str, Any]) -> None:
        answer = pay_out(sandbox, **wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_params")

    @pytest.mark.parametrize("absent", ["source", "amount", "recipient", "reference"])
    def test_names_what_is_missing(self, sandbox: SandboxProcess, absent: str) -> None:
        body = {"source": "balance", "amount": 1_000, "recipient": "RCP_x", "reference": REFERENCE}
        del body[absent]
        answer = sandbox.call("POST", "/transfer", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "missing_params")


class TestEnds:
    def test_succeeds_after_its_delay(self, sandbox: SandboxProcess) -> None:
        pay_out(sandbox)
        sandbox.flush()
        shape = sandbox.call("GET", f"/transfer/verify/{REFERENCE}").json()["data"]
        assert (shape["status"], shape["fee_charged"]) == ("success", 1_000)
        assert set(shape) == {
            "amount", "createdAt", "currency", "domain", "failures", "id", "integration", "reason", "reference",
            "source", "source_details", "status", "titan_code", "transfer_code", "request", "transferred_at",
            "updatedAt", "recipient", "session", "fee_charged", "fees_breakdown", "gateway_response",
        }  # fmt: skip
        assert shape["recipient"]["recipient_code"].startswith("RCP_")
        assert sandbox.balance() == OPENING - 101_000

    @pytest.mark.parametrize("outcome", ["failed", "reversed"])
    def test_brings_amount_and_fee_back_when_it_does_not(self, sandbox: SandboxProcess, outcome: str) -> None:
        sandbox.knobs(transfer_outcome=outcome)
        pay_out(sandbox)
        sandbox.flush()
        assert (status_of(sandbox, REFERENCE), sandbox.balance()) == (outcome, OPENING)

    def test_keeps_the_fee_when_told_to(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(transfer_outcome="failed", fee_returned=False)
        pay_out(sandbox)
        sandbox.flush()
        assert sandbox.balance() == OPENING - 1_000

    def test_can_be_reversed_after_success_but_only_once(self, sandbox: SandboxProcess) -> None:
        pay_out(sandbox)
        sandbox.flush()
        sandbox.conclude(REFERENCE, "reverse")
        assert (status_of(sandbox, REFERENCE), sandbox.balance()) == ("reversed", OPENING)
        with pytest.raises(AssertionError, match="409"):
            sandbox.conclude(REFERENCE, "reverse")
        assert sandbox.balance() == OPENING

    def test_stays_pending_until_somebody_decides(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(transfer_outcome="pending-forever")
        pay_out(sandbox)
        sandbox.flush(early=True)
        assert status_of(sandbox, REFERENCE) == "pending"
        sandbox.conclude(REFERENCE, "succeed")
        assert status_of(sandbox, REFERENCE) == "success"

    def test_is_not_found_before_it_is_made(self, sandbox: SandboxProcess) -> None:
        answer = sandbox.call("GET", f"/transfer/verify/{REFERENCE}")
        assert (answer.status_code, answer.json()) == (404, {"status": False, "message": "Transfer not found"})


class TestLists:
    def test_pages_transfers_and_filters_by_status(self, sandbox: SandboxProcess) -> None:
        for number in range(3):
            pay_out(sandbox, f"payout-000000000{number}")
        sandbox.flush()
        sandbox.conclude("payout-0000000001", "reverse")
        page = sandbox.call("GET", "/transfer", params={"perPage": 2}).json()
        assert page["meta"] == {"total": 3, "skipped": 0, "perPage": 2, "page": 1, "pageCount": 2}
        back = sandbox.call("GET", "/transfer", params={"status": "reversed"}).json()["data"]
        assert [row["reference"] for row in back] == ["payout-0000000001"]
        for name in ("id", "transfer_code"):
            found = sandbox.call("GET", f"/transfer/{back[0][name]}").json()["data"]
            assert found["reference"] == "payout-0000000001"

    def test_tells_every_movement_of_the_balance(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(transfer_outcome="failed")
        pay_out(sandbox)
        sandbox.flush()
        sandbox.receive(10_000, "9930000902")
        assert sandbox.top_up(9_900) == OPENING + 9_900
        lines = sandbox.call("GET", "/balance/ledger").json()["data"]
        assert [line["difference"] for line in lines] == [9_900, 101_000, -101_000]
        assert [line["balance"] for line in lines] == [OPENING + 9_900, OPENING, OPENING - 101_000]
        assert [line["model_responsible"] for line in lines] == ["TopUp", "Transfer", "Transfer"]
