"""The vendor's memory: one SQLite file in WAL mode. What it has committed survives `kill -9` and a restart.

One connection behind one lock: every unit of work is short, never holds the network, and is therefore serial. An answer
is sent only after its commit (`synchronous=FULL`), so a money effect the merchant heard about is always on the disk.
The book also holds the clock: a pinned time makes history be written with past dates. Due times are not dates but
waiting, so they follow the real clock and ignore the pin.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox import schema

_LAST_ID = {
    "customers": "SELECT max(id) FROM customers",
    "transactions": "SELECT max(id) FROM transactions",
    "recipients": "SELECT max(id) FROM recipients",
    "transfers": "SELECT max(id) FROM transfers",
    "settlements": "SELECT max(id) FROM settlements",
    "refunds": "SELECT max(id) FROM refunds",
    "disputes": "SELECT max(id) FROM disputes",
    "dedicated_accounts": "SELECT max(id) FROM dedicated_accounts",
}


def iso(moment: datetime) -> str:
    """A time as the vendor writes it: UTC, milliseconds, `Z`. Such texts sort by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Store:
    """An open file: one connection, one lock, units of work that are whole or not at all."""

    def __init__(self, path: Path, bring_up: Callable[[sqlite3.Connection], None], *, durable: bool = True) -> None:
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.row_factory = sqlite3.Row
        for pragma in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON"):
            self._db.execute(pragma)
        if not durable:  # what is committed is with the kernel: `kill -9` loses none of it, a power cut may
            self._db.execute("PRAGMA synchronous=OFF")
        bring_up(self._db)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One unit of work: all of it is on the disk when the block ends, or none of it is. Blocks do not nest."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A consistent look at the book, under the same lock."""
        with self._lock:
            yield self._db

    def close(self) -> None:
        """Wait for the unit of work under way, then close."""
        with self._lock:
            self._db.close()


class Book(Store):
    """The open book of the payment vendor."""

    def __init__(self, path: Path, *, opening_balance_kobo: int, durable: bool = True) -> None:
        super().__init__(path, schema.bring_up, durable=durable)
        self._opening_balance_kobo = opening_balance_kobo
        with self.writing() as db:
            self._open_page(db)

    def reset(self) -> None:
        """Forget everything: money, events, knobs and the pinned clock."""
        with self.writing() as db:
            for statement in schema.FORGET:
                db.execute(statement)
            self._open_page(db)

    def _open_page(self, db: sqlite3.Connection) -> None:
        # Ids start at the millisecond the book was opened, so two books beside one product never give the same id to
        # two payments, and every id is beyond 32 bits, as the vendor's are.
        db.execute("INSERT OR IGNORE INTO facts VALUES ('first_id', ?)", (str(int(time.time() * 1000)),))
        db.execute("INSERT OR IGNORE INTO facts VALUES ('opening_balance', ?)", (str(self._opening_balance_kobo),))


def recall(db: sqlite3.Connection, name: str) -> Any:
    """A remembered fact, or None."""
    row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else json.loads(row["value"])


def remember(db: sqlite3.Connection, name: str, fact: Any) -> None:
    """Keep a fact; None forgets it."""
    if fact is None:
        db.execute("DELETE FROM facts WHERE name = ?", (name,))
    else:
        db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(fact)))


def stamp(db: sqlite3.Connection) -> str:
    """The time to write on a record: the pinned clock, else now."""
    return recall(db, "clock") or iso(datetime.now(UTC))


def next_id(db: sqlite3.Connection, table: str) -> int:
    """The id for a new row; never used twice, because rows are only ever forgotten all together."""
    last = db.execute(_LAST_ID[table]).fetchone()[0]
    return int(last) + 1 if last is not None else int(recall(db, "first_id"))


def balance(db: sqlite3.Connection) -> int:
    """What the merchant may pay out from, in kobo: not what payers have paid and nobody has settled yet."""
    row = db.execute("SELECT balance FROM ledger ORDER BY id DESC LIMIT 1").fetchone()
    return int(row["balance"] if row else recall(db, "opening_balance"))


def move_balance(db: sqlite3.Connection, difference: int, *, reason: str, model: str, model_row: int) -> None:
    """Write one ledger line; the running balance is the line before plus the difference."""
    db.execute(
        "INSERT INTO ledger (difference, balance, reason, model, model_row, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (difference, balance(db) + difference, reason, model, model_row, stamp(db)),
    )
