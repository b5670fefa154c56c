"""A withdrawal under its lock, and what a yes to it is bound to: for the commands of this room."""

from typing import TypedDict

from sqlalchemy import select

from app.core import clock, machine, outbox
from app.core.actor import Actor, Kind
from app.core.db import db
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.identity import queries as identity
from app.ledger import chart, health, posting
from app.payments import payout_queries
from app.payments import queries as payments
from app.payments.rules import PayoutState
from app.restrictions import service as restrictions
from app.restrictions.rules import Way
from app.risk import service as risk
from app.risk import switches
from app.risk.rules import Rail
from app.withdrawals import errors, events, rules
from app.withdrawals.models import Withdrawal
from app.withdrawals.rules import Content, Duty, State

COMPLIANCE = frozenset({Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER})


class Moved(TypedDict):
    """What the postings of a withdrawal are about."""

    account: str
    amount: Money
    fee: Money
    vendor_fee: Money
    told: str


def locked(withdrawal_id: str) -> Withdrawal:
    """One withdrawal, until the transaction ends nobody else's. Raises NotFound."""
    mine = select(Withdrawal).where(Withdrawal.id == withdrawal_id).with_for_update()
    found = db.session.scalars(mine.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound
    return found


def locked_by_attempt(attempt: str) -> Withdrawal | None:
    """The withdrawal whose newest attempt this payout is, locked; None for an earlier attempt and for nobody's."""
    found = locked_by_any_attempt(attempt)
    return found if found is not None and found.attempt_id == attempt else None


def locked_by_any_attempt(attempt: str) -> Withdrawal | None:
    """The withdrawal that this payout is an attempt of, the newest or an earlier one, locked; None for nobody's."""
    mine = select(Withdrawal).where(Withdrawal.payout_id == rules.first_attempt_id(attempt)).with_for_update()
    return db.session.scalars(mine.execution_options(populate_existing=True)).one_or_none()


def content_hash(withdrawal: Withdrawal) -> str:
    """The hash of what stands there now."""
    destination = payments.bank_account(withdrawal.bank_account_id, customer_id=withdrawal.customer_id)
    return Content(
        withdrawal_id=withdrawal.id,
        customer_id=withdrawal.customer_id,
        amount=withdrawal.amount,
        fee=withdrawal.fee,
        bank_code=destination.bank_code,
        account_number=destination.account_number,
        recipient_code=destination.recipient_code,
        round_no=withdrawal.round_no,
        score=withdrawal.score,
        legs=tuple(withdrawal.needs),
        delay_seconds=withdrawal.delay_seconds,
    ).hash


def refuse_contradicted(withdrawal: Withdrawal) -> None:
    """Raise Contradicted while news of one of its attempts waits for somebody to look: it may have been paid."""
    if withdrawal.attempts and payout_queries.contradicted_for_system(withdrawal.attempt_ids):
        raise errors.Contradicted


def refuse_anothers_hold(withdrawal: Withdrawal, *, actor: Actor) -> None:
    """Raise NotYourHold where somebody of compliance stopped it, and this operator is not of them."""
    theirs = withdrawal.state in rules.STOPPED and withdrawal.stopped_by == Duty.COMPLIANCE
    if theirs and actor.kind is Kind.OPERATOR and duty_of(actor) != Duty.COMPLIANCE:
        raise errors.NotYourHold


def duty_of(actor: Actor) -> Duty:
    """By whose duty an operator stops something now."""
    outside = COMPLIANCE.isdisjoint(identity.roles_for_system(actor.id))
    return Duty.TREASURY if outside else Duty.COMPLIANCE


def refuse_stopped(withdrawal: Withdrawal) -> None:
    """Raise what stops its money from leaving by now: PayoutsHalted, AccountFrozen, Restricted, SwitchedOff."""
    if health.standing():
        raise errors.PayoutsHalted
    restrictions.refuse(withdrawal.customer_id, way=Way.OUT)
    switches.refuse(rail=Rail.BANK, asset=NGN.code)


def give_back(withdrawal: Withdrawal, to: State, *, actor: Actor, reason: str = "") -> None:
    """End it without payment: what was held is the customer's again, and it counts against no limit any more.

    Raises IllegalMove, and Contradicted where it may have been paid after all.
    """
    refuse_contradicted(withdrawal)
    withdrawal.ended_at = clock.now()
    machine.move(withdrawal, to, machine=rules.MACHINE, actor=actor, reason=reason)
    posting.release(withdrawal.hold_id)
    risk.release(withdrawal.id)
    outbox.emit(events.Ended(withdrawal_id=withdrawal.id, state=to))


def is_paid_by(payout_id: str, withdrawal: Withdrawal) -> bool:
    """Whether this attempt ends it: the one that is on its way, or one that was paid though it counted as failed."""
    if withdrawal.state == State.SENDING:
        return withdrawal.attempt_id == payout_id
    return withdrawal.state in rules.OPEN and stands(payout_id, PayoutState.PAID, PayoutState.REVERSED)


def stands(payout_id: str, *states: PayoutState) -> bool:
    """Whether a payout is in one of these states."""
    payout = payments.payout_for_system(payout_id)
    return payout is not None and payout.state in states


def moved(withdrawal: Withdrawal, payout_id: str) -> Moved:
    """What is booked of it, where this attempt was the one that was paid."""
    payout = payments.payout_for_system(payout_id)
    return {
        "account": chart.of_customer(withdrawal.customer_id, asset=NGN),
        "amount": withdrawal.amount,
        "fee": withdrawal.fee,
        "vendor_fee": payout.fee if payout else Money(NGN, 0),
        "told": payout.told if payout else "",
    }
