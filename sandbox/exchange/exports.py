"""Statements asked for over the wire: AddExport, then RetrieveExport brings a zip with the CSV file in it.

Here a report is ready as soon as it is asked for, and shows what there was until then, or until the end asked for.
"""

import io
import sqlite3
import zipfile
from collections.abc import Mapping
from typing import Any

from sandbox.exchange import answers, book, history, statements

_REPORTS = ("ledgers", "trades")
_INSERT = "INSERT INTO exports (id, report, description, since, until, made_at) VALUES (?, ?, ?, ?, ?, ?)"
_BY_ID = "SELECT * FROM exports WHERE id = ?"
_OF_REPORT = "SELECT * FROM exports WHERE report = ? ORDER BY made_at DESC"
_DELETE = "DELETE FROM exports WHERE id = ?"


def ask(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, str]:
    """AddExport: the report's id."""
    report = _report(sent)
    if not sent.get("description"):
        raise answers.invalid("description")
    if str(sent.get("format") or "CSV").upper() != "CSV":
        raise answers.invalid("format")
    wanted = history.between(db, {"start": sent.get("starttm"), "end": sent.get("endtm")})
    name, now = book.name("", blocks=(4,)), book.now(db)
    db.execute(_INSERT, (name, report, str(sent["description"]), wanted["start"], wanted["end"] or now + 1, now))
    return {"id": name}


def listing(db: sqlite3.Connection, sent: Mapping[str, Any]) -> list[dict[str, Any]]:
    """ExportStatus."""
    return [
        {
            "id": row["id"], "descr": row["description"], "format": "CSV", "report": row["report"], "subtype": "all",
            "status": "Processed", "fields": "all", "createdtm": _seconds(row["made_at"]),
            "starttm": _seconds(row["made_at"]), "completedtm": _seconds(row["made_at"]),
            "datastarttm": _seconds(row["since"] or 0),
            "dataendtm": _seconds(row["until"]), "asset": "all",
        }
        for row in db.execute(_OF_REPORT, (_report(sent),))
    ]  # fmt: skip


def retrieve(db: sqlite3.Connection, sent: Mapping[str, Any]) -> bytes:
    """RetrieveExport: the zip file."""
    row = _found(db, sent)
    write, columns = (
        (statements.ledgers, max(statements.LEDGERS))
        if row["report"] == "ledgers"
        else (statements.trades, max(statements.TRADES))
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{row['report']}.csv", write(db, columns, since=row["since"], until=row["until"]))
    return packed.getvalue()


def remove(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, bool]:
    """RemoveExport."""
    db.execute(_DELETE, (_found(db, sent)["id"],))
    return {"delete": True}


def _seconds(at: int) -> str:
    return str(at // book.MICROSECONDS)


def _report(sent: Mapping[str, Any]) -> str:
    if sent.get("report") not in _REPORTS:
        raise answers.invalid("report")
    return str(sent["report"])


def _found(db: sqlite3.Connection, sent: Mapping[str, Any]) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute(_BY_ID, (str(sent.get("id", "")),)).fetchone()
    if row is None:
        raise answers.invalid("id")
    return row
