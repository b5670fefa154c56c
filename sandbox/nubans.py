"""Account numbers that payers transfer into: a customer's own for good, or one for a single payment.

What comes to a customer's own number is a payment nobody asked for, with a reference of the vendor's. A number for one
payment takes exactly what was asked, in time, and sends back everything else.
"""

import json
import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from sandbox import amounts, answers, charges, identities, paging, shapes, webhooks
from sandbox import knobs as knobboard
from sandbox.banks import BANKS, BY_CODE
from sandbox.book import next_id, stamp
from sandbox.chance import digits
from sandbox.transfer_shapes import INTEGRATION

PROVIDERS = tuple(bank for bank in BANKS if bank.slug in ("test-bank", "wema-bank"))
_TEST_BANK = "001"
REQUERY_SECONDS = 600
_JOINED = " FROM dedicated_accounts a JOIN customers c ON c.id = a.customer_id"
_SELECT = (
    "SELECT a.*, c.email, c.code AS customer_code, c.risk_action, i.first_name, i.last_name, i.phone"
    + _JOINED
    + " LEFT JOIN identities i ON i.customer_id = c.id"
)
_BY_ID = _SELECT + " WHERE a.id = ?"
_BY_NUMBER = _SELECT + " WHERE a.account_number = ?"
_OF_CUSTOMER = _SELECT + " WHERE c.code = ? AND a.bank_code = ? AND a.active"
_WANTED = (
    " WHERE (:active IS NULL OR a.active = :active) AND (:bank IS NULL OR a.bank_code = :bank)"
    " AND (:customer IS NULL OR :customer IN (c.code, CAST(c.id AS TEXT)))"
)
_COUNT = "SELECT count(*)" + _JOINED + _WANTED
_AFTER = " AND (:after_at IS NULL OR (a.created_at, a.id) < (:after_at, :after_id))"
_PAGE = _SELECT + _WANTED + _AFTER + " ORDER BY a.created_at DESC, a.id DESC LIMIT :rows OFFSET :skipped"
_ONE_OFF = (
    "SELECT t.*, o.expires_at, c.email, c.code AS customer_code,"
    " EXISTS (SELECT 1 FROM facts WHERE name = 'huge_ids') AS huge_id FROM one_off_accounts o"
    " JOIN transactions t ON t.id = o.transaction_id JOIN customers c ON c.id = t.customer_id"
    " WHERE o.account_number = ?"
)
_MISSED = "INSERT INTO unnoticed (account_number, amount, sender, created_at) VALUES (?, ?, ?, ?)"
_FOUND = (
    "DELETE FROM unnoticed WHERE account_number = ? AND date(created_at, '+1 hour') = ? RETURNING *"  # (a day of Lagos)
)


def fresh() -> str:
    """A number nobody has."""
    return "97" + digits(8)


def provider(slug: str | None) -> Any:
    """The bank that gives account numbers; the test bank where none was named."""
    found = [bank for bank in PROVIDERS if bank.slug == (slug or "test-bank")]
    if not found:
        raise answers.invalid("Preferred bank is not an available provider")
    return found[0]


def assign(db: sqlite3.Connection, sent: dict[str, Any], business_name: str) -> sqlite3.Row:
    """A customer's own number at a bank; asked again, the number they have."""
    customer = identities.find(db, amounts.required_text(sent, "customer"))
    bank = provider(amounts.text(sent, "preferred_bank"))
    had: sqlite3.Row | None = db.execute(_OF_CUSTOMER, (customer["code"], bank.code)).fetchone()
    if had is not None:
        return had
    names = [customer["first_name"], customer["last_name"]]
    name = " ".join(filter(None, names)) or customer["email"].split("@")[0]
    account_id, now = next_id(db, "dedicated_accounts"), stamp(db)
    db.execute(
        "INSERT INTO dedicated_accounts VALUES (?, ?, ?, ?, ?, 1, ?, ?, NULL)",
        (account_id, customer["id"], fresh(), f"{business_name}/{name}".upper(), bank.code, now, now),
    )
    return known(db, account_id)


def known(db: sqlite3.Connection, account_id: int) -> sqlite3.Row:
    """The dedicated account with this id."""
    row: sqlite3.Row | None = db.execute(_BY_ID, (account_id,)).fetchone()
    if row is None:
        raise answers.Refused(404, "Managed account not found")
    return row


def close(db: sqlite3.Connection, account_id: int) -> sqlite3.Row:
    """Take the number from its customer; what is sent there from now on goes back to its sender."""
    known(db, account_id)
    db.execute("UPDATE dedicated_accounts SET active = 0, updated_at = ? WHERE id = ?", (stamp(db), account_id))
    return known(db, account_id)


def list_page(db: sqlite3.Connection, args: Mapping[str, str]) -> tuple[list[sqlite3.Row], dict[str, Any]]:
    """One page of dedicated accounts, newest first, and its meta."""
    page = paging.listed(args, always=knobboard.load(db).lists == "cursor")
    active = {"true": 1, "false": 0}.get(args.get("active", ""))
    slug = args.get("provider_slug")
    wanted = {"active": active, "customer": args.get("customer") or None, "bank": provider(slug).code if slug else None}
    total = db.execute(_COUNT, wanted).fetchone()[0]
    return page.cut(db.execute(_PAGE, wanted | page.window()).fetchall(), total)


def receive(
    db: sqlite3.Connection, amount: int, account_number: str, *, sender: dict[str, Any], email: str, noticed: bool
) -> str:
    """A transfer into a number. Not noticed, it stays unknown until the merchant has the number requeried."""
    one_off: sqlite3.Row | None = db.execute(_ONE_OFF, (account_number,)).fetchone()
    if one_off is not None:
        return _into_one_off(db, one_off, amount, sender)
    owner: sqlite3.Row | None = db.execute(_BY_NUMBER, (account_number,)).fetchone()
    if owner is not None and not owner["active"]:
        raise charges.NotPayable(f"{account_number} is closed: the sender has the money back")
    if not noticed:
        db.execute(_MISSED, (account_number, amount, json.dumps(sender), stamp(db)))
        return ""
    bank = BY_CODE[owner["bank_code"] if owner else _TEST_BANK].name
    reference = digits(30)
    receiver = {"receiver_bank_account_number": account_number, "receiver_bank": bank}
    metadata = {"receiver_account_number": account_number, "receiver_bank": bank, "custom_fields": []}
    customer_id = owner["customer_id"] if owner else charges.customer_id(db, email)
    charges.insert(
        db, customer_id, amount, reference=reference, channel="dedicated_nuban", metadata=metadata,
        entry_point="dedicated_nuban",
    )  # fmt: skip
    row = charges.known(db, reference)
    charges.succeed(db, row, channel="dedicated_nuban", amount=amount, sender=sender | {"receiver": receiver})
    return reference


def _into_one_off(db: sqlite3.Connection, row: sqlite3.Row, amount: int, sender: dict[str, Any]) -> str:
    """The asked amount, in time and once, is the payment; anything else is sent back, and the merchant is told."""
    late = stamp(db) > row["expires_at"] or row["paid_at"] is not None
    if late or amount != row["requested_amount"]:
        kind, words = ("EXPIRED_ACCOUNT", "account expired") if late else ("INCORRECT_AMOUNT", "incorrect amount sent")
        rejected = {
            "amount": str(amount), "message": words, "message_type": kind,
            "transaction_id": str(shapes.transaction_id(row)),
        }  # fmt: skip
        customer = {
            "first_name": None, "last_name": None, "email": row["email"], "phone": None, "metadata": None,
            "domain": "test", "customer_code": row["customer_code"], "risk_action": "default", "id": row["customer_id"],
            "integration": INTEGRATION, "createdAt": row["created_at"], "updatedAt": row["created_at"],
        }  # fmt: skip
        content = {"bank_transfer": rejected, "customer": customer}
        webhooks.queue(db, "bank.transfer.rejected", subject=row["reference"], content=content)
    else:
        charges.succeed(
            db, charges.known(db, row["reference"]), channel="bank_transfer", amount=amount, sender=sender
        )  # fmt: skip
    return str(row["reference"])


def requery(db: sqlite3.Connection, args: Mapping[str, str]) -> None:
    """Look again for a day's transfers into a number; what is found comes as events. Once in ten minutes a number."""
    account_number = amounts.required_text(dict(args), "account_number")
    day, bank = paging.between({"from": args.get("date", "")})["from"], provider(args.get("provider_slug"))
    if day is None:
        raise answers.missing("date")
    owner: sqlite3.Row | None = db.execute(_BY_NUMBER, (account_number,)).fetchone()
    if owner is None or owner["bank_code"] != bank.code:
        raise answers.Refused(404, "Managed account not found")
    if owner["requeried_at"] is not None and time.time() < owner["requeried_at"] + REQUERY_SECONDS:
        raise answers.rate_limited()
    db.execute("UPDATE dedicated_accounts SET requeried_at = ? WHERE id = ?", (time.time(), owner["id"]))
    for row in db.execute(_FOUND, (account_number, day[:10])).fetchall():
        receive(db, row["amount"], account_number, sender=json.loads(row["sender"]), email=owner["email"], noticed=True)


def customer(row: sqlite3.Row) -> dict[str, Any]:
    """The customer beside their number."""
    return {
        "id": row["customer_id"], "first_name": row["first_name"], "last_name": row["last_name"],
        "email": row["email"], "customer_code": row["customer_code"], "phone": row["phone"], "metadata": {},
        "risk_action": row["risk_action"], "international_format_phone": row["phone"],
    }  # fmt: skip


def account(row: sqlite3.Row) -> dict[str, Any]:
    """A number with the whole of its assignment, as it is when it is given and taken, and in the event."""
    bank, assigned = BY_CODE[row["bank_code"]], bool(row["active"])
    return {
        "bank": {"name": bank.name, "id": bank.id, "slug": bank.slug}, "account_name": row["account_name"],
        "account_number": row["account_number"], "assigned": assigned, "currency": "NGN", "metadata": None,
        "active": assigned, "id": row["id"], "created_at": row["created_at"], "updated_at": row["updated_at"],
        "assignment": {
            "integration": INTEGRATION, "assignee_id": row["customer_id"], "assignee_type": "Customer",
            "expired": not assigned, "account_type": "PAY-WITH-TRANSFER-RECURRING", "assigned_at": row["created_at"],
            "expired_at": None if assigned else row["updated_at"],
        },
    }  # fmt: skip


def in_list(row: sqlite3.Row) -> dict[str, Any]:
    """A number in the list: no assignment, and the split as an object where fetch writes a text."""
    shape = account(row) | {"customer": customer(row), "split_config": {}}
    del shape["assignment"], shape["metadata"]
    return shape


def fetched(row: sqlite3.Row) -> dict[str, Any]:
    """A number by its id."""
    return in_list(row) | {"split_config": "{}"}
