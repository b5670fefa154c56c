"""Control of what goes back: end a refund, open a dispute, end it as the bank, the merchant or the clock would."""

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request

from sandbox import amounts, answers, disputes, refunds
from sandbox.book import Book
from sandbox.worker import Worker

_REFUNDS = {
    "processing": "processing", "process": "processed", "fail": "failed", "needs-attention": "needs-attention",
}  # fmt: skip
# What a merchant sends who does not agree.
_ANSWER = {
    "resolution": "declined", "message": "The customer had what they paid for.", "refund_amount": 100,
    "uploaded_filename": "receipt.pdf",
}  # fmt: skip
_DISPUTES = {"accept": "merchant-accepted", "decline": "declined", "auto-accept": "auto-accepted"}


def add(control: Blueprint, book: Book, worker: Worker) -> None:
    """Three calls."""

    @control.post("/refunds/<int:refund_id>/<any(processing, process, fail, 'needs-attention'):verb>")
    def move_refund(refund_id: int, verb: str) -> Response:
        with book.writing() as db:
            shape = refunds.fetched(db, refunds.conclude(db, refund_id, _REFUNDS[verb]))
        worker.wake()
        return jsonify(shape)

    @control.post("/disputes")
    def open_dispute() -> Response:
        sent = request.get_json()
        category = sent.get("category") or "chargeback"
        if category not in disputes.CATEGORIES:
            raise answers.invalid(f"category is one of {', '.join(disputes.CATEGORIES)}")
        amount = None if sent.get("amount") is None else amounts.kobo(sent["amount"])
        due_at = _moment(sent.get("due_at"))
        with book.writing() as db:
            reference = amounts.required_text(sent, "reference")
            row = disputes.open_one(db, reference, category=category, amount=amount, due_at=due_at)
            shape = disputes.shape(db, row)
        worker.wake()
        return jsonify(shape)

    @control.post("/disputes/<int:dispute_id>/<any(answer, resolve, accept, decline, 'auto-accept', remind):verb>")
    def end_dispute(dispute_id: int, verb: str) -> Response:
        sent = request.get_json(silent=True) or {}
        resolution = _DISPUTES.get(verb) or sent.get("resolution") or "declined"
        if resolution not in disputes.RESOLUTIONS:
            raise answers.invalid(f"resolution is one of {', '.join(disputes.RESOLUTIONS)}")
        amount = amounts.kobo(sent["amount"]) if sent.get("amount") else sent.get("amount")
        with book.writing() as db:
            if verb == "remind":
                row = disputes.remind(db, dispute_id)
            elif verb == "answer":
                row = disputes.answer(db, dispute_id, _ANSWER)
            else:
                row = disputes.resolve(db, dispute_id, resolution, amount=amount)
            shape = disputes.shape(db, row)
        worker.wake()
        return jsonify(shape)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise answers.invalid("due_at is an ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
