"""One withdrawal: look, take it in hand, approve, reject, hold, release, try again. What decides asks twice."""

from collections.abc import Callable
from datetime import timedelta

from flask import current_app, flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.clients.http import Refused
from app.clients.paystack import Paystack
from app.core import clock
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.money import NGN
from app.core.permissions import Permission
from app.customers import queries as customers
from app.identity import queries as identity
from app.ledger import balances, chart, statements
from app.payments import queries as payments
from app.restrictions import queries as restrictions
from app.restrictions.rules import Way
from app.web import errors, guards
from app.web.console import history, reveals, withdrawal_facts, withdrawal_origin
from app.web.console.base import bp
from app.web.console.withdrawals_queue import may_see, rows
from app.web.fragments import page, toast, wants_fragment
from app.withdrawals import claims, flows, queries, queue, refused, rules, service
from reports import limits

CHANGES_SHOWN = timedelta(days=7)
REFUSALS_SHOWN = 5


@bp.get("/withdrawals/<withdrawal_id>")
@guards.operator(Permission.WITHDRAWALS_READ)
def withdrawal(withdrawal_id: str) -> Response:
    """One withdrawal: a drawer beside the queue, or a page of its own."""
    return _detail(withdrawal_id)


@bp.post("/withdrawals/<withdrawal_id>/take")
@guards.operator(Permission.WITHDRAWALS_APPROVE)
def take_withdrawal(withdrawal_id: str) -> Response | BaseResponse:
    """Tell colleagues that one works on it, for a while."""
    me = current_user.id

    def deed() -> str:
        claims.take(withdrawal_id, operator_id=me)
        return f"It is in your hands for {rules.LEASE.seconds // 60} minutes."

    return _do(withdrawal_id, deed)


@bp.post("/withdrawals/<withdrawal_id>/let-go")
@guards.operator(Permission.WITHDRAWALS_APPROVE)
def let_go_of_withdrawal(withdrawal_id: str) -> Response | BaseResponse:
    """Put it back."""
    me = current_user.id

    def deed() -> str:
        queries.one_for_operators(withdrawal_id)
        claims.let_go(withdrawal_id, operator_id=me)
        return "Put back."

    return _do(withdrawal_id, deed)


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

    return _decide(withdrawal_id, lambda: said(deed()))


@bp.post("/withdrawals/<withdrawal_id>/witness")
@guards.operator(Permission.WITHDRAWALS_WITNESS, fresh=True)
def witness(withdrawal_id: str) -> Response | BaseResponse:
    """An administrator's yes beside those of others: they saw that it was agreed to, and decide on no money."""
    actor, shown = guards.actor(), request.form.get("content_hash", "")

    def deed() -> str:
        service.approve(withdrawal_id, operator_id=current_user.id, content_hash=shown, owns=guards.owns(), actor=actor)
        return "Witnessed."

    return _decide(withdrawal_id, deed)


@bp.post("/withdrawals/<withdrawal_id>/reject")
@guards.operator(Permission.WITHDRAWALS_APPROVE, fresh=True)
def reject(withdrawal_id: str) -> Response | BaseResponse:
    """A no, with the reason that the customer will read."""
    actor, reason = guards.actor(), request.form.get("reason", "")

    def deed(paystack: Paystack) -> str:
        flows.reject(withdrawal_id, reason=reason, owns=guards.owns(), paystack=paystack, actor=actor)
        return "Rejected. The money is the customer's again."

    return _decide_asking(withdrawal_id, deed)


@bp.post("/withdrawals/<withdrawal_id>/hold")
@guards.operator(Permission.WITHDRAWALS_APPROVE, fresh=True)
def hold(withdrawal_id: str) -> Response | BaseResponse:
    """Stop it for so many hours, or until somebody releases it."""
    actor, reason, hours = guards.actor(), request.form.get("reason", ""), request.form.get("hours", "").strip()

    def deed() -> str:
        service.hold(withdrawal_id, reason=reason, hours=hours, owns=guards.owns(), actor=actor)
        return "Held. Nothing is sent meanwhile."

    return _decide(withdrawal_id, deed, reason=reason)


@bp.post("/withdrawals/<withdrawal_id>/release")
@guards.operator(Permission.WITHDRAWALS_APPROVE, fresh=True)
def release(withdrawal_id: str) -> Response | BaseResponse:
    """End a hold: everything is checked anew, with the note of who released it."""
    actor, note = guards.actor(), request.form.get("reason", "")

    def deed() -> str:
        state = service.release_hold(withdrawal_id, note=note, owns=guards.owns(), actor=actor)
        return "Checked again. Something still stops it." if state in rules.STOPPED else "Checked again. It goes on."

    return _decide(withdrawal_id, deed, reason=note)


@bp.post("/withdrawals/<withdrawal_id>/retry")
@guards.operator(Permission.WITHDRAWALS_RETRY, fresh=True)
def retry(withdrawal_id: str) -> Response | BaseResponse:
    """Another attempt at what the rail ended without payment."""
    actor = guards.actor()

    def deed(paystack: Paystack) -> str:
        flows.retry(withdrawal_id, owns=guards.owns(), paystack=paystack, actor=actor)
        return "It is tried again."

    return _decide_asking(withdrawal_id, deed)


@bp.post("/withdrawals/<withdrawal_id>/give-up")
@guards.operator(Permission.WITHDRAWALS_RETRY, fresh=True)
def give_up(withdrawal_id: str) -> Response | BaseResponse:
    """No other attempt: the money is the customer's again. Paystack is asked once more before."""
    actor = guards.actor()

    def deed(paystack: Paystack) -> str:
        flows.give_up(withdrawal_id, owns=guards.owns(), paystack=paystack, actor=actor)
        return "Given back. The money is the customer's again."

    return _decide_asking(withdrawal_id, deed)


def _decide_asking(withdrawal_id: str, deed: Callable[[Paystack], str]) -> Response | BaseResponse:
    """The same of what asks Paystack before: outside every transaction, and its no is one of ours."""
    me = current_user.id
    try:
        words = deed(current_app.extensions["clients"].paystack)
    except Refusal as refusal:
        return _refused(withdrawal_id, refusal)
    except Refused as refused_:
        return _refused(withdrawal_id, Refusal(f"Paystack refused: {refused_.message}"))
    atomically(lambda: claims.let_go(withdrawal_id, operator_id=me), actor=guards.actor())
    return _done(withdrawal_id, words)


def _decide(withdrawal_id: str, deed: Callable[[], str], *, reason: str = "") -> Response | BaseResponse:
    """Do it, and let go of what one has done with."""
    me = current_user.id

    def both() -> str:
        words = deed()
        claims.let_go(withdrawal_id, operator_id=me)
        return words

    return _do(withdrawal_id, both, reason=reason)


def _do(withdrawal_id: str, deed: Callable[[], str], *, reason: str = "") -> Response | BaseResponse:
    try:
        return _done(withdrawal_id, atomically(deed, actor=guards.actor(), reason=reason))
    except Refusal as refusal:
        return _refused(withdrawal_id, refusal)


def _detail(withdrawal_id: str, *, status: int = 200) -> Response:
    one = queries.one_for_operators(withdrawal_id)
    (row,) = rows([one])
    attempts = [found for found in map(payments.payout_for_system, one.attempt_ids) if found]
    login_id = customers.login_for_system(one.customer_id)
    return page(
        "console/withdrawal.html",
        block="drawer",
        in_drawer=wants_fragment(),
        status=status,
        row=row,
        withdrawal=one,
        attempts=attempts,
        checks=[check for check in queries.checks_for_operators(one.id) if may_see(check)],
        inputs=withdrawal_facts.lines,
        hidden=any(not may_see(check) for check in row.reasons),
        credits=payments.last_credits_for_operators(one.customer_id),
        changes=[at for at in identity.security_changes(owner=login_id) if at > clock.now() - CHANGES_SHOWN],
        number=reveals.veil("account_number", row.account.id, row.account.account_number),
        history=history.of(
            one.id, row.account.id, *(payout.id for payout in attempts), *(vote.id for vote in row.standing.votes)
        ),
        frozen=customers.is_locked(customer_id=one.customer_id),
        stopped=restrictions.stopped_for_operators(one.customer_id, way=Way.OUT),
        staff={staff.id: staff.name for staff in identity.operators_for_operators()},
        balance=balances.of(chart.of_customer(one.customer_id, asset=NGN)),
        held=queries.hold_for_operators(one),
        origin=withdrawal_origin.of(one, login_id=login_id),
        tried=refused.of_for_operators(one.customer_id, since=one.created_at - CHANGES_SHOWN, limit=REFUSALS_SHOWN),
        earlier=queries.earlier_votes_for_operators(one),
        float_left=queue.float_for_operators(),
        journals=statements.journals_of(one.id),
        standing=limits.of_customer(customer_id=one.customer_id)
        if Permission.LIMITS_READ in current_user.permissions
        else None,
        may_decide=Permission.WITHDRAWALS_APPROVE in current_user.permissions,
        may_witness=Permission.WITHDRAWALS_WITNESS in current_user.permissions,
        may_retry=Permission.WITHDRAWALS_RETRY in current_user.permissions,
    )


def _done(withdrawal_id: str, words: str) -> Response | BaseResponse:
    if wants_fragment():
        return toast(_detail(withdrawal_id), words, also="decided")
    flash(words, "ok")
    return redirect(url_for("console.withdrawal", withdrawal_id=withdrawal_id), 303)


def _refused(withdrawal_id: str, refusal: Refusal) -> Response | BaseResponse:
    if wants_fragment():
        return toast(_detail(withdrawal_id, status=refusal.status), refusal.message, kind="bad", also="decided")
    errors.say(refusal)
    return redirect(url_for("console.withdrawal", withdrawal_id=withdrawal_id), 303)
