"""The queue of withdrawals: look, approve, reject. Both ask twice, and nobody decides alone on a large one."""

from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.errors import Refusal
from app.core.money import NGN
from app.core.permissions import Permission, granted
from app.customers import queries as customers
from app.identity import queries as identity
from app.ledger import balances, chart, statements
from app.payments import queries as payments
from app.payments.models import BankAccount, Payout
from app.restrictions import queries as restrictions
from app.restrictions.rules import Way
from app.web import errors, guards
from app.web.console import history, reveals
from app.web.console.base import bp
from app.web.fragments import page, toast, wants_fragment
from app.withdrawals import queries, rules, service
from app.withdrawals.models import Approval, Withdrawal
from reports import limits

PAGE = 25
VIEWS = {"waiting": rules.WAITING, "underway": rules.UNDERWAY, "ended": rules.ENDED}


@dataclass(frozen=True)
class Row:
    """A withdrawal with what an operator reads beside it."""

    withdrawal: Withdrawal
    customer: str
    account: BankAccount
    approvals: list[Approval]
    lapsed: frozenset[str]  # those of its voters who may not vote any more

    @property
    def given(self) -> int:
        """How many approvals count."""
        return sum(approval.operator_id not in self.lapsed for approval in self.approvals)

    @property
    def mine(self) -> bool:
        """Whether the operator who looks has approved it already."""
        return any(approval.operator_id == current_user.id for approval in self.approvals)


@bp.get("/withdrawals")
@guards.operator(Permission.WITHDRAWALS_READ)
def withdrawals() -> Response:
    """One view of the queue, a page at a time."""
    view = request.args.get("view", "")
    view = view if view in VIEWS else "waiting"
    after = request.args.get("after")
    found = queries.queue_for_operators(VIEWS[view], oldest_first=view != "ended", after=after, limit=PAGE + 1)
    counts = queries.counts_for_operators()
    return page(
        "console/withdrawals.html",
        block="results",
        view=view,
        counts={name: sum(counts.get(state, 0) for state in states) for name, states in VIEWS.items()},
        rows=_rows(found[:PAGE]),
        next=found[PAGE - 1].id if len(found) > PAGE else None,
        first=after is None,
        two_above=rules.TWO_MUST_APPROVE_ABOVE,
    )


@bp.get("/withdrawals/<withdrawal_id>")
@guards.operator(Permission.WITHDRAWALS_READ)
def withdrawal(withdrawal_id: str) -> Response:
    """One withdrawal: a drawer beside the queue, or a page of its own."""
    return _detail(withdrawal_id)


@bp.post("/withdrawals/<withdrawal_id>/approve")
@guards.operator(Permission.WITHDRAWALS_APPROVE, fresh=True)
def approve(withdrawal_id: str) -> Response | BaseResponse:
    """One yes, to the content that was on the page."""
    actor = guards.actor()
    shown = request.form.get("content_hash", "")

    def deed() -> rules.State:
        return service.approve(
            withdrawal_id, operator_id=current_user.id, content_hash=shown, owns=guards.owns(), actor=actor
        )

    def said(state: rules.State) -> str:
        return "Approved. It is being sent." if state is rules.State.APPROVED else "Approved. It needs one more person."

    try:
        return _done(withdrawal_id, said(atomically(deed, actor=actor)))
    except Refusal as refused:
        return _refused(withdrawal_id, refused)


@bp.post("/withdrawals/<withdrawal_id>/reject")
@guards.operator(Permission.WITHDRAWALS_APPROVE, fresh=True)
def reject(withdrawal_id: str) -> Response | BaseResponse:
    """A no, with the reason that the customer will read."""
    actor, reason = guards.actor(), request.form.get("reason", "")
    try:
        atomically(
            lambda: service.reject(withdrawal_id, reason=reason, owns=guards.owns(), actor=actor),
            actor=actor,
            reason=reason,
        )
        return _done(withdrawal_id, "Rejected. The money is the customer's again.")
    except Refusal as refused:
        return _refused(withdrawal_id, refused)


def _detail(withdrawal_id: str, *, status: int = 200) -> Response:
    one = queries.one_for_operators(withdrawal_id)
    (row,) = _rows([one])
    payout: Payout | None = payments.payout_for_system(one.payout_id)
    return page(
        "console/withdrawal.html",
        block="drawer",
        in_drawer=wants_fragment(),
        status=status,
        row=row,
        withdrawal=one,
        payout=payout,
        number=reveals.veil("account_number", row.account.id, row.account.account_number),
        history=history.of(
            one.id, row.account.id, *([payout.id] if payout else []), *(approval.id for approval in row.approvals)
        ),
        frozen=customers.is_locked(customer_id=one.customer_id),
        stopped=restrictions.stopped_for_operators(one.customer_id, way=Way.OUT),
        staff={staff.id: staff.name for staff in identity.operators_for_operators()},
        balance=balances.of(chart.of_customer(one.customer_id, asset=NGN)),
        journals=statements.journals_of(one.id),
        standing=limits.of_customer(customer_id=one.customer_id)
        if Permission.LIMITS_READ in current_user.permissions
        else None,
        may_decide=Permission.WITHDRAWALS_APPROVE in current_user.permissions,
    )


def _done(withdrawal_id: str, words: str) -> Response | BaseResponse:
    if wants_fragment():
        return toast(_detail(withdrawal_id), words, also="decided")
    flash(words, "ok")
    return redirect(url_for("console.withdrawal", withdrawal_id=withdrawal_id), 303)


def _refused(withdrawal_id: str, refused: Refusal) -> Response | BaseResponse:
    if wants_fragment():
        return toast(_detail(withdrawal_id, status=refused.status), refused.message, kind="bad", also="decided")
    errors.say(refused)
    return redirect(url_for("console.withdrawal", withdrawal_id=withdrawal_id), 303)


def _rows(found: list[Withdrawal]) -> list[Row]:
    names = customers.names_for_operators({one.customer_id for one in found})
    accounts = payments.accounts_for_operators({one.bank_account_id for one in found})
    approvals = queries.approvals_for_operators({one.id for one in found})
    voters = {approval.operator_id for one in found for approval in approvals[one.id]}
    lapsed = frozenset(voter for voter in voters if not _may_approve(voter))
    return [Row(one, names[one.customer_id], accounts[one.bank_account_id], approvals[one.id], lapsed) for one in found]


def _may_approve(operator_id: str) -> bool:
    return Permission.WITHDRAWALS_APPROVE in granted(identity.roles_for_system(operator_id))
