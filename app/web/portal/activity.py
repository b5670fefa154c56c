"""Everything that moved, newest first."""

from flask import request
from flask.wrappers import Response
from flask_login import current_user

from app.customers import queries as customers
from app.web.fragments import page
from app.web.guards import customer
from app.web.portal.base import bp
from reports import activity as reports

PAGE, LOOKS = 20, 10


@bp.get("/activity")
@customer
def activity() -> Response:
    """The customer's movements, a page at a time; filtered by kind."""
    kind = request.args.get("kind", "")
    lines, older = reports.of_customer(
        customer_id=current_user.id, kind=kind, before=request.args.get("before"), limit=PAGE
    )
    first, before = not kind and "before" not in request.args, request.args.get("looks_before")
    looks = customers.views_of(customer_id=current_user.id, before=before, limit=LOOKS + 1) if first else []
    return page(
        "portal/activity.html",
        block="lines",
        lines=lines,
        older=older,
        kind=kind,
        views=looks[:LOOKS],
        looks_older=looks[LOOKS - 1].id if len(looks) > LOOKS else None,
        looks_first=before is None,
    )
