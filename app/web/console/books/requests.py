"""Journals by hand: the list of requests, one request, and what may be done with it. Nobody approves their own."""

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.adjustments import queries, rules, service
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.money import Money
from app.core.permissions import Permission
from app.identity import queries as identity
from app.web import errors, guards
from app.web.console import history
from app.web.console.base import bp
from app.web.console.books import reads
from app.web.fragments import page

PAGE = 25
VIEWS = {"waiting": rules.WAITING, "ended": rules.ENDED}


@bp.get("/ledger/requests")
@guards.operator(Permission.JOURNALS_READ)
def journal_requests() -> Response:
    """Requests that wait, or those that ended; newest first."""
    asked = request.args.get("view", "")
    view = asked if asked in VIEWS else "waiting"
    found = queries.list_for_operators(VIEWS[view], before=request.args.get("before"), limit=PAGE + 1)
    return page(
        "console/books/requests.html",
        block="results",
        view=view,
        counts={name: queries.count_for_operators(states) for name, states in VIEWS.items()},
        requests=[(one, _moved(one.content)) for one in found[:PAGE]],
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        first="before" not in request.args,
        staff=_staff(),
    )


@bp.get("/ledger/requests/<request_id>")
@guards.operator(Permission.JOURNALS_READ)
def journal_request(request_id: str) -> Response:
    """One request, as it would be booked."""
    one = queries.one_for_operators(request_id)
    return page(
        "console/books/request.html",
        one=one,
        legs=[
            (leg.account, Money(leg.amount.asset, abs(leg.amount.units)), leg.amount.units > 0)
            for leg in one.content.legs
        ],
        accounts=reads.known({leg.account for leg in one.content.legs}),
        history=history.of(one.id),
        staff=_staff(),
        mine=one.requested_by == current_user.id,
    )


@bp.post("/ledger/requests/<request_id>/approve")
@guards.operator(Permission.JOURNALS_APPROVE, fresh=True)
def approve_journal(request_id: str) -> BaseResponse:
    """Another person's yes, to the content that was on the page: it is booked."""
    shown, actor = request.form.get("content_hash", ""), guards.actor()

    def deed() -> str:
        number = service.approve(
            request_id, operator_id=current_user.id, content_hash=shown, owns=guards.owns(), actor=actor
        )
        return f"Booked as journal {number}."

    return _do(request_id, deed)


@bp.post("/ledger/requests/<request_id>/reject")
@guards.operator(Permission.JOURNALS_APPROVE)
def reject_journal(request_id: str) -> BaseResponse:
    """Another person's no, with a reason."""
    reason, actor = request.form.get("reason", ""), guards.actor()

    def deed() -> str:
        service.reject(request_id, operator_id=current_user.id, reason=reason, owns=guards.owns(), actor=actor)
        return "Rejected. Nothing was booked."

    return _do(request_id, deed, reason=reason)


@bp.post("/ledger/requests/<request_id>/withdraw")
@guards.operator(Permission.JOURNALS_REQUEST)
def withdraw_journal(request_id: str) -> BaseResponse:
    """Who asked thinks better of it."""
    actor = guards.actor()

    def deed() -> str:
        service.withdraw(request_id, operator_id=current_user.id, actor=actor)
        return "Withdrawn. Nothing was booked."

    return _do(request_id, deed)


def _do(request_id: str, deed: Callable[[], str], *, reason: str = "") -> BaseResponse:
    try:
        flash(atomically(deed, actor=guards.actor(), reason=reason), "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("console.journal_request", request_id=request_id), 303)


def _moved(content: rules.Content) -> list[Money]:
    """How much it moves of each asset: the sum of its debits."""
    sums: dict[str, Money] = {}
    for leg in content.legs:
        if leg.amount.units > 0:
            asset = leg.amount.asset
            sums[asset.code] = sums.get(asset.code, Money(asset, 0)) + leg.amount
    return list(sums.values())


def _staff() -> dict[str, str]:
    return {staff.id: staff.name for staff in identity.operators_for_operators()}
