"""Files by address: the lists as CSV under an address that dies after 60 seconds, and evidence put up for a dispute.

The addresses ask for no key, as the vendor's storage does not: whoever holds one before it dies has the file. Amounts
are kobo. Of the headers the vendor's own spelling is not known; these say what its pages say of the columns.
"""

import csv
import io
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, request

from sandbox import charges, disputes, transfers
from sandbox.answers import agreed, invalid
from sandbox.book import Book
from sandbox.settings import Settings

LIVES_SECONDS = 60
UPLOAD_SECONDS = 1800
_KINDS = (".jpg", ".jpeg", ".pdf")
_KEEP = "INSERT INTO exports VALUES (?, ?, ?)"
_FIND = "SELECT body FROM exports WHERE token = ? AND expires_at > ?"
_CHARGE_HEAD = (
    "Reference number", "Transaction date", "Customer email", "Amount paid", "Paystack fee", "Amount due to merchant",
    "Settlement date", "Gateway response", "Customer full name", "Transaction ID", "Card type", "Card bank",
    "Country code", "Currency", "Subaccount", "Subaccount due", "Status",
)  # fmt: skip
_TRANSFER_HEAD = ("Reference", "Transfer code", "Amount", "Fee", "Status", "Recipient", "Created at", "Transferred at")
_DISPUTE_HEAD = ("ID", "Transaction ID", "Category", "Status", "Resolution", "Refund amount", "Due at", "Resolved at")
_SETTLED_ON = "SELECT id, substr(settlement_date, 1, 10) AS day FROM settlements"


def _text(head: Iterable[str], lines: Iterable[Iterable[Any]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(lines)
    return written.getvalue()


def _everything(args: dict[str, str]) -> dict[str, str]:
    """The filters of a call without its page: an export is whole."""
    return {name: text for name, text in args.items() if name not in ("page", "perPage", "use_cursor", "next")}


def _all(read: Callable[..., Any], db: sqlite3.Connection, args: dict[str, str]) -> list[sqlite3.Row]:
    rows: list[sqlite3.Row] = []
    cursor: str | None = ""
    while cursor is not None:
        # By cursor, so that the walk is one and whole however long the list is.
        page, meta = read(db, {**_everything(args), "use_cursor": "true", "next": cursor, "perPage": "100"})
        rows += page
        cursor = meta["next"]
    return rows


def charges_text(db: sqlite3.Connection, args: dict[str, str]) -> str:
    """Payments, with the day each was settled on."""
    days = {row["id"]: row["day"] for row in db.execute(_SETTLED_ON)}
    wanted = {"true": True, "false": False}.get(args.get("settled", ""))
    rows = [r for r in _all(charges.list_page, db, args) if wanted in (None, r["settlement_id"] is not None)]
    return _text(_CHARGE_HEAD, (_charge_line(row, days) for row in rows))


def _charge_line(row: sqlite3.Row, days: dict[int, str]) -> tuple[Any, ...]:
    card, fee = json.loads(row["authorization"]), row["fees"] or 0
    return (
        row["reference"], row["created_at"], row["email"], row["amount"], fee, row["amount"] - fee,
        days.get(row["settlement_id"], ""), row["gateway_response"], "", row["id"], card.get("card_type", ""),
        card.get("bank") or "", card.get("country_code", ""), "NGN", "", "", row["status"],
    )  # fmt: skip


def transfers_text(db: sqlite3.Connection, args: dict[str, str]) -> str:
    """Transfers."""
    rows = _all(transfers.list_page, db, args)
    names = ("reference", "code", "amount", "fee", "status", "recipient_code", "created_at", "transferred_at")
    return _text(_TRANSFER_HEAD, ([row[name] for name in names] for row in rows))


def disputes_text(db: sqlite3.Connection, args: dict[str, str]) -> str:
    """Disputes."""
    rows = _all(disputes.list_page, db, args)
    names = ("id", "transaction_id", "category", "status", "resolution", "refund_amount", "answer_by", "resolved_at")
    return _text(_DISPUTE_HEAD, ([row[name] for name in names] for row in rows))


def add(api: Blueprint, book: Book, settings: Settings) -> None:
    """The vendor's three exports."""

    def export(write: Callable[[sqlite3.Connection, dict[str, str]], str], *, dated: bool = True) -> Response:
        token, dies_at = secrets.token_urlsafe(24), time.time() + LIVES_SECONDS
        with book.writing() as db:
            db.execute(_KEEP, (token, write(db, dict(request.args)), dies_at))
        shape = {"path": f"{settings.public_url}/files/{token}.csv"}
        if dated:
            shape["expiresAt"] = datetime.fromtimestamp(dies_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
        return agreed("Export successful", shape)

    @api.get("/transaction/export")
    def export_transactions() -> Response:
        return export(charges_text)

    @api.get("/transfer/export")
    def export_transfers() -> Response:
        return export(transfers_text, dated=False)

    @api.get("/dispute/export")
    def export_disputes() -> Response:
        return export(disputes_text)

    @api.get("/dispute/<int:dispute_id>/upload_url")
    def upload_address(dispute_id: int) -> Response:
        name = request.args.get("upload_filename", "")
        if not name.lower().endswith(_KINDS):
            raise invalid("upload_filename should be a jpg, jpeg or pdf")
        token = secrets.token_urlsafe(15)
        with book.writing() as db:
            disputes.known(db, dispute_id)
            db.execute(_KEEP, (f"up {token}", "", time.time() + UPLOAD_SECONDS))
        return agreed("Upload url generated", {"signedUrl": f"{settings.public_url}/files/{token}", "fileName": token})


def blueprint(book: Book, settings: Settings, worker: Any) -> Blueprint:  # noqa: ARG001 (as every face)
    """The addresses themselves."""
    files = Blueprint("files", __name__)

    @files.get("/files/<token>.csv")
    def read(token: str) -> Response:
        with book.reading() as db:
            found = db.execute(_FIND, (token, time.time())).fetchone()
        if found is None:
            abort(403)
        return Response(found["body"], mimetype="text/csv")

    @files.put("/files/<token>")
    def take(token: str) -> Response:
        # What is in the file is nobody's business here: that it came is enough.
        with book.reading() as db:
            if db.execute(_FIND, (f"up {token}", time.time())).fetchone() is None:
                abort(403)
        return Response(status=200)

    return files
