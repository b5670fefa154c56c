"""The payout stream: what payers have paid, less fees, on its way to the merchant's bank; one lump per working day.

It is a pocket apart from the balance that pays transfers. Refunds and lost disputes are taken from it first and from
the balance after; what neither covers stays owed, and later payments pay it. Nothing is taken twice: every kobo taken
is a row that names what it was for and, once it has reduced a settlement, which one.
"""

import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import Any

from sandbox import knobs as knobboard
from sandbox import paging, workdays
from sandbox.book import balance, move_balance, next_id, recall, stamp
from sandbox.transfer_shapes import INTEGRATION

_STREAM = (
    "SELECT (SELECT coalesce(sum(amount - fees), 0) FROM transactions WHERE settlement_id IS NULL"
    " AND paid_at IS NOT NULL) - (SELECT coalesce(sum(amount), 0) FROM deductions WHERE settlement_id IS NULL"
    " AND pocket = 'payout')"
)
_OPEN = "SELECT id, amount, fees, paid_at FROM transactions WHERE settlement_id IS NULL AND paid_at IS NOT NULL"
_FIRST_OPEN = "SELECT min(paid_at) FROM transactions WHERE settlement_id IS NULL AND paid_at IS NOT NULL"
_OWED = "SELECT * FROM deductions WHERE settlement_id IS NULL AND pocket = 'payout' ORDER BY id"
_TAKE = "INSERT INTO deductions (model, model_row, amount, pocket, settlement_id, created_at) VALUES (?, ?, ?, ?, ?, ?)"
_TAKEN = "SELECT coalesce(sum(amount), 0) FROM deductions WHERE model = ? AND model_row = ?"
_WANTED = (
    " FROM settlements WHERE (:status IS NULL OR status = :status)"
    " AND (:from IS NULL OR settlement_date >= :from) AND (:to IS NULL OR settlement_date <= :to)"
)
_COUNT = "SELECT count(*)" + _WANTED
_PAGE = "SELECT *" + _WANTED + " ORDER BY settlement_date DESC, id DESC LIMIT :rows OFFSET :skipped"
_TOP_UPS = "SELECT count(*) FROM ledger WHERE model = 'TopUp'"


class NotSettled(Exception):
    """There is no such settlement, or nothing to settle."""


def stream(db: sqlite3.Connection) -> int:
    """What is in the stream now; below nothing where the merchant owes more than was paid since."""
    return int(db.execute(_STREAM).fetchone()[0])


def top_up(db: sqlite3.Connection, amount: int) -> int:
    """The merchant's own bank transfer into its balance; answers the new balance."""
    number = int(recall(db, "first_id")) + db.execute(_TOP_UPS).fetchone()[0]
    move_balance(db, amount, reason="Top up", model="TopUp", model_row=number)
    return balance(db)


def take(db: sqlite3.Connection, amount: int, *, model: str, model_row: int, owe: bool = False) -> int:
    """Take up to `amount` from stream and balance, in this order, or all of it when the rest may stay owed."""
    left, now = amount, stamp(db)
    from_stream = min(left, max(stream(db), 0))
    left -= from_stream
    from_balance = min(left, max(balance(db), 0))
    left -= from_balance
    if owe:
        from_stream, left = from_stream + left, 0
    if from_stream:
        db.execute(_TAKE, (model, model_row, from_stream, "payout", None, now))
    if from_balance:
        db.execute(_TAKE, (model, model_row, from_balance, "balance", None, now))
        move_balance(db, -from_balance, reason=f"{model} {model_row}", model=model, model_row=model_row)
    return amount - left


def taken(db: sqlite3.Connection, *, model: str, model_row: int) -> int:
    """What has been taken for this so far."""
    return int(db.execute(_TAKEN, (model, model_row)).fetchone()[0])


def give_back(db: sqlite3.Connection, *, model: str, model_row: int) -> None:
    """Return what was taken: out of the stream what no settlement has carried yet, into the balance the rest."""
    rest = db.execute(
        "DELETE FROM deductions WHERE model = ? AND model_row = ? RETURNING amount, pocket, settlement_id",
        (model, model_row),
    ).fetchall()
    returned = sum(row["amount"] for row in rest if row["pocket"] == "balance" or row["settlement_id"] is not None)
    if returned:
        move_balance(db, returned, reason=f"{model} {model_row} returned", model=model, model_row=model_row)


def settle(db: sqlite3.Connection, until: date | None = None) -> list[int]:
    """Settle each day that is due by `until`, a lump a day; without a date everything open, now and in one lump."""
    also, groups = workdays.named(db), dict[date, list[sqlite3.Row]]()
    for row in db.execute(_OPEN).fetchall():
        due = workdays.settles_on(row["paid_at"], also) if until else workdays.day_of(stamp(db))
        if until is None or due <= until:
            groups.setdefault(due, []).append(row)
    return [_lump(db, day, groups[day]) for day in sorted(groups)]


def due(db: sqlite3.Connection) -> date | None:
    """Today, when something open was to be settled by today; None otherwise."""
    first, today = db.execute(_FIRST_OPEN).fetchone()[0], workdays.day_of(stamp(db))
    return today if first and workdays.settles_on(first, workdays.named(db)) <= today else None


def _lump(db: sqlite3.Connection, day: date, rows: list[sqlite3.Row]) -> int:
    settlement_id, now = next_id(db, "settlements"), stamp(db)
    gross, fees = sum(row["amount"] for row in rows), sum(row["fees"] for row in rows)
    db.execute(
        "INSERT INTO settlements VALUES (?, ?, ?, ?, ?, NULL, ?, ?)",
        (settlement_id, workdays.midnight(day), knobboard.load(db).settlement_status, gross, fees, now, now),
    )
    db.executemany("UPDATE transactions SET settlement_id = ? WHERE id = ?", [(settlement_id, r["id"]) for r in rows])
    deducted = _deduct(db, settlement_id, gross - fees)
    db.execute("UPDATE settlements SET deductions = ? WHERE id = ?", (deducted or None, settlement_id))
    return settlement_id


def _deduct(db: sqlite3.Connection, settlement_id: int, most: int) -> int:
    """Put what is owed upon this settlement, as far as it reaches; the rest waits for the next."""
    left = most
    for row in db.execute(_OWED).fetchall():
        part = min(row["amount"], left)
        if part == row["amount"]:
            db.execute("UPDATE deductions SET settlement_id = ? WHERE id = ?", (settlement_id, row["id"]))
        elif part > 0:
            db.execute("UPDATE deductions SET amount = amount - ? WHERE id = ?", (part, row["id"]))
            db.execute(_TAKE, (row["model"], row["model_row"], part, "payout", settlement_id, row["created_at"]))
        left -= max(part, 0)
    return most - left


def turn(db: sqlite3.Connection, settlement_id: int, status: str) -> sqlite3.Row:
    """Say what became of a settlement on its way to the bank."""
    row: sqlite3.Row | None = db.execute(
        "UPDATE settlements SET status = ?, updated_at = ? WHERE id = ? RETURNING *", (status, stamp(db), settlement_id)
    ).fetchone()
    if row is None:
        raise NotSettled(f"no settlement has the id {settlement_id}")
    return row


def find(db: sqlite3.Connection, settlement_id: int) -> sqlite3.Row | None:
    """The settlement with this id."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM settlements WHERE id = ?", (settlement_id,)).fetchone()
    return row


def list_page(db: sqlite3.Connection, args: Mapping[str, str]) -> tuple[list[sqlite3.Row], dict[str, Any]]:
    """One page of settlements, newest first, and its meta."""
    page = paging.asked(args)
    wanted: dict[str, Any] = {"status": args.get("status") or None} | paging.between(args)
    # `none` asks for the merchant's own, which all are here; a subaccount's are nobody's.
    if args.get("subaccount") not in (None, "", "none"):
        return [], page.meta(0)
    total = db.execute(_COUNT, wanted).fetchone()[0]
    return db.execute(_PAGE, wanted | page.window()).fetchall(), page.meta(total)


def shape(row: sqlite3.Row) -> dict[str, Any]:
    """A settlement as `GET /settlement` prints it."""
    total = row["gross"] - row["fees"]
    return {
        "id": row["id"], "domain": "test", "status": row["status"], "currency": "NGN", "integration": INTEGRATION,
        "total_amount": total, "effective_amount": total - (row["deductions"] or 0), "total_fees": row["fees"],
        "total_processed": row["gross"], "deductions": row["deductions"], "settlement_date": row["settlement_date"],
        "settled_by": None, "createdAt": row["created_at"], "updatedAt": row["updated_at"],
    }  # fmt: skip
