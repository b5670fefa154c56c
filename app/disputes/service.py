"""Commands of disputes: apply what Paystack says of one, and warn that nobody has answered."""

from decimal import Decimal

from sqlalchemy import func, select

from app.clients.paystack_answers import Dispute as Told
from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db, rows
from app.core.money import NGN, Money, zero
from app.disputes import errors, events, postings, queries, rules
from app.disputes.models import Dispute
from app.disputes.rules import State
from app.ledger import balances, posting
from app.payments import pending, refund_rules, refunds, suspense
from app.payments.postings import Shares
from app.payments.refund_models import Refund
from app.payments.refund_rules import RefundState
from app.payments.refunds import Source
from app.payments.suspense import Trouble
from app.restrictions import service as restrictions


def apply(told: Told, *, amount: Money, from_balance: Money, actor: Actor) -> Dispute:
    """Write a dispute down, or bring it in line with Paystack's; late, doubled and disordered news change nothing.

    While it lasts what it is about is held, of the money of who was credited the charge and as far as they have it.
    `amount` is what it takes, `from_balance` what of that Paystack took from our balance where it was lost. News that
    contradicts an end that we know moves nothing: it goes to suspense, for somebody to look.
    """
    _lock(told.id, reference=told.transaction_reference)
    dispute = _known(told) or _written(told, amount=amount, actor=actor)
    words = rules.contradiction(known=State(dispute.state), told=told)
    if words:
        cause = f"{dispute.id}:{told.status}:{told.resolution}"
        suspense.suspend(
            Trouble(cause, "charge.dispute", dispute.reference, f"{dispute.id}: {words}", amount), actor=actor
        )
        return dispute
    if dispute.state in rules.ENDED:
        return dispute
    source = refunds.source_of(dispute.reference)
    if source is not None and source.credited and dispute.customer_id is None:
        dispute.customer_id, dispute.deposit_id = source.customer_id, source.deposit_id
    dispute.vendor_status, dispute.resolution = told.status, told.resolution
    dispute.due_at, dispute.messages = told.due_at or dispute.due_at, rules.said(told)
    state = rules.state_of(told.status, told.resolution)
    if state is State.LOST:
        _lose(dispute, source, amount=amount, from_balance=from_balance, actor=actor)
    elif state is State.WON:
        _win(dispute, reason=_said(dispute), actor=actor)
    else:
        if state is not None and state is not State(dispute.state):
            _move(dispute, state, actor=actor)
        _hold(dispute, source)
    return dispute


def hold_more(dispute_id: str) -> None:
    """Money came to somebody of whom less is held than this dispute is about: hold that too.

    One dispute a transaction: it locks the balance, and the next one's lock may wait for who waits for that.
    """
    dispute = queries.one_for_system(dispute_id)
    _lock(dispute.vendor_id, reference=dispute.reference)
    dispute = queries.one_for_system(dispute_id)
    if dispute.state in rules.UNDER_WAY:
        _hold(dispute, refunds.source_of(dispute.reference))


def let_go(dispute_id: str, *, reason: str, actor: Actor) -> None:
    """Two people say that it is over, for Paystack does not: it counts as won. News against that is for people to see.

    Raises DisputeEnded.
    """
    dispute = queries.one_for_system(dispute_id)
    _lock(dispute.vendor_id, reference=dispute.reference)
    dispute = queries.one_for_system(dispute_id)
    if dispute.state in rules.ENDED:
        raise errors.DisputeEnded
    _win(dispute, reason=reason, actor=actor)


def warn(dispute_id: str) -> None:
    """Tell that nobody has answered where it is time to, each time once."""
    dispute = db.session.scalars(select(Dispute).where(Dispute.id == dispute_id).with_for_update()).one()
    due = rules.warnings_due(dispute.due_at, at=clock.now())
    if dispute.state == State.OPEN and due > dispute.warned:
        dispute.warned = due
        outbox.emit(events.DueSoon(dispute_id=dispute.id))


def _written(told: Told, *, amount: Money, actor: Actor) -> Dispute:
    dispute = Dispute(
        id=ids.new("dsp"),
        vendor_id=told.id,
        reference=told.transaction_reference,
        amount_units=Decimal(amount.units),
        category=told.category,
        vendor_status=told.status,
        resolution=told.resolution,
        messages=[],
        state=State.OPEN,
        due_at=told.due_at,
        opened_at=told.created_at or clock.now(),
        warned=0,
        held_units=Decimal(0),
        created_at=clock.now(),
    )
    machine.begin(dispute, machine=rules.MACHINE, actor=actor, reason=f"Paystack says {told.status}")
    outbox.emit(events.Opened(dispute_id=dispute.id))
    return dispute


def _hold(dispute: Dispute, source: Source | None) -> None:
    """Hold what it is about, and more of it whenever there is more to hold."""
    if source is None or not source.credited or source.customer_id is None or dispute.held == dispute.amount:
        return
    with (
        restrictions.already_under_way(source.customer_id, account=source.account),
        pending.past(source.deposit_id, takes=dispute.amount - dispute.held, key=f"{dispute.id}:{dispute.held.units}"),
    ):
        available = balances.of(source.account).available
        if available.units <= 0:
            return
        held = min(dispute.held + available, dispute.amount, source.came)
        if held <= dispute.held:
            return
        _let_go(dispute)
        found = posting.hold(source.account, amount=held, ref=dispute.id, key=f"{dispute.id}:hold:{held.units}")
        dispute.hold_id, dispute.held_units = found.hold_id, Decimal(held.units)


def _win(dispute: Dispute, *, reason: str, actor: Actor) -> None:
    _let_go(dispute)
    dispute.ended_at = clock.now()
    machine.move(dispute, State.WON, machine=rules.MACHINE, actor=actor, reason=reason)
    outbox.emit(events.Won(dispute_id=dispute.id))


def _lose(dispute: Dispute, source: Source | None, *, amount: Money, from_balance: Money, actor: Actor) -> None:
    """Book it, where the charge is in our books. What was told as a refund of the charge by then is booked already."""
    amount -= _booked_as_refund(dispute)
    dispute.ended_at = clock.now()
    dispute.lost_units, dispute.owed_units = Decimal(max(amount.units, 0)), Decimal(0)
    _move(dispute, State.LOST, actor=actor)
    outbox.emit(events.Lost(dispute_id=dispute.id))
    if amount.units <= 0:
        _let_go(dispute)
    elif source is not None and source.credited and source.customer_id is not None:
        with (
            restrictions.already_under_way(source.customer_id, account=source.account),
            pending.past(source.deposit_id, takes=max(amount - dispute.held, zero(NGN)), key=dispute.id),
        ):
            _let_go(dispute)
            has = balances.of(source.account).available
            shares = refund_rules.shares(amount, came=source.came, has=has, owner_known=True)
            _book(dispute, source.account, shares, from_balance=from_balance)
    elif refunds.is_booked(dispute.reference):
        left = source.left if source is not None else zero(NGN)
        shares = refund_rules.shares(amount, came=left, has=left, owner_known=False)
        whole = source.journal_id if source is not None and shares.taken == left else None
        _book(dispute, refunds.SUSPENSE, shares, from_balance=from_balance, corrects=whole)
    else:
        words = f"{dispute.id} was lost, and no money of this charge is in our books"
        trouble = Trouble(f"{dispute.id}:lost", "charge.dispute.resolve", dispute.reference, words, amount)
        suspense.suspend(trouble, actor=actor)


def _book(dispute: Dispute, account: str, shares: Shares, *, from_balance: Money, corrects: int | None = None) -> None:
    dispute.owed_units = Decimal(shares.owed.units)
    journal = postings.lost(
        ref=dispute.id,
        account=account,
        shares=shares,
        from_balance=from_balance,
        corrects=corrects,
        told=f"dispute/{dispute.vendor_id}",
    )
    dispute.journal_id = posting.post(journal, key=f"{dispute.id}:lost").journal_id


def _booked_as_refund(dispute: Dispute) -> Money:
    """What Paystack told as a refund of the charge before it told that it was a dispute's."""
    told = select(func.coalesce(func.sum(Refund.amount_units), 0)).where(
        Refund.reference == dispute.reference,
        Refund.origin == "told",
        Refund.state != RefundState.FAILED,
        Refund.created_at >= dispute.opened_at,
    )
    return Money(NGN, int(db.session.scalar(told) or 0))


def _let_go(dispute: Dispute) -> None:
    if dispute.hold_id is not None:
        posting.release(dispute.hold_id)


def _move(dispute: Dispute, to: State, *, actor: Actor) -> None:
    machine.move(dispute, to, machine=rules.MACHINE, actor=actor, reason=_said(dispute))


def _said(dispute: Dispute) -> str:
    return f"Paystack says {dispute.vendor_status} {dispute.resolution}".strip()


def _lock(vendor_id: str, *, reference: str) -> None:
    """Who changes a dispute comes one after the other, and after who gives back money of its charge."""
    rows("SELECT pg_advisory_xact_lock(hashtextextended('dispute:' || :id, 0))", id=vendor_id)
    refunds.lock_charge(reference)


def _known(told: Told) -> Dispute | None:
    wanted = select(Dispute).where(Dispute.vendor_id == told.id).with_for_update()
    return db.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
