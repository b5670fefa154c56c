"""Journals by hand: the list of requests, and one as it would be booked. They are decided on among the approvals."""

from flask import request
from flask.wrappers import Response
from flask_login import current_user

from app.adjustments import rules
from app.adjustments.service import KIND
from app.core.money import Money
from app.core.permissions import Permission
from app.governance import queries
from app.governance.rules import ENDED, OPEN
from app.identity import queries as identity
from app.web import guards
from app.web.console import history
from app.web.console.base import bp
from app.web.console.books import reads
from app.web.fragments import page

PAGE = 25
VIEWS = {"waiting": OPEN, "ended": ENDED}


@bp.get("/ledger/requests")
@guards.operator(Permission.JOURNALS_READ)
def journal_requests() -> Response:
    """Requests that wait, or those that ended; newest first."""
    asked = request.args.get("view", "")
    view = asked if asked in VIEWS else "waiting"
    before = request.args.get("before")
    found = queries.list_for_operators(VIEWS[view], kind=KIND.name, before=before, limit=PAGE + 1)
    return page(
        "console/books/requests.html",
        block="results",
        view=view,
        counts={name: queries.count_for_operators(states, kind=KIND.name) for name, states in VIEWS.items()},
        requests=[(one.request, rules.content_of(one.request.payload)) for one in found[:PAGE]],
        older=found[PAGE - 1].request.id if len(found) > PAGE else None,
        first=before is None,
        staff=_staff(),
    )


@bp.get("/ledger/requests/<request_id>")
@guards.operator(Permission.JOURNALS_READ)
def journal_request(request_id: str) -> Response:
    """One request, as it would be booked."""
    standing = queries.one_for_operators(request_id, kind=KIND.name)
    one, content = standing.request, rules.content_of(standing.request.payload)
    held = identity.roles_for_system(current_user.id)
    return page(
        "console/books/request.html",
        one=one,
        standing=standing,
        content=content,
        legs=[
            (leg.account, Money(leg.amount.asset, abs(leg.amount.units)), leg.amount.units > 0) for leg in content.legs
        ],
        accounts=reads.known({leg.account for leg in content.legs}),
        history=history.of(one.id),
        staff=_staff(),
        mine=one.maker == current_user.id,
        mine_to_decide=Permission.APPROVALS_DECIDE in current_user.permissions
        and (standing.open_to(current_user.id, held) or standing.stoppable_by(current_user.id, held)),
    )


def _staff() -> dict[str, str]:
    return {staff.id: staff.name for staff in identity.operators_for_operators()}
