"""Every call we make is one that Paystack's specification allows, and every answer its documentation shows is read."""

import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from app.clients import paystack_reading as reading
from app.clients.http import Silent
from app.clients.paystack import Paystack
from app.clients.paystack_values import Row, part, read
from tests.makers.paystack_calls import AT, CALLS, MORE, REFERENCE, Call
from tests.makers.sandbox import SECRET
from tests.makers.specification import BEYOND, answers, operation_of, sample, violations
from tests.makers.vendor import Asked, Says, Vendor
from tests.sandbox.vectors import load

NOTHING_MORE = Says({"status": True, "message": "", "data": [], "meta": {"next": None}})
NO_CALLS = {"domain", "rests", "signed"}
PAY_WITH_TRANSFER = {  # (in the documentation's words alone, without an answer to copy)
    "reference": REFERENCE,
    "status": "pending_bank_transfer",
    "display_text": "Please make a transfer to the account specified",
    "account_name": "PAYSTACK CHECKOUT",
    "account_number": "1234567890",
    "bank": {"slug": "test-bank", "name": "Test Bank", "id": 24},
    "account_expires_at": "2026-11-21T09:00:00.000Z",
}


def documented(call: Call) -> Says:
    """What the documentation answers to a call."""
    status = next(status for status, which in sorted(answers(call.operation)) if which == call.which)
    return Says(sample(call.operation, status, call.which), status)


def wrong(scripted: Vendor) -> list[str]:
    """What the specification does not allow of all that was asked."""
    return [fault for asked in scripted.asked for fault in violations(asked)]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.operation}-{call.which}")
def test_the_request_is_allowed_and_the_answer_understood(scripted: Vendor, paystack: Paystack, call: Call) -> None:
    scripted.will_say(documented(call), NOTHING_MORE)
    got = call.act(paystack)
    assert {operation_of(asked) for asked in scripted.asked} == {call.operation}
    assert wrong(scripted) == []
    assert {asked.headers["authorization"] for asked in scripted.asked} == {f"Bearer {SECRET}"}
    if call.means is not None:
        assert got == call.means


def test_an_account_for_one_transfer_is_shown_until_its_hour(scripted: Vendor, paystack: Paystack) -> None:
    scripted.will_say(Says({"status": True, "message": "Charge attempted", "data": PAY_WITH_TRANSFER}))
    found = MORE["charge_create"].act(paystack)
    assert wrong(scripted) == []
    assert scripted.asked[0].body["bank_transfer"] == {"account_expires_at": "2026-11-21T08:30:00.000Z"}
    assert (found.account_number, found.bank) == ("1234567890", "Test Bank")
    assert found.expires_at == AT.replace(hour=9, minute=0)


def test_the_refunds_of_a_charge_are_those_that_name_it(scripted: Vendor, paystack: Paystack) -> None:
    listed = sample("refund_list")  # (names transactions by their numbers alone)
    listed["data"][0]["transaction"] = 4099260516
    scripted.will_say(Says(sample("transaction_verify")), Says(listed))
    found = MORE["refund_list"].act(paystack)
    assert [(refund.id, refund.transaction_reference, refund.merchant_note) for refund in found] == [
        ("1", "re4lyvq3s3", "xxx")
    ]
    assert wrong(scripted) == []


def test_that_a_charge_has_no_refund_is_asked_in_both_ways(scripted: Vendor, paystack: Paystack) -> None:
    scripted.will_say(Says(sample("transaction_verify")), Says(sample("refund_list")), NOTHING_MORE)
    assert MORE["refund_list"].act(paystack) == []
    assert [asked.query["transaction"] for asked in scripted.asked[1:]] == ["4099260516", "re4lyvq3s3"]


def test_the_accounts_of_a_customer_are_asked_for_by_number(scripted: Vendor, paystack: Paystack) -> None:
    listed = sample("dedicatedAccount_list")
    other = listed["data"][0] | {"id": 174, "customer": {"customer_code": "CUS_somebodyelse"}}
    mine = listed["data"][0] | {"customer": {"customer_code": "CUS_c6wqvwmvwopw4ms"}}
    scripted.will_say(Says(sample("customer_fetch")), Says(listed | {"data": [mine, other]}))
    assert [account.id for account in paystack.dedicated_accounts("CUS_c6wqvwmvwopw4ms")] == ["173"]
    assert (wrong(scripted), scripted.asked[1].query["customer"]) == ([], "90758908")


@pytest.mark.parametrize("operation", ["transaction_export", "transfer_exportTransfer", "dispute_download"])
def test_an_export_is_fetched_at_once_and_without_our_key(scripted: Vendor, paystack: Paystack, operation: str) -> None:
    told = sample(operation)
    told["data"]["path"] = f"{scripted.url}/exports/1.csv?X-Amz-Signature=EXAMPLE"
    scripted.will_say(Says(told), Says(b"Reference,Amount\n"))
    assert MORE[operation].act(paystack) == b"Reference,Amount\n"
    assert (violations(scripted.asked[0]), scripted.asked[1].path) == ([], "/exports/1.csv")
    assert "authorization" not in scripted.asked[1].headers


def test_a_file_goes_where_paystack_wants_it_and_without_our_key(scripted: Vendor, paystack: Paystack) -> None:
    told = sample("dispute_uploadUrl")
    told["data"]["signedUrl"] = f"{scripted.url}/files/1?X-Amz-Signature=EXAMPLE"
    scripted.will_say(Says(told), Says(b""))
    assert MORE["dispute_uploadUrl"].act(paystack) == "qesp8a4df1xejihd9x5q"
    assert (violations(scripted.asked[0]), scripted.asked[0].query) == ([], {"upload_filename": "receipt.pdf"})
    put = scripted.asked[1]
    assert (put.method, put.raw, "authorization" in put.headers) == ("PUT", b"%PDF-1.7", False)


class Noting:
    """A client, and which of its methods were called."""

    def __init__(self, paystack: Paystack) -> None:
        self._paystack = paystack
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.called.add(name)
        return getattr(self._paystack, name)


def test_every_method_is_called_in_these_tests_and_every_exception_is_needed(
    scripted: Vendor, paystack: Paystack
) -> None:
    noting = Noting(paystack)
    used: set[str] = set()
    for call in (*CALLS, *MORE.values()):
        scripted.will_say(Says(sample("transaction_verify")) if call is MORE["refund_list"] else documented(call))
        with suppress(Silent):  # (an answer that leads elsewhere, or is another call's: what was asked counts here)
            call.act(noting)  # type: ignore[arg-type]
        for asked in scripted.asked:
            bare = violations(asked, allowed=())
            used |= {fault.partition(" ")[0].rstrip(":") for fault in bare}
    methods = {name for name, _ in inspect.getmembers(Paystack) if not name.startswith("_")}
    assert noting.called == methods - NO_CALLS
    assert used == set(BEYOND)


READERS: dict[str, Callable[[Row], Any]] = {
    "transaction_verify": reading.charge,
    "transaction_list": reading.charge,
    "transaction_chargeAuthorization": reading.charge,
    "charge_create": reading.charge,
    "charge_check": reading.charge,
    "settlements_transaction": reading.charge,
    "transfer_initiate": reading.transfer,
    "transfer_verify": reading.transfer,
    "transfer_list": reading.transfer,
    "transfer_bulk": reading.transfer,
    "refund_create": reading.refund,
    "refund_list": reading.refund,
    "refund_fetch": reading.refund,
    "dispute_list": reading.dispute,
    "dispute_fetch": reading.dispute,
    "dispute_update": reading.dispute,
    "dispute_resolve": reading.dispute,
    "dispute_transaction": reading.dispute,
    "dedicatedAccount_fetch": reading.dedicated_account,
    "dedicatedAccount_deactivate": reading.dedicated_account,
    "settlements_fetch": reading.settlement,
    "balance_ledger": reading.ledger_entry,
    "customer_update": reading.identity,
    "bank_list": reading.bank,
}


@pytest.mark.parametrize("operation", READERS)
def test_no_documented_answer_is_refused(operation: str) -> None:
    for (status, which), answer in answers(operation).items():
        if status < 300:
            rows = answer["data"] if isinstance(answer["data"], list) else [answer["data"]]
            assert [read(READERS[operation], row) for row in rows], which


EVENTS: dict[str, Callable[[Row], Any]] = {
    "charge.success.card": reading.charge,
    "charge.success.bank_transfer": reading.charge,
    "transfer.success": reading.transfer,
    "transfer.failed": reading.transfer,
    "transfer.reversed": reading.transfer,
    "refund.pending": reading.refund_news,
    "refund.processing": reading.refund_news,
    "refund.processed": reading.refund_news,
    "refund.failed": reading.refund_news,
    "refund.needs-attention": reading.refund_news,
    "charge.dispute.create": reading.dispute,
    "charge.dispute.remind": reading.dispute,
    "charge.dispute.resolve": reading.dispute,
}


@pytest.mark.parametrize("event", EVENTS)
def test_every_recorded_event_is_read(event: str) -> None:
    content = load(event)["data"]
    found = read(EVENTS[event], content)
    amount = getattr(found, "refund_amount", None) if "dispute" in event else found.amount
    assert amount == int(content.get("refund_amount") or content["amount"])
    about = content if "reference" in content else content.get("transaction", {})
    told = about.get("reference") or content["transaction_reference"]
    assert told in {getattr(found, "reference", ""), getattr(found, "transaction_reference", "")}


def test_the_account_of_an_event_and_its_sender_are_read() -> None:
    account = read(reading.dedicated_account, load("dedicatedaccount.assign.success")["data"]["dedicated_account"])
    assert (account.active, len(account.account_number)) == (True, 10)
    paid = sample("transaction_verify")["data"] | load("fragment.charge.success.dedicated_nuban.authorization")
    sender = read(reading.charge, paid).authorization
    assert sender is not None
    assert (sender.sender_name, sender.sender_bank, sender.receiver_account) == (
        "RANDALL AKANBI HORTON",
        "First City Monument Bank",
        "9930000902",
    )
    assert part(paid, "metadata") == {}


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
