"""Charges without the payer's page: an account number for one transfer, a code to dial, a card kept from before."""

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response

from sandbox import amounts, answers, charges, nubans, shapes
from sandbox import knobs as knobboard
from sandbox.answers import Refused, agreed
from sandbox.banks import BY_CODE
from sandbox.book import Book, iso, stamp
from sandbox.chance import digits
from sandbox.faults import may_misbehave
from sandbox.sent import fields as sent_fields
from sandbox.worker import Worker

SHORTEST, LONGEST = timedelta(minutes=15), timedelta(hours=8)
DIALS = ("737", "919", "822", "966")
_SAVED = (
    "SELECT t.authorization, c.email, c.risk_action FROM transactions t JOIN customers c ON c.id = t.customer_id"
    " WHERE t.channel = 'card' AND t.paid_at IS NOT NULL"
    " AND json_extract(t.authorization, '$.authorization_code') = ? LIMIT 1"
)


def _expiry(db: sqlite3.Connection, asked: Any) -> str:
    """The end of the number's life: 15 minutes to 8 hours from now, whatever was asked; 8 hours when nothing was."""
    now = datetime.fromisoformat(stamp(db))
    if asked in (None, ""):
        return iso(now + LONGEST)
    try:
        wanted = datetime.fromisoformat(str(asked))
    except ValueError:
        raise answers.invalid("account_expires_at should be an ISO 8601 date") from None
    wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=now.tzinfo)
    return iso(min(max(wanted, now + SHORTEST), now + LONGEST))


def _begin(db: sqlite3.Connection, sent: dict[str, Any], channel: str) -> sqlite3.Row:
    email, amount = amounts.email(sent), amounts.charge_kobo(sent.get("amount"))
    amounts.naira(sent)
    reference = charges.new_reference(db, sent)
    charges.insert(
        db, charges.customer_id(db, email), amount, reference=reference, channel=channel, status="pending",
        metadata=sent.get("metadata"), entry_point="charge",
    )  # fmt: skip
    return charges.known(db, reference)


def by_transfer(db: sqlite3.Connection, sent: dict[str, Any]) -> dict[str, Any]:
    """An account number that takes this one payment."""
    how = sent["bank_transfer"]
    expires_at = _expiry(db, how.get("account_expires_at") if isinstance(how, dict) else None)
    row = _begin(db, sent, "bank_transfer")
    account_number, bank = nubans.fresh(), BY_CODE["001"]
    db.execute("INSERT INTO one_off_accounts VALUES (?, ?, ?)", (account_number, row["id"], expires_at))
    return {
        "status": "pending_bank_transfer", "display_text": "Please make a transfer to the account specified",
        "reference": row["reference"], "amount": row["amount"], "account_name": "PAYSTACK CHECKOUT",
        "account_number": account_number, "bank": {"slug": bank.slug, "name": bank.name, "id": bank.id},
        "account_expires_at": expires_at,
    }  # fmt: skip


def by_dialling(db: sqlite3.Connection, sent: dict[str, Any]) -> dict[str, Any]:
    """A code to dial on the payer's telephone."""
    how = sent["ussd"]
    prefix = how.get("type") if isinstance(how, dict) else None
    if prefix not in DIALS:
        raise answers.invalid(f"ussd type should be one of {', '.join(DIALS)}")
    row = _begin(db, sent, "ussd")
    dial = f"*{prefix}*33*4*{digits(6)}#"
    words = f"Please dial {dial} on your mobile phone to complete the transaction"
    return {"reference": row["reference"], "status": "pay_offline", "display_text": words, "ussd_code": dial}


def by_saved_card(db: sqlite3.Connection, sent: dict[str, Any]) -> sqlite3.Row:
    """A card that has paid before, charged again without its holder; declined is an answer, not an error."""
    code = amounts.required_text(sent, "authorization_code")
    saved = db.execute(_SAVED, (code,)).fetchone()
    if saved is None or saved["email"] != amounts.email(sent):
        raise answers.invalid("Authorization code is invalid")
    row = _begin(db, sent, "card")
    if saved["risk_action"] == "deny" or knobboard.load(db).saved_card == "failed":
        return charges.pay(db, row["reference"], outcome="failed")
    card = json.loads(saved["authorization"])
    charges.succeed(db, row, channel="card", amount=row["requested_amount"], sender={"saved": card})
    return charges.known(db, row["reference"])


def attempted(row: sqlite3.Row) -> dict[str, Any]:
    """A charge that has come to an end, as these calls print it."""
    shape = shapes.verified(row)
    names = (
        "amount", "currency", "status", "reference", "domain", "metadata", "gateway_response", "message", "channel",
        "ip_address", "log", "fees", "authorization", "customer", "plan", "id",
    )  # fmt: skip
    return {name: shape[name] for name in names} | {"transaction_date": row["created_at"]}


def add(api: Blueprint, book: Book, worker: Worker) -> None:
    """The vendor's three calls."""

    @api.post("/charge")
    @may_misbehave(book)
    def create_charge() -> Response:
        sent = sent_fields()
        begin = by_transfer if "bank_transfer" in sent else by_dialling if "ussd" in sent else None
        with book.writing() as db:
            if begin is not None:
                return agreed("Charge attempted", begin(db, sent))
            row = by_saved_card(db, sent)
        worker.wake()
        return agreed("Charge attempted", attempted(row))

    @api.get("/charge/<reference>")
    def check_charge(reference: str) -> Response:
        with book.reading() as db:
            row = charges.find(db, reference)
        if row is None:
            raise Refused(400, "Transaction reference is invalid")
        if row["status"] in ("pending", "abandoned"):
            return agreed("Reference check successful", {"reference": reference, "status": "pending"})
        return agreed("Reference check successful", attempted(row))

    @api.post("/transaction/charge_authorization")
    @may_misbehave(book)
    def charge_authorization() -> Response:
        with book.writing() as db:
            row = by_saved_card(db, sent_fields())
        worker.wake()
        return agreed("Charge attempted", attempted(row))
