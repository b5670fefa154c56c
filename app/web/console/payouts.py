"""Payouts at the console: what Paystack has, what waits for a code or a float, what failed; and what treasury does."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.clients.http import Refused
from app.clients.paystack import Paystack
from app.core import clock
from app.core.errors import NotFound, Refusal
from app.core.money import NGN, parse
from app.core.permissions import Permission
from app.customers import queries as customers
from app.governance import queries as governance
from app.identity import queries as identity
from app.ledger import balances, chart
from app.payments import payout_flows, rules
from app.payments import payout_queries as reads
from app.payments import queries as payments
from app.payments.models import BankAccount, Payout
from app.payments.rules import PayoutState
from app.web import errors, guards
from app.web.console import history, reveals
from app.web.console.base import bp
from app.web.console.objects import cases_about
from app.web.fragments import page
from app.withdrawals import flows, marking
from app.withdrawals import queries as withdrawals
from app.withdrawals.flows import Asked
from app.withdrawals.models import Withdrawal

PAGE = 25
VIEWS: dict[str, frozenset[PayoutState]] = {
    "waiting": frozenset({PayoutState.AWAITING_OTP, PayoutState.AWAITING_FLOAT}),
    "underway": frozenset({PayoutState.SENDING, PayoutState.SENT}),
    "ended": frozenset({PayoutState.FAILED, PayoutState.REVERSED}),
    "paid": frozenset({PayoutState.PAID}),
}
SAID = {
    PayoutState.PAID: "It is paid.",
    PayoutState.FAILED: "It failed: nothing left us.",
    PayoutState.REVERSED: "The bank sent it back.",
}


@dataclass(frozen=True)
class Row:
    """An attempt with whose money it takes where; without those where no withdrawal of ours is behind it."""

    payout: Payout
    withdrawal: Withdrawal | None
    customer: str
    account: BankAccount | None


@bp.get("/payouts")
@guards.operator(Permission.WITHDRAWALS_READ)
def payouts() -> Response:
    """Those that wait for somebody, those under way, those that failed."""
    counts = reads.counts_for_operators()
    counted = {name: sum(counts.get(state, 0) for state in states) for name, states in VIEWS.items()}
    house = balances.of(chart.house(chart.PAYSTACK, asset=NGN))
    asked, after = request.args.get("view", ""), request.args.get("after")
    view = asked if asked in VIEWS else ("waiting" if counted["waiting"] else "underway")
    if view in {"ended", "paid"}:
        found = reads.ended_for_operators(VIEWS[view], before=after, limit=PAGE + 1)
    else:
        found = reads.list_for_operators(VIEWS[view], after=after, limit=PAGE + 1)
    return page(
        "console/payouts/list.html",
        block="results",
        view=view,
        counts=counted,
        left=house.booked,
        committed=reads.committed_for_operators(),
        rows=_rows(found[:PAGE]),
        next=found[PAGE - 1].id if len(found) > PAGE else None,
        first=after is None,
        said=rules.VENDOR_WORDS,
    )


@bp.get("/payouts/<payout_id>")
@guards.operator(Permission.WITHDRAWALS_READ)
def payout(payout_id: str) -> Response:
    """One attempt, with the others at the same payment."""
    return _payout(payout_id)


@bp.post("/payouts/<payout_id>/ask")
@guards.operator(Permission.WITHDRAWALS_ATTEND)
def ask_for_payout(payout_id: str) -> Response | BaseResponse:
    """Ask Paystack how it stands. Nothing is sent."""
    actor = guards.actor()
    return _attended(
        payout_id,
        lambda paystack: _said(payout_flows.ask(payout_id, paystack=paystack, actor=actor)),
    )


@bp.post("/payouts/<payout_id>/code")
@guards.operator(Permission.WITHDRAWALS_ATTEND, fresh=True)
def confirm_payout(payout_id: str) -> Response | BaseResponse:
    """Type the code that Paystack wants."""
    actor, code = guards.actor(), "".join(request.form.get("code", "").split())
    return _attended(
        payout_id,
        lambda paystack: _said(flows.confirm(payout_id, code=code, paystack=paystack, actor=actor)),
    )


@bp.post("/payouts/<payout_id>/code-again")
@guards.operator(Permission.WITHDRAWALS_ATTEND, fresh=True)
def send_payout_code_again(payout_id: str) -> Response | BaseResponse:
    """Have Paystack send another code."""
    actor = guards.actor()

    def deed(paystack: Paystack) -> str:
        payout_flows.send_code_again(payout_id, paystack=paystack, actor=actor)
        return "Paystack has sent another code."

    return _attended(payout_id, deed)


@bp.post("/payouts/<payout_id>/call-off")
@guards.operator(Permission.WITHDRAWALS_ATTEND, fresh=True)
def call_off_payout(payout_id: str) -> Response | BaseResponse:
    """End one that waits for a float."""
    actor, reason = guards.actor(), request.form.get("reason", "")

    def deed(paystack: Paystack) -> str:
        payout_flows.call_off(payout_id, reason=reason, paystack=paystack, actor=actor)
        return "Called off. Nothing left us."

    return _attended(payout_id, deed)


@bp.post("/payouts/<payout_id>/send-anew")
@guards.operator(Permission.WITHDRAWALS_RETRY, fresh=True)
def send_payout_anew(payout_id: str) -> Response | BaseResponse:
    """Try its withdrawal again, as another attempt."""
    actor, paystack = guards.actor(), current_app.extensions["clients"].paystack
    return _decided(
        payout_id,
        lambda withdrawal_id: flows.retry(withdrawal_id, owns=guards.owns(), paystack=paystack, actor=actor),
        said="It is sent anew, under a reference of its own.",
    )


@bp.post("/payouts/<payout_id>/give-back")
@guards.operator(Permission.WITHDRAWALS_RETRY, fresh=True)
def give_payout_back(payout_id: str) -> Response | BaseResponse:
    """Give its withdrawal's money back to the customer. Paystack is asked once more before."""
    actor, paystack = guards.actor(), current_app.extensions["clients"].paystack
    return _decided(
        payout_id,
        lambda withdrawal_id: flows.give_up(withdrawal_id, owns=guards.owns(), paystack=paystack, actor=actor),
        said="Given back. The money is available to the customer again.",
    )


@bp.post("/payouts/<payout_id>/mark")
@guards.operator(Permission.WITHDRAWALS_REQUEST_MARK, fresh=True)
def mark_payout(payout_id: str) -> Response | BaseResponse:
    """Ask that it count as paid or failed, where Paystack does not say so. It is asked once more before."""
    actor, sent, paystack = guards.actor(), request.form, current_app.extensions["clients"].paystack
    if payments.payout_for_system(payout_id) is None:
        raise NotFound
    try:
        fee = parse(written, asset=NGN) if (written := sent.get("fee", "").strip()) else None
        found = Asked(sent.get("mark", ""), sent.get("evidence", "").strip(), sent.get("proof", ""), fee)
        asked = flows.request_mark(payout_id, found, maker=current_user.id, paystack=paystack, actor=actor)
    except NotFound:
        raise
    except Refusal as refused:
        return _payout(payout_id, fault=refused)
    flash("Asked for. Treasury must agree.", "ok")
    return redirect(url_for("console.approval", request_id=asked.id), 303)


def _decided(payout_id: str, deed: Callable[[str], None], *, said: str) -> Response | BaseResponse:
    """Decide on the withdrawal that this is the newest attempt of."""
    withdrawal = withdrawals.by_payout_for_system(payout_id)
    if withdrawal is None or withdrawal.attempt_id != payout_id:
        raise NotFound
    try:
        deed(withdrawal.id)
    except Refusal as refused:
        return _payout(payout_id, fault=refused)
    except Refused as refused:
        return _payout(payout_id, fault=Refusal(f"Paystack refused: {refused.message}"))
    flash(said, "ok")
    return redirect(url_for("console.payout", payout_id=payout_id), 303)


def _attended(payout_id: str, deed: Callable[[Paystack], str]) -> Response | BaseResponse:
    """Do something about a payout with Paystack; what came of it stands on its page."""
    if payments.payout_for_system(payout_id) is None:
        raise NotFound
    try:
        flash(deed(current_app.extensions["clients"].paystack), "ok")
    except Refusal as refused:
        return _payout(payout_id, fault=refused)
    except Refused as refused:
        errors.say(Refusal(f"Paystack refused: {refused.message}"))
    return redirect(url_for("console.payout", payout_id=payout_id), 303)


def _rows(found: list[Payout]) -> list[Row]:
    behind = withdrawals.by_payouts_for_operators({one.base_id for one in found})
    names = customers.names_for_operators({one.customer_id for one in behind.values()})
    accounts = payments.accounts_for_operators({one.bank_account_id for one in behind.values()})
    rows = []
    for one in found:
        withdrawal = behind.get(one.base_id)
        whose = names.get(withdrawal.customer_id, "") if withdrawal else ""
        rows.append(Row(one, withdrawal, whose, accounts.get(withdrawal.bank_account_id) if withdrawal else None))
    return rows


def _said(state: PayoutState) -> str:
    return SAID.get(state, "Asked. Nothing has changed." if state in rules.UNSENT else "Paystack has it.")


def _payout(payout_id: str, *, fault: Refusal | None = None) -> Response:
    one = payments.payout_for_system(payout_id)
    if one is None:
        raise NotFound
    (row,) = _rows([one])
    attempts = reads.attempts_for_operators(one.id)
    state = PayoutState(one.state)
    return page(
        "console/payouts/one.html",
        status=fault.status if fault else 200,
        payout=one,
        row=row,
        number=reveals.veil("account_number", row.account.id, row.account.account_number) if row.account else None,
        attempts=attempts,
        withdrawal=row.withdrawal,
        cases=cases_about(one.id, *([row.withdrawal.id] if row.withdrawal else [])),
        wait=rules.PAYOUT.waits.get(state) if state in rules.OPEN else None,
        said=rules.VENDOR_WORDS,
        history=history.of(one.id),
        staff=identity.names_for_operators(),
        may_decide=Permission.WITHDRAWALS_RETRY in current_user.permissions,
        may_attend=Permission.WITHDRAWALS_ATTEND in current_user.permissions,
        may_mark=Permission.WITHDRAWALS_REQUEST_MARK in current_user.permissions,
        markable=state in rules.MARKABLE and clock.now() - one.begun_at >= rules.MARK_AFTER,
        marking=governance.about_for_operators(marking.target_of(one.id)),
        reason_max=rules.CALL_OFF_REASON_MAX,
        evidence_max=rules.EVIDENCE[1],
        sent=request.form,
        fault=fault,
    )
