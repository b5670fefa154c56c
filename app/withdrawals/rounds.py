"""Rounds of checks: look into a withdrawal, keep each result, find whose yes it takes, and let it wait or go on.

A round is one transaction under the withdrawal's lock. A later round replaces what an earlier one came to; votes to
what stood there before do not count for it. The database adds the results up again and looks the legs up itself.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.core import clock, logs, machine, outbox
from app.core.actor import Actor, Kind
from app.core.db import db
from app.core.errors import IllegalMove
from app.core.permissions import Role
from app.governance import errors as governance_errors
from app.governance import policies
from app.governance import queries as governance
from app.governance.models import Policy
from app.governance.rules import Facts, Rule, route
from app.identity import queries as identity
from app.risk import queries as risk_queries
from app.withdrawals import checks, events, queries, rows, rules
from app.withdrawals.models import CheckRow, Withdrawal
from app.withdrawals.rules import Outcome, Result, State, Target, Weighed

EXPIRES = "Nobody could decide on it in time. Nothing was sent: you can ask again."


def look_into(withdrawal_id: str, *, actor: Actor) -> State:
    """Check what was just asked for, once: what was checked before stays as it is."""
    withdrawal = rows.locked(withdrawal_id)
    if withdrawal.state == State.REQUESTED and not withdrawal.checked:
        _round(withdrawal, actor=actor)
    return State(withdrawal.state)


def look_again(withdrawal_id: str, *, note: str = "", actor: Actor) -> State:
    """Do every check anew, of what waits or is stopped. Raises IllegalMove for what went on or ended.

    With a note of a manager of compliance also what the policy lets nobody agree to goes on.
    """
    withdrawal = rows.locked(withdrawal_id)
    if withdrawal.state not in rules.CHECKABLE:
        raise IllegalMove(f"This withdrawal is {withdrawal.state.replace('_', ' ')}: its checks are behind it.")
    _round(withdrawal, note=note, actor=actor)
    return State(withdrawal.state)


def wake(withdrawal_id: str, *, actor: Actor) -> bool:
    """Check it anew when its time to cool off is over: whether it was."""
    withdrawal = rows.locked(withdrawal_id)
    over = withdrawal.state == State.COOLING_OFF and withdrawal.held_until and withdrawal.held_until <= clock.now()
    if over:
        _round(withdrawal, actor=actor)
    return bool(over)


def undecided_for_system() -> list[str]:
    """Those that nobody may have decided on in time."""
    return queries.undecided_for_system(before=clock.now() - min(_times(_policy())))


def expire(withdrawal_id: str, *, actor: Actor) -> bool:
    """Give it back when nobody decided on it within the time that its policy gives: whether it was."""
    withdrawal = rows.locked(withdrawal_id)
    over = withdrawal.created_at + _open_for(withdrawal, _policy()) <= clock.now()
    if not over or withdrawal.state not in rules.CHECKABLE:
        return False
    rows.give_back(withdrawal, State.REJECTED, actor=actor, reason=EXPIRES)
    return True


def before_sending(withdrawal: Withdrawal, *, actor: Actor) -> bool:
    """Look again at what can have changed since it was agreed to, and keep that; False where something stops it now."""
    results = checks.run(withdrawal, numbers=checks.AGAIN)
    stopped = [one for one in results if one.outcome in {Outcome.HOLD, Outcome.REFUSE}]
    outcome = Outcome.HOLD if stopped else Outcome.PASS
    words = f"Stopped by {_numbers(stopped)}." if stopped else "Nothing has changed that stops it."
    facts = {"looked_at": list(checks.AGAIN), "stopped": [one.number for one in stopped]}
    results.append(Result(checks.AGAIN_NUMBER, checks.AGAIN_NAME, outcome, words, facts))
    _keep(withdrawal, results, number=_next_round(withdrawal))
    if stopped:
        _stop(withdrawal, State.HELD, stopped, actor=actor)
    return not stopped


def _round(withdrawal: Withdrawal, *, note: str = "", actor: Actor) -> None:
    results, bounds = checks.run(withdrawal), risk_queries.thresholds_without_owner()
    weighed = rules.weigh(results, medium=bounds["band_medium_points"], high=bounds["band_high_points"])
    uses = queries.uses_for_operators([withdrawal.bank_account_id])[withdrawal.bank_account_id]
    target = rules.target(uses=uses, looks=weighed.looks)
    large = rules.is_large(
        withdrawal.amount, payout_float=queries.payout_float_for_system(), percent=bounds["float_share_percent"]
    )
    policy = _policy()
    facts = Facts(amount=None if large else withdrawal.amount.units, risk=weighed.band, target=target)
    rule = route(policy.routes, facts)
    if rule is not None and rule.denies and not weighed.stopped and note and _is_manager(actor):
        rule = route([one for one in policy.routes if not one.denies], facts)
    if rule is None:
        raise governance_errors.NoPolicy
    results.append(_policy_result(rule, weighed, policy, note=note, target=target, large=large))
    number = _next_round(withdrawal)
    _keep(withdrawal, results, number=number)
    with db.session.no_autoflush:  # all of what it came to is one write, before where it goes on to
        withdrawal.held_by_compliance = False  # (whoever held it let it go, or its time is over)
        withdrawal.round_no, withdrawal.score, withdrawal.band = number, weighed.score, weighed.band
        withdrawal.target, withdrawal.large, withdrawal.policy_id = target, large, policy.id
        withdrawal.legs = [leg.as_json() for leg in rule.legs]
        withdrawal.delay_seconds = int(rule.delay.total_seconds())
        withdrawal.content_hash = rows.content_hash(withdrawal)
    db.session.flush()
    _go_on(withdrawal, results, actor=actor)


def _go_on(withdrawal: Withdrawal, results: Sequence[Result], *, actor: Actor) -> None:
    """Where a round leaves it: stopped, approved by the policy alone, or before those who must agree."""
    weighed = rules.weigh(results, medium=0, high=0)
    if weighed.stopped:
        withdrawal.held_until = weighed.cools_until
        to = State.COOLING_OFF if weighed.cools_until else State.HELD
        _stop(withdrawal, to, weighed.stopped, actor=actor)
    elif not withdrawal.legs:
        approve_now(withdrawal, agreed_at=clock.now(), actor=actor, reason="the policy asks for nobody")
    elif withdrawal.state != State.REQUESTED:
        machine.move(withdrawal, State.REQUESTED, machine=rules.MACHINE, actor=actor, reason="nothing stops it now")


def approve_now(withdrawal: Withdrawal, *, agreed_at: datetime, actor: Actor, reason: str = "") -> None:
    """Everybody who must has agreed: it is sent once its delay is over."""
    delay = timedelta(seconds=withdrawal.delay_seconds)
    withdrawal.not_before = agreed_at + delay
    machine.move(withdrawal, State.APPROVED, machine=rules.MACHINE, actor=actor, reason=reason)
    outbox.emit(events.Approved(withdrawal_id=withdrawal.id))


def _stop(withdrawal: Withdrawal, to: State, stopped: Sequence[Result], *, actor: Actor) -> None:
    if withdrawal.state != to:
        # (by number alone: all staff read the history, and not all may know of every check)
        machine.move(withdrawal, to, machine=rules.MACHINE, actor=actor, reason=f"stopped by {_numbers(stopped)}")
    db.session.flush()


def _is_manager(actor: Actor) -> bool:
    return actor.kind is Kind.OPERATOR and Role.COMPLIANCE_MANAGER in identity.roles_for_system(actor.id)


def _policy_result(rule: Rule, weighed: Weighed, policy: Policy, *, note: str, target: Target, large: bool) -> Result:
    words = policies.in_words([rule])[0]
    facts = {
        "policy": policy.id,
        "score": weighed.score,
        "band": str(weighed.band),
        "target": str(target),
        "large": large,
        "rule": rule.as_json(),
        **({"released_with": logs.masked(note)} if note else {}),
    }
    outcome = Outcome.HOLD if rule.denies else Outcome.PASS
    return Result(checks.POLICY_NUMBER, checks.POLICY_NAME, outcome, f"{words[:1].upper()}{words[1:]}.", facts)


def _keep(withdrawal: Withdrawal, results: Sequence[Result], *, number: int) -> None:
    moment = clock.now()
    db.session.add_all(
        CheckRow(
            withdrawal_id=withdrawal.id,
            round_no=number,
            number=one.number,
            name=one.name,
            outcome=one.outcome,
            points=one.points,
            facts={**one.facts, **({"until": one.until.isoformat()} if one.until else {})},
            words=one.words,
            checked_at=moment,
        )
        for one in results
    )
    db.session.flush()


def _next_round(withdrawal: Withdrawal) -> int:
    last = db.session.scalar(select(func.max(CheckRow.round_no)).where(CheckRow.withdrawal_id == withdrawal.id))
    return (last or 0) + 1


def _numbers(stopped: Sequence[Result]) -> str:
    return f"check {', '.join(str(one.number) for one in stopped)}"


def _policy() -> Policy:
    policy = governance.policy_for_operators(rules.POLICY)
    if policy is None:
        raise governance_errors.NoPolicy
    return policy


def _times(policy: Policy) -> list[timedelta]:
    return [rule.ttl for rule in policy.routes]


def _open_for(withdrawal: Withdrawal, policy: Policy) -> timedelta:
    """How long a withdrawal with these legs stays open to votes; the longest, where nothing says."""
    mine = [rule.ttl for rule in policy.routes if list(rule.legs) == withdrawal.needs]
    return max(mine or _times(policy))
