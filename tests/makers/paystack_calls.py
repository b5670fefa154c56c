"""Every call that our client makes of Paystack, each with what of the documented answer it must tell."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from app.clients.paystack import Paystack
from app.clients.paystack_answers import Bank, DedicatedAccount, DisputeStep, Order, Provider

AT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
REFERENCE = "dep-01m80w468yyvnxpy"
ORDER = Order(20_000, "RCP_gd9vgag7n5lr5ix", "acv_2627bbfe-1a2a-4a1a-8d0e-9d2ee6c31496", "Withdrawal")
HELD = {"first_name": "Ada", "last_name": "Obi"}
ACCOUNT = {"account_number": "0022728151", "bank_code": "057"}
Act = Callable[[Paystack], Any]  # (each answer may be None, and is not here: what is read of it says so)


@dataclass(frozen=True)
class Call:
    """A call of ours, which operation that is, and what of the documented answer we must have understood."""

    operation: str
    act: Act
    means: Any = None
    which: str = "docs"


def to(reference: str) -> dict[str, Any]:
    """A charge of 5,000 naira."""
    return {"email": "ada@example.com", "amount": 500_000, "reference": reference}


def _facts(*names: str) -> Callable[[Any], tuple[Any, ...]]:
    return lambda found: tuple(getattr(found, name) for name in names)


def _first(found: Any) -> Any:
    return next(iter(found))


CHARGE = _facts("id", "reference", "status", "amount", "requested", "fees", "domain", "customer_code")
TRANSFER = _facts("id", "reference", "status", "amount", "fee", "transfer_code")
REFUND = _facts("id", "status", "amount", "deducted", "transaction_reference", "transaction_id")
SETTLED = _facts("id", "gross", "fees", "total", "effective", "deductions", "settled_on")
IDENTIFIED = _facts("identified")

CALLS = [
    Call(
        "transaction_initialize",
        lambda paystack: (
            paystack.initialize(**to(REFERENCE), callback_url="https://bursar.example/back", channels=["card"]).url
        ),
        "https://checkout.paystack.com/3ni8kdavz62431k",
    ),
    Call(
        "charge_create",
        lambda paystack: paystack.begin_ussd(**to(REFERENCE), code="737").dial,
        "*737*33*4*453441#",
        "ussd",
    ),
    Call(
        "charge_check",
        lambda paystack: _facts("reference", "status", "amount")(paystack.charge_status(REFERENCE)),
        ("zuvbpizfcf2fs7y", "success", 200),
    ),
    Call(
        "charge_check",
        lambda paystack: _facts("reference", "status", "amount")(paystack.charge_status(REFERENCE)),
        ("5bwib5v6anhe9xa", "pending", 0),
        "pending",
    ),
    Call(
        "transaction_chargeAuthorization",
        lambda paystack: CHARGE(paystack.charge_card(**to(REFERENCE), authorization_code="AUTH_uh8bcl3zbn")),
        ("4099490251", "0m7frfnr47ezyxl", "success", 35_247, None, 10_247, "test", "CUS_1rkzaqsv4rrhqo6"),
    ),
    Call(
        "transaction_verify",
        lambda paystack: CHARGE(paystack.find_charge(REFERENCE)),
        ("4099260516", "re4lyvq3s3", "success", 40_333, 30_050, 10_283, "test", "CUS_1rkzaqsv4rrhqo6"),
    ),
    Call(
        "transaction_fetch",
        lambda paystack: CHARGE(paystack.charge_numbered("4099260516")),
        ("4099260516", "re4lyvq3s3", "success", 40_333, 30_050, 10_283, "test", "CUS_1rkzaqsv4rrhqo6"),
    ),
    Call(
        "transaction_list",
        lambda paystack: _facts("reference", "fees")(
            _first(paystack.charges(AT, AT, settlement="3090024", status="success"))
        ),
        ("re4lyvq3s3", 10_283),
    ),
    Call(
        "refund_create",
        lambda paystack: REFUND(paystack.refund("T685312322670591", amount=10_000, note="Paid twice")),
        ("3018284", "pending", 10_000, 0, "T685312322670591", "1004723697"),
    ),
    Call(
        "refund_fetch",
        lambda paystack: REFUND(paystack.find_refund("1")),
        ("1", "processed", 500_000, 500_000, "", "1641"),
    ),
    Call(
        "refund_list",
        lambda paystack: [REFUND(refund) for refund in islice(paystack.refunds_since(AT), 2)],
        [("1", "processed", 500_000, 500_000, "", "1641"), ("2", "pending", 500_000, 0, "", "323896")],
    ),
    Call(
        "refund_retry",
        lambda paystack: REFUND(paystack.retry_refund("1234567", account_number="0022728151", bank_id="9")),
        ("1234567", "processing", 20_000, 20_000, "", "3298598423"),
    ),
    Call(
        "dispute_list",
        lambda paystack: _facts("id", "status", "transaction_reference", "refund_amount", "due_at")(
            _first(paystack.disputes(AT, AT))
        ),
        ("2867", "archived", "asjck8gf76zd1dr", None, None),
    ),
    Call(
        "dispute_fetch",
        lambda paystack: _facts("id", "history")(paystack.find_dispute("2867")),
        ("2867", (DisputeStep("pending", "demo@test.co", datetime(2017, 11, 16, 16, 12, 24, tzinfo=UTC)),)),
    ),
    Call(
        "dispute_resolve",
        lambda paystack: _facts("id", "status", "resolution", "refund_amount")(
            paystack.accept_dispute("624", amount=1_002, message="Merchant accepted", uploaded_filename="qesp8a4df1")
        ),
        ("624", "resolved", "merchant-accepted", 1_002),
    ),
    Call("customer_create", lambda paystack: paystack.create_customer(email="ada@example.com", **HELD)),
    Call("customer_fetch", lambda paystack: IDENTIFIED(paystack.find_customer("CUS_c6wqvwmvwopw4ms")), (False,)),
    Call(
        "customer_validate",
        lambda paystack: paystack.validate_customer("CUS_c6wqvwmvwopw4ms", **HELD, **ACCOUNT, bvn="22222222222"),
    ),
    Call("customer_riskAction", lambda paystack: paystack.set_risk_action("CUS_xr58yrr2ujlft9k", action="deny")),
    Call(
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
    Call("dedicatedAccount_list", lambda paystack: paystack.dedicated_accounts()[0].account_number, "9930020212"),
    Call("dedicatedAccount_deactivate", lambda paystack: paystack.close_account("173")),
    Call(
        "dedicatedAccount_requery",
        lambda paystack: paystack.requery_account("9930020212", provider_slug="wema-bank", on=date(2026, 11, 21)),
    ),
    Call(
        "dedicatedAccount_availableProviders",
        lambda paystack: paystack.account_providers(),
        [Provider("access-bank", "Access Bank", "1"), Provider("wema-bank", "Wema Bank", "20")],
    ),
    Call("bank_list", lambda paystack: paystack.banks()[0], Bank("801", "Abbey Mortgage Bank", "174")),
    Call("bank_resolveAccountNumber", lambda paystack: paystack.resolve(**ACCOUNT), "WES GIBBONS"),
    Call(
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
    Call(
        "transfer_bulk",
        lambda paystack: [TRANSFER(made) for made in paystack.transfer_many([ORDER])],
        [("", ORDER.reference, "success", 20_000, None, "TRF_o0mv5dc2lv4t2wdb")],
    ),
    Call(
        "transfer_verify",
        lambda paystack: TRANSFER(paystack.find_transfer("acv_9ee55786-2323-4760-98e2-6380c9cb3f67")),
        ("860670817", "acv_9ee55786-2323-4760-98e2-6380c9cb3f67", "success", 100_000, 1_000, "TRF_8opchtrhtjlfz90n"),
    ),
    Call("transfer_list", lambda paystack: _first(paystack.transfers(AT, AT)).reference, ""),
    Call(
        "transfer_finalize",
        lambda paystack: TRANSFER(paystack.finalize_transfer("TRF_zuirlnr9qblgfko", otp="928783")),
        ("529410", "n7ll9pzl6b", "success", 1_000_000, None, "TRF_zuirlnr9qblgfko"),
    ),
    Call("transfer_resendOtp", lambda paystack: paystack.resend_otp("TRF_zuirlnr9qblgfko")),
    Call("balance_fetch", lambda paystack: paystack.balance(), 1_700_000),
    Call(
        "transferrecipient_create",
        lambda paystack: paystack.add_recipient(name="Tolu Robert", **ACCOUNT),
        "RCP_m7ljkv8leesep7p",
    ),
    Call(
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
    Call(
        "settlements_fetch",
        lambda paystack: SETTLED(_first(paystack.settlements(AT, AT))),
        ("3090024", 1_000, 5, 995, 995, 0, date(2022, 11, 9)),
    ),
    Call(
        "settlements_transaction",
        lambda paystack: [_facts("reference", "fees")(each) for each in paystack.settlement_charges("3090024")],
        [("da8ed5u8sz6yn95", 390)],
    ),
]

# The documentation shows no answer to these, or one that leads elsewhere.
MORE = {
    "charge_create": Call(
        "charge_create", lambda paystack: paystack.begin_bank_transfer(**to(REFERENCE), expires_at=AT)
    ),
    "refund_list": Call("refund_list", lambda paystack: paystack.refunds("re4lyvq3s3")),
    "transaction_export": Call("transaction_export", lambda paystack: paystack.export_charges(AT, AT)),
    "transfer_exportTransfer": Call("transfer_exportTransfer", lambda paystack: paystack.export_transfers(AT, AT)),
    "dispute_uploadUrl": Call(
        "dispute_uploadUrl",
        lambda paystack: paystack.upload_for_dispute("624", filename="receipt.pdf", content=b"%PDF-1.7"),
    ),
    "dispute_download": Call("dispute_download", lambda paystack: paystack.export_disputes(AT, None)),
    "transfer_list": Call("transfer_list", lambda paystack: list(islice(paystack.as_told("transfers", AT, AT), 1))),
}
