"""The doors before the venue's calls: who may come in, how often, whether anybody is at home, and what is heard after.

A call turned away here has done nothing. One that is let in is carried out whole, and then perhaps not answered: the
`answer` knob leaves the client to find out what became of it.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request

from sandbox.exchange import answers, book, due, feeds, signing
from sandbox.exchange import knobs as knobboard
from sandbox.exchange.answers import Refused
from sandbox.exchange.book import Book
from sandbox.exchange.knobs import Knobs
from sandbox.exchange.prices import Market
from sandbox.exchange.settings import Settings
from sandbox.faults import hang_up

NONCE_MAX = 2**64 - 1
_SQLITE_MAX = 2**63 - 1
_LAST_NONCE = "SELECT max(nonce) FROM nonces"
_HAS_NONCE = "SELECT 1 FROM nonces WHERE nonce = ?"
_OLD_NONCES = "DELETE FROM nonces WHERE nonce < ?"

Act = Callable[..., Any]


class Windows:
    """Counts the calls of the window under way; in memory, as nothing hangs on it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began: float | None = None
        self._calls = 0

    def count(self, limit: int | None, seconds: int) -> bool:
        """One more call; whether the window still lets it through."""
        with self._lock:
            now = time.monotonic()
            if limit is None:
                self._began = None
                return True
            if self._began is None or now - self._began >= seconds:
                self._began, self._calls = now, 0
            self._calls += 1
            return self._calls <= limit


class Doors:
    """What stands before every call of the venue."""

    def __init__(self, books: Book, settings: Settings) -> None:
        self.book = books
        self._settings = settings
        self._calls, self._orders = Windows(), Windows()

    def told(self, feed: str) -> Response | None:
        """The answer of a feed that is down, after its slowness; None when it speaks."""
        with self.book.reading() as db:
            knobs = feeds.load(db, feed)
        if knobs.slow_ms:
            time.sleep(knobs.slow_ms / 1_000)
        return _silence(knobs.down)

    def at_home(self) -> Response | None:
        """The answer of a venue that is down; None when it is not."""
        with self.book.reading() as db:
            return _silence(knobboard.load(db).down)

    def admit(self, call: str, *, permission: str) -> dict[str, Any]:
        """Let a private call in: what was sent; raises Refused in the order in which the venue checks."""
        body = request.get_data(cache=True).decode()
        sent = _fields(body)
        reference = sent.get("cl_ord_id") or sent.get("txid") or sent.get("refid") or sent.get("key")
        refusal = None
        with self.book.writing() as db:
            # One unit: a call that is refused here is noted all the same, and so is the nonce that it has used.
            try:
                self._check(db, call, body, sent, permission=permission)
            except Refused as refused:
                refusal = refused
            noted = (call, reference, None if refusal is None else str(refusal), book.now(db))
            db.execute("INSERT INTO calls (path, reference, error, at) VALUES (?, ?, ?, ?)", noted)
        if refusal is not None:
            raise refusal
        return sent

    def _check(self, db: Any, call: str, body: str, sent: Mapping[str, Any], *, permission: str) -> None:
        knobs = knobboard.load(db)
        if request.headers.get("API-Key", "") != self._settings.key:
            raise Refused("EAPI:Invalid key")
        nonce = str(sent.get("nonce", ""))
        if not (nonce.isascii() and nonce.isdigit() and int(nonce) <= NONCE_MAX):
            raise Refused("EAPI:Invalid nonce")
        given = request.headers.get("API-Sign", "")
        if not signing.is_signed(self._settings.secret, f"/0/private/{call}", nonce, body, given):
            raise Refused("EAPI:Invalid signature")
        _take_nonce(db, int(nonce), knobs)
        if not self._calls.count(knobs.rate_limit, knobs.rate_window_seconds):
            raise Refused("EAPI:Rate limit exceeded")
        if call == "AddOrder" and not self._orders.count(knobs.order_rate_limit, knobs.rate_window_seconds):
            raise Refused("EOrder:Rate limit exceeded")
        if knobs.denied == permission:
            raise Refused("EGeneral:Permission denied")
        if knobs.status == "maintenance":
            raise Refused("EService:Unavailable")

    def answer(self, act: Act, sent: Mapping[str, Any], *, call: str, moves_money: bool) -> Response:
        """Carry a call out, after whatever was due before it; a money call may then go unheard, as the knob says."""
        knobs = Knobs()
        if moves_money:
            with self.book.writing() as db:
                knobs = knobboard.take_answer(db, call)
        if knobs.answer == "refuse":
            raise answers.out_of_order()
        try:
            done = answers.agreed(self.carry_out(act, sent))
        except Refused as refused:
            done = refused.response()
        if knobs.answer == "late_ms":
            time.sleep(knobs.late_ms / 1_000)
        elif knobs.answer == "drop":
            hang_up()
        elif knobs.answer == "error_after":
            raise answers.out_of_order()
        elif knobs.answer == "gateway":
            return Response("<html><body><h1>502 Bad Gateway</h1></body></html>", 502, mimetype="text/html")
        return done

    def carry_out(self, act: Act, sent: Mapping[str, Any]) -> Any:
        """First what time has brought about, which stays; then the call, whole or not at all."""
        with self.book.writing() as db:
            market = Market(db, seed=self._settings.seed)
            due.settle(db, market)
        with self.book.writing() as db:
            return act(db, sent, market)


def _take_nonce(db: Any, nonce: int, knobs: Knobs) -> None:
    """A nonce is good when it is higher than every other, or within the window behind the highest and unused."""
    if nonce > _SQLITE_MAX:
        raise Refused("EAPI:Invalid nonce")
    highest = db.execute(_LAST_NONCE).fetchone()[0]
    if highest is not None:
        behind = nonce <= highest + knobs.nonce_skew
        if behind and (nonce <= highest - knobs.nonce_window or knobs.nonce_skew or not knobs.nonce_window):
            raise Refused("EAPI:Invalid nonce")
        if db.execute(_HAS_NONCE, (nonce,)).fetchone():
            raise Refused("EAPI:Invalid nonce")
    db.execute("INSERT INTO nonces VALUES (?)", (nonce,))
    db.execute(_OLD_NONCES, (max(nonce, highest or 0) - knobs.nonce_window,))


def _fields(body: str) -> dict[str, Any]:
    if request.is_json:
        sent = request.get_json(silent=True)
        if not isinstance(sent, dict):
            raise answers.invalid("body")
        return sent
    return dict(parse_qsl(body, keep_blank_values=True))


def _silence(down: str) -> Response | None:
    if down == "no":
        return None
    if down == "cut":
        hang_up()
    return Response("Service Unavailable", 503, mimetype="text/plain")
