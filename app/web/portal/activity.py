"""Everything that moved, newest first; the receipt of what moved, as a page and as a file."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flask import current_app, g, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from app.core.clock import WAT
from app.core.db import leave, narrow, widen
from app.core.errors import Refusal
from app.core.money import ASSETS, Money, plain
from app.customers import queries as customers
from app.web import errors, forms, receipts, sheets
from app.web.fragments import page
from app.web.guards import customer, public
from app.web.portal.base import bp
from app.web.throttle import throttle
from reports import activity as reports
from reports import receipts as receipt_reports
from reports.activity import KINDS, STANDINGS, Asked, Movement
from reports.receipts import Receipt

PAGE, LOOKS, BATCH = 20, 10, 500
COLUMNS = ["id", "at", "kind", "state", "asset", "amount", "got_asset", "got_amount", "fee_asset", "fee"]
LETTERS_MAX = 60
WORDS = {"": "However it stands", "open": "Under way", "done": "Done", "nothing": "Came to nothing"}


class CheckForm(FlaskForm):
    """What stands at the foot of a receipt."""

    reference = forms.text("Our reference", length=LETTERS_MAX)
    code = forms.text("Verification code", length=LETTERS_MAX)


@dataclass(frozen=True)
class Narrowed:
    """The list's filters as they were sent: what is none narrows nothing."""

    asked: Asked
    sent: dict[str, str | None]


@bp.get("/activity")
@customer
def activity() -> Response:
    """The customer's movements, a page at a time; by kind, asset, how they stand, and days."""
    sent, narrowed = request.args, _narrowed()
    asked, kind = narrowed.asked, narrowed.asked.kind
    lines, older = reports.of_customer(customer_id=current_user.id, asked=asked, before=sent.get("before"), limit=PAGE)
    first, before = not kind and not any(narrowed.sent.values()) and "before" not in sent, sent.get("looks_before")
    looks = customers.views_of(customer_id=current_user.id, before=before, limit=LOOKS + 1) if first else []
    return page(
        "portal/activity.html",
        block="lines",
        lines=lines,
        older=older,
        kind=kind,
        narrowed=narrowed.sent,
        standings=[(each, WORDS[each]) for each in STANDINGS],
        tickers=list(dict.fromkeys(asset.ticker for asset in ASSETS.values())),
        views=looks[:LOOKS],
        looks_older=looks[LOOKS - 1].id if len(looks) > LOOKS else None,
        looks_first=before is None,
    )


@bp.get("/activity.csv")
@customer
def activity_file() -> Response:
    """What the list shows, all of it, as a file that is written while it is read."""
    asked, owner = _narrowed().asked, str(current_user.id)

    def batch(cursor: str) -> tuple[list[sheets.Row], str]:
        # (the request is over by now: whose rows these are is said again)
        token = narrow(owner)
        try:
            found, older = reports.of_customer(customer_id=owner, asked=asked, before=cursor or None, limit=BATCH)
            return [_row(move) for move in found], older or ""
        finally:
            leave()
            widen(token)

    return sheets.long_sheet("activity", COLUMNS, batch)


def _row(move: Movement) -> sheets.Row:
    got, fee = move.got, move.fee
    return [
        move.id,
        sheets.stamp(move.created_at),
        move.kind,
        move.state,
        move.amount.asset.code,
        plain(move.amount),
        got.asset.code if got else "",
        plain(got) if got else "",
        fee.asset.code,
        plain(fee),
    ]


def _narrowed() -> Narrowed:
    sent = request.args
    kind = sent.get("kind", "") if sent.get("kind") in KINDS else ""
    stands = sent.get("stands", "") if sent.get("stands") in STANDINGS else ""
    ticker = sent.get("asset", "") if sent.get("asset") in {asset.ticker for asset in ASSETS.values()} else ""
    since, until = _day(sent.get("since", "")), _day(sent.get("until", ""))
    begins, ends = _begins(since), _begins(until + timedelta(days=1) if until else None)
    days = {"since": since.isoformat() if since else None, "until": until.isoformat() if until else None}
    return Narrowed(
        Asked(kind, stands, begins, ends, ticker), {"stands": stands or None, "asset": ticker or None} | days
    )


@bp.get("/receipts/<movement_id>")
@customer
def receipt(movement_id: str) -> Response:
    """The receipt of one movement, to look at and to print."""
    return page("portal/receipt.html", receipt=_receipt(movement_id))


@bp.get("/receipts/<movement_id>.pdf")
@customer
def receipt_file(movement_id: str) -> Response:
    """The same, as a file."""
    public_url = current_app.extensions["settings"].public_url
    return receipts.answer(_receipt(movement_id), checked_at=public_url + url_for("portal.check_receipt"))


@bp.route("/receipts/check", methods=["GET", "POST"])
@public
def check_receipt() -> Response | BaseResponse:
    """Whether a receipt that somebody holds is one of ours: for anybody, who learns no name from it."""
    form = CheckForm()
    if not form.validate_on_submit():
        return _checking(form, forms.errors_of(form), status=422 if form.is_submitted() else 200)
    reference = form.reference.data.strip()
    try:
        with throttle().guessing("receipt", reference):
            found = receipt_reports.checked(reference, form.code.data)
    except Refusal as refused:
        return errors.delayed(_checking(form, {"code": refused.message}, status=422), refused)
    return _checking(form, {}, found=found)


def _checking(
    form: CheckForm, faults: dict[str, str], *, status: int = 200, found: tuple[str, Money, str] | None = None
) -> Response:
    return page("portal/check_receipt.html", form=form, errors=faults, found=found, status=status)


def _receipt(movement_id: str) -> Receipt:
    """Who looks as the customer does not see where their accounts are."""
    return receipt_reports.of_movement(movement_id, customer_id=current_user.id, masked="view_as" in g)


def _day(written: str) -> date | None:
    """A day as a browser writes it; what is none narrows nothing."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _begins(day: date | None) -> datetime | None:
    """The first moment of a day in Lagos."""
    return datetime(day.year, day.month, day.day, tzinfo=WAT).astimezone(UTC) if day else None
