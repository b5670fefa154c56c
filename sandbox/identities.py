"""Paystack's customers, and who identified them: by a bank account and its BVN, the answer as an event later."""

import json
import re
import sqlite3
from typing import Any

from flask import Blueprint, Response

from sandbox import accounts, amounts, answers, charges, webhooks
from sandbox import knobs as knobboard
from sandbox.answers import Refused, agreed
from sandbox.book import Book
from sandbox.sent import fields as sent_fields
from sandbox.worker import Worker

UNRESOLVED = "Account couldn't be resolved. Please try again"
NAME_DIFFERS = "Account name or BVN is incorrect"
NUMBER_DIFFERS = "Account number or BVN is incorrect"
_REASONS = {"unresolved": UNRESOLVED, "name": NAME_DIFFERS, "number": NUMBER_DIFFERS, "success": ""}
RISK_ACTIONS = ("default", "allow", "deny")
_BVN = re.compile(r"[0-9]{11,12}", re.ASCII)  # the vendor's own test number has twelve
_FIND = (
    "SELECT c.id, c.email, c.code, c.created_at, c.risk_action, i.first_name, i.last_name, i.phone, i.identification"
    " FROM customers c LEFT JOIN identities i ON i.customer_id = c.id WHERE c.code = ?"
)
_BESIDE = (
    "SELECT c.id AS customer_id, c.email, c.code AS customer_code, c.risk_action, i.first_name, i.last_name, i.phone"
    " FROM customers c LEFT JOIN identities i ON i.customer_id = c.id WHERE c.code = ?"
)
_NAME = (
    "INSERT INTO identities (customer_id, first_name, last_name, phone) VALUES (:id, :first, :last, :phone)"
    " ON CONFLICT (customer_id) DO UPDATE SET first_name = coalesce(:first, first_name),"
    " last_name = coalesce(:last, last_name), phone = coalesce(:phone, phone)"
)
_ACCOUNT = (
    "SELECT id, account_name, account_number, created_at, updated_at FROM dedicated_accounts"
    " WHERE customer_id = ? AND active ORDER BY id LIMIT 1"
)
_IDENTIFY = "UPDATE identities SET first_name = ?, last_name = ?, identification = ? WHERE customer_id = ?"


def find(db: sqlite3.Connection, code: str) -> sqlite3.Row:
    """A customer by the vendor's code."""
    row: sqlite3.Row | None = db.execute(_FIND, (code,)).fetchone()
    if row is None:
        raise Refused(404, "Customer not found")
    return row


def beside(db: sqlite3.Connection, code: str) -> sqlite3.Row:
    """A customer under the names that stand beside an account number."""
    row: sqlite3.Row = db.execute(_BESIDE, (code,)).fetchone()
    return row


def shape(row: sqlite3.Row) -> dict[str, Any]:
    """A customer as the vendor shows one; identified, the names are the BVN's."""
    proof = json.loads(row["identification"]) if row["identification"] else None
    return {
        "id": row["id"], "email": row["email"], "customer_code": row["code"], "domain": "test",
        "first_name": row["first_name"], "last_name": row["last_name"], "phone": row["phone"], "metadata": None,
        "identified": proof is not None, "identifications": proof, "risk_action": row["risk_action"],
        "dedicated_account": None, "createdAt": row["created_at"], "updatedAt": row["created_at"],
    }  # fmt: skip


def create(db: sqlite3.Connection, sent: dict[str, Any]) -> sqlite3.Row:
    """A customer by address; a known address is the customer it is, with the names of now unless identified."""
    customer_id = charges.customer_id(db, amounts.email(sent))
    row = db.execute("SELECT code FROM customers WHERE id = ?", (customer_id,)).fetchone()
    known = find(db, row["code"])
    if not known["identification"]:
        named = {name: amounts.text(sent, f"{name}_name") for name in ("first", "last")}
        db.execute(_NAME, named | {"id": customer_id, "phone": amounts.text(sent, "phone")})
    return find(db, row["code"])


def identify(db: sqlite3.Connection, code: str, sent: dict[str, Any]) -> None:
    """Check what was sent, decide at once, and let the event tell it in its own time."""
    row = find(db, code)
    first, last = (amounts.required_text(sent, f"{name}_name") for name in ("first", "last"))
    if amounts.required_text(sent, "type") != "bank_account" or amounts.required_text(sent, "country") != "NG":
        raise answers.invalid("Only bank_account in NG can be identified")
    bvn = amounts.required_text(sent, "bvn")
    if not _BVN.fullmatch(bvn):
        raise answers.invalid("BVN should be 11 digits")
    account_number, bank_code = accounts.asked(sent)
    holder = accounts.holder(db, account_number)
    reason = _reason(db, holder, f"{first} {last}")
    if reason is None:
        return
    proof = {"country": "NG", "type": "bank_account", "bvn": _starred(bvn), "account_number": _starred(account_number)}
    proof |= {"bank_code": bank_code}
    event = {"customer_id": str(row["id"]), "customer_code": code, "email": row["email"], "identification": proof}
    if reason:
        webhooks.queue(db, "customeridentification.failed", subject=code, content=event | {"reason": reason})
        return
    surname, _, given = (holder or f"{last} {first}").partition(" ")
    db.execute(_NAME, {"id": row["id"], "first": None, "last": None, "phone": None})
    db.execute(_IDENTIFY, (given.title(), surname.title(), json.dumps(proof), row["id"]))
    webhooks.queue(db, "customeridentification.success", subject=code, content=event)


def _reason(db: sqlite3.Connection, holder: str | None, name: str) -> str | None:
    """Why it fails; empty when it succeeds, None when nobody will ever hear of it."""
    wanted = knobboard.load(db).identification
    if wanted != "by_name":
        return _REASONS.get(wanted)
    if holder is None:
        return UNRESOLVED
    return "" if set(name.upper().split()) <= set(holder.split()) else NAME_DIFFERS


def _starred(number: str) -> str:
    return f"{number[:3]}{'*' * (len(number) - 6)}{number[-3:]}"


def add(api: Blueprint, book: Book, worker: Worker) -> None:
    """The vendor's three calls."""

    @api.post("/customer")
    def create_customer() -> Response:
        with book.writing() as db:
            row = create(db, sent_fields())
        return agreed("Customer created", shape(row))

    @api.get("/customer/<code>")
    def fetch_customer(code: str) -> Response:
        with book.reading() as db:
            row = find(db, code)
            account = db.execute(_ACCOUNT, (row["id"],)).fetchone()
        return agreed("Customer retrieved", shape(row) | {"dedicated_account": dict(account) if account else None})

    @api.post("/customer/<code>/identification")
    def validate_customer(code: str) -> Response:
        with book.writing() as db:
            identify(db, code, sent_fields())
        worker.wake()
        return answers.said("Customer Identification in progress", http_status=202)

    @api.post("/customer/set_risk_action")
    def set_risk_action() -> Response:
        sent = sent_fields()
        action = amounts.text(sent, "risk_action") or "default"
        if action not in RISK_ACTIONS:
            raise answers.invalid(f"risk_action should be one of {', '.join(RISK_ACTIONS)}")
        with book.writing() as db:
            code = find(db, amounts.required_text(sent, "customer"))["code"]
            db.execute("UPDATE customers SET risk_action = ? WHERE code = ?", (action, code))
            row = find(db, code)
        return agreed("Customer updated", shape(row))
