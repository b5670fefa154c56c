"""Control of the sandbox itself, under /_sandbox/: not the vendor's, only for whoever sits at this machine.

No key is asked; instead it answers loopback addresses alone (SANDBOX_CONTROL_OPEN=1 lifts that inside a closed
network), takes JSON only and refuses other sites' pages, so that no web page a developer visits can turn a knob.
"""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from sandbox import (
    accounts,
    amounts,
    answers,
    cards,
    charges,
    claim_control,
    disputes,
    nubans,
    refunds,
    registry,
    settlements,
    texts,
    transfer_shapes,
    transfers,
    webhooks,
    workdays,
)  # fmt: skip
from sandbox import knobs as knobboard
from sandbox.book import Book, balance, iso, remember, stamp
from sandbox.settings import Settings
from sandbox.strangers import refuse_strangers
from sandbox.worker import Worker

_CALLS = (
    "SELECT method, path, count(*) AS count FROM calls WHERE (:path IS NULL OR path = :path)"
    " AND (:method IS NULL OR method = :method) AND (:reference IS NULL OR reference = :reference)"
    " GROUP BY method, path ORDER BY path, method"
)
_CONFLICTS = (
    charges.NotPayable,
    transfers.NotMovable,
    settlements.NotSettled,
    refunds.NotRefundable,
    disputes.NotDisputable,
)
_VERBS = {
    "succeed": "success", "fail": "failed", "reverse": "reversed", "abandon": "abandoned", "block": "blocked",
    "reject": "rejected",
}  # fmt: skip


def _fields() -> dict[str, Any]:
    body = request.get_json(silent=True) if request.is_json else None
    if not isinstance(body, dict):
        raise _Wrong("send a JSON object")
    return body


class _Wrong(Exception):
    """A control call that makes no sense; the text says why."""


def blueprint(book: Book, settings: Settings, worker: Worker) -> Blueprint:
    """Every control call."""
    control = Blueprint("control", __name__, url_prefix="/_sandbox")
    control.before_request(lambda: refuse_strangers(control_open=settings.control_open))

    for wrong in (_Wrong, knobboard.KnobRefused, answers.Refused, *_CONFLICTS):

        @control.errorhandler(wrong)
        def explain(error: Exception) -> tuple[Response, int]:
            conflict = isinstance(error, _CONFLICTS)
            return jsonify(error=str(error)), 409 if conflict else 400

    @control.get("/health")
    def health() -> Response:
        with book.reading() as db:
            return jsonify(ok=True, balance=balance(db), stream=settlements.stream(db), now=stamp(db))

    _add_state(control, book, settings, worker)
    _add_holders(control, book)
    _add_money(control, book, worker)
    _add_settling(control, book)
    claim_control.add(control, book, worker)
    _add_watching(control, book, worker)
    return control


def _add_state(control: Blueprint, book: Book, settings: Settings, worker: Worker) -> None:
    @control.get("/knobs")
    def read_knobs() -> Response:
        with book.reading() as db:
            return jsonify(asdict(knobboard.load(db)))

    @control.post("/knobs")
    def turn_knobs() -> Response:
        with book.writing() as db:
            knobs = knobboard.turn(db, _fields())
        worker.wake()
        return jsonify(asdict(knobs))

    @control.post("/clock")
    def pin_clock() -> Response:
        now = _fields().get("now")
        if now is not None:
            try:
                moment = datetime.fromisoformat(now)
            except (TypeError, ValueError):
                raise _Wrong("now is an ISO 8601 time, or null to let the clock run") from None
            now = iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        with book.writing() as db:
            remember(db, "clock", now)
            return jsonify(now=stamp(db), pinned=now is not None)

    @control.post("/reset")
    def reset() -> Response:
        if not settings.reset_allowed:
            abort(403)
        worker.reset()
        return jsonify(ok=True)


def _add_holders(control: Blueprint, book: Book) -> None:
    @control.post("/records")
    def keep_record() -> Response:
        sent = _fields()
        kind, number, name = (amounts.required_text(sent, each) for each in ("kind", "number", "name"))
        if kind not in registry.KINDS:
            raise _Wrong(f"kind is one of {', '.join(registry.KINDS)}")
        with book.writing() as db:
            registry.keep(db, kind=kind, number=number, name=name, birth_date=amounts.text(sent, "birth_date"))
        return jsonify(kind=kind, number=number)

    @control.post("/accounts")
    def name_account() -> Response:
        sent = _fields()
        account_number = amounts.required_text(sent, "account_number")
        account_name = amounts.required_text(sent, "account_name")
        with book.writing() as db:
            accounts.name_holder(db, account_number=account_number, account_name=account_name)
        return jsonify(account_number=account_number, account_name=account_name.upper())


def _add_money(control: Blueprint, book: Book, worker: Worker) -> None:
    @control.post("/pay")
    def pay() -> Response:
        sent = _fields()
        channel, outcome = sent.get("channel", "card"), sent.get("outcome", "success")
        if channel not in charges.CHANNELS or outcome not in ("success", "failed"):
            raise _Wrong(f"channel is one of {', '.join(charges.CHANNELS)}; outcome is success or failed")
        amount = None if sent.get("amount") is None else amounts.kobo(sent["amount"])
        card = cards.CARDS.get(sent.get("card") or cards.GOOD.number)
        if card is None:
            raise _Wrong(f"card is one of {', '.join(cards.CARDS)}")
        with book.writing() as db:
            reference = amounts.required_text(sent, "reference")
            row = charges.pay(db, reference, channel=channel, card=card, amount=amount, outcome=outcome)
        worker.wake()
        return jsonify(id=row["id"], reference=row["reference"], status=row["status"], amount=row["amount"])

    @control.post("/receive")
    def receive() -> Response:
        sent = _fields()
        amount = amounts.kobo(sent.get("amount"))
        account_number = amounts.required_text(sent, "account_number")
        sender = {
            "name": amounts.text(sent, "sender_name") or "AMAKA OBI",
            "bank": amounts.text(sent, "sender_bank") or "First City Monument Bank",
            "account_number": amounts.text(sent, "sender_account_number") or "0123456789",
            "narration": amounts.text(sent, "narration") or f"NIP transfer to {account_number}",
        }
        if not all(accounts.ACCOUNT_NUMBER.fullmatch(number) for number in (account_number, sender["account_number"])):
            raise _Wrong("account numbers have 10 digits")
        email = amounts.email(sent) if sent.get("email") else f"{account_number}@nuban.example.com"
        with book.writing() as db:
            noticed = not sent.get("unnoticed")
            reference = nubans.receive(db, amount, account_number, sender=sender, email=email, noticed=noticed)
        worker.wake()
        return jsonify(reference=reference, amount=amount)

    @control.post("/transfers/<reference>/<any(succeed, fail, reverse, abandon, block, reject, otp):verb>")
    def conclude(reference: str, verb: str) -> Response:
        with book.writing() as db:
            if verb == "otp":
                row = transfers.ask_for_password(db, reference)
            else:
                row = transfers.conclude(db, reference, _VERBS[verb])
        worker.wake()
        return jsonify(transfer_shapes.verified(row))


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise _Wrong("a date is written 2026-11-23") from None


def _add_settling(control: Blueprint, book: Book) -> None:
    @control.post("/topup")
    def top_up() -> Response:
        with book.writing() as db:
            return jsonify(balance=settlements.top_up(db, amounts.kobo(_fields().get("amount"))))

    @control.post("/settle")
    def settle() -> Response:
        sent = _fields()
        until = None if sent.get("date") is None else _day(sent["date"])
        with book.writing() as db:
            made = [settlements.find(db, number) for number in settlements.settle(db, until)]
        return jsonify(settlements=[settlements.shape(row) for row in made if row is not None])

    @control.post("/settlements/<int:settlement_id>/<any(success, processing, pending, failed):status>")
    def turn_settlement(settlement_id: int, status: str) -> Response:
        with book.writing() as db:
            return jsonify(settlements.shape(settlements.turn(db, settlement_id, status)))

    @control.post("/holidays")
    def name_holidays() -> Response:
        days = [_day(text) for text in _fields().get("dates") or []]
        with book.writing() as db:
            workdays.name(db, days)
        return jsonify(dates=[day.isoformat() for day in days])


def _add_watching(control: Blueprint, book: Book, worker: Worker) -> None:
    @control.get("/webhooks")
    def list_webhooks() -> Response:
        with book.reading() as db:
            return jsonify(webhooks.listing(db, limit=1_000))

    @control.post("/webhooks/flush")
    def flush() -> Response:
        body = request.get_json(silent=True) if request.is_json else None
        ended, counts = worker.round(early=bool(isinstance(body, dict) and body.get("early")))
        return jsonify(transfers=ended, **asdict(counts))

    @control.get("/webhooks/count")
    def count_webhooks() -> Response:
        with book.reading() as db:
            return jsonify(webhooks.counted(db))

    @control.post("/webhooks/replay")
    def replay() -> Response:
        sent = _fields()
        with book.writing() as db:
            number = webhooks.replay(db, amounts.kobo(sent.get("count")), number=int(sent.get("number") or 0))
        worker.wake()
        return jsonify(replayed=number)

    @control.get("/texts")
    def list_texts() -> Response:
        with book.reading() as db:
            rows = texts.latest(db, number=request.args.get("to") or None, rows=100)
        return jsonify([dict(row) for row in rows])

    @control.get("/calls")
    def count_calls() -> Response:
        wanted = {name: request.args.get(name) or None for name in ("path", "method", "reference")}
        with book.reading() as db:
            rows = db.execute(_CALLS, wanted).fetchall()
        return jsonify(calls=[dict(row) for row in rows], total=sum(row["count"] for row in rows))
