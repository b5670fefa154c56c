"""The desk's buttons: what control does by JSON, by form, with the page again when it cannot be done."""

from collections.abc import Callable
from datetime import date

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from sandbox import accounts, amounts, charges, disputes, nubans, refunds, settlements, transfers
from sandbox.answers import Refused
from sandbox.book import Book
from sandbox.worker import Worker

ENDINGS = {
    "pending": ("succeed", "fail", "reverse", "abandon", "block", "reject"), "otp": ("abandon", "fail"),
    "received": ("block", "reject"), "success": ("reverse",),
}  # fmt: skip
_ENDS = {
    "succeed": "success", "fail": "failed", "reverse": "reversed", "abandon": "abandoned", "block": "blocked",
    "reject": "rejected",
}  # fmt: skip
_REFUNDS = {"process": "processed", "fail": "failed", "needs-attention": "needs-attention"}
_DISPUTES = {"accept": "merchant-accepted", "decline": "declined", "auto-accept": "auto-accepted"}
_REFUSALS = (
    transfers.NotMovable, refunds.NotRefundable, disputes.NotDisputable, charges.NotPayable, Refused, ValueError,
)  # fmt: skip
_SENDER = {"name": "AMAKA OBI", "bank": "First City Monument Bank", "account_number": "0123456789", "narration": "Desk"}
Shown = Callable[[str], str]


def add(desk: Blueprint, book: Book, worker: Worker, shown: Shown) -> None:
    """Every button but those of the knobs and of the deliveries."""

    def done(what: str) -> Response:
        worker.wake()
        return redirect(url_for("desk.page", done=what), code=303)

    def refuse(refusal: Exception) -> tuple[str, int]:
        return shown(str(refusal)), 409

    for each in _REFUSALS:
        desk.register_error_handler(each, refuse)

    _add_money(desk, book, done)
    _add_ends(desk, book, done)


def _add_money(desk: Blueprint, book: Book, done: Callable[[str], Response]) -> None:
    @desk.post("/topup")
    def top_up() -> Response:
        with book.writing() as db:
            settlements.top_up(db, amounts.kobo(request.form.get("amount")))
        return done("topped-up")

    @desk.post("/settle")
    def settle() -> Response:
        day = request.form.get("date")
        with book.writing() as db:
            settlements.settle(db, date.fromisoformat(day) if day else None)
        return done("settled")

    @desk.post("/receive")
    def receive() -> Response:
        number = request.form.get("account_number", "")
        if not accounts.ACCOUNT_NUMBER.fullmatch(number):
            raise ValueError("an account number has 10 digits")
        amount, noticed = amounts.kobo(request.form.get("amount")), not request.form.get("unnoticed")
        email = f"{number}@nuban.example.com"
        with book.writing() as db:
            sender = _SENDER | {"name": request.form.get("sender_name", "").strip() or _SENDER["name"]}
            nubans.receive(db, amount, number, sender=sender, email=email, noticed=noticed)
        return done("received")


def _add_ends(desk: Blueprint, book: Book, done: Callable[[str], Response]) -> None:
    @desk.post("/transfers/<reference>/<any(succeed, fail, reverse, abandon, block, reject):verb>")
    def end(reference: str, verb: str) -> Response:
        with book.writing() as db:
            transfers.conclude(db, reference, _ENDS[verb])
        return done("reversed" if verb == "reverse" else "ended")

    @desk.post("/disputes")
    def open_dispute() -> Response:
        with book.writing() as db:
            disputes.open_one(db, request.form.get("reference", ""), category="chargeback", amount=None, due_at=None)
        return done("claim")

    @desk.post("/claims/<any(refund, dispute):kind>/<int:number>/<verb>")
    def claim(kind: str, number: int, verb: str) -> Response:
        with book.writing() as db:
            if kind == "refund" and verb in _REFUNDS:
                refunds.conclude(db, number, _REFUNDS[verb])
            elif kind == "dispute" and verb == "remind":
                disputes.remind(db, number)
            elif kind == "dispute" and verb in _DISPUTES:
                disputes.resolve(db, number, _DISPUTES[verb])
            else:
                raise ValueError(f"no {kind} can be brought to {verb}")
        return done("claim")
