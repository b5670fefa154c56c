"""Money going back to payers: the vendor keeps its fee, takes the amount from stream and balance, and pays in its time.

A refund that nothing covers yet stays `pending` until something does. A failed one brings back what was taken. One that
needs attention waits for the payer's account. Every step is an event, and the events name no refund: amount and
transaction are all that most of them say.
"""

import json
import sqlite3
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox import amounts, answers, charges, paging, settlements, shapes, webhooks
from sandbox import knobs as knobboard
from sandbox.accounts import ACCOUNT_NUMBER
from sandbox.banks import BANKS
from sandbox.book import iso, next_id, stamp
from sandbox.cards import REFUNDS
from sandbox.chance import code, digits
from sandbox.transfer_shapes import INTEGRATION

_EXPECTED = timedelta(days=9)
_BY = "merchant@example.com"
_JOINED = " FROM refunds r JOIN transactions t ON t.id = r.transaction_id"
_SELECT = "SELECT r.*, t.reference AS transaction_reference" + _JOINED
_BY_ID = _SELECT + " WHERE r.id = ?"
_DUE = _SELECT + " WHERE r.due_at <= ? ORDER BY r.due_at, r.id"
_GIVEN = (
    "SELECT coalesce(sum(amount), 0) FROM refunds WHERE transaction_id = ?"
    " AND status IN ('pending', 'processing', 'needs-attention', 'processed')"
)
_BACK = "SELECT coalesce(sum(amount), 0) FROM refunds WHERE transaction_id = ? AND status = 'processed'"
_WANTED = (
    " WHERE (:transaction IS NULL OR t.id = :transaction) AND (:currency IS NULL OR :currency = 'NGN')"
    " AND (:from IS NULL OR r.created_at >= :from) AND (:to IS NULL OR r.created_at <= :to)"
)
_COUNT = "SELECT count(*)" + _JOINED + _WANTED
_PAGE = _SELECT + _WANTED + " ORDER BY r.created_at DESC, r.id DESC LIMIT :rows OFFSET :skipped"
_INSERT = (
    "INSERT INTO refunds (id, transaction_id, amount, status, outcome, due_at, customer_note, merchant_note,"
    " created_at, updated_at) VALUES (?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?)"
)
_MOVE = "UPDATE refunds SET status = ?, outcome = ?, due_at = ?, reference = ?, updated_at = ? WHERE id = ?"
_MOVES = {
    "processing": ("pending", "needs-attention"),
    "processed": ("processing",),
    "failed": ("processing", "pending"),
    "needs-attention": ("processing",),
}


class NotRefundable(Exception):
    """The refund is not there, or cannot go from where it stands to where it was sent."""


def ask(db: sqlite3.Connection, sent: dict[str, Any]) -> sqlite3.Row:
    """A new refund of a payment, of all that is left of it where no amount is named."""
    named = sent.get("transaction")
    if named in (None, ""):
        raise answers.missing("transaction")
    paid = charges.find_named(db, str(named))
    if paid is None:
        raise answers.transaction_not_found()
    amounts.naira(sent)
    if paid["paid_at"] is None:
        raise answers.invalid("Transaction has not been paid")
    left = paid["amount"] - int(db.execute(_GIVEN, (paid["id"],)).fetchone()[0])
    if paid["status"] == "reversed" or left <= 0:
        raise answers.invalid("Transaction has been fully reversed")
    amount = left if sent.get("amount") is None else amounts.kobo(sent["amount"])
    if amount > left:
        raise answers.Refused(400, "Refund amount cannot be greater than initial amount")
    knobs = knobboard.load(db)
    outcome = REFUNDS.get(json.loads(paid["authorization"]).get("last4", ""), knobs.refund_outcome)
    due_at = None if outcome == "pending-forever" else time.time() + knobs.refund_delay_seconds
    note = f"Refund for transaction {paid['reference']}"
    refund_id, now = next_id(db, "refunds"), stamp(db)
    notes = (amounts.text(sent, "customer_note") or note, amounts.text(sent, "merchant_note") or f"{note} by {_BY}")
    db.execute(_INSERT, (refund_id, paid["id"], amount, outcome, due_at, *notes, now, now))
    settlements.take(db, amount, model="Refund", model_row=refund_id)
    _tell(db, refund_id)
    return known(db, refund_id)


def known(db: sqlite3.Connection, refund_id: int) -> sqlite3.Row:
    """The refund with this id."""
    row: sqlite3.Row | None = db.execute(_BY_ID, (refund_id,)).fetchone()
    if row is None:
        raise answers.Refused(404, "Refund not found")
    return row


def _cover(db: sqlite3.Connection, row: sqlite3.Row) -> bool:
    """Take what is still missing; whether all of it is taken now."""
    short = row["amount"] - settlements.taken(db, model="Refund", model_row=row["id"])
    return not short or settlements.take(db, short, model="Refund", model_row=row["id"]) == short


def _move(db: sqlite3.Connection, row: sqlite3.Row, status: str, *, due_at: float | None = None) -> sqlite3.Row:
    if row["status"] not in _MOVES[status]:
        raise NotRefundable(f"refund {row['id']} is {row['status']} and cannot become {status}")
    reference = row["reference"]
    if status == "processed":
        reference = digits(12)
    elif status in ("failed", "needs-attention"):
        reference = reference or code("TRF_")
    db.execute(_MOVE, (status, row["outcome"], due_at, reference, stamp(db), row["id"]))
    if status == "processed":
        db.execute("UPDATE refunds SET refunded_at = ? WHERE id = ?", (stamp(db), row["id"]))
        _reverse(db, row["transaction_id"])
    if status == "failed":
        settlements.give_back(db, model="Refund", model_row=row["id"])
    _tell(db, row["id"])
    return known(db, row["id"])


def _reverse(db: sqlite3.Connection, transaction_id: int) -> None:
    """A payment that went back whole is `reversed`; one that went back in part stays a success."""
    back = db.execute(_BACK, (transaction_id,)).fetchone()[0]
    db.execute("UPDATE transactions SET status = 'reversed' WHERE id = ? AND amount <= ?", (transaction_id, back))


def conclude(db: sqlite3.Connection, refund_id: int, outcome: str) -> sqlite3.Row:
    """Bring a refund to an end or to `needs-attention`, by way of `processing`; where it stands already, it stays."""
    row = known(db, refund_id)
    if row["status"] == outcome:
        return row
    if row["status"] in ("pending", "needs-attention") and outcome in ("processing", "processed", "needs-attention"):
        if not _cover(db, row):
            raise NotRefundable(f"neither the stream nor the balance covers refund {refund_id}")
        row = _move(db, row, "processing")
    return row if row["status"] == outcome else _move(db, row, outcome)


def conclude_due(db: sqlite3.Connection) -> int:
    """Bring every refund whose time has come, and that is covered, to the outcome it was given."""
    due = db.execute(_DUE, (time.time(),)).fetchall()
    for row in due:
        if row["outcome"] == "failed" or _cover(db, row):
            db.execute("UPDATE refunds SET due_at = NULL WHERE id = ?", (row["id"],))
            conclude(db, row["id"], row["outcome"])
        else:
            db.execute("UPDATE refunds SET due_at = ? WHERE id = ?", (time.time() + 1, row["id"]))
    return len(due)


def next_due_at(db: sqlite3.Connection) -> float | None:
    """When the next refund comes to its end."""
    due_at = db.execute("SELECT min(due_at) FROM refunds WHERE due_at IS NOT NULL").fetchone()[0]
    return None if due_at is None else float(due_at)


def retry(db: sqlite3.Connection, refund_id: int, sent: dict[str, Any]) -> sqlite3.Row:
    """The payer's account for a refund that could not find them: it is processed again, into that account."""
    row, account = known(db, refund_id), sent.get("refund_account_details")
    if not isinstance(account, dict):
        raise answers.missing("refund_account_details")
    account_number, bank_id = str(account.get("account_number") or ""), str(account.get("bank_id") or "")
    amounts.naira(account)
    if not ACCOUNT_NUMBER.fullmatch(account_number) or bank_id not in {str(bank.id) for bank in BANKS}:
        raise answers.invalid("Refund account details are invalid")
    if row["status"] != "needs-attention":
        message = 'Invalid Refund state, refund status should be "needs-attention"'
        raise answers.invalid(message, http_status=422)
    db.execute(
        "UPDATE refunds SET account = ?, outcome = 'processed' WHERE id = ?", (f"{bank_id}:{account_number}", refund_id)
    )
    due_at = time.time() + knobboard.load(db).refund_delay_seconds
    return _move(db, known(db, refund_id), "processing", due_at=due_at)


def list_page(db: sqlite3.Connection, args: Mapping[str, str]) -> tuple[list[sqlite3.Row], dict[str, Any]]:
    """One page of refunds, newest first, and its meta; `transaction` by reference or by id."""
    page, named = paging.asked(args), args.get("transaction")
    about = charges.find_named(db, named) if named else None
    if named and about is None:
        return [], page.meta(0)
    wanted: dict[str, Any] = {"transaction": about["id"] if about else None, "currency": args.get("currency") or None}
    wanted |= paging.between(args)
    total = db.execute(_COUNT, wanted).fetchone()[0]
    return db.execute(_PAGE, wanted | page.window()).fetchall(), page.meta(total)


def _tell(db: sqlite3.Connection, refund_id: int) -> None:
    row = known(db, refund_id)
    about = charges.known(db, row["transaction_reference"])
    steady = row["status"] in ("pending", "processing", "processed")
    content = {
        "status": row["status"], "transaction_reference": row["transaction_reference"],
        "refund_reference": row["reference"], "amount": str(row["amount"]) if steady else row["amount"],
        "currency": "NGN", "customer": {"first_name": None, "last_name": None, "email": about["email"]},
        "integration": INTEGRATION, "domain": "test",
    }  # fmt: skip
    if row["status"] == "needs-attention":
        notes = {"customer_note": row["customer_note"], "merchant_note": row["merchant_note"]}
        content |= {"id": str(row["id"]), **notes}
    else:
        content["processor"] = "mpgs_zen" if about["channel"] == "card" else "instant-transfer"
    subject = row["transaction_reference"]
    webhooks.queue(db, f"refund.{row['status']}", subject=subject, content=content)


def _facts(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    deducted = settlements.taken(db, model="Refund", model_row=row["id"])
    expected = iso(datetime.fromisoformat(row["created_at"]) + _EXPECTED)
    about = charges.known(db, row["transaction_reference"])
    return {
        "integration": INTEGRATION, "transaction": shapes.transaction_id(about), "dispute": None, "settlement": None,
        "id": row["id"], "domain": "test", "currency": "NGN", "amount": row["amount"], "status": row["status"],
        "refunded_at": row["refunded_at"], "expected_at": expected, "channel": None, "refunded_by": _BY,
        "customer_note": row["customer_note"], "merchant_note": row["merchant_note"], "deducted_amount": deducted,
        "fully_deducted": deducted >= row["amount"],
    }  # fmt: skip


def asked(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    """A refund from `POST /refund`: its transaction is an object here."""
    about = charges.known(db, row["transaction_reference"])
    transaction = shapes.in_refund(about)
    shape = _facts(db, row) | {
        "transaction": transaction,
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }
    for name in ("dispute", "settlement", "refunded_at"):
        del shape[name]
    return shape


def fetched(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    """A refund from `GET /refund/{id}`."""
    return _facts(db, row) | {"createdAt": row["created_at"], "updatedAt": row["updated_at"]}


def in_list(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    """A refund in `GET /refund`: whether all was taken is a number here, and what is not is nothing."""
    shape = _facts(db, row) | {"created_at": row["created_at"], "updated_at": row["updated_at"]}
    return shape | {
        "fully_deducted": 1 if shape["fully_deducted"] else None, "deducted_amount": shape["deducted_amount"] or None,
    }  # fmt: skip


def retried(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    """A refund that is tried again."""
    return _facts(db, row) | {
        "bank_reference": None, "reason": "PROCESSING", "customer": None, "initiated_by": _BY, "reversed_at": None,
        "session_id": None,
    }  # fmt: skip
