"""The calls about money that goes back: refunds the merchant asks for, and disputes it answers."""

from flask import Blueprint, Response, request

from sandbox import disputes, refunds
from sandbox.answers import agreed
from sandbox.book import Book
from sandbox.faults import may_misbehave
from sandbox.sent import fields as sent_fields
from sandbox.worker import Worker


def add(api: Blueprint, book: Book, worker: Worker) -> None:
    """The vendor's ten calls."""
    _add_refunds(api, book, worker)
    _add_disputes(api, book)
    _add_answers(api, book, worker)


def _add_refunds(api: Blueprint, book: Book, worker: Worker) -> None:
    @api.post("/refund")
    @may_misbehave(book)
    def ask_refund() -> Response:
        with book.writing() as db:
            shape = refunds.asked(db, refunds.ask(db, sent_fields()))
        worker.wake()
        return agreed("Refund has been queued for processing", shape)

    @api.post("/refund/retry_with_customer_details/<int:refund_id>")
    @may_misbehave(book)
    def retry_refund(refund_id: int) -> Response:
        with book.writing() as db:
            shape = refunds.retried(db, refunds.retry(db, refund_id, sent_fields()))
        worker.wake()
        return agreed("Refund retried and has been queued for processing", shape)

    @api.get("/refund")
    def list_refunds() -> Response:
        with book.reading() as db:
            rows, meta = refunds.list_page(db, request.args)
            shapes = [refunds.in_list(db, row) for row in rows]
        return agreed("Refunds retrieved", shapes, meta=meta)

    @api.get("/refund/<int:refund_id>")
    def fetch_refund(refund_id: int) -> Response:
        with book.reading() as db:
            shape = refunds.fetched(db, refunds.known(db, refund_id))
        return agreed("Refund retrieved", shape)


def _add_disputes(api: Blueprint, book: Book) -> None:
    @api.get("/dispute")
    def list_disputes() -> Response:
        with book.reading() as db:
            rows, meta = disputes.list_page(db, request.args)
            shapes = [disputes.shape(db, row) for row in rows]
        return agreed("Disputes retrieved", shapes, meta=meta)

    @api.get("/dispute/<int:dispute_id>")
    def fetch_dispute(dispute_id: int) -> Response:
        with book.reading() as db:
            shape = disputes.shape(db, disputes.known(db, dispute_id))
        return agreed("Dispute retrieved", shape)

    @api.get("/dispute/transaction/<name>")
    def fetch_dispute_about(name: str) -> Response:
        with book.reading() as db:
            shape = disputes.shape(db, disputes.latest_about(db, name))
        return agreed("Dispute retrieved successfully", shape)


def _add_answers(api: Blueprint, book: Book, worker: Worker) -> None:
    @api.put("/dispute/<int:dispute_id>")
    def update_dispute(dispute_id: int) -> Response:
        with book.writing() as db:
            shape = disputes.shape(db, disputes.update(db, dispute_id, sent_fields()))
        # A list of one, as the vendor's sample is.
        return agreed("Dispute updated successfully", [shape])

    @api.post("/dispute/<int:dispute_id>/evidence")
    def add_evidence(dispute_id: int) -> Response:
        with book.writing() as db:
            shape = disputes.evidence(db, dispute_id, sent_fields())
        return agreed("Evidence created", shape)

    @api.put("/dispute/<int:dispute_id>/resolve")
    def resolve_dispute(dispute_id: int) -> Response:
        with book.writing() as db:
            shape = disputes.shape(db, disputes.answer(db, dispute_id, sent_fields()))
        worker.wake()
        return agreed("Dispute successfully resolved", shape)
