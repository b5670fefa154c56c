"""Money going out: the balance pays amount and fee when a transfer is accepted; what becomes of it is known later.

A reference is used once: the second POST is told that it exists and moves nothing. The end can still turn: a transfer
that was `success` may come back `reversed`. Status, balance and event are one unit of work; `abandoned`, `blocked` and
`rejected` have no event, as with the vendor: who does not ask never learns of them.
"""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
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
_AFTER = " AND (:after_at IS NULL OR (t.created_at, t.id) < (:after_at, :after_id))"
_PAGE = _SELECT + _WANTED + _AFTER + " ORDER BY t.created_at DESC, t.id DESC LIMIT :rows OFFSET :skipped"
_LOOKED = "SELECT count(*) FROM calls WHERE reference = ? AND path = '/transfer/verify/<reference>'"
_RECIPIENT_BY_CODE = "SELECT * FROM recipients WHERE code = ?"
_RECIPIENT_BY_ACCOUNT = "SELECT * FROM recipients WHERE account_number = ? AND bank_code = ?"
# What may follow what. `success` to `reversed` is the one way on from an end: the bank sent the money back.
_MOVES = {
    "pending": ("otp", "received"),
    "otp": ("pending",),
    "success": ("pending",),
    "failed": ("pending", "otp"),
    "reversed": ("pending", "success"),
    "abandoned": ("pending", "otp"),
    "blocked": ("pending", "received"),
    "rejected": ("pending", "received"),
}
_TOLD = ("success", "failed", "reversed")
# Where a transfer begins that is to end so.
_BEGINS = {"otp": "otp", "abandoned": "otp", "blocked": "received", "rejected": "received"}
OTP = "123456"
OTP_SECONDS = 1800
APPROVAL = "approval"  # the outcome of a transfer that waits for the merchant's word


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


@dataclass(frozen=True, slots=True)
class Order:
    """A transfer to be made: every part of it is there and well formed."""

    amount: int
    recipient_code: str
    reference: str
    reason: str | None
    recipient_id: int

    @property
    def cost(self) -> int:
        """What it takes from the balance."""
        return self.amount + fees.transfer(self.amount)


def _source(sent: dict[str, Any]) -> None:
    if amounts.required_text(sent, "source") != "balance":
        raise answers.invalid("source should be balance")
    amounts.naira(sent)


def _order(db: sqlite3.Connection, sent: dict[str, Any]) -> Order:
    amount = amounts.kobo(sent.get("amount"))
    recipient_code = amounts.required_text(sent, "recipient")
    reference = amounts.required_text(sent, "reference")
    reason = amounts.text(sent, "reason")
    if not amounts.TRANSFER_REFERENCE.fullmatch(reference):
        raise answers.invalid("Your reference contains illegal special characters")
    recipient = _recipient(db, _RECIPIENT_BY_CODE, recipient_code)
    return Order(amount, recipient_code, reference, reason, recipient["id"] if recipient else 0)


def initiate(db: sqlite3.Connection, sent: dict[str, Any]) -> sqlite3.Row:
    """A new transfer, already paid for; refused transfers leave the balance and the reference untouched."""
    _source(sent)
    order = _order(db, sent)
    if find(db, order.reference):
        raise answers.duplicate_transfer_reference()
    return _accept(db, [order])[0]


def initiate_many(db: sqlite3.Connection, sent: dict[str, Any]) -> list[sqlite3.Row]:
    """New transfers, all of them or none: one reference that was used before refuses the whole."""
    _source(sent)
    wanted = sent.get("transfers")
    if not isinstance(wanted, list) or not all(isinstance(each, dict) for each in wanted):
        raise answers.invalid("transfers should be an array")
    if not wanted:
        raise answers.missing("transfers")
    if knobboard.load(db).transfer_outcome in ("otp", "abandoned"):
        raise answers.invalid("OTP has to be disabled for bulk transfers")
    orders = [_order(db, each) for each in wanted]
    seen = Counter(order.reference for order in orders)
    twice = sorted(reference for reference, times in seen.items() if times > 1 or find(db, reference))
    if twice:
        raise answers.duplicate_references(twice)
    return _accept(db, orders)


def _accept(db: sqlite3.Connection, orders: list[Order]) -> list[sqlite3.Row]:
    if not all(order.recipient_id for order in orders):
        raise answers.invalid_recipient()
    if balance(db) < sum(order.cost for order in orders):
        raise answers.balance_too_low()
    knobs = knobboard.load(db)
    outcome = APPROVAL if knobs.approval_url else knobs.transfer_outcome
    status = "received" if outcome == APPROVAL else _BEGINS.get(outcome, "pending")
    due_at: float | None = time.time() + (0 if outcome == APPROVAL else knobs.transfer_delay_seconds)
    if outcome == "otp":
        due_at, outcome = time.time() + OTP_SECONDS, "abandoned"
    elif outcome == "pending-forever":
        due_at = None
    for order in orders:
        transfer_id, now = next_id(db, "transfers"), stamp(db)
        db.execute(
            "INSERT INTO transfers (id, reference, code, recipient_id, amount, fee, reason, status, outcome, due_at,"
            " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                transfer_id, order.reference, code("TRF_"), order.recipient_id, order.amount,
                fees.transfer(order.amount), order.reason, status, outcome, due_at, now, now,
            ),
        )  # fmt: skip
        reason = f"Transfer {order.reference}"
        move_balance(db, -order.cost, reason=reason, model="Transfer", model_row=transfer_id)
        if outcome == "at-once":
            conclude(db, order.reference, "success")
    return [_known(db, order.reference) for order in orders]


def finalise(db: sqlite3.Connection, sent: dict[str, Any]) -> sqlite3.Row:
    """The one-time password that a transfer waits for. A wrong one ends it."""
    transfer_code, otp = (amounts.required_text(sent, name) for name in ("transfer_code", "otp"))
    row = find_by_id_or_code(db, transfer_code)
    if row is None or row["code"] != transfer_code:
        raise answers.Refused(400, "Transfer code is invalid")
    if row["status"] != "otp":
        raise answers.invalid("Transfer is not currently awaiting OTP")
    if otp != OTP:
        return conclude(db, row["reference"], "failed")
    return release(db, row["reference"])


def release(db: sqlite3.Connection, reference: str) -> sqlite3.Row:
    """Let a transfer go that waited for a password or for the merchant's word: now it is `pending`."""
    row, knobs = _known(db, reference), knobboard.load(db)
    _may_become(row, "pending")
    # What kept it waiting is over, so an outcome that means waiting is a success now.
    outcome = knobs.transfer_outcome if knobs.transfer_outcome not in (*_BEGINS, "at-once") else "success"
    due_at = None if outcome == "pending-forever" else time.time() + knobs.transfer_delay_seconds
    _set_waiting(db, row["id"], status="pending", outcome=outcome, due_at=due_at)
    return _known(db, reference)


def ask_for_password(db: sqlite3.Connection, reference: str) -> sqlite3.Row:
    """Make a pending transfer wait for its one-time password."""
    row = _known(db, reference)
    _may_become(row, "otp")
    _set_waiting(db, row["id"], status="otp", outcome="abandoned", due_at=time.time() + OTP_SECONDS)
    return _known(db, reference)


def _set_waiting(db: sqlite3.Connection, transfer_id: int, *, status: str, outcome: str, due_at: float | None) -> None:
    db.execute(
        "UPDATE transfers SET status = ?, outcome = ?, due_at = ?, updated_at = ? WHERE id = ?",
        (status, outcome, due_at, stamp(db), transfer_id),
    )


def _may_become(row: sqlite3.Row, status: str) -> None:
    if row["status"] not in _MOVES[status]:
        raise NotMovable(f"{row['reference']} is {row['status']} and cannot become {status}")


def find(db: sqlite3.Connection, reference: str) -> sqlite3.Row | None:
    """The transfer with this reference."""
    row: sqlite3.Row | None = db.execute(_BY_REFERENCE, (reference,)).fetchone()
    return row


def find_shown(db: sqlite3.Connection, reference: str) -> sqlite3.Row | None:
    """As `find`, but some look-ups just after its making may not see a transfer yet."""
    row, looked = find(db, reference), db.execute(_LOOKED, (reference,)).fetchone()[0]
    # This call is noted already, so the first one counts as one.
    return None if row is None or looked <= knobboard.load(db).hide_transfers else row


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
    page = paging.listed(args, always=knobboard.load(db).lists == "cursor")
    wanted: dict[str, Any] = {name: args.get(name) or None for name in ("status", "recipient")} | paging.between(args)
    total = db.execute(_COUNT, wanted).fetchone()[0]
    return page.cut(db.execute(_PAGE, wanted | page.window()).fetchall(), total)


def conclude(db: sqlite3.Connection, reference: str, outcome: str) -> sqlite3.Row:
    """Bring a transfer to one of its six ends, with its balance movement and, where there is one, its event."""
    row = _known(db, reference)
    _may_become(row, outcome)
    now = stamp(db)
    sent = outcome in ("success", "reversed")
    transferred_at, session_id = row["transferred_at"], row["session_id"]
    if sent:
        transferred_at = transferred_at or now
    if outcome in _TOLD:
        session_id = session_id or digits(30)
    db.execute(
        "UPDATE transfers SET status = ?, due_at = NULL, updated_at = ?, transferred_at = ?, session_id = ?"
        " WHERE id = ?",
        (outcome, now, transferred_at, session_id, row["id"]),
    )
    if outcome != "success":
        returned = row["amount"] + (row["fee"] if knobboard.load(db).fee_returned else 0)
        move_balance(db, returned, reason=f"Transfer {outcome} {reference}", model="Transfer", model_row=row["id"])
    ended = _known(db, reference)
    if outcome in _TOLD:
        webhooks.queue(db, f"transfer.{outcome}", subject=reference, content=event(ended))
    return ended


def conclude_due(db: sqlite3.Connection) -> int:
    """Bring every transfer whose time has come to the outcome it was given when it was made."""
    due = db.execute(
        "SELECT reference, outcome FROM transfers WHERE due_at <= ? AND outcome != 'approval' ORDER BY due_at, id",
        (time.time(),),
    ).fetchall()
    for row in due:
        conclude(db, row["reference"], row["outcome"])
    return len(due)


def next_due_at(db: sqlite3.Connection) -> float | None:
    """When the next transfer comes to its end."""
    due_at = db.execute("SELECT min(due_at) FROM transfers WHERE due_at IS NOT NULL").fetchone()[0]
    return None if due_at is None else float(due_at)
