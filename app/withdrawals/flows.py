"""Sending withdrawals: write it down and commit, call the rail, record. Never inside another transaction."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from app.clients.http import Refused, Silent
from app.clients.paystack import Paystack
from app.core import logs
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.core.errors import Refusal
from app.core.money import Money
from app.governance.kinds import Payload
from app.governance.models import Request
from app.payments import breaker, payout_flows
from app.payments.rules import PayoutState
from app.withdrawals import errors, marking, queries, rounds, rules, service
from app.withdrawals.rules import State

TRANSFER_REASON = "Withdrawal"
log = logs.get("withdrawals")


@dataclass(frozen=True)
class Asked:
    """How somebody says that a payout ended, as they wrote it, and what shows it."""

    mark: str
    evidence: str
    proof: str = ""
    fee: Money | None = None


def send(withdrawal_id: str, *, paystack: Paystack, actor: Actor) -> PayoutState | None:
    """Bring an approved withdrawal to Paystack exactly once, however often and from wherever this is called.

    How its payout stands; None where there is nothing to send. Killed anywhere in between, the next call finds the
    payout begun and asks Paystack before it sends. Raises Silent or Refused while the end is open, and what
    `service.begin_sending` raises while something stops it: then nothing is sent, and what Paystack has already is
    heard of all the same. The caller tries again later.
    """
    try:
        attempt = _begin(withdrawal_id, paystack=paystack, actor=actor)
    except Refusal:
        _hear(withdrawal_id, paystack=paystack, actor=actor)
        raise
    if attempt is None:
        return None
    if not attempt.first and marking.is_asked(attempt.payout_id):  # (people are about to say how it ended)
        leave()
        return payout_flows.ask(attempt.payout_id, paystack=paystack, actor=actor)
    return payout_flows.pay_out(
        attempt.payout_id, first=attempt.first, paystack=paystack, reason=TRANSFER_REASON, actor=actor
    )


def send_many(withdrawal_ids: Sequence[str], *, paystack: Paystack, actor: Actor) -> int:
    """Bring approved withdrawals to Paystack in as few calls as it allows: how many were begun for it.

    What is stopped, refused, unknown or was begun before is left to the task of each, which asks first.
    """
    begun = []
    for withdrawal_id in withdrawal_ids:
        try:
            attempt = _begin(withdrawal_id, paystack=paystack, actor=actor)
        except (Refusal, Refused) as refusal:
            log.info("not sent with the others", extra={"facts": {"id": withdrawal_id, "code": refusal.code}})
            continue
        if attempt is not None and attempt.first:
            begun.append(attempt.payout_id)
    payout_flows.pay_out_many(begun, paystack=paystack, reason=TRANSFER_REASON, actor=actor)
    return len(begun)


def confirm(payout_id: str, *, code: str, paystack: Paystack, actor: Actor) -> PayoutState:
    """Type the code that Paystack wants: that sends it, so what stops payouts stops this.

    Raises as `service.refuse_code` and `payout_flows.confirm` do.
    """
    payout_flows.wanting(payout_id, code=code)
    atomically(lambda: service.refuse_code(payout_id), actor=actor)
    return payout_flows.confirm(payout_id, code=code, paystack=paystack, actor=actor)


def give_up(withdrawal_id: str, *, owns: str | None, paystack: Paystack, actor: Actor) -> None:
    """Give back what the rail ended without payment, once Paystack has said again that nothing came of it.

    Raises as `service.give_up` does, Contradicted where it may have been paid, Refused and Silent.
    """
    _ask_again(withdrawal_id, paystack=paystack, actor=actor)
    atomically(lambda: service.give_up(withdrawal_id, owns=owns, actor=actor), actor=actor)


def give_up_old(withdrawal_id: str, *, paystack: Paystack, actor: Actor) -> bool:
    """Give back what has stood unpaid for too long, once Paystack has said again that nothing came of it.

    Whether it was. Raises Contradicted where it may have been paid, Refused and Silent: then the clock comes again.
    """
    _ask_again(withdrawal_id, paystack=paystack, actor=actor)
    return atomically(lambda: service.give_up_old(withdrawal_id, actor=actor), actor=actor)


def retry(withdrawal_id: str, *, owns: str | None, paystack: Paystack, actor: Actor) -> None:
    """Try again what the rail ended without payment, once Paystack has said again that nothing came of it.

    Raises as `service.retry` does, Contradicted where it may have been paid, Refused and Silent.
    """
    _ask_again(withdrawal_id, paystack=paystack, actor=actor)
    atomically(lambda: service.retry(withdrawal_id, owns=owns, actor=actor), actor=actor)


def reject(withdrawal_id: str, *, reason: str, owns: str | None, paystack: Paystack, actor: Actor) -> None:
    """Say no; where an attempt failed before, once Paystack has said again that nothing came of it.

    Raises as `service.reject` does, Contradicted where it may have been paid, Refused and Silent: then it stays held.
    """
    _ask_again(withdrawal_id, paystack=paystack, actor=actor)
    deed = partial(service.reject, withdrawal_id, reason=reason, owns=owns, actor=actor)
    atomically(deed, actor=actor, reason=reason)


def expire(withdrawal_id: str, *, paystack: Paystack, actor: Actor) -> bool:
    """Give back what nobody decided on in time, asked for in the same way: whether it was.

    Raises Contradicted where it may have been paid, Refused and Silent: then the clock comes again.
    """
    _ask_again(withdrawal_id, paystack=paystack, actor=actor)
    return atomically(lambda: rounds.expire(withdrawal_id, actor=actor), actor=actor)


def cancel(withdrawal_id: str, *, customer_id: str, paystack: Paystack, actor: Actor) -> None:
    """Take the customer's request back; where an attempt ended unpaid, once Paystack has said so again.

    Raises as `service.cancel` does, Contradicted where it may have been paid, Refused and Silent: then it stays held.
    """
    queries.one(withdrawal_id, customer_id=customer_id)
    _ask_again(withdrawal_id, paystack=paystack, actor=actor)
    atomically(lambda: service.cancel(withdrawal_id, customer_id=customer_id, actor=actor), actor=actor)


def request_mark(payout_id: str, asked: Asked, *, maker: str, paystack: Paystack, actor: Actor) -> Request:
    """Ask that a payout count as paid or failed, once Paystack was asked again and did not say how it ended.

    Raises as `marking.request` does, and MarkDenied where Paystack clearly says otherwise.
    """
    mark = marking.mark_of(asked.mark)
    payout_flows.look_before_marking(payout_id, mark=mark, paystack=paystack, actor=actor)
    found = marking.found_now(payout_id, mark=mark, fee=asked.fee, proof=asked.proof)
    leave()
    return atomically(
        lambda: marking.request(payout_id, found, evidence=asked.evidence, maker=maker, actor=actor),
        actor=actor,
        reason=asked.evidence,
    )


def look_before_marking(payload: Payload, *, paystack: Paystack, actor: Actor) -> None:
    """What is done before a mark that was agreed to is carried out. Raises MarkDenied."""
    mark = PayoutState(payload["mark"])
    payout_flows.look_before_marking(payload["payout_id"], mark=mark, paystack=paystack, actor=actor)


def _ask_again(withdrawal_id: str, *, paystack: Paystack, actor: Actor) -> None:
    """Before it is paid anew or given back, wherever it waits: what Paystack says of the attempts that failed."""
    withdrawal = queries.one_for_operators(withdrawal_id)
    if withdrawal.state in {State.SENDING, *rules.ENDED}:
        return
    for attempt in withdrawal.attempt_ids:
        if not payout_flows.is_over(attempt, paystack=paystack, actor=actor):
            raise errors.Contradicted


def _begin(withdrawal_id: str, *, paystack: Paystack, actor: Actor) -> service.Attempt | None:
    _ask_again(withdrawal_id, paystack=paystack, actor=actor)
    leave()
    atomically(lambda: breaker.look(actor=actor), actor=actor)
    return atomically(lambda: service.begin_sending(withdrawal_id, actor=actor), actor=actor)


def _hear(withdrawal_id: str, *, paystack: Paystack, actor: Actor) -> None:
    attempt = queries.one_for_operators(withdrawal_id).attempt_id
    leave()
    with suppress(Silent, Refused):  # (what stops it is what the caller is told)
        payout_flows.ask_if_begun(attempt, paystack=paystack, actor=actor)
