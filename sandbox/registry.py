"""Registers of people and companies, of the contract in docs/identification.md: who a BVN, NIN or company number is.

Some families of numbers answer in a known way, so that a demo and a test need no knob. Whoever is not kept by control
is invented, the same person for the same number.
"""

import hashlib
import hmac
import re
import sqlite3
import time
from datetime import date
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox import knobs as knobboard
from sandbox import people
from sandbox.book import Book, stamp
from sandbox.faults import hang_up
from sandbox.settings import Settings
from sandbox.worker import Worker

KINDS = ("bvn", "nin", "company")
# How a number begins (after the letters of a company's): what is answered.
ECHO, OTHER, PART, SWAPPED = "2201", "2202", "2203", "2204"
REFUSED, NOBODY, LATE, BUSY, DOWN = "2400", "2404", "2408", "2429", "2500"
_NOES = {"busy": ("too_many", 429), "down": ("down", 503)}
_LETTERS = re.compile(r"[A-Z]*")
_KEEP = "INSERT OR REPLACE INTO records (kind, number, name, birth_date) VALUES (:kind, :number, :name, :birth_date)"
_KEPT = "SELECT name, birth_date FROM records WHERE kind = ? AND number = ?"
_NOTE = "INSERT INTO calls (method, path, reference, at) VALUES ('POST', '/registry/lookups', ?, ?)"


def keep(db: sqlite3.Connection, *, kind: str, number: str, name: str, birth_date: str | None) -> None:
    """Say whose a number is."""
    db.execute(_KEEP, {"kind": kind, "number": number, "name": name, "birth_date": birth_date})


def record(db: sqlite3.Connection, kind: str, number: str, given: dict[str, Any]) -> dict[str, Any] | None:
    """What the register holds under a number; None for nobody."""
    kept = db.execute(_KEPT, (kind, number)).fetchone()
    if kept:
        return _shape(kept["name"], kept["birth_date"])
    family = _family(number)
    name, born = str(given.get("name") or ""), given.get("birth_date")
    if family == NOBODY or number.startswith(people.NOBODY_PREFIX):
        return None
    if family == ECHO and name:
        return _shape(name.upper(), born)
    if family == PART and name:
        return _shape(name.split(maxsplit=1)[0].upper(), born)
    if family == SWAPPED and name:
        return _shape(name.upper(), _swapped(born))
    invented = people.name_of(f"{kind}:{number}")
    return _shape(
        f"{invented.split(maxsplit=1)[0]} & SONS LTD" if kind == "company" else invented, _invented_date(number)
    )


def _family(number: str) -> str:
    return _LETTERS.sub("", number, count=1)[:4]


def _shape(name: str, birth_date: Any) -> dict[str, Any]:
    return {"name": name, "birth_date": birth_date, "phone": None, "gender": None}


def _swapped(born: Any) -> str | None:
    """Day and month exchanged; the third of that month where the calendar has no such day."""
    if not born:
        return None
    was = date.fromisoformat(str(born))
    return (was.replace(month=was.day, day=was.month) if was.day <= 12 else was.replace(day=3)).isoformat()  # noqa: PLR2004


def _invented_date(number: str) -> str:
    drawn = int.from_bytes(hashlib.sha256(f"born {number}".encode()).digest()[:4])
    return date(1955 + drawn % 50, 1 + drawn // 50 % 12, 1 + drawn // 600 % 28).isoformat()


def _trouble(db: sqlite3.Connection, number: str) -> tuple[str, int]:
    """What goes wrong with this call, and how late it may be (ms)."""
    family = _family(number)
    knobs = knobboard.load(db)
    return {LATE: "late", BUSY: "busy", DOWN: "down"}.get(family, knobs.registry), knobs.late_ms


def blueprint(book: Book, settings: Settings, worker: Worker) -> Blueprint:  # noqa: ARG001 (as every face)
    """The one call of the contract."""
    registry = Blueprint("registry", __name__, url_prefix="/registry")
    expected = f"Bearer {settings.secret_key}".encode()

    @registry.post("/lookups")
    def look_up() -> tuple[Response, int]:
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected):
            return jsonify(code="unknown_token", message="Nobody is known by this token."), 401
        sent = request.get_json(silent=True)
        sent = sent if isinstance(sent, dict) else {}
        kind, number, reference = (str(sent.get(name) or "") for name in ("kind", "number", "reference"))
        given = sent.get("given")
        if kind not in KINDS or not number or not reference or not isinstance(given, dict):
            return jsonify(code="malformed", message="Send reference, kind, number and given."), 400
        with book.writing() as db:
            db.execute(_NOTE, (reference, stamp(db)))
            trouble, late_ms = _trouble(db, number)
            found = record(db, kind, number, given)
        if trouble == "late":
            time.sleep(late_ms / 1000)
        elif trouble == "drop":
            hang_up()
        if trouble in _NOES:
            code, status = _NOES[trouble]
        elif _family(number) == REFUSED:
            code, status = "bad_number", 422
        elif found is None:
            code, status = "no_such_record", 404
        else:
            return jsonify(reference=reference, record=found), 200
        return jsonify(code=code, message="No."), status

    return registry
