"""Everything that moved, newest first; the receipt of what moved, as a page and as a file."""

from datetime import UTC, date, datetime, timedelta

from flask import g, request
from flask.wrappers import Response
from flask_login import current_user

from app.core.clock import WAT
from app.customers import queries as customers
from app.web import receipts
from app.web.fragments import page
from app.web.guards import customer
from app.web.portal.base import bp
from reports import activity as reports
from reports import receipts as receipt_reports
from reports.activity import KINDS, STANDINGS, Asked
from reports.receipts import Receipt

PAGE, LOOKS = 20, 10
WORDS = {"": "However it stands", "open": "Under way", "done": "Done", "nothing": "Came to nothing"}


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
    return receipts.answer(_receipt(movement_id))


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
