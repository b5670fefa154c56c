"""Every call we make is one that Paystack's specification allows, and every answer its documentation shows is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import pytest

from app.clients.paystack import Paystack
from app.clients.paystack_answers import Bank, DedicatedAccount, Order, Provider
from tests.makers.sandbox import SECRET
from tests.makers.specification import BEYOND, OPERATIONS, operation_of, sample, violations
from tests.makers.vendor import Asked, Says, Vendor

AT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
REFERENCE = "dep-01m80w468yyvnxpy"
ORDER = Order(20_000, "RCP_gd9vgag7n5lr5ix", "acv_2627bbfe-1a2a-4a1a-8d0e-9d2ee6c31496", "Withdrawal")
HELD = {"first_name": "Ada", "last_name": "Obi"}
ACCOUNT = {"account_number": "0022728151", "bank_code": "057"}
Act = Callable[[Paystack], Any]


@dataclass(frozen=True)
class Case:
    """A call of ours, which operation that is, and what of the documented answer we must have understood."""

    operation: str
    act: Act
    means: Any = None
    which: str = "docs"


def _to(reference: str) -> dict[str, Any]:
    return {"email": "ada@example.com", "amount": 500_000, "reference": reference}


def _facts(*names: str) -> Callable[[Any], tuple[Any, ...]]:
    return lambda found: tuple(getattr(found, name) for name in names)


def _first(found: Any) -> Any:
    return next(iter(found))


CHARGE = _facts("id", "reference", "status", "amount", "requested", "fees", "domain", "customer_code")
TRANSFER = _facts("id", "reference", "status", "amount", "fee", "transfer_code")
REFUND = _facts("id", "status", "amount", "deducted", "transaction_reference", "transaction_id")
SETTLED = _facts("id", "gross", "fees", "total", "effective", "deductions", "settled_on")

CASES = [
    Case(
        "transaction_initialize",
        lambda paystack: (
            paystack.initialize(**_to(REFERENCE), callback_url="https://bursar.example/back", channels=["card"]).url
        ),
        "https://checkout.paystack.com/3ni8kdavz62431k",
    ),
    Case(
        "charge_create",
        lambda paystack: paystack.begin_ussd(**_to(REFERENCE), code="737").dial,
        "*737*33*4*453441#",
        "ussd",
    ),
    Case(
        "charge_check",
        lambda paystack: _facts("reference", "status", "amount")(paystack.charge_status(REFERENCE)),
        ("zuvbpizfcf2fs7y", "success", 200),
    ),
    Case(
        "charge_check",
        lambda paystack: _facts("reference", "status", "amount")(paystack.charge_status(REFERENCE)),
        ("5bwib5v6anhe9xa", "pending", 0),
        "pending",
    ),
    Case(
        "transaction_chargeAuthorization",
        lambda paystack: CHARGE(paystack.charge_card(**_to(REFERENCE), authorization_code="AUTH_uh8bcl3zbn")),
        ("4099490251", "0m7frfnr47ezyxl", "success", 35_247, None, 10_247, "test", "CUS_1rkzaqsv4rrhqo6"),
    ),
    Case(
        "transaction_verify",
        lambda paystack: CHARGE(paystack.find_charge(REFERENCE)),
        ("4099260516", "re4lyvq3s3", "success", 40_333, 30_050, 10_283, "test", "CUS_1rkzaqsv4rrhqo6"),
    ),
    Case(
        "transaction_list",
        lambda paystack: _facts("reference", "fees")(_first(paystack.charges(AT, AT, settlement="3090024"))),
        ("re4lyvq3s3", 10_283),
    ),
    Case(
        "refund_create",
        lambda paystack: REFUND(paystack.refund("T685312322670591", amount=10_000, note="Paid twice")),
        ("3018284", "pending", 10_000, 0, "T685312322670591", "1004723697"),
    ),
    Case(
        "refund_fetch",
        lambda paystack: REFUND(paystack.find_refund("1")),
        ("1", "processed", 500_000, 500_000, "", "1641"),
    ),
    Case(
        "refund_retry",
        lambda paystack: REFUND(paystack.retry_refund("1234567", account_number="0022728151", bank_id="9")),
        ("1234567", "processing", 20_000, 20_000, "", "3298598423"),
    ),
    Case(
        "dispute_list",
        lambda paystack: _facts("id", "status", "transaction_reference", "refund_amount", "due_at")(
            _first(paystack.disputes(AT, AT))
        ),
        ("2867", "archived", "asjck8gf76zd1dr", None, None),
    ),
    Case(
        "dispute_fetch",
        lambda paystack: _facts("status", "by")(paystack.find_dispute("2867").history[0]),
        ("pending", "demo@test.co"),
    ),
    Case("customer_create", lambda paystack: paystack.create_customer(email="ada@example.com", **HELD)),
    Case("customer_fetch", lambda paystack: paystack.find_customer("CUS_c6wqvwmvwopw4ms").identified, False),
    Case(
        "customer_validate",
        lambda paystack: paystack.validate_customer("CUS_c6wqvwmvwopw4ms", **HELD, **ACCOUNT, bvn="22222222222"),
    ),
    Case("customer_riskAction", lambda paystack: paystack.set_risk_action("CUS_xr58yrr2ujlft9k", action="deny")),
    Case(
        "dedicatedAccount_create",
        lambda paystack: paystack.assign_account("CUS_kpb3qj71u1m0rw8", preferred_bank="wema-bank"),
        DedicatedAccount(
            id="253",
            account_number="9930000737",
            account_name="KAROKART / RHODA CHURCH",
            bank_name="Wema Bank",
            bank_slug="wema-bank",
            active=True,
            customer_code="CUS_kpb3qj71u1m0rw8",
        ),
    ),
    Case("dedicatedAccount_list", lambda paystack: paystack.dedicated_accounts()[0].account_number, "9930020212"),
    Case("dedicatedAccount_deactivate", lambda paystack: paystack.close_account("173")),
    Case(
        "dedicatedAccount_requery",
        lambda paystack: paystack.requery_account("9930020212", provider_slug="wema-bank", on=date(2026, 11, 21)),
    ),
    Case(
        "dedicatedAccount_availableProviders",
        lambda paystack: paystack.account_providers(),
        [Provider("access-bank", "Access Bank", "1"), Provider("wema-bank", "Wema Bank", "20")],
    ),
    Case("bank_list", lambda paystack: paystack.banks()[0], Bank("801", "Abbey Mortgage Bank", "174")),
    Case("bank_resolveAccountNumber", lambda paystack: paystack.resolve(**ACCOUNT), "WES GIBBONS"),
    Case(
        "transfer_initiate",
        lambda paystack: TRANSFER(
            paystack.transfer(
                amount=100_000,
                recipient_code="RCP_1",
                reference="acv_9ee55786-2323-4760-98e2-6380c9cb3f68",
                reason="Withdrawal",
            )
        ),
        ("860703114", "acv_9ee55786-2323-4760-98e2-6380c9cb3f68", "pending", 100_000, None, "TRF_v5tip3zx8nna9o78"),
        "pending",
    ),
    Case(
        "transfer_bulk",
        lambda paystack: [TRANSFER(made) for made in paystack.transfer_many([ORDER])],
        [("", ORDER.reference, "success", 20_000, None, "TRF_o0mv5dc2lv4t2wdb")],
    ),
    Case(
        "transfer_verify",
        lambda paystack: TRANSFER(paystack.find_transfer("acv_9ee55786-2323-4760-98e2-6380c9cb3f67")),
        ("860670817", "acv_9ee55786-2323-4760-98e2-6380c9cb3f67", "success", 100_000, 1_000, "TRF_8opchtrhtjlfz90n"),
    ),
    Case("transfer_list", lambda paystack: _first(paystack.transfers(AT, AT)).reference, ""),
    Case(
        "transfer_finalize",
        lambda paystack: TRANSFER(paystack.finalize_transfer("TRF_zuirlnr9qblgfko", otp="928783")),
        ("529410", "n7ll9pzl6b", "success", 1_000_000, None, "TRF_zuirlnr9qblgfko"),
    ),
    Case("transfer_resendOtp", lambda paystack: paystack.resend_otp("TRF_zuirlnr9qblgfko")),
    Case("balance_fetch", lambda paystack: paystack.balance(), 1_700_000),
    Case(
        "transferrecipient_create",
        lambda paystack: paystack.add_recipient(name="Tolu Robert", **ACCOUNT),
        "RCP_m7ljkv8leesep7p",
    ),
    Case(
        "balance_ledger",
        lambda paystack: [
            _facts("id", "balance", "difference", "model", "model_row")(entry)
            for entry in islice(paystack.balance_ledger(AT, AT), 2)
        ],
        [
            ("149411613", 2_078_224_968, -50_000, "Transfer", "56610600"),
            ("149314482", 2_078_274_968, 10_000, "Transaction", "1073891448"),
        ],
    ),
    Case(
        "settlements_fetch",
        lambda paystack: SETTLED(_first(paystack.settlements(AT, AT))),
        ("3090024", 1_000, 5, 995, 995, 0, date(2022, 11, 9)),
    ),
    Case(
        "settlements_transaction",
        lambda paystack: [_facts("reference", "fees")(each) for each in paystack.settlement_charges("3090024")],
        [("da8ed5u8sz6yn95", 390)],
    ),
]


NOTHING_MORE = Says({"status": True, "message": "", "data": [], "meta": {"next": None}})
PAY_WITH_TRANSFER = {  # (in the documentation's words alone, without an answer to copy)
    "reference": REFERENCE,
    "status": "pending_bank_transfer",
    "display_text": "Please make a transfer to the account specified",
    "account_name": "PAYSTACK CHECKOUT",
    "account_number": "1234567890",
    "bank": {"slug": "test-bank", "name": "Test Bank", "id": 24},
    "account_expires_at": "2026-11-21T09:00:00.000Z",
}


def _answered(vendor: Vendor, operation: str, which: str) -> None:
    status = min(int(status) for status in OPERATIONS[operation]["answers"])
    vendor.will_say(Says(sample(operation, status, which), status), NOTHING_MORE)


def _wrong(vendor: Vendor) -> list[str]:
    return [fault for asked in vendor.asked for fault in violations(asked)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.operation}-{case.which}")
def test_the_request_is_allowed_and_the_answer_understood(vendor: Vendor, paystack: Paystack, case: Case) -> None:
    _answered(vendor, case.operation, case.which)
    got = case.act(paystack)
    assert {operation_of(asked) for asked in vendor.asked} == {case.operation}
    assert _wrong(vendor) == []
    assert {asked.headers["authorization"] for asked in vendor.asked} == {f"Bearer {SECRET}"}
    if case.means is not None:
        assert got == case.means


def test_an_account_for_one_transfer_is_shown_until_its_hour(vendor: Vendor, paystack: Paystack) -> None:
    vendor.will_say(Says({"status": True, "message": "Charge attempted", "data": PAY_WITH_TRANSFER}))
    found = paystack.begin_bank_transfer(**_to(REFERENCE), expires_at=AT)
    assert _wrong(vendor) == []
    assert vendor.asked[0].body["bank_transfer"] == {"account_expires_at": "2026-11-21T08:30:00.000Z"}
    assert (found.account_number, found.bank, found.expires_at) == (
        "1234567890",
        "Test Bank",
        AT.replace(hour=9, minute=0),
    )


def test_the_refunds_of_a_charge_are_those_that_name_it(vendor: Vendor, paystack: Paystack) -> None:
    listed = sample("refund_list")  # (names transactions by their numbers alone)
    listed["data"][0]["transaction"] = 4099260516
    vendor.will_say(Says(sample("transaction_verify")), Says(listed))
    assert [refund.id for refund in paystack.refunds("re4lyvq3s3")] == ["1"]
    assert (_wrong(vendor), vendor.asked[1].query["transaction"]) == ([], "re4lyvq3s3")


def test_the_accounts_of_a_customer_are_asked_for_by_number(vendor: Vendor, paystack: Paystack) -> None:
    listed = sample("dedicatedAccount_list")
    other = listed["data"][0] | {"id": 174, "customer": {"customer_code": "CUS_somebodyelse"}}
    mine = listed["data"][0] | {"customer": {"customer_code": "CUS_c6wqvwmvwopw4ms"}}
    vendor.will_say(Says(sample("customer_fetch")), Says(listed | {"data": [mine, other]}))
    assert [account.id for account in paystack.dedicated_accounts("CUS_c6wqvwmvwopw4ms")] == ["173"]
    assert (_wrong(vendor), vendor.asked[1].query["customer"]) == ([], "90758908")


EXPORTS: dict[str, Act] = {
    "transaction_export": lambda paystack: paystack.export_charges(AT, AT),
    "transfer_exportTransfer": lambda paystack: paystack.export_transfers(AT, AT),
    "dispute_download": lambda paystack: paystack.export_disputes(AT, None),
}


@pytest.mark.parametrize("operation", EXPORTS)
def test_an_export_is_fetched_at_once_and_without_our_key(vendor: Vendor, paystack: Paystack, operation: str) -> None:
    told = sample(operation)
    told["data"]["path"] = f"{vendor.url}/exports/1.csv?X-Amz-Signature=EXAMPLE"
    vendor.will_say(Says(told), Says(b"Reference,Amount\n"))
    assert EXPORTS[operation](paystack) == b"Reference,Amount\n"
    assert (violations(vendor.asked[0]), vendor.asked[1].path) == ([], "/exports/1.csv")
    assert "authorization" not in vendor.asked[1].headers


def test_every_operation_we_know_is_asked_for_and_every_exception_is_needed(vendor: Vendor, paystack: Paystack) -> None:
    spare: Sequence[str] = (
        "dispute_resolve",
        "dispute_evidence",
        "dispute_uploadUrl",
        "dispute_transaction",
        "dispute_update",
    )
    elsewhere = {*EXPORTS, "refund_list", *spare}
    assert {case.operation for case in CASES} | elsewhere == set(OPERATIONS)
    assert {name.partition(".")[0] for name in BEYOND} <= set(OPERATIONS)


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        (Asked("GET", "/transfers", {}, {}, None), "is not in the specification"),
        (Asked("POST", "/refund", {}, {}, {"amount": 1}), "'transaction' is a required property"),
        (Asked("POST", "/transfer", {}, {}, {"amount": "12", "source": "balance"}), "'12' is not of type 'integer'"),
        (Asked("POST", "/refund", {}, {}, {"transaction": "a", "note": "b"}), "note is not declared"),
        (Asked("GET", "/transfer", {"since": "2026"}, {}, None), "since is not declared"),
        (Asked("GET", "/transfer", {"from": "yesterday"}, {}, None), "'yesterday' is not a 'date-time'"),
        (Asked("GET", "/refund/a1", {}, {}, None), "'a1' is not of type 'integer'"),
        (Asked("GET", "/balance", {}, {}, {"a": 1}), "a body is sent where none is declared"),
    ],
)
def test_the_check_sees_what_is_wrong(asked: Asked, fault: str) -> None:
    assert any(fault in found for found in violations(asked))
