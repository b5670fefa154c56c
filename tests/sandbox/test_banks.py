"""Banks and account holders: a real list of codes, and an invented person behind every number but some."""

import pytest

from sandbox import people
from tests.makers.sandbox import SandboxProcess

KNOWN = {
    "001": "Test Bank",
    "057": "Zenith Bank",
    "058": "Guaranty Trust Bank",
    "044": "Access Bank",
    "011": "First Bank of Nigeria",
    "033": "United Bank For Africa",
    "50211": "Kuda Bank",
    "999992": "OPay Digital Services Limited (OPay)",
}


def test_lists_nigerian_banks_by_the_vendors_codes(sandbox: SandboxProcess) -> None:
    banks = sandbox.call("GET", "/bank", params={"currency": "NGN"}).json()["data"]
    named = {bank["code"]: bank["name"] for bank in banks}
    assert named.items() >= KNOWN.items()
    assert len(named) == len(banks) >= 25
    assert {bank["type"] for bank in banks} == {"nuban"}
    assert sandbox.call("GET", "/bank", params={"currency": "GHS"}).json()["data"] == []


def test_hands_the_list_out_by_cursor(sandbox: SandboxProcess) -> None:
    codes: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = sandbox.call("GET", "/bank", params={"perPage": 10, "next": cursor}).json()
        codes += [bank["code"] for bank in page["data"]]
        cursor = page["meta"]["next"]
    assert len(codes) == len(set(codes)) >= 25


def test_resolves_a_number_to_the_same_person_every_time(sandbox: SandboxProcess) -> None:
    asked = {"account_number": "0000000000", "bank_code": "057"}
    first, again = (sandbox.call("GET", "/bank/resolve", params=asked).json() for _ in range(2))
    assert first == again
    assert first["message"] == "Account number resolved"
    assert set(first["data"]) == {"account_number", "account_name", "bank_id"}
    assert first["data"]["account_name"] == people.name_of("0000000000")


def test_resolves_to_the_holder_that_control_has_named(sandbox: SandboxProcess) -> None:
    sandbox.name_account("0123456789", "Obi Ada Grace")
    asked = {"account_number": "0123456789", "bank_code": "058"}
    assert sandbox.call("GET", "/bank/resolve", params=asked).json()["data"]["account_name"] == "OBI ADA GRACE"


def test_cannot_resolve_a_number_that_nobody_holds(sandbox: SandboxProcess) -> None:
    answer = sandbox.call("GET", "/bank/resolve", params={"account_number": "9991234567", "bank_code": "058"})
    assert answer.status_code == 422
    assert answer.json()["message"] == "Could not resolve account name. Check parameters or try again."


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"account_number": "0123456789"}, "missing_params"),
        ({"account_number": "12345", "bank_code": "058"}, "invalid_params"),
        ({"account_number": "0123456789", "bank_code": "777"}, "invalid_params"),
    ],
)
def test_refuses_a_number_or_bank_that_is_none(sandbox: SandboxProcess, asked: dict[str, str], code: str) -> None:
    answer = sandbox.call("GET", "/bank/resolve", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_gives_people_distinct_plausible_names() -> None:
    names = [people.name_of(f"{number:010d}") for number in range(500)]
    assert all(len(set(name.split())) >= 2 and name.isupper() for name in names)
    assert all(len(name.split()) == 3 for name in names)
    assert len(set(names)) > 490
