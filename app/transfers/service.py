"""Commands of transfers: send, ask, pay, decline, cancel, remind, expire, split, claim a handle.

All but the handle touch two customers: they run for everyone, inside `flows`, which a door calls.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.money import Money
from app.customers import queries as customers
from app.ledger import assets, posting
from app.restrictions import service as restrictions
from app.restrictions.rules import Way
from app.risk import service as risk
from app.risk import switches
from app.risk.errors import LimitExceeded, TierTooLow
from app.risk.rules import Direction, Rail
from app.risk.service import Intent
from app.transfers import errors, events, postings, queries, rules
from app.transfers.models import Handle, MoneyRequest, Split, Transfer
from app.transfers.rules import State
from app.wallets import service as wallets


def send(
    customer_id: str,
    *,
    to: str,
    amount: Money,
    note: str,
    proved: bool,
    actor: Actor,
    asked: MoneyRequest | None = None,
) -> Transfer:
    """Pay another customer (by id) from one's own wallet: both sides in one journal, or nothing.

    `proved` says that a second factor was proved a few minutes ago. Raises ToYourself, NoteTooLong, TooLittle,
    AccountFrozen, Restricted, SwitchedOff, NoWorth, ProofNeeded, LimitExceeded, TierTooLow, CannotReceive,
    InsufficientFunds, AccountBlocked.
    """
    if to == customer_id:
        raise errors.ToYourself
    words = clean_note(note)
    risk.one_at_a_time(customer_id, to)  # both before either is looked at: two who pay each other do not block
    _refuse_standing(customer_id, to=to, amount=amount)
    worth = queries.worth_without_owner(amount)
    if not proved and queries.needs_proof(worth, customer_id=customer_id):
        raise errors.ProofNeeded
    transfer_id = ids.new("trf")
    _count(transfer_id, sender_id=customer_id, receiver_id=to, worth=worth, asset=amount.asset.code)
    wallets.open_wallet(to, asset=amount.asset)
    posted = posting.post(
        postings.sent(ref=transfer_id, sender_id=customer_id, receiver_id=to, amount=amount), key=f"{transfer_id}:sent"
    )
    for way in Direction:
        risk.settle(f"{transfer_id}:{way}")
    transfer = Transfer(
        id=transfer_id,
        customer_id=customer_id,
        receiver_id=to,
        sender_name=_shown(customer_id),
        receiver_name=_shown(to),
        asset=amount.asset.code,
        units=amount.units,
        worth_units=worth.units,
        note=words,
        proved=proved,
        request_id=asked.id if asked else None,
        journal_id=posted.journal_id,
        created_at=clock.now(),
    )
    db.session.add(transfer)
    db.session.flush()
    if asked is not None:
        _end(asked, State.PAID, actor=actor)
    outbox.emit(events.Sent(transfer_id=transfer_id))
    return transfer


def refuse(customer_id: str, *, to: str, amount: Money) -> bool:
    """Raise what `send` would refuse at this moment, but for money; otherwise whether a proof is asked for."""
    if to == customer_id:
        raise errors.ToYourself
    _refuse_standing(customer_id, to=to, amount=amount)
    worth = queries.worth_without_owner(amount)
    risk.refuse_over(_intent("", customer_id, Direction.OUT, worth, amount.asset.code))
    try:
        risk.refuse_over(_intent("", to, Direction.IN, worth, amount.asset.code))
    except (LimitExceeded, TierTooLow) as refused:
        raise errors.CannotReceive from refused
    return queries.needs_proof(worth, customer_id=customer_id)


def ask(
    customer_id: str, *, of: str, amount: Money, note: str, actor: Actor, split_id: str | None = None
) -> MoneyRequest:
    """Ask another customer (by id) for money.

    Raises ToYourself, NoteTooLong, Restricted, TooLittle, CannotReceive (one of the two takes no part at present),
    TooManyRequests.
    """
    if of == customer_id:
        raise errors.ToYourself
    words, moment = clean_note(note), clock.now()
    risk.one_at_a_time(customer_id, of)  # (requests are counted)
    restrictions.refuse(customer_id, way=Way.IN)
    _refuse_little(amount)
    if _is_away(customer_id):
        raise errors.CannotReceive("Your account is frozen, or about to be closed: nothing can be sent to it.")
    if _is_away(of):
        raise errors.CannotReceive("They cannot be asked at present.")
    whole, theirs = queries.counted_requests(customer_id=customer_id, payer_id=of)
    if whole >= rules.REQUESTS_MAX or theirs >= rules.OF_ONE_PAYER_MAX:
        raise errors.TooManyRequests
    asked = MoneyRequest(
        id=ids.new("mrq"),
        customer_id=customer_id,
        payer_id=of,
        asker_name=_shown(customer_id),
        payer_name=_shown(of),
        asset=amount.asset.code,
        units=amount.units,
        note=words,
        split_id=split_id,
        state=State.ASKED,
        reminders=0,
        created_at=moment,
        expires_at=moment + rules.REQUEST_LIVES,
    )
    machine.begin(asked, machine=rules.REQUEST, actor=actor)
    outbox.emit(events.Asked(request_id=asked.id, reminder=0))
    return asked


def split(
    customer_id: str, *, among: Sequence[str], bill: Money, with_me: bool, note: str, actor: Actor
) -> tuple[Split, list[MoneyRequest]]:
    """Ask several (by id) for a share each of one bill. Raises BadSplit, and as `ask`."""
    if not 1 <= len(among) <= rules.SPLIT_OTHERS_MAX or len(set(among)) != len(among) or customer_id in among:
        raise errors.BadSplit
    risk.one_at_a_time(customer_id, *among)
    own, asked = rules.shares(bill, others=len(among), with_me=with_me)
    one = Split(
        id=ids.new("spl"),
        customer_id=customer_id,
        asset=bill.asset.code,
        units=bill.units,
        own_units=own.units,
        note=clean_note(note),
        created_at=clock.now(),
    )
    db.session.add(one)
    db.session.flush()
    return one, [
        ask(customer_id, of=payer, amount=share, note=note, actor=actor, split_id=one.id)
        for payer, share in zip(among, asked, strict=True)
    ]


def pay(request_id: str, *, customer_id: str, proved: bool, actor: Actor) -> Transfer:
    """Pay what somebody asks for. Raises NotFound (not asked of them), RequestOver, and as `send`."""
    asked = _open(request_id, theirs="payer_id", customer_id=customer_id)
    if asked.expires_at <= clock.now():
        raise errors.RequestOver
    return send(
        customer_id, to=asked.customer_id, amount=asked.amount, note=asked.note, proved=proved, actor=actor, asked=asked
    )


def decline(request_id: str, *, customer_id: str, actor: Actor) -> None:
    """Say no to what somebody asks for. Raises NotFound, RequestOver."""
    _end(_open(request_id, theirs="payer_id", customer_id=customer_id), State.DECLINED, actor=actor)


def cancel(request_id: str, *, customer_id: str, actor: Actor) -> None:
    """Take back what one asked for. Raises NotFound, RequestOver."""
    _end(_open(request_id, theirs="customer_id", customer_id=customer_id), State.CANCELLED, actor=actor)


def remind(request_id: str, *, customer_id: str) -> None:
    """Tell them once more: once a day, three times in all. Raises NotFound, RequestOver, RemindedLately."""
    asked, moment = _open(request_id, theirs="customer_id", customer_id=customer_id), clock.now()
    last = asked.reminded_at or asked.created_at
    if asked.reminders >= rules.REMINDERS_MAX or moment - last < rules.DAY:
        raise errors.RemindedLately
    asked.reminders, asked.reminded_at = asked.reminders + 1, moment
    db.session.flush()
    outbox.emit(events.Asked(request_id=asked.id, reminder=asked.reminders))


def expire(request_id: str, *, at: datetime, actor: Actor) -> None:
    """End what nobody answered in time; what ended meanwhile stays as it is."""
    asked = _locked(request_id)
    if asked is not None and asked.state == State.ASKED and asked.expires_at <= at:
        _end(asked, State.EXPIRED, actor=actor)


def claim_handle(customer_id: str, *, typed: str) -> Handle:
    """Be found by this handle from now on. The one before is nobody's any more, and nobody else's ever.

    Whether it is there is seen by the database alone, which sees everybody's. Raises BadHandle, HandleTaken,
    HandleTooSoon.
    """
    handle, moment = rules.clean_handle(typed), clock.now()
    if handle is None:
        raise errors.BadHandle
    if rules.is_reserved(handle):
        raise errors.HandleTaken
    risk.one_at_a_time(customer_id)
    present = queries.claimed_by(customer_id=customer_id)
    if present is not None:
        if present.handle == handle:
            return present
        if moment - present.claimed_at < rules.HANDLE_RESTS:
            raise errors.HandleTooSoon
        present.replaced_at = moment
        db.session.flush()
    values = {"handle": handle, "looks": rules.looks(handle), "customer_id": customer_id, "claimed_at": moment}
    try:
        with db.session.begin_nested():
            db.session.execute(insert(Handle).values(**values))
    except IntegrityError as taken:
        raise errors.HandleTaken from taken
    outbox.emit(events.HandleClaimed(handle=handle, customer_id=customer_id))
    return db.session.get_one(Handle, handle, populate_existing=True)


def clean_note(note: str) -> str:
    """A note as it is kept. Raises NoteTooLong."""
    words = rules.clean_note(note)
    if words is None:
        raise errors.NoteTooLong
    return words


def _refuse_standing(customer_id: str, *, to: str, amount: Money) -> None:
    """What neither money nor limits have to do with. Why somebody cannot receive is not the sender's to know."""
    restrictions.refuse(customer_id, way=Way.OUT)
    switches.refuse(rail=Rail.INSIDE, asset=amount.asset.code)
    _refuse_little(amount)
    away, stopped = _is_away(to), restrictions.stops(to, way=Way.IN)  # (both, each time: neither answers sooner)
    if away or stopped:
        raise errors.CannotReceive


def _refuse_little(amount: Money) -> None:
    least = assets.terms(amount.asset.code).send_min
    if amount < least:
        raise errors.TooLittle(f"At least {least} can be sent.", least=str(least.units))


def _is_away(customer_id: str) -> bool:
    """Whether they are frozen, or asked to leave: money sent to them would stand there."""
    leaving = customers.open_closure(customer_id=customer_id)
    return customers.is_locked(customer_id=customer_id) or leaving is not None


def _count(transfer_id: str, *, sender_id: str, receiver_id: str, worth: Money, asset: str) -> None:
    """Against both sides' limits. What the receiver's are is not the sender's to know."""
    risk.check(_intent(f"{transfer_id}:{Direction.OUT}", sender_id, Direction.OUT, worth, asset))
    try:
        risk.check(_intent(f"{transfer_id}:{Direction.IN}", receiver_id, Direction.IN, worth, asset))
    except (LimitExceeded, TierTooLow) as refused:
        raise errors.CannotReceive from refused


def _intent(ref: str, customer_id: str, way: Direction, worth: Money, asset: str) -> Intent:
    return Intent(ref, customer_id, Rail.INSIDE, way, worth, asset)


def _shown(customer_id: str) -> str:
    return rules.masked_name(customers.one_for_operators(customer_id).name)


def _open(request_id: str, *, theirs: str, customer_id: str) -> MoneyRequest:
    """An open request that is theirs, locked until the transaction ends. Raises NotFound, RequestOver."""
    asked = _locked(request_id)
    if asked is None or getattr(asked, theirs) != customer_id:
        raise NotFound
    if asked.state != State.ASKED:
        raise errors.RequestOver
    return asked


def _locked(request_id: str) -> MoneyRequest | None:
    wanted = select(MoneyRequest).where(MoneyRequest.id == request_id).with_for_update()
    return db.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()


def _end(asked: MoneyRequest, to: State, *, actor: Actor) -> None:
    asked.ended_at = clock.now()
    machine.move(asked, to, machine=rules.REQUEST, actor=actor)
    if to is not State.PAID:
        outbox.emit(events.RequestEnded(request_id=asked.id, state=to))
