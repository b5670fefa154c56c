"""How each answer of Paystack is read: one function per kind of row. Unknown fields are passed over.

What must be there is asked for with `must`; the rest may be absent, null or empty, as the recorded answers show.
"""

from app.clients.paystack_answers import (
    Authorization,
    Bank,
    Charge,
    Checkout,
    DedicatedAccount,
    Dispute,
    DisputeMessage,
    DisputeStep,
    Identity,
    LedgerEntry,
    PayTo,
    Provider,
    Refund,
    Settlement,
    Transfer,
    UssdCode,
)
from app.clients.paystack_values import (
    Row,
    day,
    either,
    kobo,
    kobo_if_said,
    moment,
    must,
    name,
    part,
    signed_kobo,
    word,
)

PAID = frozenset({"success", "reversed"})


def checkout(row: Row) -> Checkout:
    """Where to send a payer."""
    return Checkout(must(row, "authorization_url"), must(row, "reference"))


def charge(row: Row) -> Charge:
    """A charge; one that was paid must say how much, in what, and under which key."""
    status, requested = must(row, "status"), row.get("requested_amount")
    paid = status in PAID
    amount = row["amount"] if paid else row.get("amount") or 0
    created_at = moment(either(row, "created_at", "createdAt", "transaction_date"))
    return Charge(
        reference=must(row, "reference"),
        status=status,
        amount=kobo(amount),
        requested=kobo_if_said(requested),
        fees=kobo_if_said(row.get("fees")) or 0,
        currency=must(row, "currency") if paid else word(row.get("currency")),
        domain=word(row.get("domain")),
        channel=word(row.get("channel")),
        paid_at=moment(either(row, "paid_at", "paidAt")) or (created_at if paid else None),
        id=name(row.get("id")),
        created_at=created_at,
        customer_code=name(part(row, "customer").get("customer_code")),
        authorization=_authorization(row),
        gateway_response=word(row.get("gateway_response")) or word(row.get("message")),
    )


def _authorization(row: Row) -> Authorization | None:
    found = part(row, "authorization")
    if not found:
        return None
    channel = word(found.get("channel")) or word(row.get("channel"))
    receiver = found.get("receiver_bank_account_number")
    if not receiver and row.get("channel") == "dedicated_nuban":  # (Paystack writes metadata there, nobody else can)
        receiver = part(row, "metadata").get("receiver_account_number")
    return Authorization(
        code=name(found.get("authorization_code")),
        reusable=found.get("reusable") is True,
        channel=channel,
        last4=word(found.get("last4")),
        card_type=word(found.get("card_type")).strip(),
        bank=word(found.get("bank")),
        exp_month=word(found.get("exp_month")),
        exp_year=word(found.get("exp_year")),
        sender_name=word(found.get("sender_name")),
        sender_bank=word(found.get("sender_bank")),
        sender_account=word(found.get("sender_bank_account_number")),
        receiver_account=word(receiver),
        receiver_bank=word(found.get("receiver_bank")),
        narration=word(found.get("narration")),
        country=word(found.get("country_code")),
    )


def pay_to(row: Row) -> PayTo:
    """Where to send a transfer to; without a number there is nothing to show a payer."""
    bank = row.get("bank")
    return PayTo(
        reference=must(row, "reference"),
        status=must(row, "status"),
        account_number=must(row, "account_number"),
        account_name=word(row.get("account_name")),
        bank=word(part(row, "bank").get("name")) or (bank if isinstance(bank, str) else ""),
        expires_at=moment(row.get("account_expires_at")),
    )


def ussd_code(row: Row) -> UssdCode:
    """What to dial."""
    return UssdCode(must(row, "reference"), must(row, "status"), word(either(row, "ussd_code", "display_text")))


def transfer(row: Row) -> Transfer:
    """A transfer; lists hold old ones that have no reference."""
    return Transfer(
        reference=name(row.get("reference")),
        status=must(row, "status"),
        amount=kobo(row["amount"]),
        fee=kobo_if_said(row.get("fee_charged")),
        currency=word(row.get("currency")) or "NGN",
        transfer_code=name(row.get("transfer_code")),
        created_at=moment(either(row, "createdAt", "created_at")),
        id=name(row.get("id")),
        reason=word(either(row, "gateway_response", "failures")),
        session_id=name(part(row, "session").get("id")),
    )


def identity(row: Row) -> Identity:
    """A customer as Paystack knows them."""
    return Identity(
        code=must(row, "customer_code"),
        first_name=word(row.get("first_name")),
        last_name=word(row.get("last_name")),
        identified=row.get("identified") is True,
        id=name(row.get("id")),
    )


def dedicated_account(row: Row) -> DedicatedAccount:
    """A dedicated account; one that is being closed names no customer."""
    bank = part(row, "bank")
    return DedicatedAccount(
        id=must(row, "id"),
        account_number=must(row, "account_number"),
        account_name=word(row.get("account_name")),
        bank_name=word(bank.get("name")),
        bank_slug=word(bank.get("slug")),
        active=row.get("active") is True and row.get("assigned") is not False,
        customer_code=name(part(row, "customer").get("customer_code")),
    )


def provider(row: Row) -> Provider:
    """A bank of dedicated accounts."""
    return Provider(must(row, "provider_slug"), word(row.get("bank_name")), name(row.get("bank_id")))


def bank(row: Row) -> Bank:
    """A bank of the list."""
    return Bank(must(row, "code"), must(row, "name"), name(row.get("id")))


def ledger_entry(row: Row) -> LedgerEntry:
    """A line of the balance's ledger."""
    return LedgerEntry(
        id=must(row, "id"),
        balance=signed_kobo(row["balance"]),
        difference=signed_kobo(row["difference"]),
        currency=must(row, "currency"),
        reason=word(row.get("reason")),
        model=word(row.get("model_responsible")),
        model_row=name(row.get("model_row")),
        created_at=moment(either(row, "createdAt", "created_at")),
    )


def settlement(row: Row) -> Settlement:
    """A settlement; where nothing is deducted Paystack says nothing."""
    total, deductions = signed_kobo(row["total_amount"]), row.get("deductions")
    deducted = 0 if deductions is None else signed_kobo(deductions)
    effective = row.get("effective_amount")
    return Settlement(
        id=must(row, "id"),
        status=must(row, "status"),
        currency=must(row, "currency"),
        gross=kobo(row["total_processed"]),
        fees=kobo(row["total_fees"]),
        total=total,
        effective=total - abs(deducted) if effective is None else signed_kobo(effective),
        deductions=deducted,
        settled_on=day(row["settlement_date"]),
        created_at=moment(either(row, "createdAt", "created_at")),
    )


def refund(row: Row) -> Refund:
    """A refund; its transaction is a number in lists and an object elsewhere."""
    must(row, "id")
    return refund_news(row)


def refund_news(row: Row) -> Refund:
    """A refund as an event tells it: mostly without its id, the amount often as digits."""
    about, number = part(row, "transaction"), row.get("transaction")
    return Refund(
        id=name(row.get("id")),
        status=must(row, "status"),
        amount=kobo(row["amount"]),
        deducted=kobo_if_said(row.get("deducted_amount")) or 0,
        currency=word(row.get("currency")) or "NGN",
        transaction_reference=name(either(row, "transaction_reference") or about.get("reference")),
        expected_at=moment(row.get("expected_at")),
        created_at=moment(either(row, "createdAt", "created_at")),
        transaction_id=name(about.get("id")) if about else name(number),
        merchant_note=word(row.get("merchant_note")),
    )


def dispute(row: Row) -> Dispute:
    """A dispute; nothing but its id and its status is sure to be said."""
    about = part(row, "transaction")
    return Dispute(
        id=must(row, "id"),
        status=must(row, "status"),
        resolution=word(row.get("resolution")),
        category=word(row.get("category")),
        refund_amount=kobo_if_said(row.get("refund_amount")),
        currency=word(row.get("currency")) or None,
        transaction_reference=name(about.get("reference") or row.get("transaction_reference")),
        transaction_id=name(about.get("id")),
        due_at=moment(either(row, "dueAt", "due_at")),
        resolved_at=moment(either(row, "resolvedAt", "resolved_at")),
        created_at=moment(either(row, "createdAt", "created_at")),
        history=tuple(_step(each) for each in row.get("history") or () if isinstance(each, dict)),
        messages=tuple(_message(each) for each in row.get("messages") or () if isinstance(each, dict)),
    )


def upload(row: Row) -> tuple[str, str]:
    """Where to put a file, and under which name it is then known."""
    return must(row, "signedUrl"), must(row, "fileName")


def _step(row: Row) -> DisputeStep:
    return DisputeStep(word(row.get("status")), word(row.get("by")), moment(row.get("createdAt")))


def _message(row: Row) -> DisputeMessage:
    return DisputeMessage(word(row.get("sender")), word(row.get("body")), moment(row.get("createdAt")))
