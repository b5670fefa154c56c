"""What goes back to payers: ask for it, see where it is, and say where it goes when it cannot reach them."""

import re

from flask import current_app, flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.errors import NotFound, Refusal
from app.core.money import NGN, parse
from app.core.permissions import Permission
from app.customers import queries as customers
from app.disputes import queries as disputes
from app.governance import queries as governance
from app.governance.models import Request
from app.identity import queries as identity
from app.ledger import chart
from app.payments import queries as payments
from app.payments import refund_queries as queries
from app.payments import refund_requests as requests
from app.payments import refund_rules as rules
from app.payments.refund_models import Refund
from app.payments.refund_rules import RefundState
from app.web import guards
from app.web.console import history
from app.web.console.base import bp
from app.web.console.objects import cases_about
from app.web.fragments import page

PAGE = 25
_REQUEST = re.compile(r"grq_[0-9a-z]+")
VIEWS = {
    "stuck": (RefundState.NEEDS_ATTENTION,),
    "underway": (RefundState.ASKED, RefundState.SENT, RefundState.REDIRECTING),
    "ended": rules.ENDED,
}


@bp.get("/refunds")
@guards.operator(Permission.REFUNDS_READ)
def refunds() -> Response:
    """Refunds in one view, newest first."""
    return _list({})


@bp.post("/refunds")
@guards.operator(Permission.REFUNDS_REQUEST, fresh=True)
def request_refund() -> Response | BaseResponse:
    """Ask that a customer's deposit go back to who paid it in."""
    reference, reason = request.form.get("reference", "").strip(), request.form.get("reason", "")
    actor = guards.actor()
    try:
        amount = parse(request.form.get("amount", ""), asset=NGN)
        asked = atomically(
            lambda: requests.request_refund(
                reference, amount=amount, reason=reason, maker=current_user.id, actor=actor
            ),
            actor=actor,
            reason=reason,
        )
    except Refusal as refused:
        return _list({"form": refused.message}, status=refused.status)
    flash("Asked for. Treasury must agree.", "ok")
    return redirect(url_for("console.approval", request_id=asked.id), 303)


@bp.get("/refunds/<refund_id>")
@guards.operator(Permission.REFUNDS_READ)
def refund(refund_id: str) -> Response:
    """One refund."""
    return _detail(refund_id, {})


@bp.post("/refunds/<refund_id>/redirect")
@guards.operator(Permission.REFUNDS_REQUEST, fresh=True)
def redirect_refund(refund_id: str) -> Response | BaseResponse:
    """Ask that a refund that cannot reach its payer go to a bank account, under the name that its bank gives."""
    given = (request.form.get("bank_code", ""), request.form.get("account_number", "").strip())
    reason, actor, maker = request.form.get("reason", ""), guards.actor(), current_user.id
    queries.refund_for_system(refund_id)
    try:
        to = requests.name_of(given, paystack=current_app.extensions["clients"].paystack)
        asked = atomically(
            lambda: requests.request_redirect(refund_id, to=to, reason=reason, maker=maker, actor=actor),
            actor=actor,
            reason=reason,
        )
    except NotFound:
        raise
    except Refusal as refused:
        return _detail(refund_id, {"form": refused.message}, status=refused.status)
    flash(f"Asked for: to {to.account_name}. Treasury must agree.", "ok")
    return redirect(url_for("console.approval", request_id=asked.id), 303)


def _list(faults: dict[str, str], *, status: int = 200) -> Response:
    view = request.args.get("view", "")
    view = view if view in VIEWS else "underway"
    found = queries.list_for_operators(VIEWS[view], before=request.args.get("before"), limit=PAGE + 1)
    counts = queries.counts_for_operators()
    return page(
        "console/refunds/list.html",
        block="results",
        view=view,
        refunds=found[:PAGE],
        names=customers.names_for_operators({one.customer_id for one in found if one.customer_id}),
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        first="before" not in request.args,
        counts={name: sum(counts.get(state, 0) for state in states) for name, states in VIEWS.items()},
        errors=faults,
        given=request.form or {"reference": request.args.get("reference", "")},
        status=status,
    )


def _detail(refund_id: str, faults: dict[str, str], *, status: int = 200) -> Response:
    one = queries.refund_for_system(refund_id)
    return page(
        "console/refunds/one.html",
        refund=one,
        customer=customers.one_for_operators(one.customer_id) if one.customer_id else None,
        from_suspense=one.from_account == chart.house(chart.SUSPENSE, asset=NGN),
        disputes=disputes.of_charge_for_operators(one.reference),
        request=_request_of(one),
        cases=cases_about(one.id),
        pending=governance.about_for_operators(f"redirect:{one.id}"),
        banks=[(bank.code, bank.name) for bank in payments.banks_without_owner()],
        errors=faults,
        given=request.form,
        status=status,
        history=history.of(one.id),
        staff=identity.names_for_operators(),
    )


def _request_of(one: Refund) -> Request | None:
    """The request that it came of: what Paystack is told names it, and nothing else of why."""
    named = _REQUEST.search(one.reason)
    if one.origin != "asked" or named is None:
        return None
    try:
        return governance.one_for_operators(named[0]).request
    except NotFound:
        return None
