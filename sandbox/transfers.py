"""Money going out: the balance pays amount and fee when a transfer is accepted; what becomes of it is known later.

A reference is used once: the second POST is told that it exists and moves nothing. The end can still turn: a transfer
that was `success` may come back `reversed`. Status, balance and event are one unit of work.
"""

import json
import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from sandbox import accounts, amounts, answers, fees, paging, webhooks
from sandbox import knobs as knobboard
from sandbox.book import balance, move_balance, next_id, stamp
from sandbox.chance import code, digits
from sandbox.transfer_shapes import event

_JOINED = " FROM transfers t JOIN recipients r ON r.id = t.recipient_id"
_SELECT = (
    "SELECT t.*, r.code AS recipient_code, r.name AS recipient_name, r.account_number, r.account_name, r.bank_code,"
    " r.email AS recipient_email, r.description, r.metadata AS recipient_metadata, r.created_at AS recipient_created_at"
    + _JOINED
)
_BY_REFERENCE = _SELECT + " WHERE t.reference = ?"
# The id is compared as a text: any number of digits may be asked for, and SQLite's integers end at 64 bits.
_BY_ID_OR_CODE = _SELECT + " WHERE CAST(t.id AS TEXT) = :name OR t.code = :name"
_WANTED = (
    " WHERE (:status IS NULL OR t.status = :status)"
    " AND (:recipient IS NULL OR :recipient IN (r.code, CAST(r.id AS TEXT)))"
    " AND (:from IS NULL OR t.created_at >= :from) AND (:to IS NULL OR t.created_at <= :to)"
)
_COUNT = "SELECT count(*)" + _JOINED + _WANTED
_PAGE = _SELECT + _WANTED + " ORDER BY t.created_at DESC, t.id DESC LIMIT :rows OFFSET :skipped"
_RECIPIENT_BY_CODE = "SELECT * FROM recipients WHERE code = ?"
_RECIPIENT_BY_ACCOUNT = "SELECT * FROM recipients WHERE account_number = ? AND bank_code = ?"
# What may follow what. `success` to `reversed` is the one way on from an end: the bank sent the money back.
_MOVES = {"success": ("pending",), "failed": ("pending",), "reversed": ("pending", "success")}


class NotMovable(Exception):
    """The transfer is not there, or cannot go from where it stands to where it was sent."""


def recipient_for(db: sqlite3.Connection, sent: dict[str, Any]) -> tuple[sqlite3.Row, bool]:
    """The recipient of this account, and whether it is new: the same account is always the same recipient."""
    if amounts.required_text(sent, "type") != "nuban":
        raise answers.invalid("Transfer recipient type should be nuban")
    name = amounts.required_text(sent, "name")
    account_number, bank_code = accounts.asked(sent)
    amounts.naira(sent)
    known = _recipient(db, _RECIPIENT_BY_ACCOUNT, account_number, bank_code)
    if known is not None:
        return known, False
    account_name = accounts.holder(db, account_number)
    if account_name is None:
        raise answers.invalid("Cannot resolve account")
    metadata = sent.get("metadata")
    recipient_code = code("RCP_")
    db.execute(
        "INSERT INTO recipients VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            next_id(db, "recipients"), recipient_code, name, account_number, account_name, bank_code,
            amounts.text(sent, "email"), amounts.text(sent, "description"),
            None if metadata in (None, "") else json.dumps(metadata), stamp(db),
        ),
    )  # fmt: skip
    made = _recipient(db, _RECIPIENT_BY_CODE, recipient_code)
    if made is None:
        raise LookupError(recipient_code)
    return made, True


def _recipient(db: sqlite3.Connection, statement: str, *values: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(statement, values).fetchone()
    return row


def initiate(db: sqlite3.Connection, sent: dict[str, Any]) -> sqlite3.Row:
    """A new transfer, `pending`, already paid for; refused transfers leave the balance and the reference untouched."""
    if amounts.required_text(sent, "source") != "balance":
        raise answers.invalid("source should be balance")
    amount = amounts.kobo(sent.get("amount"))
    recipient_code = amounts.required_text(sent, "recipient")
    reference = amounts.required_text(sent, "reference")
    reason = amounts.text(sent, "reason")
    amounts.naira(sent)
    if not amounts.TRANSFER_REFERENCE.fullmatch(reference):
        raise answers.invalid("Your reference contains illegal special characters")
    if find(db, reference):
        raise answers.duplicate_transfer_reference()
    recipient = _recipient(db, _RECIPIENT_BY_CODE, recipient_code)
    if recipient is None:
        raise answers.invalid_recipient()
    fee = fees.transfer(amount)
    if balance(db) < amount + fee:
        raise answers.balance_too_low()
    knobs = knobboard.load(db)
    transfer_id, now = next_id(db, "transfers"), stamp(db)
    due_at = None if knobs.transfer_outcome == "pending-forever" else time.time() + knobs.transfer_delay_seconds
    db.execute(
        "INSERT INTO transfers (id, reference, code, recipient_id, amount, fee, reason, status, outcome, due_at,"
        " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?)",
        (
            transfer_id, reference, code("TRF_"), recipient["id"], amount, fee, reason, knobs.transfer_outcome, due_at,
            now, now,
        ),
    )  # fmt: skip
    move_balance(db, -(amount + fee), reason=f"Transfer {reference}", model="Transfer", model_row=transfer_id)
    return _known(db, reference)


def find(db: sqlite3.Connection, reference: str) -> sqlite3.Row | None:
    """The transfer with this reference."""
    row: sqlite3.Row | None = db.execute(_BY_REFERENCE, (reference,)).fetchone()
    return row


def _known(db: sqlite3.Connection, reference: str) -> sqlite3.Row:
    row = find(db, reference)
    if row is None:
        raise NotMovable(f"no transfer has the reference {reference}")
    return row


def find_by_id_or_code(db: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    """The transfer with this id or transfer code."""
    found = db.execute(_BY_ID_OR_CODE, {"name": name})
    row: sqlite3.Row | None = found.fetchone()
    return row


def list_page(db: sqlite3.Connection, args: Mapping[str, str]) -> tuple[list[sqlite3.Row], dict[str, Any]]:
    """One page of transfers, newest first, and its meta."""
    page = paging.asked(args)
    wanted: dict[str, Any] = {name: args.get(name) or None for name in ("status", "recipient")} | paging.between(args)
    total = db.execute(_COUNT, wanted).fetchone()[0]
    return db.execute(_PAGE, wanted | page.window()).fetchall(), page.meta(total)


def conclude(db: sqlite3.Connection, reference: str, outcome: str) -> sqlite3.Row:
    """Bring a transfer to `success`, `failed` or `reversed`, with its balance movement and its event."""
    row = _known(db, reference)
    if row["status"] not in _MOVES[outcome]:
        raise NotMovable(f"{reference} is {row['status']} and cannot become {outcome}")
    now = stamp(db)
    transferred_at = row["transferred_at"] if outcome == "failed" else row["transferred_at"] or now
    db.execute(
        "UPDATE transfers SET status = ?, due_at = NULL, updated_at = ?, transferred_at = ?, session_id = ?"
        " WHERE id = ?",
        (outcome, now, transferred_at, row["session_id"] or digits(30), row["id"]),
    )
    if outcome != "success":
        returned = row["amount"] + (row["fee"] if knobboard.load(db).fee_returned else 0)
        move_balance(db, returned, reason=f"Transfer {outcome} {reference}", model="Transfer", model_row=row["id"])
    ended = _known(db, reference)
    webhooks.queue(db, f"transfer.{outcome}", subject=reference, content=event(ended))
    return ended


def conclude_due(db: sqlite3.Connection) -> int:
    """Bring every transfer whose time has come to the outcome it was given when it was made."""
    due = db.execute(
        "SELECT reference, outcome FROM transfers WHERE due_at <= ? ORDER BY due_at, id", (time.time(),)
    ).fetchall()
    for row in due:
        conclude(db, row["reference"], row["outcome"])
    return len(due)


def next_due_at(db: sqlite3.Connection) -> float | None:
    """When the next transfer comes to its end."""
    due_at = db.execute("SELECT min(due_at) FROM transfers WHERE due_at IS NOT NULL").fetchone()[0]
    return None if due_at is None else float(due_at)
