"""The merchant's word before a transfer goes: its approval address is shown each one and says yes, no, or nothing.

200 lets it go, 400 rejects it; any other answer, or none within a few seconds, blocks it. Nobody is asked twice.
"""

import json
import sqlite3
import time
from http import HTTPStatus

import requests

from sandbox import knobs as knobboard
from sandbox import transfers
from sandbox.book import Book
from sandbox.transfer_shapes import event

TIMEOUT_SECONDS = (3, 5)
_WAITING = "SELECT reference FROM transfers WHERE due_at <= ? AND outcome = 'approval' ORDER BY due_at, id LIMIT 100"


def ask_due(book: Book, session: requests.Session) -> int:
    """Ask about every transfer that waits for the merchant's word; says how many."""
    with book.reading() as db:
        address = knobboard.load(db).approval_url
        waiting = [row["reference"] for row in db.execute(_WAITING, (time.time(),)).fetchall()]
        bodies = [_body(db, reference) for reference in waiting]
    for reference, body in zip(waiting, bodies, strict=True):
        # The book is not held while the merchant thinks; whoever ended the transfer meanwhile has the last word.
        answer = _ask(session, address, body)
        with book.writing() as db:
            row = transfers.find(db, reference)
            if row is None or row["status"] != "received":
                continue
            if answer == HTTPStatus.OK:
                transfers.release(db, reference)
            else:
                transfers.conclude(db, reference, "rejected" if answer == HTTPStatus.BAD_REQUEST else "blocked")
    return len(waiting)


def _body(db: sqlite3.Connection, reference: str) -> bytes:
    row = transfers.find(db, reference)
    return json.dumps(event(row) if row else {}, ensure_ascii=False).encode()


def _ask(session: requests.Session, address: str | None, body: bytes) -> int | None:
    if address is None:
        return None
    headers = {"Content-Type": "application/json"}
    try:
        answer = session.post(address, data=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException:
        # A merchant that cannot be reached has said nothing, which is an answer of its own.
        return None
    return answer.status_code
