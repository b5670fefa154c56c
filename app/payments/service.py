"""Commands of payments: the only writer of its tables. Each applies what is known; the flows find it out."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.clients.paystack import Charge, Transfer
from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.ledger import chart, posting
from app.payments import errors, events, postings, queries, rules
from app.payments.models import Deposit, Payout, SuspenseItem
from app.payments.rules import DepositState, PayoutState, SuspenseState, Verdict
from app.restrictions import service as restrictions
from app.restrictions.rules import Way
from app.risk import service as risk
from app.risk.rules import Direction, Rail
from app.risk.service import Intent


@dataclass(frozen=True)
class Trouble:
    """What could not be placed. `cause` makes it one item however often it is told."""

    cause: str
    event: str
    reference: str
    reason: str
    amount: Money | None = None
    inbox_id: int | None = None


def start_deposit(customer_id: str, *, amount: Money, actor: Actor) -> Deposit:
    """Write down the intent to pay in, before Paystack hears of it.

    Raises Restricted, DepositOutOfBounds, LimitExceeded, TierTooLow.
    """
    restrictions.refuse(customer_id, way=Way.IN)
    if not rules.deposit_fits(amount):
        raise errors.DepositOutOfBounds
    deposit_id = ids.new("dep")
    deposit = Deposit(
        id=deposit_id,
        customer_id=customer_id,
        reference=deposit_id.replace("_", "-"),  # a charge's reference may not have an underscore
        amount_units=amount.units,
        state=DepositState.STARTED,
        created_at=clock.now(),
    )
    risk.check(_intent(deposit))
    machine.begin(deposit, machine=rules.DEPOSIT, actor=actor)
    outbox.emit(events.DepositStarted(deposit_id=deposit.id))
    return deposit


def await_payment(deposit_id: str, *, checkout_url: str, actor: Actor) -> None:
    """Paystack opened the checkout. A payment that was faster than this answer is left as it is."""
    deposit = _locked_deposit(deposit_id)
    deposit.checkout_url = checkout_url
    if deposit.state == DepositState.STARTED:
        machine.move(deposit, DepositState.AWAITING_PAYMENT, machine=rules.DEPOSIT, actor=actor)


def give_up_deposit(deposit_id: str, *, reason: str, actor: Actor) -> None:
    """No payment came. One that comes later is credited all the same."""
    deposit = _locked_deposit(deposit_id)
    if deposit.state in {DepositState.STARTED, DepositState.AWAITING_PAYMENT}:
        machine.move(deposit, DepositState.FAILED, machine=rules.DEPOSIT, actor=actor, reason=reason)
        risk.release(deposit.id)


def settle_charge(deposit_id: str, *, charge: Charge, our_domain: str, actor: Actor) -> DepositState:
    """Apply a charge as Paystack verified it to the deposit it belongs to; applying it again changes nothing.

    Money for an account that takes none in is not turned away: it is booked to suspense, for people to place.
    """
    deposit = _locked_deposit(deposit_id)
    if deposit.state in {DepositState.CREDITED, DepositState.SUSPENDED}:
        return DepositState(deposit.state)
    judgement = rules.judge(
        status=charge.status,
        currency=charge.currency,
        domain=charge.domain,
        our_domain=our_domain,
        paid=charge.amount,
        requested=charge.requested,
        fees=charge.fees,
        intent=deposit.amount.units,
    )
    if judgement.verdict is Verdict.CREDIT and restrictions.stops(deposit.customer_id, way=Way.IN):
        _suspend_deposit(deposit, charge, reason=rules.RESTRICTED, our_domain=our_domain, actor=actor)
    elif judgement.verdict is Verdict.CREDIT:
        _credit(deposit, charge, actor=actor)
    elif judgement.verdict is Verdict.SUSPEND:
        _suspend_deposit(deposit, charge, reason=judgement.reason, our_domain=our_domain, actor=actor)
    elif judgement.verdict is Verdict.FAIL:
        give_up_deposit(deposit_id, reason=judgement.reason, actor=actor)
    return DepositState(deposit.state)


def place_stray_charge(charge: Charge, *, our_domain: str, inbox_id: int, actor: Actor) -> None:
    """A charge that Paystack confirms and we never asked for: money that came is booked to suspense."""
    trouble = Trouble(
        cause=f"charge:{charge.reference}",
        event="charge.success",
        reference=charge.reference,
        reason=f"we did not start this charge (Paystack says {charge.status})",
        amount=Money(NGN, charge.amount) if charge.currency == NGN.code else None,
        inbox_id=inbox_id,
    )
    ours = charge.status == "success" and charge.currency == NGN.code and charge.domain == our_domain
    suspend(trouble, journal_id=_book_suspense(charge) if ours else None, actor=actor)


def suspend(trouble: Trouble, *, actor: Actor, journal_id: int | None = None) -> None:
    """Put something into the visible queue of what could not be placed; the same cause once.

    Money that comes for a known cause is noted on its item, which is open again then.
    """
    known = db.session.scalars(
        select(SuspenseItem).where(SuspenseItem.cause == trouble.cause).with_for_update()
    ).one_or_none()
    if known is not None:
        if journal_id is not None and known.journal_id is None:
            known.journal_id = journal_id
            if known.state == SuspenseState.RESOLVED:
                machine.move(known, SuspenseState.OPEN, machine=rules.SUSPENSE, actor=actor, reason="money came")
        return
    item = SuspenseItem(
        id=ids.new("sus"),
        cause=trouble.cause,
        inbox_id=trouble.inbox_id,
        event=trouble.event,
        reference=trouble.reference,
        amount_units=trouble.amount.units if trouble.amount else None,
        reason=trouble.reason,
        journal_id=journal_id,
        state=SuspenseState.OPEN,
        created_at=clock.now(),
    )
    machine.begin(item, machine=rules.SUSPENSE, actor=actor)


def resolve_suspense(item_id: str, *, note: str, actor: Actor) -> None:
    """Close an item with a note. Raises NotResolvable while money stands in suspense for it."""
    item = _locked_item(item_id)
    if item.journal_id is not None and not queries.is_corrected_for_operators(item):
        raise errors.NotResolvable
    _close(item, note=note, actor=actor)


def check_placing(item_id: str) -> Deposit:
    """The deposit that an item's money can be credited for now. Raises NotFound, NotPlaceable, TakesNothingIn."""
    deposit = queries.placeable_for_operators(queries.suspense_item_for_operators(item_id))
    if deposit is None:
        raise errors.NotPlaceable
    if restrictions.stops(deposit.customer_id, way=Way.IN):
        raise errors.TakesNothingIn
    return deposit


def place_suspense(item_id: str, *, note: str, actor: Actor) -> Deposit:
    """Credit its customer what waited in suspense, as if it came now: it counts, they are told, and the item is closed.

    Whoever calls this has the approval, and the database asks for it. Raises as `check_placing` does.
    """
    item = _locked_item(item_id)
    deposit = _locked_deposit(check_placing(item_id).id)
    if item.amount is None:
        raise errors.NotPlaceable
    account = chart.of_customer(deposit.customer_id, asset=NGN)
    journal = postings.placed(ref=deposit.id, account=account, intent=deposit.amount, paid=item.amount)
    machine.move(deposit, DepositState.CREDITED, machine=rules.DEPOSIT, actor=actor, reason=note)
    risk.count_what_came(_intent(deposit))
    posting.post(journal, key=f"suspense:{item.id}")
    _close(item, note=note, actor=actor)
    outbox.emit(events.DepositCredited(deposit_id=deposit.id))
    return deposit


def begin_payout(payout_id: str, *, amount: Money, recipient_code: str, actor: Actor) -> bool:
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


def record_transfer(payout_id: str, *, transfer: Transfer, actor: Actor) -> PayoutState:
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
        suspend(Trouble(cause, f"transfer.{transfer.status}", payout.id, contradiction, amount), actor=actor)
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


def refuse_payout(payout_id: str, *, reason: str, actor: Actor) -> None:
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


def _credit(deposit: Deposit, charge: Charge, *, actor: Actor) -> None:
    journal = postings.credited(
        ref=deposit.id,
        account=chart.of_customer(deposit.customer_id, asset=NGN),
        intent=deposit.amount,
        paid=Money(NGN, charge.amount),
        fees=Money(NGN, charge.fees),
    )
    deposit.fee_units, deposit.channel = Decimal(charge.fees), charge.channel
    deposit.settled_at = clock.now()
    machine.move(deposit, DepositState.CREDITED, machine=rules.DEPOSIT, actor=actor)
    risk.count_what_came(_intent(deposit))
    posting.post(journal, key=_charge_key(charge))
    outbox.emit(events.DepositCredited(deposit_id=deposit.id))


def _suspend_deposit(deposit: Deposit, charge: Charge, *, reason: str, our_domain: str, actor: Actor) -> None:
    deposit.settled_at = clock.now()
    machine.move(deposit, DepositState.SUSPENDED, machine=rules.DEPOSIT, actor=actor, reason=reason)
    risk.release(deposit.id)  # it is not the customer's before somebody has placed it
    trouble = Trouble(
        cause=f"charge:{charge.reference}",
        event="charge.success",
        reference=charge.reference,
        reason=reason,
        amount=Money(NGN, charge.amount) if charge.currency == NGN.code else None,
    )
    ours = charge.currency == NGN.code and charge.domain == our_domain
    suspend(trouble, journal_id=_book_suspense(charge) if ours else None, actor=actor)


def _intent(deposit: Deposit) -> Intent:
    return Intent(deposit.id, deposit.customer_id, Rail.BANK, Direction.IN, deposit.amount)


def _book_suspense(charge: Charge) -> int:
    journal = postings.suspended(ref=charge.reference, paid=Money(NGN, charge.amount), fees=Money(NGN, charge.fees))
    return posting.post(journal, key=_charge_key(charge)).journal_id


def _locked_item(item_id: str) -> SuspenseItem:
    wanted = select(SuspenseItem).where(SuspenseItem.id == item_id).with_for_update()
    item = db.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if item is None:
        raise NotFound
    return item


def _close(item: SuspenseItem, *, note: str, actor: Actor) -> None:
    item.note, item.resolved_at = note, clock.now()
    machine.move(item, SuspenseState.RESOLVED, machine=rules.SUSPENSE, actor=actor, reason=note)


def _charge_key(charge: Charge) -> str:
    # One key per charge, whatever becomes of it: it cannot be credited and suspended both.
    return f"paystack:charge:{charge.reference}"


def _locked_deposit(deposit_id: str) -> Deposit:
    return db.session.scalars(select(Deposit).where(Deposit.id == deposit_id).with_for_update()).one()
