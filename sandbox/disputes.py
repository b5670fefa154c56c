"""Payments that payers dispute: 16 hours to answer, a reminder every 4, and silence is consent.

An accepted dispute takes its amount from stream and balance, and what they do not hold stays owed; the vendor's fee
does not come back. A declined one takes nothing.
"""

import json
import sqlite3
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox import amounts, answers, charges, paging, settlements, shapes, webhooks
from sandbox import knobs as knobboard
from sandbox.book import iso, next_id, stamp

CATEGORIES = ("chargeback", "fraud", "general")
RESOLUTIONS = ("merchant-accepted", "declined", "auto-accepted")
RESPOND_WITHIN = timedelta(hours=16)
REMIND_SECONDS = 4 * 3600
WAITS, BANK, RESOLVED = "awaiting-merchant-feedback", "awaiting-bank-feedback", "resolved"
_BANK_PERSON = "disputes@bank.example.com"
_WANTED = (
    " FROM disputes d WHERE (:status IS NULL OR d.status = :status)"
    " AND (:transaction IS NULL OR d.transaction_id = :transaction)"
    " AND (:from IS NULL OR d.created_at >= :from) AND (:to IS NULL OR d.created_at <= :to)"
)
_COUNT = "SELECT count(*)" + _WANTED
_AFTER = " AND (:after_at IS NULL OR (d.created_at, d.id) < (:after_at, :after_id))"
_PAGE = "SELECT d.*" + _WANTED + _AFTER + " ORDER BY d.created_at DESC, d.id DESC LIMIT :rows OFFSET :skipped"
_INSERT = "INSERT INTO disputes VALUES (?, ?, ?, ?, NULL, ?, ?, NULL, NULL, NULL, ?, ?, ?, ?, ?, ?)"
_ABOUT = "SELECT * FROM disputes WHERE transaction_id = ? ORDER BY id DESC LIMIT 1"
_OPEN = "SELECT * FROM disputes WHERE status = 'awaiting-merchant-feedback' ORDER BY id"
_NEXT = "SELECT min(min(remind_at, expires_at)) FROM disputes WHERE status = 'awaiting-merchant-feedback'"


class NotDisputable(Exception):
    """There is nothing to dispute, or the dispute is over."""


def open_one(
    db: sqlite3.Connection, reference: str, *, category: str, amount: int | None, due_at: datetime | None
) -> sqlite3.Row:
    """The payer's bank disputes a payment."""
    about = charges.find(db, reference)
    if about is None or about["paid_at"] is None:
        raise NotDisputable(f"{reference} was not paid")
    now, claimed = datetime.fromisoformat(stamp(db)), amount or about["amount"]
    if claimed > about["amount"]:
        raise NotDisputable("a dispute claims no more than was paid")
    answer_by = due_at or now + RESPOND_WITHIN
    # The dates are the pinned clock's; how long there is to wait is the real one's.
    left = max((answer_by - now).total_seconds(), 0)
    history = [{"status": "pending", "by": _BANK_PERSON, "createdAt": iso(now)}]
    messages = [
        {"sender": _BANK_PERSON, "body": "Customer complained about debit without value", "createdAt": iso(now)}
    ]
    dispute_id = next_id(db, "disputes")
    db.execute(
        _INSERT,
        (
            dispute_id, about["id"], category, WAITS, claimed, iso(answer_by), json.dumps(history),
            json.dumps(messages), time.time() + REMIND_SECONDS, time.time() + left, iso(now), iso(now),
        ),
    )  # fmt: skip
    return _told(db, dispute_id, "create")


def known(db: sqlite3.Connection, dispute_id: int) -> sqlite3.Row:
    """The dispute with this id."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM disputes WHERE id = ?", (dispute_id,)).fetchone()
    if row is None:
        raise answers.Refused(404, "Dispute not found")
    return row


def latest_about(db: sqlite3.Connection, name: str) -> sqlite3.Row:
    """The last dispute about a transaction."""
    about = charges.find_named(db, name)
    row: sqlite3.Row | None = db.execute(_ABOUT, (about["id"] if about else 0,)).fetchone()
    if row is None:
        raise answers.Refused(404, "Dispute not found")
    return row


def resolve(
    db: sqlite3.Connection, dispute_id: int, resolution: str, *, amount: int | None = None, message: str = ""
) -> sqlite3.Row:
    """End a dispute; an accepted one pays its amount back, with the event in the same unit of work."""
    row = known(db, dispute_id)
    if row["status"] == RESOLVED:
        raise NotDisputable(f"dispute {dispute_id} is resolved")
    now, claimed = stamp(db), row["refund_amount"] if amount is None else amount
    db.execute(
        "UPDATE disputes SET status = ?, resolution = ?, refund_amount = ?, resolved_at = ?, updated_at = ?,"
        " messages = ? WHERE id = ?",
        (RESOLVED, resolution, claimed, now, now, _with(row, message, now), dispute_id),
    )
    if resolution != "declined":
        settlements.take(db, claimed, model="Dispute", model_row=dispute_id, owe=True)
        db.execute(
            "UPDATE transactions SET status = 'reversed' WHERE id = ? AND amount <= ?", (row["transaction_id"], claimed)
        )
    return _told(db, dispute_id, "resolve")


def _with(row: sqlite3.Row, message: str, now: str) -> str:
    added = [{"sender": "merchant@example.com", "body": message, "createdAt": now}] if message else []
    return json.dumps(json.loads(row["messages"]) + added)


def answer(db: sqlite3.Connection, dispute_id: int, sent: dict[str, Any]) -> sqlite3.Row:
    """What the merchant says: accepted ends it, declined leaves it to the bank."""
    resolution, message = (amounts.required_text(sent, name) for name in ("resolution", "message"))
    if resolution not in ("merchant-accepted", "declined"):
        raise answers.invalid("resolution should be merchant-accepted or declined")
    amount, row = amounts.kobo(sent.get("refund_amount")), known(db, dispute_id)
    uploaded = amounts.required_text(sent, "uploaded_filename")
    _claim_fits(db, row, amount)
    if row["status"] != WAITS:
        raise answers.invalid("Dispute is not awaiting merchant feedback")
    db.execute("UPDATE disputes SET attachments = ? WHERE id = ?", (uploaded, dispute_id))
    if resolution == "merchant-accepted":
        return resolve(db, dispute_id, resolution, amount=amount, message=message)
    now = stamp(db)
    db.execute(
        "UPDATE disputes SET status = ?, updated_at = ?, messages = ? WHERE id = ?",
        (BANK, now, _with(row, message, now), dispute_id),
    )
    return known(db, dispute_id)


def update(db: sqlite3.Connection, dispute_id: int, sent: dict[str, Any]) -> sqlite3.Row:
    """Another amount, and a file."""
    row, amount = known(db, dispute_id), amounts.kobo(sent.get("refund_amount"))
    _claim_fits(db, row, amount)
    uploaded = amounts.text(sent, "uploaded_filename") or row["attachments"]
    db.execute(
        "UPDATE disputes SET refund_amount = ?, attachments = ?, updated_at = ? WHERE id = ?",
        (amount, uploaded, stamp(db), dispute_id),
    )
    return known(db, dispute_id)


def _claim_fits(db: sqlite3.Connection, row: sqlite3.Row, amount: int) -> None:
    about = charges.find_by_id(db, row["transaction_id"])
    if about is not None and amount > about["amount"]:
        raise answers.Refused(400, "Refund amount cannot be greater than initial amount")


def evidence(db: sqlite3.Connection, dispute_id: int, sent: dict[str, Any]) -> dict[str, Any]:
    """What the merchant knows of the payer and of the service."""
    names = ("customer_email", "customer_name", "customer_phone", "service_details")
    said = {name: amounts.required_text(sent, name) for name in names}
    said |= {name: sent[name] for name in ("delivery_address", "delivery_date") if sent.get(name)}
    known(db, dispute_id)
    now = stamp(db)
    shape = said | {"dispute": dispute_id, "id": dispute_id, "createdAt": now, "updatedAt": now}
    db.execute("UPDATE disputes SET evidence = ?, updated_at = ? WHERE id = ?", (json.dumps(shape), now, dispute_id))
    return shape


def remind(db: sqlite3.Connection, dispute_id: int) -> sqlite3.Row:
    """Tell the merchant once more that an answer is awaited."""
    row = known(db, dispute_id)
    if row["status"] != WAITS:
        raise NotDisputable(f"dispute {dispute_id} is {row['status']}")
    db.execute("UPDATE disputes SET remind_at = ? WHERE id = ?", (time.time() + REMIND_SECONDS, dispute_id))
    return _told(db, dispute_id, "remind")


def run_due(db: sqlite3.Connection) -> int:
    """Remind of what is open, and accept what nobody answered in time."""
    now, done = time.time(), 0
    for row in db.execute(_OPEN).fetchall():
        if row["expires_at"] <= now:
            resolve(db, row["id"], "auto-accepted")
        elif row["remind_at"] <= now:
            remind(db, row["id"])
        else:
            continue
        done += 1
    return done


def next_due_at(db: sqlite3.Connection) -> float | None:
    """When the next reminder or acceptance is due."""
    due_at = db.execute(_NEXT).fetchone()[0]
    return None if due_at is None else float(due_at)


def _told(db: sqlite3.Connection, dispute_id: int, what: str) -> sqlite3.Row:
    row = known(db, dispute_id)
    content = shape(db, row)
    content |= {"created_at": content.pop("createdAt"), "updated_at": content.pop("updatedAt")}
    webhooks.queue(db, f"charge.dispute.{what}", subject=str(dispute_id), content=content)
    return row


def list_page(db: sqlite3.Connection, args: Mapping[str, str]) -> tuple[list[sqlite3.Row], dict[str, Any]]:
    """One page of disputes, newest first, and its meta; `transaction` by id."""
    page = paging.listed(args, always=knobboard.load(db).lists == "cursor")
    about = charges.find_named(db, args["transaction"]) if args.get("transaction") else None
    if args.get("transaction") and about is None:
        return page.cut([], 0)
    wanted: dict[str, Any] = {"status": args.get("status") or None, "transaction": about["id"] if about else None}
    wanted |= paging.between(args)
    total = db.execute(_COUNT, wanted).fetchone()[0]
    return page.cut(db.execute(_PAGE, wanted | page.window()).fetchall(), total)


def shape(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    """A dispute as every call prints it; the events write its dates another way."""
    about = charges.find_by_id(db, row["transaction_id"])
    if about is None:
        raise LookupError(row["transaction_id"])
    card = json.loads(about["authorization"])
    return {
        "id": row["id"], "refund_amount": row["refund_amount"], "currency": "NGN", "status": row["status"],
        "resolution": row["resolution"], "domain": "test", "transaction": shapes.in_dispute(about),
        "transaction_reference": None, "category": row["category"], "customer": shapes.customer(about),
        "bin": card.get("bin"), "last4": card.get("last4"), "dueAt": row["answer_by"],
        "resolvedAt": row["resolved_at"], "evidence": json.loads(row["evidence"]) if row["evidence"] else None,
        "attachments": row["attachments"], "note": None, "history": json.loads(row["history"]),
        "messages": json.loads(row["messages"]), "createdAt": row["created_at"], "updatedAt": row["updated_at"],
    }  # fmt: skip
