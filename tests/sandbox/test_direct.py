"""Charges without the payer's page, and the account numbers payers transfer into."""

from typing import Any

import pytest
import requests

from tests.makers.ear import Ear
from tests.makers.sandbox import SandboxProcess
from tests.sandbox.merchant import ask
from tests.sandbox.vectors import fields, load


def charge(sandbox: SandboxProcess, **how: Any) -> requests.Response:
    """POST /charge."""
    body = {"email": "ada@example.com", "amount": 500_000, "reference": "dep-1", **how}
    return sandbox.call("POST", "/charge", json=body)


def verify(sandbox: SandboxProcess, reference: str = "dep-1") -> dict[str, Any]:
    """The transaction as verify tells it."""
    shape: dict[str, Any] = sandbox.call("GET", f"/transaction/verify/{reference}").json()["data"]
    return shape


def customer(sandbox: SandboxProcess, email: str = "ada@example.com") -> str:
    """A named customer's code."""
    body = {"email": email, "first_name": "Ada", "last_name": "Obi", "phone": "+2348030000001"}
    return str(sandbox.call("POST", "/customer", json=body).json()["data"]["customer_code"])


def account(sandbox: SandboxProcess, **more: Any) -> dict[str, Any]:
    """A customer's own account number."""
    body = {"customer": customer(sandbox), "preferred_bank": "test-bank", **more}
    made: dict[str, Any] = sandbox.call("POST", "/dedicated_account", json=body).json()["data"]
    return made


class TestTransferIntoANumber:
    def test_is_asked_for_and_paid(self, sandbox: SandboxProcess, ear: Ear) -> None:
        shape = charge(sandbox, bank_transfer={}).json()["data"]
        assert set(shape) == {
            "status", "display_text", "reference", "amount", "account_name", "account_number", "bank",
            "account_expires_at",
        }  # fmt: skip
        assert shape["status"] == "pending_bank_transfer"
        assert sandbox.call("GET", "/charge/dep-1").json()["data"] == {"reference": "dep-1", "status": "pending"}
        assert sandbox.receive(500_000, shape["account_number"], sender_name="ADA OBI") == "dep-1"
        (heard,) = ear.wait_for(1)
        assert (heard.event, heard.content["channel"]) == ("charge.success", "bank_transfer")
        assert fields(heard.content) == fields(load("charge.success.bank_transfer")["data"])
        assert sandbox.call("GET", "/charge/dep-1").json()["data"]["status"] == "success"

    @pytest.mark.parametrize(
        ("asked", "until"),
        [
            (None, "18:00"),
            ("2026-11-20T10:01:00Z", "10:15"),
            ("2026-11-20T12:00:00Z", "12:00"),
            ("2026-11-21T10:00:00Z", "18:00"),
        ],
    )
    def test_may_be_made_for_15_minutes_to_8_hours(
        self, sandbox: SandboxProcess, asked: str | None, until: str
    ) -> None:
        sandbox.clock("2026-11-20T10:00:00Z")
        shape = charge(sandbox, bank_transfer={"account_expires_at": asked}).json()["data"]
        assert shape["account_expires_at"] == f"2026-11-20T{until}:00.000Z"

    @pytest.mark.parametrize("case", ["wrong amount", "late", "twice"])
    def test_is_sent_back_unless_it_is_right_in_time_and_the_first(
        self, sandbox: SandboxProcess, ear: Ear, case: str
    ) -> None:
        sandbox.clock("2026-11-20T10:00:00Z")
        number = charge(sandbox, bank_transfer={}).json()["data"]["account_number"]
        before = 0
        if case == "twice":
            sandbox.receive(500_000, number)
            before = 1
        if case == "late":
            sandbox.clock("2026-11-20T18:00:01Z")
        sandbox.receive(300 if case == "wrong amount" else 500_000, number)
        heard = ear.wait_for(before + 1)[-1]
        assert heard.event == "bank.transfer.rejected"
        assert fields(heard.content) == fields(load("bank.transfer.rejected")["data"])
        assert isinstance(heard.content["bank_transfer"]["amount"], str)
        assert sandbox.stream() == before * 482_500


class TestDialling:
    def test_gives_a_code_and_is_paid(self, sandbox: SandboxProcess) -> None:
        shape = charge(sandbox, ussd={"type": "737"}).json()["data"]
        assert shape["status"] == "pay_offline"
        assert shape["ussd_code"] in shape["display_text"]
        assert verify(sandbox)["status"] == "pending"
        sandbox.pay("dep-1", channel="ussd")
        assert (verify(sandbox)["status"], verify(sandbox)["channel"]) == ("success", "ussd")

    @pytest.mark.parametrize("how", [{"ussd": {"type": "000"}}, {}, {"authorization_code": "AUTH_nobody"}], ids=str)
    def test_refuses_what_it_cannot_charge(self, sandbox: SandboxProcess, how: dict[str, Any]) -> None:
        assert charge(sandbox, **how).status_code == 400


class TestSavedCard:
    @pytest.fixture
    def code(self, sandbox: SandboxProcess) -> str:
        """The name of a card that has paid once."""
        ask(sandbox, "dep-0")
        sandbox.pay("dep-0")
        return str(verify(sandbox, "dep-0")["authorization"]["authorization_code"])

    def again(self, sandbox: SandboxProcess, code: str, email: str = "ada@example.com") -> requests.Response:
        """POST /transaction/charge_authorization."""
        body = {"email": email, "amount": 250_000, "authorization_code": code, "reference": "dep-1"}
        return sandbox.call("POST", "/transaction/charge_authorization", json=body)

    def test_pays_at_once_under_the_same_name(self, sandbox: SandboxProcess, ear: Ear, code: str) -> None:
        shape = self.again(sandbox, code).json()["data"]
        assert (shape["status"], shape["amount"], shape["fees"]) == ("success", 250_000, 13_750)
        assert shape["authorization"]["authorization_code"] == code
        assert [heard.content["reference"] for heard in ear.wait_for(2)] == ["dep-0", "dep-1"]
        assert self.again(sandbox, code).json()["code"] == "duplicate_reference"

    def test_is_declined_with_an_answer_that_is_no_error(self, sandbox: SandboxProcess, code: str) -> None:
        sandbox.knobs(saved_card="failed")
        answer = self.again(sandbox, code)
        assert (answer.status_code, answer.json()["data"]["status"]) == (200, "failed")
        assert sandbox.stream() == 482_500

    def test_is_declined_for_a_customer_who_is_denied(self, sandbox: SandboxProcess, code: str) -> None:
        body = {"customer": customer(sandbox), "risk_action": "deny"}
        assert sandbox.call("POST", "/customer/set_risk_action", json=body).json()["data"]["risk_action"] == "deny"
        assert self.again(sandbox, code).json()["data"]["status"] == "failed"

    def test_is_nobody_elses(self, sandbox: SandboxProcess, code: str) -> None:
        assert self.again(sandbox, code, "eve@example.com").status_code == 400


class TestDedicatedAccount:
    def test_is_given_once_and_found(self, sandbox: SandboxProcess) -> None:
        made = account(sandbox)
        sample = load("dedicatedaccount.assign.success")["data"]["dedicated_account"]
        assert fields(made) - {f for f in fields(made) if f.startswith("customer")} == fields(sample)
        assert (made["account_name"], made["bank"]["slug"], made["active"]) == ("BURSAR/ADA OBI", "test-bank", True)
        assert account(sandbox)["id"] == made["id"]
        (row,) = sandbox.call("GET", "/dedicated_account", params={"active": "true"}).json()["data"]
        assert row["account_number"] == made["account_number"]
        fetched = sandbox.call("GET", f"/dedicated_account/{made['id']}").json()["data"]
        assert (row["split_config"], fetched["split_config"]) == ({}, "{}")

    def test_brings_its_payments_to_its_customer(self, sandbox: SandboxProcess, ear: Ear) -> None:
        made = account(sandbox)
        sandbox.receive(250_000, made["account_number"])
        (heard,) = ear.wait_for(1)
        assert heard.content["customer"]["customer_code"] == made["customer"]["customer_code"]
        wanted = {"virtual_account_number": made["account_number"]}
        assert len(sandbox.call("GET", "/transaction", params=wanted).json()["data"]) == 1

    def test_takes_nothing_after_it_is_closed(self, sandbox: SandboxProcess) -> None:
        made = account(sandbox)
        gone = sandbox.call("DELETE", f"/dedicated_account/{made['id']}").json()["data"]
        assert (gone["assigned"], gone["active"]) == (False, False)
        with pytest.raises(AssertionError, match="closed"):
            sandbox.receive(250_000, made["account_number"])
        assert account(sandbox)["account_number"] != made["account_number"]

    def test_finds_what_was_missed_when_asked_to_look_again(self, sandbox: SandboxProcess, ear: Ear) -> None:
        sandbox.clock("2026-11-20T10:00:00Z")
        made = account(sandbox)
        assert sandbox.receive(250_000, made["account_number"], unnoticed=True) == ""
        assert (sandbox.stream(), sandbox.webhooks()) == (0, [])
        wanted = {"account_number": made["account_number"], "provider_slug": "test-bank", "date": "2026-11-20"}
        answer = sandbox.call("GET", "/dedicated_account/requery", params=wanted)
        assert set(answer.json()) == {"status", "message"}
        assert [heard.content["amount"] for heard in ear.wait_for(1)] == [250_000]
        again = sandbox.call("GET", "/dedicated_account/requery", params=wanted)
        assert (again.status_code, again.json()["code"]) == (429, "rate_limited")

    @pytest.mark.parametrize(("bank", "end"), [("test-bank", "success"), ("no-bank", "failed")])
    def test_tells_of_an_assignment_by_event(self, sandbox: SandboxProcess, ear: Ear, bank: str, end: str) -> None:
        body = {
            "email": "ada@example.com", "first_name": "Ada", "last_name": "Obi", "phone": "+2348030000001",
            "preferred_bank": bank, "country": "NG",
        }  # fmt: skip
        sandbox.call("POST", "/dedicated_account/assign", json=body)
        (heard,) = ear.wait_for(1)
        assert heard.event == f"dedicatedaccount.assign.{end}"
        assert fields(heard.content) == fields(load(heard.event)["data"])

    def test_is_had_at_the_providers(self, sandbox: SandboxProcess) -> None:
        slugs = [
            row["provider_slug"] for row in sandbox.call("GET", "/dedicated_account/available_providers").json()["data"]
        ]
        assert slugs == ["test-bank", "wema-bank"]
