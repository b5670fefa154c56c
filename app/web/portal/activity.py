"""Everything that moved, newest first; the receipt of what moved, as a page and as a file."""

from datetime import UTC, date, datetime, timedelta

from flask import current_app, g, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from app.core.clock import WAT
from app.core.errors import Refusal
from app.core.money import Money
from app.customers import queries as customers
from app.web import errors, forms, receipts
from app.web.fragments import page
from app.web.guards import customer, public
from app.web.portal.base import bp
from app.web.throttle import throttle
from reports import activity as reports
from reports import receipts as receipt_reports
from reports.activity import KINDS, STANDINGS, Asked
from reports.receipts import Receipt

PAGE, LOOKS = 20, 10
LETTERS_MAX = 60
WORDS = {"": "However it stands", "open": "Under way", "done": "Done", "nothing": "Came to nothing"}


class CheckForm(FlaskForm):
    """What stands at the foot of a receipt."""

    reference = forms.text("Our reference", length=LETTERS_MAX)
    code = forms.text("Verification code", length=LETTERS_MAX)


@bp.get("/activity")
@customer
def activity() -> Response:
    """The customer's movements, a page at a time; by kind, by how they stand, by days."""
    sent = request.args
    kind = sent.get("kind", "") if sent.get("kind") in KINDS else ""
    stands = sent.get("stands", "") if sent.get("stands") in STANDINGS else ""
    since, until = _day(sent.get("since", "")), _day(sent.get("until", ""))
    asked = Asked(kind, stands, _begins(since), _begins(until + timedelta(days=1) if until else None))
    lines, older = reports.of_customer(customer_id=current_user.id, asked=asked, before=sent.get("before"), limit=PAGE)
    narrowed = {
        "stands": stands,
        "since": since.isoformat() if since else "",
        "until": until.isoformat() if until else "",
    }
    first, before = not kind and not any(narrowed.values()) and "before" not in sent, sent.get("looks_before")
    looks = customers.views_of(customer_id=current_user.id, before=before, limit=LOOKS + 1) if first else []
    return page(
        "portal/activity.html",
        block="lines",
        lines=lines,
        older=older,
        kind=kind,
        narrowed={name: value or None for name, value in narrowed.items()},
        standings=[(each, WORDS[each]) for each in STANDINGS],
        views=looks[:LOOKS],
        looks_older=looks[LOOKS - 1].id if len(looks) > LOOKS else None,
        looks_first=before is None,
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
