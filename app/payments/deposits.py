"""Commands of deposits: start, await, apply a charge, give up, and place what waited in suspense."""

from decimal import Decimal

from sqlalchemy import select

from app.clients.paystack import Charge
from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.money import NGN, Money
from app.ledger import chart, posting
from app.payments import errors, events, postings, queries, rules, suspense
from app.payments.models import Deposit
from app.payments.rules import DepositState, Verdict
from app.payments.suspense import Trouble
from app.restrictions import service as restrictions
from app.restrictions.rules import Way
from app.risk import service as risk
from app.risk.rules import Direction, Rail
from app.risk.service import Intent


def start(customer_id: str, *, amount: Money, actor: Actor) -> Deposit:
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
    deposit = _locked(deposit_id)
    deposit.checkout_url = checkout_url
    if deposit.state == DepositState.STARTED:
        machine.move(deposit, DepositState.AWAITING_PAYMENT, machine=rules.DEPOSIT, actor=actor)


def give_up(deposit_id: str, *, reason: str, actor: Actor) -> None:
    """No payment came. One that comes later is credited all the same."""
    deposit = _locked(deposit_id)
    if deposit.state in {DepositState.STARTED, DepositState.AWAITING_PAYMENT}:
        machine.move(deposit, DepositState.FAILED, machine=rules.DEPOSIT, actor=actor, reason=reason)
        risk.release(deposit.id)


def settle(deposit_id: str, *, charge: Charge, our_domain: str, actor: Actor) -> DepositState:
    """Apply a charge as Paystack verified it to the deposit it belongs to; applying it again changes nothing.

    Money for an account that takes none in is not turned away: it is booked to suspense, for people to place.
    """
    deposit = _locked(deposit_id)
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
        _suspend(deposit, charge, reason=rules.RESTRICTED, our_domain=our_domain, actor=actor)
    elif judgement.verdict is Verdict.CREDIT:
        _credit(deposit, charge, actor=actor)
    elif judgement.verdict is Verdict.SUSPEND:
        _suspend(deposit, charge, reason=judgement.reason, our_domain=our_domain, actor=actor)
    elif judgement.verdict is Verdict.FAIL:
        give_up(deposit_id, reason=judgement.reason, actor=actor)
    return DepositState(deposit.state)


def place_stray(charge: Charge, *, our_domain: str, actor: Actor, inbox_id: int | None = None) -> None:
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
    suspense.suspend(trouble, journal_id=_book_suspense(charge) if ours else None, actor=actor)


def check_placing(item_id: str) -> Deposit:
    """The deposit that an item's money can be credited for now. Raises NotFound, NotPlaceable, TakesNothingIn."""
    deposit = queries.placeable_for_operators(queries.suspense_item_for_operators(item_id))
    if deposit is None:
        raise errors.NotPlaceable
    if restrictions.stops(deposit.customer_id, way=Way.IN):
        raise errors.TakesNothingIn
    return deposit


def place(item_id: str, *, note: str, actor: Actor) -> Deposit:
    """Credit its customer what waited in suspense, as if it came now: it counts, they are told, and the item is closed.

    Whoever calls this has the approval, and the database asks for it. Raises as `check_placing` does.
    """
    item = suspense.locked(item_id)
    deposit = _locked(check_placing(item_id).id)
    if item.amount is None:
        raise errors.NotPlaceable
    account = chart.of_customer(deposit.customer_id, asset=NGN)
    journal = postings.placed(ref=deposit.id, account=account, intent=deposit.amount, paid=item.amount)
    machine.move(deposit, DepositState.CREDITED, machine=rules.DEPOSIT, actor=actor, reason=note)
    risk.count_what_came(_intent(deposit))
    posting.post(journal, key=f"suspense:{item.id}")
    suspense.close(item, note=note, actor=actor)
    outbox.emit(events.DepositCredited(deposit_id=deposit.id))
    return deposit


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


def _suspend(deposit: Deposit, charge: Charge, *, reason: str, our_domain: str, actor: Actor) -> None:
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
    suspense.suspend(trouble, journal_id=_book_suspense(charge) if ours else None, actor=actor)


def _intent(deposit: Deposit) -> Intent:
    return Intent(deposit.id, deposit.customer_id, Rail.BANK, Direction.IN, deposit.amount)


def _book_suspense(charge: Charge) -> int:
    journal = postings.suspended(ref=charge.reference, paid=Money(NGN, charge.amount), fees=Money(NGN, charge.fees))
    return posting.post(journal, key=_charge_key(charge)).journal_id


def _charge_key(charge: Charge) -> str:
    # One key per charge, whatever becomes of it: it cannot be credited and suspended both.
    return f"paystack:charge:{charge.reference}"


def _locked(deposit_id: str) -> Deposit:
    return db.session.scalars(select(Deposit).where(Deposit.id == deposit_id).with_for_update()).one()
