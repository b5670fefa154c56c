"""Recoveries: who lost a mailbox and wants the account under another address; asking that one be carried out."""

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.customers import queries as customers
from app.customers import requests
from app.governance import queries as governance
from app.identity import queries
from app.identity import recoveries as lost
from app.identity import recovery as recoveries_of
from app.identity.rules import RecoveryState
from app.web import guards
from app.web.console import history, reveals
from app.web.console.base import bp
from app.web.fragments import page

PAGE = 25
VIEWS = {
    "asked": RecoveryState.ASKED,
    "carried_out": RecoveryState.CARRIED_OUT,
    "stopped": RecoveryState.STOPPED,
    "refused": RecoveryState.REFUSED,
    "expired": RecoveryState.EXPIRED,
}


@bp.get("/recoveries")
@guards.operator(Permission.RECOVERIES_READ)
def recoveries() -> Response:
    """Those of one state, newest first."""
    view, before = request.args.get("view", ""), request.args.get("before")
    view = view if view in VIEWS else "asked"
    found = lost.recoveries_for_operators(state=VIEWS[view], before=before, limit=PAGE + 1)
    shown, counts = found[:PAGE], lost.recovery_counts_for_operators()
    return page(
        "console/recoveries/list.html",
        block="results",
        view=view,
        rows=shown,
        people=customers.by_logins_for_operators({one.login_id for one in shown if one.login_id}),
        counts={name: counts.get(state, 0) for name, state in VIEWS.items()},
        older=shown[-1].id if len(found) > PAGE else None,
        first=before is None,
    )


@bp.get("/recoveries/<recovery_id>")
@guards.operator(Permission.RECOVERIES_READ)
def recovery(recovery_id: str) -> Response:
    """One recovery: whose, since when, what waits, what happened."""
    return _recovery(recovery_id)


@bp.post("/recoveries/<recovery_id>")
@guards.operator(Permission.RECOVERIES_REQUEST, fresh=True)
def request_recovery(recovery_id: str) -> Response | BaseResponse:
    """Ask that it be carried out."""
    reason, actor = request.form.get("reason", ""), guards.actor()

    def deed() -> None:
        requests.request_recovery(recovery_id, reason=reason, maker=current_user.id, actor=actor)

    try:
        atomically(deed, actor=actor, reason=reason)
    except Refusal as refused:
        return _recovery(recovery_id, fault=refused.message, status=refused.status)
    flash("Asked for. Compliance must agree.", "ok")
    return redirect(url_for("console.recovery", recovery_id=recovery_id), 303)


@bp.post("/recoveries/<recovery_id>/refuse")
@guards.operator(Permission.RECOVERIES_REQUEST, fresh=True)
def refuse_recovery(recovery_id: str) -> Response | BaseResponse:
    """Say that it is not the owner who asks: it ends."""
    reason, actor = request.form.get("reason", ""), guards.actor()
    try:
        atomically(lambda: recoveries_of.refuse(recovery_id, reason=reason, actor=actor), actor=actor, reason=reason)
    except Refusal as refused:
        return _recovery(recovery_id, unfit=refused.message, status=refused.status)
    flash("Refused. Nothing was changed.", "ok")
    return redirect(url_for("console.recovery", recovery_id=recovery_id), 303)


def _recovery(recovery_id: str, *, fault: str = "", unfit: str = "", status: int = 200) -> Response:
    one = lost.recovery_for_operators(recovery_id)
    customer = customers.by_login(owner=one.login_id or "")
    about = governance.about_for_operators(requests.target_of(customer.id)) if customer else []
    return page(
        "console/recoveries/one.html",
        status=status,
        one=one,
        customer=customer,
        contact=reveals.veil("contact", one.id, lost.contact_for_operators(one.id)),
        cools=one.state == RecoveryState.ASKED and clock.now() < one.possible_at,
        pending=[each for each in about if each.request.payload.get("recovery_id") == one.id],
        history=history.of(one.id),
        staff=queries.names_for_operators(),
        may_ask=Permission.RECOVERIES_REQUEST in current_user.permissions and one.state == RecoveryState.ASKED,
        sent=request.form,
        fault=fault,
        unfit=unfit,
        others=[
            each.id
            for each in lost.recoveries_of(owner=one.login_id or "")
            if each.state == RecoveryState.ASKED and each.id != one.id
        ],
    )
