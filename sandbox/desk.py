"""The page at `/`: what the vendor holds and knows, and every knob as a form, for the people who run a demo.

It is control with a face: the same callers are let in and the same checks refuse a wrong knob.
"""

import sqlite3
from typing import Any, get_args, get_type_hints

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox import charges, desk_acts, disputes, refunds, settlements, texts, transfers, webhooks
from sandbox import knobs as knobboard
from sandbox.book import Book, balance, stamp
from sandbox.settings import Settings
from sandbox.strangers import refuse_strangers
from sandbox.worker import Worker

_TYPES = get_type_hints(knobboard.Knobs)
LINES = 10


def _typed(name: str, text: str | None) -> Any:
    """A form's text as the knob's type; an unticked box is not sent at all, an empty field means nothing."""
    kinds = get_args(_TYPES[name]) or (_TYPES[name],)
    if bool in kinds:
        return text is not None
    if not text:
        return None
    if str in kinds:
        return text
    try:
        number = int(text) if int in kinds else float(text)
    except ValueError:
        raise knobboard.KnobRefused(f"{name} is a number") from None
    # Two seconds are kept and shown as 2, however the browser wrote them.
    return int(number) if number == number // 1 else number


def _view(db: sqlite3.Connection) -> dict[str, Any]:
    recent_charges, charge_meta = charges.list_page(db, {"perPage": str(LINES)})
    recent_transfers, transfer_meta = transfers.list_page(db, {"perPage": str(LINES)})
    states = db.execute("SELECT state, count(*) AS count FROM deliveries GROUP BY state").fetchall()
    return {
        "balance": balance(db),
        "stream": settlements.stream(db),
        "settlements": [settlements.shape(row) for row in settlements.list_page(db, {"perPage": str(LINES)})[0]],
        "refunds": refunds.list_page(db, {"perPage": str(LINES)})[0],
        "disputes": [disputes.shape(db, row) for row in disputes.list_page(db, {"perPage": str(LINES)})[0]],
        "now": stamp(db),
        "knobs": knobboard.load(db),
        "transactions": recent_charges,
        "transactions_total": charge_meta["total"],
        "transfers": recent_transfers,
        "transfers_total": transfer_meta["total"],
        "deliveries": webhooks.listing(db, limit=LINES),
        "texts": texts.latest(db, rows=LINES),
        "states": {row["state"]: row["count"] for row in states},
    }


def blueprint(book: Book, settings: Settings, worker: Worker) -> Blueprint:
    """The page and its forms."""
    desk = Blueprint("desk", __name__)
    desk.before_request(lambda: refuse_strangers(control_open=settings.control_open))

    def shown(trouble: str | None = None) -> str:
        with book.reading() as db:
            view = _view(db)
        return render_template(
            "desk.html", **view, trouble=trouble, done=request.args.get("done"), merchant=settings.business_name,
            webhook_url=settings.webhook_url, choices=knobboard.CHOICES, endings=desk_acts.ENDINGS,
        )  # fmt: skip

    @desk.get("/")
    def page() -> str:
        return shown()

    @desk.post("/knobs")
    def turn() -> Response | tuple[str, int]:
        try:
            changes = {name: _typed(name, request.form.get(name)) for name in knobboard.NAMES}
            with book.writing() as db:
                knobboard.turn(db, changes)
        except knobboard.KnobRefused as refusal:
            return shown(str(refusal)), 422
        worker.wake()
        return redirect(url_for("desk.page", done="knobs"), code=303)

    @desk.post("/deliver")
    def deliver() -> Response:
        worker.round(early=True)
        return redirect(url_for("desk.page", done="delivered"), code=303)

    desk_acts.add(desk, book, worker, shown)
    return desk
