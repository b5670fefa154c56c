"""What payers take back: which must be answered by when, what is held for it, what it cost. Answers go to Paystack."""

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app, flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.errors import NotFound, Refusal
from app.core.permissions import Permission
from app.customers import queries as customers
from app.disputes import flows, queries, requests, rules
from app.disputes.models import Dispute
from app.disputes.rules import State
from app.governance import queries as governance
from app.identity import queries as identity
from app.payments import queries as payments
from app.payments import refund_queries as refunds
from app.web import guards
from app.web.console import history
from app.web.console.base import bp
from app.web.console.objects import cases_about
from app.web.fragments import page

PAGE = 25
DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Row:
    """A dispute with whose charge it is and how much time is left; None where no answer is waited for."""

    dispute: Dispute
    customer: str
    left: timedelta | None

    @property
    def pressing(self) -> bool:
        """Whether people are warned of it by now."""
        return self.left is not None and self.left <= rules.WARNINGS[0]

    @property
    def words(self) -> str:
        """The time that is left."""
        if self.left is None:
            return ""
        minutes = int(self.left.total_seconds()) // 60
        if minutes < 0:
            return "its time is over"
        if minutes >= DAY_MINUTES:
            return f"{minutes // DAY_MINUTES} d {minutes % DAY_MINUTES // 60} h left"
        return f"{minutes // 60} h {minutes % 60} min left" if minutes >= 60 else f"{minutes} min left"  # noqa: PLR2004


@bp.get("/disputes")
@guards.operator(Permission.DISPUTES_READ)
def disputes() -> Response:
    """Disputes in one state, those that are due first before the others."""
    view = request.args.get("view", "")
    state = State(view) if view in set(State) else State.OPEN
    after = request.args.get("after")
    if state in rules.UNDER_WAY:
        found = queries.under_way_for_operators(state, after=after, limit=PAGE + 1)
    else:
        found = queries.ended_for_operators(state, before=after, limit=PAGE + 1)
    return page(
        "console/disputes/list.html",
        block="results",
        state=state,
        rows=_rows(found[:PAGE]),
        next=found[PAGE - 1].id if len(found) > PAGE else None,
        first=after is None,
        counts=queries.counts_for_operators(),
    )


@bp.get("/disputes/<dispute_id>")
@guards.operator(Permission.DISPUTES_READ)
def dispute(dispute_id: str) -> Response:
    """One dispute: the time left, the payment, what is held, what was said, what else went back of it."""
    return _detail(dispute_id)


@bp.post("/disputes/<dispute_id>/let-go")
@guards.operator(Permission.REFUNDS_REQUEST, fresh=True)
def request_letting_go(dispute_id: str) -> Response | BaseResponse:
    """Ask that a dispute of which Paystack says no end count as won. Paystack is asked once more before."""
    reason, actor, maker = request.form.get("reason", ""), guards.actor(), current_user.id
    paystack = current_app.extensions["clients"].paystack
    try:
        asked = flows.request_letting_go(dispute_id, reason=reason, maker=maker, paystack=paystack, actor=actor)
    except NotFound:
        raise
    except Refusal as refused:
        return _detail(dispute_id, fault=refused.message, status=refused.status)
    flash("Asked for. Treasury must agree.", "ok")
    return redirect(url_for("console.approval", request_id=asked.id), 303)


def _detail(dispute_id: str, *, fault: str = "", status: int = 200) -> Response:
    one = queries.one_for_operators(dispute_id)
    (row,) = _rows([one])
    return page(
        "console/disputes/one.html",
        row=row,
        dispute=one,
        deposit=payments.deposit_for_system(reference=one.reference),
        cases=cases_about(one.id),
        vendor_words=rules.WORDS,
        refunds=refunds.of_charge_for_operators(one.reference),
        pending=governance.about_for_operators(requests.target_of(one.id)),
        may_ask=one.state in rules.UNDER_WAY
        and clock.now() >= rules.let_go_from(one.due_at or one.opened_at)
        and Permission.REFUNDS_REQUEST in current_user.permissions,
        fault=fault,
        given=request.form,
        status=status,
        history=history.of(one.id),
        staff=identity.names_for_operators(),
    )


def _rows(found: list[Dispute]) -> list[Row]:
    names = customers.names_for_operators({one.customer_id for one in found if one.customer_id})
    return [Row(one, names.get(one.customer_id or "", ""), _left(one)) for one in found]


def _left(one: Dispute) -> timedelta | None:
    return one.due_at - clock.now() if one.due_at and one.state == State.OPEN else None
