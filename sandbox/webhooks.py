"""Events on their way to the merchant: written once with the money they tell of, signed over those exact bytes.

An event has one delivery and, when `repeat` says so, copies. A delivery is over when the merchant answers 200; anything
else is tried again by the schedule. It promises to arrive at least once, in any order: a process killed between
the answer and its note sends again.
"""

import hashlib
import hmac
import json
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests

from sandbox import knobs as knobboard
from sandbox.book import Book, stamp
from sandbox.chance import draw

RETRY_TAIL_SECONDS = 3600
REORDER_WINDOW_MS = 1_500
COPY_GAP_MS = 100
TIMEOUT_SECONDS = (3, 10)
BATCH = 200


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long between tries: some first waits, then hourly, until enough is enough."""

    first_seconds: tuple[int, ...]
    attempts_max: int

    def wait_seconds(self, attempts: int) -> int:
        """How long after this try, counted from one, the next one is."""
        return self.first_seconds[attempts - 1] if attempts <= len(self.first_seconds) else RETRY_TAIL_SECONDS


SCHEDULES = {
    # Every 3 minutes for the first four tries, then hourly for 72 hours.
    "live": Schedule((180, 180, 180), attempts_max=4 + 72),
    "test": Schedule((), attempts_max=1 + 10),
    # As patient as the live one, with first steps so short that a person watching a demo sees the retry.
    "demo": Schedule((2, 5, 15, 60, 180, 600, 1800), attempts_max=80),
}


def sign(body: bytes, secret_key: str) -> str:
    """`x-paystack-signature`: lower-case hex HMAC-SHA512 of the raw body."""
    return hmac.new(secret_key.encode(), body, hashlib.sha512).hexdigest()


def queue(db: sqlite3.Connection, event: str, *, subject: str, content: dict[str, Any]) -> None:
    """Write an event and its deliveries in the unit of work that made it true."""
    knobs = knobboard.load(db)
    body = json.dumps({"event": event, "data": content}, ensure_ascii=False, separators=(",", ":")).encode()
    event_id = db.execute(
        "INSERT INTO events (event, subject, body, created_at) VALUES (?, ?, ?, ?) RETURNING id",
        (event, subject, body, stamp(db)),
    ).fetchone()["id"]
    for copy in range(knobs.repeat + 1):
        luck = draw(knobs.seed, f"delivery-{copy}", event_id)
        lost = luck.randrange(100) < knobs.lose
        wait_ms = copy * COPY_GAP_MS + luck.randint(0, knobs.delay_ms)
        wait_ms += luck.randint(0, REORDER_WINDOW_MS) if knobs.reorder else 0
        db.execute(
            "INSERT INTO deliveries (event_id, copy, due_at, state, losses_left) VALUES (?, ?, ?, 'waiting', ?)",
            (event_id, copy, time.time() + wait_ms / 1000, knobs.lose_times if lost else 0),
        )


@dataclass(slots=True)
class Counts:
    """What one round of deliveries came to."""

    delivered: int = 0
    lost: int = 0
    refused: int = 0

    def add(self, result: str) -> None:
        """Count one attempt."""
        if result == "200":
            self.delivered += 1
        elif result == "lost":
            self.lost += 1
        else:
            self.refused += 1


class Courier:
    """Carries what is due. One round at a time: the caller holds the lock that keeps rounds apart."""

    def __init__(self, book: Book, *, secret_key: str, webhook_url: str | None) -> None:
        self._book = book
        self._secret_key = secret_key
        self._webhook_url = webhook_url
        self._local = threading.local()  # a session is one carrier's alone
        self._carriers = ThreadPoolExecutor(knobboard.CARRIERS_MAX, thread_name_prefix="sandbox-carrier")

    def address(self) -> str | None:
        """Where events go; None when they wait, because of the knob or because no address was given."""
        return self._address(self._knobs())

    def _address(self, knobs: knobboard.Knobs) -> str | None:
        return (knobs.webhook_url or self._webhook_url) if knobs.webhooks else None

    def _knobs(self) -> knobboard.Knobs:
        with self._book.reading() as db:
            return knobboard.load(db)

    def round(self, *, early: bool = False) -> Counts:
        """Try everything due now, oldest due first; `early` also takes what is due later."""
        counts = Counts()
        tried: set[int] = set()
        while (address := self._address(knobs := self._knobs())) is not None:
            fresh = [row for row in self._due(early=early) if row["id"] not in tried]
            if not fresh:
                break
            tried.update(row["id"] for row in fresh)
            for result in self._carry(fresh, address, knobs.carriers):
                counts.add(result)
        return counts

    def _carry(self, rows: list[sqlite3.Row], address: str, carriers: int) -> list[str]:
        """Each carrier takes every so-manieth, so that copies of one event arrive at the same moment."""
        if carriers == 1:
            return [self._try(row, address) for row in rows]
        shares = [rows[first::carriers] for first in range(carriers)]
        carried = self._carriers.map(lambda share: [self._try(row, address) for row in share], shares)
        return [result for share in carried for result in share]

    def next_due_at(self) -> float | None:
        """When the next delivery is due; None when none waits or none may go."""
        if self.address() is None:
            return None
        with self._book.reading() as db:
            due_at = db.execute("SELECT min(due_at) FROM deliveries WHERE state = 'waiting'").fetchone()[0]
        return None if due_at is None else float(due_at)

    def _due(self, *, early: bool) -> list[sqlite3.Row]:
        with self._book.reading() as db:
            return db.execute(
                "SELECT d.id, d.attempts, d.losses_left, e.body FROM deliveries d JOIN events e ON e.id = d.event_id"
                " WHERE d.state = 'waiting' AND (? OR d.due_at <= ?) ORDER BY d.due_at, d.id LIMIT ?",
                (early, time.time(), BATCH),
            ).fetchall()

    def _try(self, row: sqlite3.Row, address: str) -> str:
        result = "lost" if row["losses_left"] > 0 else self._post(address, row["body"])
        attempts = row["attempts"] + 1
        with self._book.writing() as db:
            schedule = SCHEDULES[knobboard.load(db).schedule]
            state = "delivered" if result == "200" else "given up" if attempts >= schedule.attempts_max else "waiting"
            wait = schedule.wait_seconds(attempts)
            db.execute(
                "UPDATE deliveries SET state = ?, attempts = ?, losses_left = max(losses_left - 1, 0), last_result = ?,"
                " due_at = ?, delivered_at = ? WHERE id = ?",
                (state, attempts, result, time.time() + wait, stamp(db) if result == "200" else None, row["id"]),
            )
        return result

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            # A proxy from the environment must not see or answer what goes to the merchant on this machine.
            session.trust_env = False
        return session

    def _post(self, address: str, body: bytes) -> str:
        headers = {"Content-Type": "application/json", "x-paystack-signature": sign(body, self._secret_key)}
        try:
            answer = self._session().post(
                address, data=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as trouble:
            # The merchant being away is the ordinary case this class exists for: it is a reason to try again.
            return type(trouble).__name__
        return str(answer.status_code)


def replay(db: sqlite3.Connection, count: int, *, number: int) -> int:
    """Send some past events once more, byte for byte, drawn by `number`; says how many."""
    newest = db.execute("SELECT max(id) FROM events").fetchone()[0] or 0
    luck = draw(knobboard.load(db).seed, "replay", number)
    drawn = sorted({luck.randint(1, newest) for _ in range(count)}) if newest else []
    for event_id in drawn:
        db.execute(
            "INSERT INTO deliveries (event_id, copy, due_at, state) SELECT e.id, (SELECT count(*) FROM deliveries d"
            " WHERE d.event_id = e.id), ?, 'waiting' FROM events e WHERE e.id = ?",
            (time.time(), event_id),
        )
    return len(drawn)


def counted(db: sqlite3.Connection) -> dict[str, int]:
    """How many events there are, and how many deliveries stand at each state; and how many tries there were."""
    states = db.execute("SELECT state, count(*) AS count FROM deliveries GROUP BY state").fetchall()
    events = db.execute("SELECT count(*) FROM events").fetchone()[0]
    tries = db.execute("SELECT coalesce(sum(attempts), 0) FROM deliveries").fetchone()[0]
    found = {"waiting": 0, "delivered": 0, "given up": 0} | {row["state"]: row["count"] for row in states}
    return found | {"events": events, "tries": tries}


def listing(db: sqlite3.Connection, *, limit: int) -> list[dict[str, Any]]:
    """Deliveries, newest first, as control and tests read them."""
    rows = db.execute(
        "SELECT d.id, e.event, e.subject, d.copy, d.state, d.attempts, d.last_result, e.created_at, d.delivered_at"
        " FROM deliveries d JOIN events e ON e.id = d.event_id ORDER BY d.id DESC LIMIT ?",
        (limit,),
    )
    return [dict(row) for row in rows]
