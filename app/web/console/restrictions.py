"""Restrictions of accounts: the list, one with what compliance knows of it, placing one, asking that one be lifted."""

from datetime import datetime

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import atomically
from app.core.errors import Malformed, Refusal
from app.core.permissions import Permission
from app.customers import queries as customers
from app.governance import queries as governance
from app.identity import queries as identity
from app.restrictions import errors, queries, requests, rules, service
from app.restrictions.queries import VIEWS
from app.restrictions.reasons import REASONS
from app.restrictions.rules import Kind, State
from app.web import guards
from app.web.console import history
from app.web.console.base import bp, refuse_own
from app.web.console.books import times
from app.web.fragments import page

PAGE = 25
# What the list is narrowed to. That a hold is a legal one is for those to ask who may read it.
STOPPED: dict[str, tuple[str, frozenset[Kind]]] = {
    "": ("Whatever is stopped", frozenset(Kind)),
    "out": ("Money out", frozenset({Kind.NO_DEBIT, Kind.LEGAL_HOLD})),
    "in": ("Money in", frozenset({Kind.NO_CREDIT})),
    "trade": ("Only trades", frozenset({Kind.NO_TRADE})),
}
LEGAL: dict[str, tuple[str, frozenset[Kind]]] = {"legal": ("By legal hold", frozenset({Kind.LEGAL_HOLD}))}


@bp.get("/restrictions")
@guards.operator(Permission.RESTRICTIONS_READ)
def restrictions() -> Response:
    """Those that stand, end soon or ended, newest first."""
    view, stopped = request.args.get("view", ""), request.args.get("stops", "")
    offered = STOPPED | (LEGAL if _inspects() else {})
    view, stopped = view if view in VIEWS else "standing", stopped if stopped in offered else ""
    before, kinds = request.args.get("before"), offered[stopped][1]
    found = queries.list_for_operators(view, kinds=kinds, before=before, limit=PAGE + 1)
    shown = found[:PAGE]
    return page(
        "console/restrictions/list.html",
        block="results",
        view=view,
        stopped=stopped,
        offered=[(name, words) for name, (words, _) in offered.items()],
        rows=shown,
        names=customers.names_for_operators({one.customer_id for one in shown}),
        counts=queries.counts_for_operators(kinds=kinds),
        older=shown[-1].id if len(found) > PAGE else None,
        first=before is None,
        inspects=_inspects(),
        staff=identity.names_for_operators(),
    )


@bp.get("/restrictions/<restriction_id>")
@guards.operator(Permission.RESTRICTIONS_INSPECT)
def restriction(restriction_id: str) -> Response:
    """One, with the reason and the note: for compliance and who audits it."""
    return _restriction(restriction_id)


@bp.post("/restrictions/<restriction_id>/lift")
@guards.operator(Permission.RESTRICTIONS_REQUEST_LIFT, fresh=True)
def request_lift(restriction_id: str) -> Response | BaseResponse:
    """Ask that it be lifted."""
    reason, authority, actor = request.form.get("reason", ""), request.form.get("authority", ""), guards.actor()

    def deed() -> None:
        requests.request_lift(restriction_id, authority=authority, reason=reason, maker=current_user.id, actor=actor)

    try:
        atomically(deed, actor=actor)
    except Refusal as refused:
        return _restriction(restriction_id, fault=refused)
    flash("Asked for. A compliance manager must agree.", "ok")
    return redirect(url_for("console.restriction", restriction_id=restriction_id), 303)


@bp.get("/customers/<customer_id>/restrict")
@guards.operator(Permission.RESTRICTIONS_PLACE)
def restrict(customer_id: str) -> Response:
    """The form; with a reason chosen, what each reader will read."""
    return _form(customer_id)


@bp.post("/customers/<customer_id>/restrict")
@guards.operator(Permission.RESTRICTIONS_PLACE)
def place_restriction(customer_id: str) -> Response | BaseResponse:
    """Place it: it counts from now on."""
    sent, actor = request.form, guards.actor()
    try:
        until = _time(sent.get("until", ""))
        # (no reason goes with it: what is recorded is read by more people than the note)
        atomically(
            lambda: service.place(
                customer_id,
                kind=sent.get("kind", ""),
                reason=sent.get("reason", ""),
                note=sent.get("note", ""),
                expires_at=until,
                actor=actor,
            ),
            actor=actor,
        )
    except Refusal as refused:
        return _form(customer_id, fault=refused)
    flash("Placed. It counts from now on.", "ok")
    return redirect(url_for("console.customer", customer_id=customer_id) + "#restrictions", 303)


def _time(written: str) -> datetime | None:
    """A time in Lagos as a browser writes it. Raises BadExpiry."""
    if not written.strip():
        return None
    try:
        return times.begins(written)
    except Malformed as refused:
        raise errors.BadExpiry from refused


def _inspects() -> bool:
    return Permission.RESTRICTIONS_INSPECT in current_user.permissions


def _restriction(restriction_id: str, *, fault: Refusal | None = None) -> Response:
    one = queries.one_for_operators(restriction_id)
    refuse_own(one.shown.customer_id)
    pending = governance.about_for_operators(requests.target_of(one.shown.id))
    may_ask = Permission.RESTRICTIONS_REQUEST_LIFT in current_user.permissions
    return page(
        "console/restrictions/one.html",
        status=fault.status if fault else 200,
        one=one,
        customer=customers.one_for_operators(one.shown.customer_id),
        legal=one.kind is Kind.LEGAL_HOLD,
        pending=pending,
        may_ask=may_ask and one.shown.state == State.PLACED and not pending,
        history=history.of(one.shown.id),
        staff=identity.names_for_operators(),
        sent=request.form,
        fault=fault,
        authority_max=rules.AUTHORITY_MAX,
    )


def _form(customer_id: str, *, fault: Refusal | None = None) -> Response:
    chosen = request.values.get("reason", "")
    return page(
        "console/restrictions/place.html",
        block="preview",
        status=fault.status if fault else 200,
        one=customers.one_for_operators(customer_id),
        kinds=[(str(kind), rules.TITLES[kind]) for kind in Kind],
        reasons=[(reason.code, reason.title) for reason in REASONS.values()],
        reason=REASONS.get(chosen),
        sent=request.values,
        fault=fault,
        faults={fault.code: fault.message} if fault else {},
        soonest=clock.now().astimezone(clock.WAT).strftime("%Y-%m-%dT%H:%M"),
        note_max=rules.NOTE_MAX,
    )
