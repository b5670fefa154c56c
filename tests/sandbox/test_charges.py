"""Money coming in, by the contract: envelopes, refusals, references used once, lists and fees."""

from typing import Any

import pytest
import requests

from tests.makers.sandbox import SandboxProcess
from tests.sandbox.merchant import ask

VERIFIED_FIELDS = {
    "id", "domain", "status", "reference", "receipt_number", "amount", "message", "gateway_response", "paid_at",
    "created_at", "channel", "currency", "ip_address", "metadata", "log", "fees", "fees_split", "authorization",
    "customer", "plan", "split", "order_id", "paidAt", "createdAt", "requested_amount", "pos_transaction_data",
    "source", "fees_breakdown", "connect", "transaction_date", "plan_object", "subaccount",
}  # fmt: skip


def verify(sandbox: SandboxProcess, reference: str = "dep-1") -> dict[str, Any]:
    """The transaction as verify tells it."""
    shape: dict[str, Any] = sandbox.call("GET", f"/transaction/verify/{reference}").json()["data"]
    return shape


class TestKey:
    @pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer sk_test_other"}, {"Authorization": "sk_test_x"}])
    def test_refuses_a_call_without_the_right_key(self, sandbox: SandboxProcess, header: dict[str, str]) -> None:
        answer = requests.get(f"{sandbox.url}/balance", headers=header, timeout=5)
        assert answer.status_code == 401
        assert answer.json() == {"status": False, "message": "Invalid key"}


class TestInitialise:
    def test_answers_with_the_page_and_the_merchants_reference(self, sandbox: SandboxProcess) -> None:
        answer = ask(sandbox)
        assert answer.status_code == 200
        body = answer.json()
        assert (body["status"], body["message"]) == (True, "Authorization URL created")
        assert set(body["data"]) == {"authorization_url", "access_code", "reference"}
        assert body["data"]["reference"] == "dep-1"
        assert body["data"]["authorization_url"] == f"{sandbox.url}/checkout/{body['data']['access_code']}"

    def test_takes_a_form_and_an_amount_in_digits(self, sandbox: SandboxProcess) -> None:
        sent = {"email": "ada@example.com", "amount": "500000"}
        assert sandbox.call("POST", "/transaction/initialize", data=sent).status_code == 200

    def test_refuses_a_reference_used_before(self, sandbox: SandboxProcess) -> None:
        ask(sandbox)
        answer = ask(sandbox, amount=900_000)
        assert answer.status_code == 400
        body = answer.json()
        assert (body["code"], body["message"]) == ("duplicate_reference", "Duplicate Transaction Reference")
        assert (body["type"], set(body["meta"])) == ("validation_error", {"nextStep"})
        assert verify(sandbox)["amount"] == 500_000

    @pytest.mark.parametrize("amount", [4_999, 0, -5_000, 5_000.5, "50.00", "1e4", True, "٥٠٠٠", 10**14])
    def test_refuses_an_amount_that_is_not_whole_kobo_of_at_least_fifty_naira(
        self, sandbox: SandboxProcess, amount: Any
    ) -> None:
        answer = ask(sandbox, amount=amount)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_params")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"email": "nobody"},
            {"reference": "dep_1"},
            {"reference": "dep 1"},
            {"currency": "USD"},
            {"callback_url": "javascript:alert(1)"},
            {"channels": "card"},
        ],
        ids=str,
    )
    def test_refuses_what_may_not_be_so(self, sandbox: SandboxProcess, wrong: dict[str, Any]) -> None:
        body = {"email": "ada@example.com", "amount": 5_000, "reference": "dep-1"} | wrong
        answer = sandbox.call("POST", "/transaction/initialize", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_params")

    @pytest.mark.parametrize("absent", ["email", "amount"])
    def test_names_what_is_missing(self, sandbox: SandboxProcess, absent: str) -> None:
        body = {"email": "ada@example.com", "amount": 5_000}
        del body[absent]
        answer = sandbox.call("POST", "/transaction/initialize", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "missing_params")
        assert absent in answer.json()["message"]


class TestVerify:
    def test_does_not_know_an_unused_reference(self, sandbox: SandboxProcess) -> None:
        answer = sandbox.call("GET", "/transaction/verify/nothing-here")
        assert (answer.status_code, answer.json()["code"]) == (404, "transaction_not_found")

    def test_says_abandoned_until_somebody_pays(self, sandbox: SandboxProcess) -> None:
        ask(sandbox)
        shape = verify(sandbox)
        assert set(shape) == VERIFIED_FIELDS
        assert (shape["status"], shape["paid_at"], shape["fees"]) == ("abandoned", None, None)

    def test_tells_the_payment_its_fee_and_what_was_asked(self, sandbox: SandboxProcess) -> None:
        ask(sandbox, metadata={"deposit": "dep-1"})
        sandbox.pay("dep-1")
        shape = verify(sandbox)
        assert set(shape) == VERIFIED_FIELDS
        assert (shape["status"], shape["domain"], shape["currency"], shape["channel"]) == (
            "success", "test", "NGN", "card",
        )  # fmt: skip
        assert (shape["amount"], shape["requested_amount"], shape["fees"]) == (500_000, 500_000, 17_500)
        assert shape["metadata"] == {"deposit": "dep-1"}
        assert (sandbox.stream(), sandbox.balance()) == (500_000 - 17_500, 500_000_000)

    def test_tells_an_amount_that_differs_from_what_was_asked(self, sandbox: SandboxProcess) -> None:
        ask(sandbox)
        sandbox.pay("dep-1", channel="bank_transfer", amount=400_000)
        shape = verify(sandbox)
        assert (shape["amount"], shape["requested_amount"], shape["fees"]) == (400_000, 500_000, 16_000)

    def test_says_failed_after_a_decline_and_still_takes_the_money_later(self, sandbox: SandboxProcess) -> None:
        ask(sandbox)
        sandbox.pay("dep-1", outcome="failed")
        assert (verify(sandbox)["status"], sandbox.balance()) == ("failed", 500_000_000)
        sandbox.pay("dep-1")
        assert verify(sandbox)["status"] == "success"


class TestList:
    def test_pages_newest_first_with_offset_meta(self, sandbox: SandboxProcess) -> None:
        for number in range(5):
            sandbox.clock(f"2026-11-0{number + 1}T09:00:00Z")
            ask(sandbox, f"dep-{number}")
        page = sandbox.call("GET", "/transaction", params={"perPage": 2, "page": 2}).json()
        assert [row["reference"] for row in page["data"]] == ["dep-2", "dep-1"]
        assert page["meta"] == {
            "total": 5, "total_volume": 2_500_000, "skipped": 2, "perPage": 2, "page": 2, "pageCount": 3,
        }  # fmt: skip
        assert page["data"][0]["created_at"] == "2026-11-03T09:00:00.000Z"

    def test_filters_by_status_and_day(self, sandbox: SandboxProcess) -> None:
        for day in (1, 2, 3):
            sandbox.clock(f"2026-11-0{day}T09:00:00Z")
            ask(sandbox, f"dep-{day}")
        sandbox.pay("dep-2")
        paid = sandbox.call("GET", "/transaction", params={"status": "success"}).json()
        assert [row["reference"] for row in paid["data"]] == ["dep-2"]
        days = sandbox.call("GET", "/transaction", params={"from": "2026-11-02", "to": "2026-11-03"}).json()
        assert [row["reference"] for row in days["data"]] == ["dep-3", "dep-2"]
        until = sandbox.call("GET", "/transaction", params={"to": "2026-11-01T08:59:59Z"}).json()
        assert until["data"] == []

    @pytest.mark.parametrize("wrong", [{"page": "0"}, {"perPage": "x"}, {"from": "yesterday"}], ids=str)
    def test_refuses_a_page_or_day_that_is_none(self, sandbox: SandboxProcess, wrong: dict[str, str]) -> None:
        assert sandbox.call("GET", "/transaction", params=wrong).status_code == 400

    def test_fetches_one_by_id(self, sandbox: SandboxProcess) -> None:
        ask(sandbox)
        transaction_id = verify(sandbox)["id"]
        assert transaction_id > 2**32
        assert sandbox.call("GET", f"/transaction/{transaction_id}").json()["data"]["reference"] == "dep-1"
        for unknown in (1, 2**64):
            assert sandbox.call("GET", f"/transaction/{unknown}").status_code == 404


class TestReceive:
    def test_lists_a_payment_nobody_asked_for(self, sandbox: SandboxProcess) -> None:
        reference = sandbox.receive(250_000, "9930000902", sender_name="RANDALL HORTON")
        (row,) = sandbox.call("GET", "/transaction", params={"channel": "dedicated_nuban"}).json()["data"]
        assert (row["reference"], row["status"], row["fees"]) == (reference, "success", 2_500)
        assert row["authorization"]["receiver_bank_account_number"] == "9930000902"
        assert row["authorization"]["sender_name"] == "RANDALL HORTON"
        assert row["metadata"]["receiver_account_number"] == "9930000902"
