"""The payer's page: what is asked, by whom, and three ways to answer. Plain forms; it works without scripts.

The money is in the book, and the event queued, before the payer is sent back; the redirect itself proves nothing.
"""

import json
import sqlite3
from contextlib import suppress
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from sandbox import charges
from sandbox.book import Book
from sandbox.cards import CARDS, GOOD
from sandbox.settings import Settings
from sandbox.worker import Worker

_BUTTONS = {"card": "success", "bank_transfer": "success", "decline": "failed"}
_WAYS = ("card", "bank_transfer")


def offered(channels: list[str]) -> list[str]:
    """The ways to pay that the page can show of those the merchant allows; all of them when it named none of them."""
    return [way for way in _WAYS if way in channels] or list(_WAYS)


def return_address(row: sqlite3.Row) -> str | None:
    """Where the merchant wants the payer back, with the reference under both names the vendor uses."""
    if not row["callback_url"]:
        return None
    parts = urlsplit(str(row["callback_url"]))
    added = urlencode({"trxref": row["reference"], "reference": row["reference"]})
    query = f"{parts.query}&{added}" if parts.query else added
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def blueprint(book: Book, settings: Settings, worker: Worker) -> Blueprint:
    """The page and its one form target."""
    checkout = Blueprint("checkout", __name__)

    def asked_for(access_code: str) -> sqlite3.Row:
        with book.reading() as db:
            row = charges.find_by_access_code(db, access_code)
        if row is None:
            abort(404)
        return row

    @checkout.errorhandler(404)
    def unknown(_trouble: Exception) -> tuple[str, int]:
        return render_template("unknown.html", merchant=settings.business_name), 404

    @checkout.get("/checkout/<access_code>")
    def page(access_code: str) -> str:
        row = asked_for(access_code)
        return render_template(
            "checkout.html",
            transaction=row,
            merchant=settings.business_name,
            channels=offered(json.loads(row["channels"])),
            back=return_address(row),
            cards=CARDS.values(),
        )

    @checkout.post("/checkout/<access_code>")
    def answer(access_code: str) -> Response:
        button = request.form.get("button", "")
        if button not in _BUTTONS:
            abort(400)
        row = asked_for(access_code)
        channel = row["channel"] if button == "decline" else button
        # A second click on Pay is not an error: the first one counted, and the payer sees the same ending.
        with suppress(charges.NotPayable), book.writing() as db:
            card = CARDS.get(request.form.get("card", ""), GOOD)
            row = charges.pay(db, row["reference"], channel=channel, card=card, outcome=_BUTTONS[button])
        worker.wake()
        back = return_address(row)
        here = f"/checkout/{access_code}"
        return redirect(back if back and row["status"] != "failed" else here, code=303)

    return checkout
