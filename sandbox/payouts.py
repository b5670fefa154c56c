"""The calls that pay out: name a recipient, transfer one or many, answer for a password, look a transfer up."""

from flask import Blueprint, Response, request

from sandbox import amounts, answers, transfer_shapes, transfers
from sandbox.answers import agreed
from sandbox.book import Book
from sandbox.faults import may_misbehave
from sandbox.sent import fields as sent_fields
from sandbox.worker import Worker


def add(api: Blueprint, book: Book, worker: Worker) -> None:
    """The vendor's eight calls."""
    _add_orders(api, book, worker)
    _add_passwords(api, book, worker)
    _add_reads(api, book)


def _add_orders(api: Blueprint, book: Book, worker: Worker) -> None:
    @api.post("/transferrecipient")
    def create_recipient() -> Response:
        with book.writing() as db:
            row, new = transfers.recipient_for(db, sent_fields())
        shape = transfer_shapes.recipient(row)
        return agreed("Transfer recipient created successfully", shape, http_status=201 if new else 200)

    @api.post("/transfer")
    @may_misbehave(book)
    def initiate() -> Response:
        with book.writing() as db:
            row = transfers.initiate(db, sent_fields())
        worker.wake()
        said = "Transfer requires OTP to continue" if row["status"] == "otp" else "Transfer has been queued"
        return agreed(said, transfer_shapes.accepted(row))

    @api.post("/transfer/bulk")
    @may_misbehave(book)
    def initiate_many() -> Response:
        with book.writing() as db:
            rows = transfers.initiate_many(db, sent_fields())
        worker.wake()
        return agreed(f"{len(rows)} transfers queued.", [transfer_shapes.ordered(row) for row in rows])


def _add_passwords(api: Blueprint, book: Book, worker: Worker) -> None:
    @api.post("/transfer/finalize_transfer")
    @may_misbehave(book)
    def finalise() -> Response:
        with book.writing() as db:
            row = transfers.finalise(db, sent_fields())
        worker.wake()
        return agreed("Transfer has been queued", transfer_shapes.finalised(row))

    @api.post("/transfer/resend_otp")
    def resend_otp() -> Response:
        sent = sent_fields()
        if amounts.required_text(sent, "reason") not in ("resend_otp", "transfer"):
            raise answers.invalid("reason should be resend_otp or transfer")
        with book.reading() as db:
            row = transfers.find_by_id_or_code(db, amounts.required_text(sent, "transfer_code"))
        if row is None:
            raise answers.Refused(400, "Transfer code is invalid")
        return answers.said("OTP has been resent")


def _add_reads(api: Blueprint, book: Book) -> None:
    @api.get("/transfer/verify/<reference>")
    def verify_transfer(reference: str) -> Response:
        with book.writing() as db:
            row = transfers.find_shown(db, reference)
        if row is None:
            raise answers.transfer_not_found()
        return agreed("Transfer retrieved", transfer_shapes.verified(row))

    @api.get("/transfer")
    def list_transfers() -> Response:
        with book.reading() as db:
            rows, meta = transfers.list_page(db, request.args)
        return agreed("Transfers retrieved", [transfer_shapes.in_list(row) for row in rows], meta=meta)

    @api.get("/transfer/<id_or_code>")
    def fetch_transfer(id_or_code: str) -> Response:
        with book.reading() as db:
            row = transfers.find_by_id_or_code(db, id_or_code)
        if row is None:
            raise answers.transfer_not_found()
        return agreed("Transfer retrieved", transfer_shapes.verified(row))
