"""The vendor's night shift: one thread that ends transfers whose time has come and carries events that are due.

It sleeps until the next due time, or until it is woken because something was written. A round by hand (control's flush)
and a round of the thread never run at once, so a flush that has returned leaves nothing half delivered.
"""

import logging
import threading
import time

import requests

from sandbox import approval, disputes, refunds, settlements, transfers
from sandbox.book import Book
from sandbox.webhooks import Counts, Courier

SLEEP_MAX_SECONDS = 1.0
log = logging.getLogger("sandbox")


class Worker:
    """Owns the thread, the lock between rounds and the alarm that wakes it."""

    def __init__(self, book: Book, courier: Courier, *, settles: bool = False) -> None:
        self._book = book
        self._courier = courier
        self._settles = settles
        self._session = requests.Session()
        self._session.trust_env = False  # as the courier's
        self._round = threading.Lock()
        self._alarm = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="sandbox-worker", daemon=True)

    def start(self) -> None:
        """Begin; what was due while the process was away is carried at once."""
        self._thread.start()

    def stop(self, *, timeout_seconds: float = 5) -> None:
        """Finish the delivery under way and end."""
        self._stopping = True
        self._alarm.set()
        self._thread.join(timeout_seconds)

    def wake(self) -> None:
        """Something was written that may be due now."""
        self._alarm.set()

    def round(self, *, early: bool = False) -> tuple[int, Counts]:
        """End due transfers, then carry due events; says how many transfers and what the deliveries came to."""
        with self._round:
            approval.ask_due(self._book, self._session)
            with self._book.writing() as db:
                ended = transfers.conclude_due(db)
                refunds.conclude_due(db)
                disputes.run_due(db)
                if self._settles and (day := settlements.due(db)) is not None:
                    settlements.settle(db, day)
            return ended, self._courier.round(early=early)

    def reset(self) -> None:
        """Forget everything between two rounds, never in the middle of one."""
        with self._round:
            self._book.reset()

    def _work(self) -> None:
        while not self._stopping:
            self._alarm.clear()
            try:
                if self._something_due():
                    self.round()
            except Exception:
                # A round that breaks must not end the shift: the rows are still in the book and the next round retries.
                log.exception("a round of deliveries broke off")
            self._alarm.wait(self._pause())

    def _next_due_at(self) -> float | None:
        with self._book.reading() as db:
            dues = [each.next_due_at(db) for each in (transfers, refunds, disputes)]
        return min((due for due in (*dues, self._courier.next_due_at()) if due is not None), default=None)

    def _something_due(self) -> bool:
        due_at = self._next_due_at()
        return (due_at is not None and due_at <= time.time()) or self._settlement_due()

    def _settlement_due(self) -> bool:
        if not self._settles:
            return False
        with self._book.reading() as db:
            return settlements.due(db) is not None

    def _pause(self) -> float:
        due_at = self._next_due_at()
        if due_at is None:
            return SLEEP_MAX_SECONDS
        # Never less than a hundredth of a second, so a round that always breaks cannot spin.
        return min(max(due_at - time.time(), 0.01), SLEEP_MAX_SECONDS)
