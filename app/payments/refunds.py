"""Commands of refunds: ask for one, try to send it, apply what Paystack says, adopt what was made there, redirect."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from app.clients.paystack_answers import Refund as Told
from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db, rows
from app.core.errors import NotFound
from app.core.money import NGN, Money, zero
from app.ledger import balances, chart, posting
from app.payments import errors, events, pending, postings, queries, refund_rules, suspense
from app.payments.models import Deposit, SuspenseItem
from app.payments.refund_models import Refund
from app.payments.refund_rules import RefundState
from app.payments.rules import DepositState, SuspenseState
from app.payments.suspense import Trouble
from app.restrictions import service as restrictions

SUSPENSE = chart.house(chart.SUSPENSE, asset=NGN)
NOTHING = zero(NGN)
# What disputes of a charge that were lost took out of suspense. (They are of a room above this one.)
_TAKEN_BACK = """
SELECT coalesce(sum(e.amount), 0) AS units FROM disputes d JOIN ledger.entries e ON e.journal_id = d.journal_id
 WHERE d.reference = :reference AND e.account_id = (SELECT id FROM ledger.accounts WHERE code = :code)
"""
RETURNABLE = frozenset({"charge.success", "refund.failed"})  # items behind which a payment stands at Paystack


@dataclass(frozen=True)
class Source:
    """Where the money of a charge stands, whose it is as far as is known, and how much of it was not given back yet.

    `journal_id` is the one by which it came to stand in suspense, where it does; `came` is all that came.
    """

    account: str
    customer_id: str | None
    deposit_id: str | None
    left: Money
    journal_id: int | None = None
    came: Money = NOTHING

    @property
    def credited(self) -> bool:
        """Whether a customer was credited it."""
        return self.account != SUSPENSE


@dataclass(frozen=True)
class Destination:
    """A bank account that a refund is to go to instead."""

    bank_code: str
    account_number: str
    account_name: str


def source_of(reference: str) -> Source | None:
    """Where the money of a charge stands now; None when none of it is in the books (any more)."""
    deposit = queries.deposit_for_system(reference=reference)
    if deposit is None or deposit.state != DepositState.CREDITED:
        deposit = _placed_of(reference) or deposit
    customer_id, deposit_id = (deposit.customer_id, deposit.id) if deposit else (None, None)
    journal_id = None
    if deposit is not None and deposit.state == DepositState.CREDITED:
        account, came = chart.of_customer(deposit.customer_id, asset=NGN), deposit.credited
    else:
        item = _item_of(reference)
        if item is None or item.amount is None or queries.is_corrected_for_operators(item):
            return None
        account, came, journal_id = SUSPENSE, item.amount, item.journal_id
    gone = select(func.coalesce(func.sum(Refund.amount_units), 0)).where(
        Refund.reference == reference, Refund.from_account == account, Refund.state != RefundState.FAILED
    )
    left = came - Money(NGN, int(db.session.scalar(gone) or 0))
    return Source(account, customer_id, deposit_id, left, journal_id, came)


def is_booked(reference: str) -> bool:
    """Whether money of a charge ever came into the books."""
    deposit = queries.deposit_for_system(reference=reference)
    came = select(SuspenseItem.id).where(SuspenseItem.reference == reference, SuspenseItem.journal_id.is_not(None))
    credited = deposit is not None and deposit.state == DepositState.CREDITED
    return credited or db.session.scalars(came.limit(1)).one_or_none() is not None


def is_disputed(reference: str) -> bool:
    """Whether its payer takes this charge back, or has."""
    return bool(rows("SELECT charge_is_disputed(:reference) AS disputed", reference=reference)[0].disputed)


def check_asking(reference: str, *, amount: Money, from_account: str) -> Source:
    """Where a refund would be taken from. Raises ChargeDisputed, NothingToRefund, RefundUnderWay, RefundTooLarge."""
    if is_disputed(reference):
        raise errors.ChargeDisputed
    source = source_of(reference)
    if source is None or source.account != from_account or source.left.units <= 0:
        raise errors.NothingToRefund
    under_way = select(Refund.id).where(Refund.reference == reference, Refund.state.in_(refund_rules.OPEN))
    if db.session.scalars(under_way.limit(1)).one_or_none():
        raise errors.RefundUnderWay
    if not zero(NGN) < amount <= source.left:
        raise errors.RefundTooLarge
    return source


def ask(reference: str, *, amount: Money, reason: str, from_account: str, actor: Actor) -> Refund:
    """Take a charge's money, or a part, out of the account where it stands, to give it back to its payer.

    What stands in suspense is asked for while its item is open. When it fails in the end, the money is back there, and
    an item of its own says so. Raises as `check_asking` does, InsufficientFunds, AccountBlocked.
    """
    lock_charge(reference)
    source = check_asking(reference, amount=amount, from_account=from_account)
    return _asked(reference, source, amount=amount, reason=reason, actor=actor)


def left_of(item: SuspenseItem) -> Money:
    """What of an item stands in suspense still: less what went back to its payer, here, at Paystack or by a dispute.

    The parts of what was split went back one by one, each with its own item; only what Paystack did lessens them all.
    """
    gone = select(func.coalesce(func.sum(Refund.amount_units), 0)).where(
        Refund.reference == item.reference, Refund.from_account == SUSPENSE, Refund.state != RefundState.FAILED
    )
    if item.parent_id is not None:
        gone = gone.where(Refund.origin == "told")
    back = int(db.session.scalar(gone) or 0) + int(rows(_TAKEN_BACK, reference=item.reference, code=SUSPENSE)[0].units)
    return (item.amount or zero(NGN)) - Money(NGN, back)


def check_returning(item: SuspenseItem) -> Source:
    """Whether all of an item can go back to its payer. Raises NotReturnable, ChargeDisputed, RefundUnderWay."""
    if item.event not in RETURNABLE or item.amount is None or left_of(item) != item.amount:
        raise errors.NotReturnable
    if is_disputed(item.reference):
        raise errors.ChargeDisputed
    under_way = select(Refund.id).where(Refund.reference == item.reference, Refund.state.in_(refund_rules.OPEN))
    if db.session.scalars(under_way.limit(1)).one_or_none():
        raise errors.RefundUnderWay
    return Source(SUSPENSE, None, None, item.amount, item.journal_id)


def ask_for_item(item: SuspenseItem, *, reason: str, actor: Actor) -> Refund:
    """Give all of an item back to its payer; the caller closes it. Raises as `check_returning` does."""
    lock_charge(item.reference)
    source = check_returning(item)
    return _asked(item.reference, source, amount=source.left, reason=reason, actor=actor)


def _asked(reference: str, source: Source, *, amount: Money, reason: str, actor: Actor) -> Refund:
    refund = _written(reference, source, amount=amount, reason=reason, origin="asked", state=RefundState.ASKED)
    machine.begin(refund, machine=refund_rules.REFUND, actor=actor, reason=reason)
    _take(refund)
    outbox.emit(events.RefundAsked(refund_id=refund.id))
    return refund


def begin_try(refund_id: str) -> bool:
    """Whether Paystack may be asked for it now, by whoever is told so: nobody else is for some minutes."""
    refund, moment = _locked(refund_id), clock.now()
    if refund.state != RefundState.ASKED or not refund_rules.may_call(refund.tried_at, at=moment):
        return False
    refund.tried_at = moment
    return True


def record(refund_id: str, *, told: Told, from_balance: Money, actor: Actor) -> RefundState:
    """Apply what Paystack says of a refund; late, doubled and disordered news change nothing.

    `from_balance` is what of it Paystack took from our balance, less what it put back there. News that contradicts what
    we hold for certain moves nothing: it goes to suspense, for somebody to look.
    """
    refund = _locked(refund_id)
    words = refund_rules.contradiction(known=RefundState(refund.state), told=told, ours=refund.amount.units)
    if words:
        trouble = Trouble(f"{refund.id}:{told.status}", f"refund.{told.status}", refund.reference, words, refund.amount)
        suspense.suspend(trouble, actor=actor)
        return RefundState(refund.state)
    if refund.vendor_id not in {None, told.id}:
        return RefundState(refund.state)  # (another refund of the same charge)
    refund.vendor_id, was = told.id, RefundState(refund.state)
    refund.expected_at = told.expected_at or refund.expected_at
    state = refund_rules.STATES.get(told.status, RefundState.SENT)
    # What was stuck before it was redirected is stuck in older news too.
    stale = was is RefundState.REDIRECTING and state is RefundState.NEEDS_ATTENTION
    if stale or not refund_rules.REFUND.allows(was, state):
        return was
    said = f"Paystack says {told.status}"
    if state is RefundState.FAILED:
        # What Paystack took from the balance it puts back there, though not by now: new is what it had not taken there.
        return _fail(refund, reason=said, to_balance=max(-from_balance, NOTHING), actor=actor)
    if state is RefundState.PROCESSED:
        refund.ended_at = clock.now()
    machine.move(refund, state, machine=refund_rules.REFUND, actor=actor, reason=said)
    if state is RefundState.PROCESSED:
        journal = postings.refund_paid(
            ref=refund.id, amount=refund.amount, from_balance=from_balance, told=f"refund/{refund.vendor_id}"
        )
        posting.post(journal, key=f"{refund.id}:paid")
        outbox.emit(events.RefundPaid(refund_id=refund.id))
    elif was is RefundState.ASKED:
        outbox.emit(events.RefundSent(refund_id=refund.id))
    if state is RefundState.NEEDS_ATTENTION:
        outbox.emit(events.RefundStuck(refund_id=refund.id))
    return state


def refuse(refund_id: str, *, reason: str, actor: Actor) -> None:
    """Paystack refused for good and has no such refund: everything is where it was."""
    refund = _locked(refund_id)
    if refund.state == RefundState.ASKED:
        _fail(refund, reason=reason, to_balance=zero(NGN), actor=actor)


def adopt(told: Told, *, actor: Actor) -> str | None:
    """Write down a refund that was made at Paystack and not here: its id, None when the books have no such charge.

    A customer who was credited it is charged for it, as far as they have it; they owe us the rest.
    """
    lock_charge(told.transaction_reference)
    known = db.session.scalars(select(Refund.id).where(Refund.vendor_id == told.id)).one_or_none()
    source = source_of(told.transaction_reference)
    if known is not None or source is None:
        return known
    amount, account = Money(NGN, told.amount), source.account
    has = balances.of(account).available + pending.held_of(source.deposit_id) if source.credited else source.left
    split = refund_rules.shares(amount, came=source.came, has=has, owner_known=source.credited)
    reason = "It was made at Paystack, not here."
    kept: dict[str, Any] = {"origin": "told", "state": RefundState.SENT, "vendor_id": told.id}
    kept |= {"owed_units": Decimal(split.owed.units), "cost_units": Decimal(split.ours.units)}
    refund = _written(told.transaction_reference, source, amount=amount, reason=reason, **kept)
    machine.begin(refund, machine=refund_rules.REFUND, actor=actor, reason=reason)
    if refund.customer_id is not None and source.credited:
        with restrictions.already_under_way(refund.customer_id, account=account):
            _take(refund)
    else:  # (nobody can place any more what has gone back)
        _take(refund, corrects=source.journal_id if amount == source.left else None)
    outbox.emit(events.RefundSent(refund_id=refund.id))
    return refund.id


def check_redirecting(refund_id: str) -> Refund:
    """A refund that waits for a bank account. Raises NotFound, NotRedirectable."""
    found = db.session.get(Refund, refund_id, populate_existing=True)
    if found is None:
        raise NotFound
    if found.state != RefundState.NEEDS_ATTENTION:
        raise errors.NotRedirectable
    return found


def redirect(refund_id: str, *, to: Destination, reason: str, actor: Actor) -> None:
    """Two people said where it goes instead. Raises NotFound, NotRedirectable."""
    refund = _locked(refund_id)
    check_redirecting(refund_id)
    refund.to_bank_code, refund.to_account_number, refund.to_account_name = (
        to.bank_code,
        to.account_number,
        to.account_name,
    )
    machine.move(refund, RefundState.REDIRECTING, machine=refund_rules.REFUND, actor=actor, reason=reason)
    outbox.emit(events.RefundRedirected(refund_id=refund.id))


def redirect_in_vain(refund_id: str, *, reason: str, actor: Actor) -> None:
    """Paystack did not take that bank account: it waits for another."""
    refund = _locked(refund_id)
    if refund.state == RefundState.REDIRECTING:
        machine.move(refund, RefundState.NEEDS_ATTENTION, machine=refund_rules.REFUND, actor=actor, reason=reason)
        outbox.emit(events.RefundStuck(refund_id=refund.id))


def _written(reference: str, source: Source, *, amount: Money, reason: str, **kept: Any) -> Refund:
    return Refund(
        **({"owed_units": Decimal(0), "cost_units": Decimal(0)} | kept),
        id=ids.new("rfd"),
        reference=reference,
        customer_id=source.customer_id,
        deposit_id=source.deposit_id,
        from_account=source.account,
        amount_units=Decimal(amount.units),
        reason=reason,
        to_bank_code="",
        to_account_number="",
        to_account_name="",
        created_at=clock.now(),
    )


def _take(refund: Refund, *, corrects: int | None = None) -> None:
    journal = postings.refund_asked(ref=refund.id, account=refund.from_account, shares=refund.shares, corrects=corrects)
    with pending.past(refund.deposit_id, takes=refund.shares.taken, key=refund.id):
        posting.post(journal, key=f"{refund.id}:asked")


def _fail(refund: Refund, *, reason: str, to_balance: Money, actor: Actor) -> RefundState:
    refund.ended_at = clock.now()
    machine.move(refund, RefundState.FAILED, machine=refund_rules.REFUND, actor=actor, reason=reason)
    shares = refund.shares
    told = f"refund/{refund.vendor_id}" if refund.vendor_id else ""
    journal = postings.refund_failed(
        ref=refund.id, account=refund.from_account, shares=shares, to_balance=to_balance, told=told
    )
    if refund.from_account == SUSPENSE or refund.customer_id is None:
        booked = posting.post(journal, key=f"{refund.id}:failed").journal_id
        words = f"it could not be given back to its sender ({reason})"
        trouble = Trouble(f"{refund.id}:failed", "refund.failed", refund.reference, words, shares.taken)
        suspense.suspend(trouble, journal_id=booked, actor=actor)
    else:
        with restrictions.already_under_way(refund.customer_id, account=refund.from_account):
            posting.post(journal, key=f"{refund.id}:failed")
    outbox.emit(events.RefundFailed(refund_id=refund.id))
    return RefundState.FAILED


def _item_of(reference: str) -> SuspenseItem | None:
    standing = select(SuspenseItem).where(
        SuspenseItem.reference == reference,
        SuspenseItem.state == SuspenseState.OPEN,
        SuspenseItem.journal_id.is_not(None),
    )
    return db.session.scalars(standing.order_by(SuspenseItem.id.desc()).limit(1)).one_or_none()


def _placed_of(reference: str) -> Deposit | None:
    """What people made of a charge's money in suspense, where they credited a customer: its own item names it."""
    named = select(func.replace(SuspenseItem.id, "_", "-")).where(SuspenseItem.reference == reference)
    placed = select(Deposit).where(Deposit.reference.in_(named), Deposit.state == DepositState.CREDITED)
    return db.session.scalars(placed.order_by(Deposit.id).limit(1)).one_or_none()


def lock_charge(reference: str) -> None:
    """Who gives back or places money of one charge comes one after the other: its items first, then its deposit."""
    items = select(SuspenseItem.id).where(SuspenseItem.reference == reference)
    db.session.scalars(items.order_by(SuspenseItem.id).with_for_update()).all()
    db.session.scalars(select(Deposit.id).where(Deposit.reference == reference).with_for_update()).all()


def lock_charge_of(item_id: str) -> SuspenseItem:
    """The item as it stands now, with all of its charge: the others of one payment are locked in one order by all.

    Raises NotFound.
    """
    reference = db.session.scalar(select(SuspenseItem.reference).where(SuspenseItem.id == item_id))
    if reference:
        lock_charge(reference)
    return suspense.locked(item_id)


def _locked(refund_id: str) -> Refund:
    wanted = select(Refund).where(Refund.id == refund_id).with_for_update()
    found = db.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound
    return found
