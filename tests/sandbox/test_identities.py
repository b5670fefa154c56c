"""Customers of the sandbox's Paystack, how they are identified, and its registers."""

import time
from datetime import date
from typing import Any

import pytest
import requests

from tests.makers.ear import Ear
from tests.makers.sandbox import SandboxProcess

WHO = {"email": "uchenna@example.com", "first_name": "Uchenna", "last_name": "Okoro"}
# The vendor's own test credential.
PROOF = {
    "first_name": "Uchenna",
    "last_name": "Okoro",
    "type": "bank_account",
    "country": "NG",
    "bvn": "222222222221",
    "bank_code": "057",
    "account_number": "0111111111",
}
GIVEN = {"name": "Ada Obi", "birth_date": "1990-04-11"}


def code_of(sandbox: SandboxProcess) -> str:
    return str(sandbox.call("POST", "/customer", json=WHO).json()["data"]["customer_code"])


def identify(sandbox: SandboxProcess, code: str, **more: Any) -> requests.Response:
    return sandbox.call("POST", f"/customer/{code}/identification", json=PROOF | more)


class TestACustomer:
    def test_is_one_per_address(self, sandbox: SandboxProcess) -> None:
        code = code_of(sandbox)
        assert code.startswith("CUS_")
        assert code_of(sandbox) == code
        found = sandbox.call("GET", f"/customer/{code}").json()["data"]
        assert (found["first_name"], found["identified"], found["email"]) == ("Uchenna", False, WHO["email"])

    def test_that_nobody_made_is_not_found(self, sandbox: SandboxProcess) -> None:
        assert sandbox.call("GET", "/customer/CUS_nobody").status_code == 404
        assert identify(sandbox, "CUS_nobody").status_code == 404

    def test_is_identified_later_by_an_event_with_starred_numbers(self, sandbox: SandboxProcess, ear: Ear) -> None:
        code = code_of(sandbox)
        sandbox.name_account(PROOF["account_number"], "Uchenna Okoro")
        answer = identify(sandbox, code)
        assert (answer.status_code, set(answer.json())) == (202, {"status", "message"})
        (heard,) = ear.wait_for(1)
        assert heard.event == "customeridentification.success"
        proof = {"country": "NG", "type": "bank_account", "bvn": "222******221", "account_number": "011****111"}
        assert heard.content["identification"] == proof | {"bank_code": "057"}
        assert set(heard.content) == {"customer_id", "customer_code", "email", "identification"}
        assert sandbox.call("GET", f"/customer/{code}").json()["data"]["identified"] is True

    @pytest.mark.parametrize(
        ("knob", "reason"),
        [
            ("unresolved", "Account couldn't be resolved. Please try again"),
            ("name", "Account name or BVN is incorrect"),
            ("number", "Account number or BVN is incorrect"),
        ],
    )
    def test_fails_for_the_reasons_of_the_contract(
        self, sandbox: SandboxProcess, ear: Ear, knob: str, reason: str
    ) -> None:
        sandbox.knobs(identification=knob)
        code = code_of(sandbox)
        identify(sandbox, code)
        (heard,) = ear.wait_for(1)
        assert (heard.event, heard.content["reason"]) == ("customeridentification.failed", reason)
        assert sandbox.call("GET", f"/customer/{code}").json()["data"]["identified"] is False

    def test_fails_where_the_holder_is_another_or_nobody(self, sandbox: SandboxProcess, ear: Ear) -> None:
        code = code_of(sandbox)
        sandbox.name_account("0111111112", "Musa Ibrahim")
        identify(sandbox, code, account_number="0111111112")
        identify(sandbox, code, account_number="9991111111")
        assert {heard.content["reason"] for heard in ear.wait_for(2)} == {
            "Account name or BVN is incorrect",
            "Account couldn't be resolved. Please try again",
        }

    def test_may_never_be_told(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(identification="never")
        assert identify(sandbox, code_of(sandbox)).status_code == 202
        assert sandbox.webhooks() == []

    @pytest.mark.parametrize(
        "wrong",
        [{"bvn": "12"}, {"bvn": None}, {"type": "bvn"}, {"country": "GH"}, {"bank_code": "x"}, {"first_name": ""}],
    )
    def test_is_not_identified_by_what_is_wrong(self, sandbox: SandboxProcess, wrong: dict[str, Any]) -> None:
        assert identify(sandbox, code_of(sandbox), **wrong).status_code == 400
        assert sandbox.webhooks() == []


def look_up(sandbox: SandboxProcess, number: str, *, kind: str = "bvn", **more: Any) -> requests.Response:
    asked = {"reference": "idc_1", "kind": kind, "number": number, "given": GIVEN}
    return sandbox.call("POST", "/registry/lookups", json=asked | more)


class TestRegisters:
    @pytest.mark.parametrize(
        ("number", "name", "born"),
        [
            ("22010000001", "ADA OBI", "1990-04-11"),
            ("22030000001", "ADA", "1990-04-11"),
            ("22040000001", "ADA OBI", "1990-11-04"),
        ],
    )
    def test_answer_by_family(self, sandbox: SandboxProcess, number: str, name: str, born: str) -> None:
        found = look_up(sandbox, number).json()["record"]
        assert (found["name"], found["birth_date"]) == (name, born)

    @pytest.mark.parametrize(
        ("number", "status", "code"),
        [
            ("22400000001", 200, None),
            ("24000000001", 422, "bad_number"),
            ("24040000001", 404, "no_such_record"),
            ("99900000001", 404, "no_such_record"),
            ("24290000001", 429, "too_many"),
            ("25000000001", 503, "down"),
        ],
    )
    def test_say_no_by_family(self, sandbox: SandboxProcess, number: str, status: int, code: str | None) -> None:
        answer = look_up(sandbox, number)
        assert (answer.status_code, answer.json().get("code")) == (status, code)

    def test_are_slow_by_family_and_by_knob(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(late_ms=300)
        for number, knob in (("24080000001", "normal"), ("22010000001", "late")):
            sandbox.knobs(registry=knob)
            began = time.monotonic()
            assert look_up(sandbox, number).status_code == 200
            assert time.monotonic() - began >= 0.3

    @pytest.mark.parametrize(("knob", "status"), [("busy", 429), ("down", 503)])
    def test_say_no_by_knob(self, sandbox: SandboxProcess, knob: str, status: int) -> None:
        sandbox.knobs(registry=knob)
        assert look_up(sandbox, "22010000001").status_code == status

    def test_hang_up_by_knob(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(registry="drop")
        with pytest.raises(requests.ConnectionError):
            look_up(sandbox, "22010000001")

    def test_invent_the_same_person_for_the_same_number(self, sandbox: SandboxProcess) -> None:
        one, again, other = (look_up(sandbox, number).json()["record"] for number in ("22331", "22331", "22332"))
        assert one == again != other
        date.fromisoformat(one["birth_date"])
        assert look_up(sandbox, "RC100200", kind="company").json()["record"]["name"].endswith(" LTD")

    def test_keep_whom_control_says(self, sandbox: SandboxProcess) -> None:
        record = {"kind": "nin", "number": "22331", "name": "Amina Yaro", "birth_date": "1988-01-02"}
        sandbox.control("POST", "records", record)
        sandbox.restart()
        assert look_up(sandbox, "22331", kind="nin").json()["record"]["name"] == "Amina Yaro"
        assert look_up(sandbox, "22331", kind="bvn").json()["record"]["name"] != "Amina Yaro"

    def test_ask_for_the_token_and_for_everything(self, sandbox: SandboxProcess) -> None:
        assert sandbox._send("POST", "/registry/lookups", json={}).status_code == 401
        for broken in ({"kind": "passport"}, {"number": ""}, {"reference": None}, {"given": "Ada"}):
            asked = {"reference": "idc_1", "kind": "bvn", "number": "22010000001", "given": GIVEN}
            assert sandbox.call("POST", "/registry/lookups", json=asked | broken).status_code == 400
        assert sandbox.call("POST", "/registry/lookups", json=[]).status_code == 400

    def test_write_no_number_into_their_list_of_calls(self, sandbox: SandboxProcess) -> None:
        look_up(sandbox, "22019998887")
        calls = sandbox.control("GET", "calls", params={"path": "/registry/lookups"})
        assert calls["total"] == 1
        assert "22019998887" not in str(calls)
