"""Customers who asked to close their account: a list to read. Deciding on one is not built here."""

from flask import request
from flask.wrappers import Response

from app.core.permissions import Permission
from app.customers import queries
from app.customers.rules import ClosureState
from app.web.console.base import bp
from app.web.fragments import page
from app.web.guards import operator

PAGE = 25


@bp.get("/closures")
@operator(Permission.CLOSURES_READ)
def closures() -> Response:
    """Requests that stand, or those that were taken back."""
    state = ClosureState.WITHDRAWN if request.args.get("view") == "withdrawn" else ClosureState.ASKED
    found = queries.closures_for_operators(state=state, before=request.args.get("before"), limit=PAGE + 1)
    shown = found[:PAGE]
    return page(
        "console/closures.html",
        block="results",
        state=state,
        closures=shown,
        names=queries.names_for_operators({one.customer_id for one in shown}),
        older=shown[-1].id if len(found) > PAGE else None,
        first="before" not in request.args,
        counts={each: queries.closure_count_for_operators(state=each) for each in ClosureState},
    )
