"""A gateway for text messages, of the contract in docs/sms.md: it takes them, sends nothing, and shows what it took."""

import hmac
import sqlite3

from flask import Blueprint, Response, jsonify, request

from sandbox.book import Book, stamp
from sandbox.settings import Settings
from sandbox.worker import Worker

NOBODYS = "0000"  # a number that ends like this cannot be written to
_TAKE = (
    "INSERT INTO texts (id, number, text, created_at) VALUES (:id, :number, :text, :at)"
    " ON CONFLICT (id) DO UPDATE SET times = times + 1"
)
_LATEST = (
    "SELECT id, number, text, times, created_at FROM texts WHERE (:number IS NULL OR number = :number)"
    " ORDER BY rowid DESC LIMIT :rows"
)


def latest(db: sqlite3.Connection, *, number: str | None = None, rows: int) -> list[sqlite3.Row]:
    """The messages taken last, newest first; to one number, if it is given."""
    return db.execute(_LATEST, {"number": number, "rows": rows}).fetchall()


def blueprint(book: Book, settings: Settings, worker: Worker) -> Blueprint:  # noqa: ARG001 (as every face)
    """The one call of the contract."""
    texts = Blueprint("texts", __name__, url_prefix="/sms")
    expected = f"Bearer {settings.secret_key}".encode()

    @texts.post("/messages")
    def take() -> tuple[Response, int]:
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected):
            return jsonify(code="unknown_token", message="Nobody is known by this token."), 401
        sent = request.get_json(silent=True)
        fields = [sent.get(name) if isinstance(sent, dict) else None for name in ("id", "to", "text")]
        if not all(isinstance(each, str) and each for each in fields):
            return jsonify(code="malformed", message="Send id, to and text."), 400
        message_id, number, text = map(str, fields)
        if not number.startswith("+") or number.endswith(NOBODYS):
            return jsonify(code="no_such_number", message="There is no such number."), 400
        with book.writing() as db:
            db.execute(_TAKE, {"id": message_id, "number": number, "text": text, "at": stamp(db)})
        return jsonify(id=message_id), 202

    return texts
