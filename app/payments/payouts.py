"""Commands of payouts: begin one, apply what Paystack says of it, note its refusal."""

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.clients.paystack import Transfer
from app.core import clock, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.money import NGN, Money
from app.payments import events, rules, suspense
from app.payments.models import Payout
from app.payments.rules import PayoutState
from app.payments.suspense import Trouble


def begin(payout_id: str, *, amount: Money, recipient_code: str, actor: Actor) -> bool:
    """Write the payout down before Paystack is called. False when it was begun before: then ask, do not send."""
    statement = insert(Payout).values(
        id=payout_id,
        reference=payout_id,
        amount_units=amount.units,
        recipient_code=recipient_code,
        state=PayoutState.SENDING,
        transfer_code="",
        created_at=clock.now(),
    )
    fresh = db.session.execute(statement.on_conflict_do_nothing().returning(Payout.id)).scalar_one_or_none()
    if fresh:
        machine.begin(db.session.get_one(Payout, payout_id), machine=rules.PAYOUT, actor=actor)
    return fresh is not None


def record(payout_id: str, *, transfer: Transfer, actor: Actor) -> PayoutState:
    """Apply what Paystack says of a transfer; late, doubled and disordered news change nothing.

    News that contradicts what we hold for certain moves nothing either: it goes to suspense, for somebody to look.
    """
    payout = db.session.scalars(select(Payout).where(Payout.id == payout_id).with_for_update()).one()
    # A word we do not know is no end: somebody keeps watching.
    told = rules.TRANSFER_STATES.get(transfer.status, PayoutState.SENT)
    if told is PayoutState.REVERSED and payout.state not in {PayoutState.PAID, PayoutState.REVERSED}:
        told = PayoutState.FAILED  # the bank sent back what never counted as paid
    contradiction = rules.contradiction(
        known=PayoutState(payout.state),
        told=told,
        ours=payout.amount.units,
        theirs=transfer.amount,
        currency=transfer.currency,
    )
    if contradiction:
        cause = f"payout:{payout.id}:{transfer.status}"
        amount = Money(NGN, transfer.amount)
        suspense.suspend(Trouble(cause, f"transfer.{transfer.status}", payout.id, contradiction, amount), actor=actor)
        return PayoutState(payout.state)
    if payout.state in {PayoutState.SENDING, PayoutState.SENT}:  # (what was booked stays as booked)
        payout.transfer_code = transfer.transfer_code or payout.transfer_code
        payout.fee_units = payout.fee_units if transfer.fee is None else Decimal(transfer.fee)
    if not rules.PAYOUT.allows(PayoutState(payout.state), told):
        return PayoutState(payout.state)
    if told is not PayoutState.SENT:
        payout.settled_at = clock.now()
    machine.move(payout, told, machine=rules.PAYOUT, actor=actor, reason=f"Paystack says {transfer.status}")
    outbox.emit(_PAYOUT_NEWS[told](payout_id=payout.id))
    return told


def refuse(payout_id: str, *, reason: str, actor: Actor) -> None:
    """Paystack refused for good and does not know the reference: nothing left us."""
    payout = db.session.scalars(select(Payout).where(Payout.id == payout_id).with_for_update()).one()
    if payout.state == PayoutState.SENDING:
        payout.settled_at = clock.now()
        machine.move(payout, PayoutState.FAILED, machine=rules.PAYOUT, actor=actor, reason=reason)
        outbox.emit(events.PayoutFailed(payout_id=payout.id))


_PAYOUT_NEWS = {
    PayoutState.SENT: events.PayoutSent,
    PayoutState.PAID: events.PayoutPaid,
    PayoutState.FAILED: events.PayoutFailed,
    PayoutState.REVERSED: events.PayoutReversed,
}
