"""Journals by hand: the list of requests, one request, and what may be done with it. Who must agree is governance's."""

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.adjustments import rules
from app.adjustments.service import KIND
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.money import Money
from app.core.permissions import Permission
from app.governance import queries, service
from app.governance.rules import ENDED, OPEN, State
from app.identity import queries as identity
from app.web import errors, guards
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
        mine_to_fill=standing.open_to(current_user.id, held),
        mine_to_stop=standing.stoppable_by(current_user.id, held),
    )


@bp.post("/ledger/requests/<request_id>/approve")
@guards.operator(Permission.JOURNALS_APPROVE, fresh=True)
def approve_journal(request_id: str) -> BaseResponse:
    """Another person's yes, to the content that was on the page: with the last one it is booked."""
    shown, actor = request.form.get("content_hash", ""), guards.actor()

    def deed() -> str:
        _must_be_a_journal(request_id)
        state = service.approve(request_id, operator_id=current_user.id, shown=shown, actor=actor)
        return "Approved. It is being booked." if state is State.APPROVED else "Approved. It needs one more person."

    return _do(request_id, deed)


@bp.post("/ledger/requests/<request_id>/reject")
@guards.operator(Permission.JOURNALS_APPROVE, fresh=True)
def reject_journal(request_id: str) -> BaseResponse:
    """Another person's no, with a reason."""
    reason, actor = request.form.get("reason", ""), guards.actor()

    def deed() -> str:
        _must_be_a_journal(request_id)
        service.deny(request_id, operator_id=current_user.id, reason=reason, actor=actor)
        return "Rejected. Nothing was booked."

    return _do(request_id, deed, reason=reason)


@bp.post("/ledger/requests/<request_id>/withdraw")
@guards.operator(Permission.JOURNALS_REQUEST, fresh=True)
def withdraw_journal(request_id: str) -> BaseResponse:
    """Who asked thinks better of it."""
    actor = guards.actor()

    def deed() -> str:
        _must_be_a_journal(request_id)
        service.cancel(request_id, operator_id=current_user.id, actor=actor)
        return "Withdrawn. Nothing was booked."

    return _do(request_id, deed)


def _do(request_id: str, deed: Callable[[], str], *, reason: str = "") -> BaseResponse:
    try:
        flash(atomically(deed, actor=guards.actor(), reason=reason), "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("console.journal_request", request_id=request_id), 303)


def _must_be_a_journal(request_id: str) -> None:
    """These doors are for journals: other requests have doors with other permissions."""
    queries.one_for_operators(request_id, kind=KIND.name)


def _staff() -> dict[str, str]:
    return {staff.id: staff.name for staff in identity.operators_for_operators()}
