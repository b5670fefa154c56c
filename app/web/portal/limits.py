"""Your limits: what is used of each and what is left, and what verifying more would bring."""

from flask.wrappers import Response
from flask_login import current_user

from app.web import guards
from app.web.fragments import page
from app.web.portal.base import bp
from reports import limits as reports


@bp.get("/limits")
@guards.customer
def limits() -> Response:
    """How the customer's limits stand now."""
    standing = reports.of_customer(customer_id=current_user.id)
    return page(
        "portal/limits.html",
        standing=standing,
        next_name=reports.NAMES[standing.following] if standing.following else "",
        next_needs=reports.NEEDS[standing.following] if standing.following else "",
    )
