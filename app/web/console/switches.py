"""Switches at the console: what is turned off, turning something off at once, asking that it be turned on again."""

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.errors import Refusal
from app.core.money import ASSETS, NGN
from app.core.permissions import Permission
from app.governance import queries as governance
from app.identity import queries as identity
from app.payments import payout_queries as payouts
from app.risk import queries, rules, switches
from app.risk.rules import Rail
from app.web import guards
from app.web.console.base import bp
from app.web.fragments import page
from app.withdrawals import queue as withdrawals

PAGE = 25


@bp.get("/switches")
@guards.operator(Permission.SWITCHES_READ)
def switches_page() -> Response:
    """What is off now, and what was."""
    return _switches()


@bp.post("/switches")
@guards.operator(Permission.SWITCHES_TURN_OFF)
def turn_off() -> Response | BaseResponse:
    """Stop payouts of a kind, at once; all of them after a second look at what that stops."""
    actor, sent = guards.actor(), request.form
    scope, reason = sent.get("scope", ""), sent.get("reason", "")
    if scope == rules.EVERYTHING and reason.strip() and sent.get("sure") != "all":
        return _switches(looks=True)
    try:
        atomically(lambda: switches.turn_off(scope, reason=reason, actor=actor), actor=actor, reason=reason)
    except Refusal as refused:
        return _switches(fault=refused)
    flash(f"{rules.switch_in_words(scope)} are turned off. Nothing more begins.", "ok")
    return redirect(url_for("console.switches_page"), 303)


@bp.post("/switches/<switch_id>/on")
@guards.operator(Permission.SWITCHES_REQUEST_ON, fresh=True)
def request_on(switch_id: str) -> Response | BaseResponse:
    """Ask that payouts go on."""
    actor, reason = guards.actor(), request.form.get("reason", "")

    def deed() -> str:
        return switches.request_on(switch_id, reason=reason, maker=current_user.id, actor=actor).id

    queries.switch_for_operators(switch_id)  # (what is not there has no page)
    try:
        asked = atomically(deed, actor=actor, reason=reason)
    except Refusal as refused:
        return _switches(fault=refused, about=switch_id)
    flash("Asked for. Another of treasury or a compliance manager must agree.", "ok")
    return redirect(url_for("console.approval", request_id=asked), 303)


def _switches(*, fault: Refusal | None = None, about: str = "", looks: bool = False) -> Response:
    off, before = queries.switches_off_for_operators(), request.args.get("before")
    past = queries.switches_on_again_for_operators(before=before, limit=PAGE + 1)
    taken = {one.scope for one in off}
    held = current_user.permissions
    return page(
        "console/switches.html",
        status=fault.status if fault else 200,
        off=[(one, governance.about_for_operators(switches.target_of(one.id))) for one in off],
        past=past[:PAGE],
        older=past[PAGE - 1].id if len(past) > PAGE else None,
        first=before is None,
        words=rules.switch_in_words,
        scopes=[(scope, rules.switch_in_words(scope)) for scope in rules.switch_scopes(ASSETS) if scope not in taken],
        breaker=queries.breaker_without_owner(target=payouts.floor_for_system().target.units),
        usual=queries.usual_outflow_without_owner(rail=Rail.BANK, asset=NGN.code),
        may_stop=Permission.SWITCHES_TURN_OFF in held,
        may_ask=Permission.SWITCHES_REQUEST_ON in held,
        sees_requests=Permission.APPROVALS_READ in held,
        staff=identity.names_for_operators(),
        sent=request.form,
        # What waits, of what all would stop; what Paystack has already is not stopped by it.
        stops=withdrawals.counts_for_operators() if looks else None,
        committed=payouts.committed_for_operators() if looks else None,
        fault=fault,
        about=about,
        reason_max=switches.REASON_MAX,
    )
