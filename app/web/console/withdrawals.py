"""The queue of withdrawals: look, approve, reject, hold, release, try again. Each deed asks twice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app, flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.money import NGN
from app.core.permissions import Permission
from app.customers import queries as customers
from app.identity import queries as identity
from app.ledger import balances, chart, statements
from app.payments import queries as payments
from app.payments.models import BankAccount
from app.restrictions import queries as restrictions
from app.restrictions.rules import Way
from app.web import errors, guards
from app.web.console import history, reveals, withdrawal_facts
from app.web.console.base import bp
from app.web.fragments import page, toast, wants_fragment
from app.withdrawals import checks, flows, queries, queue, rules, service
from app.withdrawals.models import CheckRow, Withdrawal
from app.withdrawals.queries import Standing
from app.withdrawals.queue import Narrowed
from app.withdrawals.rules import State
from reports import limits

PAGE = 25
VIEWS = {
    "waiting": rules.WAITING,
    "stopped": rules.STOPPED,
    "underway": rules.UNDERWAY,
    "ended": rules.ENDED,
}
NARROWED_BY = ("size", "band", "to", "check", "state")
CHANGES_SHOWN = timedelta(days=7)


@dataclass(frozen=True)
class Row:
    """A withdrawal with what an operator reads beside it."""

    withdrawal: Withdrawal
    customer: str
    tier: str
    account: BankAccount
    standing: Standing
    reasons: list[CheckRow]  # what speaks against it, the heaviest first
    uses: int

    @property
    def given(self) -> int:
        """How many approvals count."""
        return self.standing.given

    @property
    def mine(self) -> bool:
        """Whether the operator who looks has approved it already."""
        return self.standing.voted(current_user.id)

    @property
    def lacking(self) -> list[str]:
        """Whose yes is missing, leg by leg: the roles of which one may give it."""
        open_legs = (leg.leg for leg in self.standing.legs if leg.given < leg.leg.count)
        return [" or ".join(role.replace("_", " ") for role in sorted(leg.roles)) for leg in open_legs]

    @property
    def needs_me(self) -> bool:
        """Whether a yes of theirs is missing."""
        one = self.withdrawal
        return one.state == State.REQUESTED and one.checked and self.standing.place_for(current_user.id) is not None


@bp.get("/withdrawals")
@guards.operator(Permission.WITHDRAWALS_READ)
def withdrawals() -> Response:
    """One view of the queue, narrowed as its address says, a page at a time."""
    view = request.args.get("view", "")
    view = view if view in VIEWS or view == "me" else "waiting"
    given = {name: text for name in NARROWED_BY if (text := request.args.get(name, "").strip())}
    narrowed = Narrowed(
        needs=current_user.id if view == "me" else "",
        band=given.get("band", ""),
        size=given.get("size", ""),
        target=given.get("to", ""),
        state=given.get("state", ""),
        check=given.get("check", ""),
    )
    after, states = request.args.get("after"), VIEWS.get(view, rules.WAITING)
    found = queue.page_for_operators(
        states, oldest_first=view != "ended", narrowed=narrowed, after=after, limit=PAGE + 1
    )
    counts = queue.counts_for_operators()
    return page(
        "console/withdrawals.html",
        block="results",
        view=view,
        given=given,
        names={str(number): name for number, name in _names() if _may_know(number)},
        states=states,
        counts={name: sum(counts.get(state, 0) for state in states) for name, states in VIEWS.items()}
        | {"me": queue.needing_count_for_operators(current_user.id), "ended": None},
        counted_max=queue.COUNTED_MAX,
        rows=_rows(found[:PAGE]),
        next=found[PAGE - 1].id if len(found) > PAGE else None,
        first=after is None,
        cooling=counts.get(rules.State.COOLING_OFF, 0),
        cooled_at=queue.next_to_cool_for_operators() if view in {"me", "waiting", "stopped"} else None,
        float_left=queue.float_for_operators() if view != "ended" else None,
        may_see=_may_see,
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

    return _do(withdrawal_id, lambda: said(deed()))


@bp.post("/withdrawals/<withdrawal_id>/witness")
@guards.operator(Permission.WITHDRAWALS_WITNESS, fresh=True)
def witness(withdrawal_id: str) -> Response | BaseResponse:
    """An administrator's yes beside those of others: they saw that it was agreed to, and decide on no money."""
    actor, shown = guards.actor(), request.form.get("content_hash", "")

    def deed() -> str:
        service.approve(withdrawal_id, operator_id=current_user.id, content_hash=shown, owns=guards.owns(), actor=actor)
        return "Witnessed."

    return _do(withdrawal_id, deed)


@bp.post("/withdrawals/<withdrawal_id>/reject")
@guards.operator(Permission.WITHDRAWALS_APPROVE, fresh=True)
def reject(withdrawal_id: str) -> Response | BaseResponse:
    """A no, with the reason that the customer will read."""
    actor, reason = guards.actor(), request.form.get("reason", "")

    def deed() -> str:
        service.reject(withdrawal_id, reason=reason, owns=guards.owns(), actor=actor)
        return "Rejected. The money is the customer's again."

    return _do(withdrawal_id, deed, reason=reason)


@bp.post("/withdrawals/<withdrawal_id>/hold")
@guards.operator(Permission.WITHDRAWALS_APPROVE, fresh=True)
def hold(withdrawal_id: str) -> Response | BaseResponse:
    """Stop it for so many hours, or until somebody releases it."""
    actor, reason, hours = guards.actor(), request.form.get("reason", ""), request.form.get("hours", "").strip()

    def deed() -> str:
        service.hold(withdrawal_id, reason=reason, hours=hours, owns=guards.owns(), actor=actor)
        return "Held. Nothing is sent meanwhile."

    return _do(withdrawal_id, deed, reason=reason)


@bp.post("/withdrawals/<withdrawal_id>/release")
@guards.operator(Permission.WITHDRAWALS_APPROVE, fresh=True)
def release(withdrawal_id: str) -> Response | BaseResponse:
    """End a hold: everything is checked anew, with the note of who released it."""
    actor, note = guards.actor(), request.form.get("reason", "")

    def deed() -> str:
        state = service.release_hold(withdrawal_id, note=note, owns=guards.owns(), actor=actor)
        return "Checked again. Something still stops it." if state in rules.STOPPED else "Checked again. It goes on."

    return _do(withdrawal_id, deed, reason=note)


@bp.post("/withdrawals/<withdrawal_id>/retry")
@guards.operator(Permission.WITHDRAWALS_RETRY, fresh=True)
def retry(withdrawal_id: str) -> Response | BaseResponse:
    """Another attempt at what the rail ended without payment."""
    actor = guards.actor()

    def deed() -> str:
        service.retry(withdrawal_id, owns=guards.owns(), actor=actor)
        return "It is tried again."

    return _do(withdrawal_id, deed)


@bp.post("/withdrawals/<withdrawal_id>/give-up")
@guards.operator(Permission.WITHDRAWALS_RETRY, fresh=True)
def give_up(withdrawal_id: str) -> Response | BaseResponse:
    """No other attempt: the money is the customer's again. Paystack is asked once more before."""
    paystack = current_app.extensions["clients"].paystack
    try:
        flows.give_up(withdrawal_id, owns=guards.owns(), paystack=paystack, actor=guards.actor())
    except Refusal as refused:
        return _refused(withdrawal_id, refused)
    return _done(withdrawal_id, "Given back. The money is the customer's again.")


def _names() -> list[tuple[int, str]]:
    return [(number, name) for number, (name, _) in checks.CHECKS.items()]


def _do(withdrawal_id: str, deed: Callable[[], str], *, reason: str = "") -> Response | BaseResponse:
    try:
        return _done(withdrawal_id, atomically(deed, actor=guards.actor(), reason=reason))
    except Refusal as refused:
        return _refused(withdrawal_id, refused)


def _detail(withdrawal_id: str, *, status: int = 200) -> Response:
    one = queries.one_for_operators(withdrawal_id)
    (row,) = _rows([one])
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
        checks=[check for check in queries.checks_for_operators(one.id) if _may_see(check)],
        inputs=withdrawal_facts.lines,
        hidden=any(not _may_see(check) for check in row.reasons),
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


def _refused(withdrawal_id: str, refused: Refusal) -> Response | BaseResponse:
    if wants_fragment():
        return toast(_detail(withdrawal_id, status=refused.status), refused.message, kind="bad", also="decided")
    errors.say(refused)
    return redirect(url_for("console.withdrawal", withdrawal_id=withdrawal_id), 303)


def _rows(found: list[Withdrawal]) -> list[Row]:
    owners = {one.customer_id for one in found}
    names, tiers = customers.names_for_operators(owners), customers.tiers_for_operators(owners)
    accounts = payments.accounts_for_operators({one.bank_account_id for one in found})
    standings = queries.standings_for_operators(found)
    reasons = queue.reasons_for_operators({one.id for one in found})
    uses = queries.uses_for_operators({one.bank_account_id for one in found})
    return [
        Row(
            one,
            names[one.customer_id],
            tiers[one.customer_id],
            accounts[one.bank_account_id],
            standings[one.id],
            reasons[one.id],
            uses[one.bank_account_id],
        )
        for one in found
    ]


def _may_see(check: CheckRow) -> bool:
    """Whether what this check found is theirs to know: what the lists say is compliance's."""
    return _may_know(check.number)


def _may_know(number: int) -> bool:
    return number not in checks.KEPT or Permission.SCREENING_READ in current_user.permissions
