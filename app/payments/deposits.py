"""Commands of deposits: start, await, apply a charge, receive one without an intent, give up, place what waited."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from app.clients.http import Unreadable
from app.clients.paystack import Charge
from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.money import NGN, Money
from app.customers import queries as customers
from app.identification import names
from app.ledger import chart, posting
from app.ledger.journal import Journal
from app.payments import cards, errors, events, pending, postings, queries, refunds, rules, suspense
from app.payments.models import DedicatedAccount, Deposit
from app.payments.rules import DepositState, Method, Topic, Verdict
from app.payments.suspense import Trouble
from app.restrictions import service as restrictions
from app.restrictions.rules import Way
from app.risk import queries as risk_queries
from app.risk import service as risk
from app.risk.rules import Direction, Rail
from app.risk.service import Intent

HOME = "NG"


@dataclass(frozen=True)
class PayWhere:
    """Where a deposit is to be paid, as Paystack said: a page, a one-off account, or a code to dial."""

    checkout_url: str = ""
    number: str = ""
    name: str = ""
    bank: str = ""
    until: datetime | None = None
    dial: str = ""


def start(
    customer_id: str,
    *,
    amount: Money,
    actor: Actor,
    method: Method = Method.CHECKOUT,
    saved_card_id: str | None = None,
    keep_card: bool = False,
    shown: int | None = None,
) -> Deposit:
    """Write down the intent to pay in, before Paystack hears of it.

    A kept card is charged at once: what is paid on top must have been `shown` (kobo).

    Raises Restricted, DepositOutOfBounds, NoSuchWay, CardGone, FeeNotSeen, TooManyUnpaid, LimitExceeded, TierTooLow.
    """
    restrictions.refuse(customer_id, way=Way.IN)
    if not rules.deposit_fits(amount):
        raise errors.DepositOutOfBounds
    if method not in rules.CHOSEN or (method is Method.SAVED_CARD) != bool(saved_card_id):
        raise errors.NoSuchWay
    if saved_card_id:
        queries.saved_card(saved_card_id, customer_id=customer_id)
    added = added_to(amount)
    # Elsewhere Paystack says what it takes before it does.
    if added.units != (shown or 0) and (saved_card_id or shown is not None):
        raise errors.FeeNotSeen
    queries.one_at_a_time_for_system(f"deposits of {customer_id}")
    if queries.unpaid(customer_id=customer_id) >= rules.UNPAID_MAX:
        raise errors.TooManyUnpaid
    deposit_id = ids.new("dep")
    deposit = Deposit(
        id=deposit_id,
        customer_id=customer_id,
        reference=deposit_id.replace("_", "-"),  # a charge's reference may not have an underscore
        amount_units=amount.units,
        added_units=Decimal(added.units),
        state=DepositState.STARTED,
        method=method,
        saved_card_id=saved_card_id,
        keep_card=keep_card,
        created_at=clock.now(),
    )
    risk.check(_intent(deposit))
    machine.begin(deposit, machine=rules.DEPOSIT, actor=actor)
    outbox.emit(events.DepositStarted(deposit_id=deposit.id))
    return deposit


def added_to(amount: Money) -> Money:
    """What one pays on top for this much to arrive: nothing while the house bears Paystack's fee."""
    return risk_queries.added_without_owner(amount)


def refuse_over(customer_id: str, *, amount: Money) -> None:
    """Raise what `start` would refuse for a limit, and count nothing. Raises LimitExceeded, TierTooLow."""
    risk.refuse_over(Intent("", customer_id, Rail.BANK, Direction.IN, amount))


def await_payment(deposit_id: str, *, where: PayWhere, actor: Actor) -> None:
    """Paystack said where to pay. A payment that was faster than this answer is left as it is."""
    deposit = locked(deposit_id)
    deposit.checkout_url, deposit.dial = where.checkout_url, where.dial
    deposit.pay_number, deposit.pay_name, deposit.pay_bank = where.number, where.name, where.bank
    deposit.pay_until = where.until
    if deposit.state == DepositState.STARTED:
        machine.move(deposit, DepositState.AWAITING_PAYMENT, machine=rules.DEPOSIT, actor=actor)


def note_trouble(deposit_id: str, *, words: str, actor: Actor) -> None:
    """What went wrong on the way, for its owner to read; it can still be paid."""
    deposit = locked(deposit_id)
    if deposit.state in rules.SETTLED:
        return
    deposit.trouble = words
    if deposit.state == DepositState.STARTED:
        machine.move(deposit, DepositState.AWAITING_PAYMENT, machine=rules.DEPOSIT, actor=actor, reason=words)


def give_up(deposit_id: str, *, reason: str, actor: Actor) -> None:
    """No payment came. One that comes later is credited all the same."""
    deposit = locked(deposit_id)
    if deposit.state in rules.UNPAID:
        machine.move(deposit, DepositState.FAILED, machine=rules.DEPOSIT, actor=actor, reason=reason)
        risk.release(deposit.id)


def settle(deposit_id: str, *, charge: Charge, our_domain: str, actor: Actor) -> DepositState:
    """Apply a charge as Paystack verified it to the deposit it belongs to; applying it again changes nothing.

    Money for an account that takes none in is not turned away: it is booked to suspense, for people to place. Raises
    Unreadable for a charge under another reference: nobody knows then what was asked.
    """
    deposit = locked(deposit_id)
    if charge.reference != deposit.reference:
        raise Unreadable
    if deposit.state in rules.SETTLED:
        return DepositState(deposit.state)
    judgement = rules.judge(
        status=charge.status,
        currency=charge.currency,
        domain=charge.domain,
        our_domain=our_domain,
        paid=charge.amount,
        requested=charge.requested,
        fees=charge.fees,
        asked=deposit.charged.units,
    )
    # They announced it themselves: a sender whom nobody names is taken for them.
    alike = rules.ALIKE if (found := _alike(charge, deposit.customer_id)) is None else found
    unlike = risk_queries.thresholds_without_owner()["deposit_unlike_percent"]
    if judgement.verdict is Verdict.CREDIT and restrictions.stops(deposit.customer_id, way=Way.IN):
        _suspend(deposit, charge, Topic.RESTRICTED, reason=rules.RESTRICTED, our_domain=our_domain, actor=actor)
    elif judgement.verdict is Verdict.CREDIT and alike < unlike:
        _suspend(deposit, charge, Topic.NAME, reason=rules.ANOTHERS, our_domain=our_domain, actor=actor)
    elif judgement.verdict is Verdict.CREDIT:
        _credit(deposit, charge, alike=alike, actor=actor)
    elif judgement.verdict is Verdict.SUSPEND:
        _suspend(deposit, charge, Topic.AMOUNT, reason=judgement.reason, our_domain=our_domain, actor=actor)
    elif judgement.verdict is Verdict.FAIL:
        give_up(deposit_id, reason=judgement.reason, actor=actor)
    return DepositState(deposit.state)


def receive(charge: Charge, *, account: DedicatedAccount, our_domain: str, actor: Actor) -> str:
    """A transfer to a customer's own account number: credited as it came, there is no intent. What became of it.

    Whose it is, the number says, where Paystack names no other customer beside it: it may have given the number to
    somebody else since. One that somebody else sent goes to suspense, as does
    what came for an account that takes nothing in. Applying it again changes nothing.
    """
    customer_id = account.customer_id
    # Two deliveries of one charge come one after the other: the second finds what the first wrote.
    queries.one_at_a_time_for_system(f"charge:{charge.reference}")
    stopped = restrictions.stops(customer_id, way=Way.IN)
    known = queries.deposit_for_system(reference=charge.reference)
    if known is not None:
        return f"deposit {known.state}"
    if queries.is_booked_for_system(f"charge:{charge.reference}"):
        return "in suspense"  # it came before we knew the number; people place it
    anothers = charge.customer_code and account.customer_code not in {"", charge.customer_code}
    if anothers or not _is_ours(charge, our_domain=our_domain):
        reason = rules.ANOTHER_CODE if anothers else ""
        place_stray(charge, our_domain=our_domain, actor=actor, reason=reason)
        return "in suspense"
    alike = _alike(charge, customer_id)
    unlike = risk_queries.thresholds_without_owner()["deposit_unlike_percent"]
    reason = rules.RESTRICTED if stopped else rules.ANOTHERS if alike is not None and alike < unlike else ""
    deposit = Deposit(
        id=ids.new("dep"),
        customer_id=customer_id,
        reference=charge.reference,
        amount_units=Decimal(charge.amount),
        state=DepositState.STARTED,
        method=Method.DEDICATED_ACCOUNT,
        created_at=clock.now(),
    )
    machine.begin(deposit, machine=rules.DEPOSIT, actor=actor, reason="it came to their account number")
    if reason:
        topic = Topic.RESTRICTED if stopped else Topic.NAME
        _suspend(deposit, charge, topic, reason=reason, our_domain=our_domain, actor=actor)
    else:
        _credit(deposit, charge, alike=alike, actor=actor)
    return f"deposit {deposit.state}"


def place_stray(
    charge: Charge, *, our_domain: str, actor: Actor, inbox_id: int | None = None, reason: str = ""
) -> None:
    """A charge that Paystack confirms and we never asked for: money that came is booked to suspense, once.

    What is booked stays as it was, whatever its fees have become since: settlement books the difference.
    """
    if queries.is_booked_for_system(f"charge:{charge.reference}"):
        return
    ours = _is_ours(charge, our_domain=our_domain)
    reason = reason or f"we did not start this charge (Paystack says {charge.status})"
    trouble = _trouble(charge, Topic.UNKNOWN, reason=reason, inbox_id=inbox_id)
    suspense.suspend(trouble, journal_id=_book_suspense(charge) if ours else None, actor=actor)


def check_placing(item_id: str) -> Deposit:
    """The deposit that an item's money can be credited for now, all of it.

    Raises NotFound, NotPlaceable, ChargeDisputed, TakesNothingIn.
    """
    item = queries.suspense_item_for_operators(item_id)
    deposit = queries.placeable_for_operators(item)
    if deposit is None or refunds.left_of(item) != item.amount:
        raise errors.NotPlaceable
    if refunds.is_disputed(deposit.reference):
        raise errors.ChargeDisputed
    if restrictions.stops(deposit.customer_id, way=Way.IN):
        raise errors.TakesNothingIn
    return deposit


def place(item_id: str, *, note: str, actor: Actor) -> Deposit:
    """Credit its customer what waited in suspense, as if it came now: it counts, they are told, and the item is closed.

    Whoever calls this has the approval, and the database asks for it. Raises as `check_placing` does.
    """
    item = refunds.lock_charge_of(item_id)
    deposit = locked(check_placing(item_id).id)
    if item.amount is None:
        raise errors.NotPlaceable
    account = chart.of_customer(deposit.customer_id, asset=NGN)
    journal = postings.placed(ref=deposit.id, account=account, intent=deposit.amount, paid=item.amount)
    finish_placing(deposit, journal=journal, item_id=item_id, credited=deposit.amount, note=note, actor=actor)
    return deposit


def finish_placing(
    deposit: Deposit, *, journal: Journal, item_id: str, credited: Money, note: str, actor: Actor
) -> None:
    """Credit a deposit out of suspense and close the item. The caller holds both, and has the approval."""
    deposit.credited_units, deposit.settled_at = Decimal(credited.units), clock.now()
    machine.move(deposit, DepositState.CREDITED, machine=rules.DEPOSIT, actor=actor, reason=note)
    risk.count_what_came(_intent(deposit))
    posting.post(journal, key=f"suspense:{item_id}")
    suspense.close(suspense.locked(item_id), note=note, actor=actor)
    outbox.emit(events.DepositCredited(deposit_id=deposit.id))


def _credit(deposit: Deposit, charge: Charge, *, actor: Actor, alike: int | None = rules.ALIKE) -> None:
    account = chart.of_customer(deposit.customer_id, asset=NGN)
    bounds = risk_queries.thresholds_without_owner()
    held_for = _held_for(deposit, charge, alike=alike, bounds=bounds)  # (counted before this one)
    journal = postings.credited(
        ref=deposit.id,
        account=account,
        intent=deposit.amount,
        paid=Money(NGN, charge.amount),
        fees=Money(NGN, charge.fees),
        told=charge.reference,
    )
    deposit.fee_units, deposit.channel = Decimal(charge.fees), charge.channel
    deposit.credited_units, deposit.settled_at, deposit.trouble = deposit.amount_units, clock.now(), ""
    deposit.payer = _payer(charge)
    machine.move(deposit, DepositState.CREDITED, machine=rules.DEPOSIT, actor=actor)
    risk.count_what_came(_intent(deposit))
    if deposit.keep_card:
        cards.keep(deposit.customer_id, charge=charge)
    posting.post(journal, key=_charge_key(charge))
    # (Where there was an intent, its limits were asked before it was paid. What came is credited all the same, and for
    # so long people can look at it.)
    if deposit.method == Method.DEDICATED_ACCOUNT and risk_queries.is_over_for_system(deposit.id):
        held_for = max(held_for, timedelta(hours=bounds["deposit_over_limit_hours"]))
    if held_for:
        pending.hold(deposit, lasts=held_for)
    if alike is not None and alike < bounds["deposit_alike_percent"]:
        _review(charge, alike=alike, actor=actor)
    outbox.emit(events.DepositCredited(deposit_id=deposit.id))


def _held_for(deposit: Deposit, charge: Charge, *, alike: int | None, bounds: Mapping[str, int]) -> timedelta:
    count, first = queries.credited_before(customer_id=deposit.customer_id, channel=charge.channel)
    country = charge.authorization.country if charge.authorization else ""
    return rules.pending_for(
        charge.channel,
        bounds=bounds,
        amount=deposit.amount,
        earlier=count,
        paying_for=clock.now() - first if first else timedelta(0),
        abroad=bool(country) and country != HOME,
        alike=alike,
    )


def _suspend(deposit: Deposit, charge: Charge, topic: Topic, *, reason: str, our_domain: str, actor: Actor) -> None:
    deposit.settled_at, deposit.channel, deposit.payer = clock.now(), charge.channel, _payer(charge)
    machine.move(deposit, DepositState.SUSPENDED, machine=rules.DEPOSIT, actor=actor, reason=reason)
    risk.release(deposit.id)  # it is not the customer's before somebody has placed it
    ours = _is_ours(charge, our_domain=our_domain)
    trouble = _trouble(charge, topic, reason=reason)
    suspense.suspend(trouble, journal_id=_book_suspense(charge) if ours else None, actor=actor)


def _review(charge: Charge, *, alike: int, actor: Actor) -> None:
    """Have finance look at a sender whose name is only partly the customer's: the money is theirs, and held.

    The item closes with a note; where it is not theirs, its page leads to the refund.
    """
    told = _trouble(charge, Topic.NAME, reason=rules.SIMILAR.format(alike=alike))
    suspense.suspend(replace(told, cause=f"name:{charge.reference}"), actor=actor)


def _trouble(charge: Charge, topic: Topic, *, reason: str, inbox_id: int | None = None) -> Trouble:
    return Trouble(
        cause=f"charge:{charge.reference}",
        event="charge.success",
        reference=charge.reference,
        reason=reason,
        amount=Money(NGN, charge.amount) if charge.currency == NGN.code else None,
        inbox_id=inbox_id,
        channel=charge.channel,
        payer=_payer(charge),
        paid_to=charge.authorization.receiver_account if charge.authorization else "",
        topic=topic,
    )


def _is_ours(charge: Charge, *, our_domain: str) -> bool:
    return charge.status == "success" and charge.currency == NGN.code and charge.domain == our_domain


def _payer(charge: Charge) -> str:
    return charge.authorization.sender_name if charge.authorization else ""


def _alike(charge: Charge, customer_id: str) -> int | None:
    """How alike the sender's name and the customer's are; None where their bank did not say who sent it."""
    sender = _payer(charge)
    owner = customers.one_for_operators(customer_id).name
    return names.compare(owner, sender).score if sender.strip() else None


def _intent(deposit: Deposit) -> Intent:
    return Intent(deposit.id, deposit.customer_id, Rail.BANK, Direction.IN, deposit.credited)


def _book_suspense(charge: Charge) -> int:
    journal = postings.suspended(ref=charge.reference, paid=Money(NGN, charge.amount), fees=Money(NGN, charge.fees))
    return posting.post(journal, key=_charge_key(charge)).journal_id


def _charge_key(charge: Charge) -> str:
    # One key per charge, whatever becomes of it: it cannot be credited and suspended both.
    return f"paystack:charge:{charge.reference}"


def locked(deposit_id: str) -> Deposit:
    """The deposit as it stands now, until the transaction ends."""
    wanted = select(Deposit).where(Deposit.id == deposit_id).with_for_update()
    return db.session.scalars(wanted.execution_options(populate_existing=True)).one()
