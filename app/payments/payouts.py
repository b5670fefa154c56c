"""Commands of payouts: begin an attempt, apply what Paystack or two people say of it, a lack of float; call it off."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.clients.paystack import Transfer
from app.core import clock, logs, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.ledger import posting
from app.payments import errors, events, payout_queries, postings, rules, suspense, tellings
from app.payments.models import FloatFloor, Payout
from app.payments.rules import PayoutState
from app.payments.suspense import Trouble


def begin(payout_id: str, *, amount: Money, recipient_code: str, actor: Actor) -> bool:
    """Write the attempt down before Paystack is called. False when it was begun before: then ask, do not send.

    The database refuses one (IntegrityError) while another attempt at the same payment has not failed.
    """
    statement = insert(Payout).values(
        id=payout_id,
        reference=payout_id,
        amount_units=amount.units,
        recipient_code=recipient_code,
        state=PayoutState.SENDING,
        transfer_code="",
        vendor_status="",
        vendor_words="",
        session_id="",
        created_at=clock.now(),
    )
    fresh = db.session.execute(
        statement.on_conflict_do_nothing(index_elements=["id"]).returning(Payout.id)
    ).scalar_one_or_none()
    if fresh:
        machine.begin(db.session.get_one(Payout, payout_id), machine=rules.PAYOUT, actor=actor)
    return fresh is not None


def record(payout_id: str, *, transfer: Transfer, actor: Actor) -> PayoutState:
    """Apply what Paystack says of a transfer; late, doubled and disordered news change nothing.

    News that contradicts what we hold for certain moves nothing either: it goes to suspense, for somebody to look.
    """
    payout = _locked(payout_id)
    # A word we do not know is no end: somebody keeps watching.
    told = rules.TRANSFER_STATES.get(transfer.status, PayoutState.SENT)
    if told is PayoutState.REVERSED and payout.state not in {PayoutState.PAID, PayoutState.REVERSED}:
        told = PayoutState.FAILED  # the bank sent back what never counted as paid
    contradiction = tellings.contradiction(
        known=PayoutState(payout.state),
        told=told,
        ours=payout.amount.units,
        theirs=transfer.amount,
        currency=transfer.currency,
        ended_for=clock.now() - payout.settled_at if payout.settled_at else timedelta(0),
        by_hand=payout.request_id is not None,
    )
    if contradiction:
        cause = f"payout:{payout.id}:{transfer.status}"
        amount = Money(NGN, transfer.amount)
        suspense.suspend(Trouble(cause, f"transfer.{transfer.status}", payout.id, contradiction, amount), actor=actor)
        return PayoutState(payout.state)
    if payout.state in rules.OPEN:  # (what was booked stays as booked)
        payout.transfer_code = transfer.transfer_code or payout.transfer_code
        payout.vendor_id = transfer.id or payout.vendor_id
        payout.session_id = rules.legible(transfer.session_id, most=rules.SESSION_MAX) or payout.session_id
        payout.fee_units = payout.fee_units if transfer.fee is None else Decimal(transfer.fee)
    if not rules.PAYOUT.allows(PayoutState(payout.state), told):
        return PayoutState(payout.state)
    fresh = payout.state in rules.UNSENT
    payout.vendor_status = rules.legible(transfer.status, most=rules.STATUS_MAX)
    payout.vendor_words = _why(transfer.reason) if told in _UNPAID else ""  # (not those of an earlier trouble)
    if told not in rules.OPEN:
        payout.settled_at = clock.now()
    machine.move(payout, told, machine=rules.PAYOUT, actor=actor, reason=f"Paystack says {payout.vendor_status}")
    if told in rules.UNDERWAY and fresh:
        outbox.emit(events.PayoutSent(payout_id=payout.id))
    if told in _NEWS:
        outbox.emit(_NEWS[told](payout_id=payout.id))
    return told


def refuse(payout_id: str, *, reason: str, actor: Actor) -> None:
    """Paystack refused for good and does not know the reference: nothing left us."""
    payout = _locked(payout_id)
    if payout.state == PayoutState.SENDING:
        _end(payout, words=reason, actor=actor)


def note_refusal(payout_id: str, *, words: str) -> None:
    """Paystack says no to it at present: why is on its page while it waits."""
    payout = _locked(payout_id)
    if payout.state in rules.UNSENT:
        payout.vendor_words = f"Paystack refused: {_why(words)}"
        db.session.flush()


def lack_float(payout_id: str, *, actor: Actor) -> None:
    """Our balance at Paystack does not cover it, and Paystack does not know the reference: it waits for a top-up.

    That is told of once an hour: a balance that covers the amount and not the fee lets it be tried again and again.
    """
    payout, since = _locked(payout_id), clock.now() - rules.FLOAT_TOLD_FOR
    if payout.state == PayoutState.SENDING:
        lacked = PayoutState.AWAITING_FLOAT
        told = any(move.new_state == lacked and move.moved_at > since for move in machine.history(payout.id))
        payout.vendor_words = "the balance at Paystack does not cover it"
        machine.move(payout, lacked, machine=rules.PAYOUT, actor=actor, reason=payout.vendor_words)
        if not told:
            outbox.emit(events.PayoutLacksFloat(payout_id=payout.id))


def take_up(payout_id: str, *, actor: Actor) -> bool:
    """There may be enough now: it is being sent again. False when it was ended meanwhile."""
    payout = _locked(payout_id)
    if payout.state == PayoutState.AWAITING_FLOAT:
        payout.taken_up_at = clock.now()
        machine.move(payout, PayoutState.SENDING, machine=rules.PAYOUT, actor=actor, reason="the balance covers it")
    return payout.state == PayoutState.SENDING


def note_code(payout_id: str) -> None:
    """Another code was asked for: that it was, and by whom, is on the record."""
    _locked(payout_id).vendor_words = f"another code was sent at {clock.now().astimezone(clock.WAT):%H:%M} WAT"
    db.session.flush()


def call_off(payout_id: str, *, reason: str, actor: Actor) -> None:
    """End one that waits for a float: nothing left us, and its payment can be sent anew or given back.

    Raises NotFound, CallOffReasonMissing, NotCallable when it does not wait, or not for long enough that whoever had
    begun to send it is over.
    """
    payout, words = _locked(payout_id), reason.strip()
    if not words or len(words) > rules.CALL_OFF_REASON_MAX:
        raise errors.CallOffReasonMissing
    if payout.state != PayoutState.AWAITING_FLOAT:
        raise errors.NotCallable
    since = machine.history(payout.id)[-1].moved_at
    if clock.now() - since < rules.CALL_OFF_AFTER:
        raise errors.NotCallable("Somebody may be about to send it. It can be called off after five minutes.")
    _end(payout, words=f"called off: {words}", actor=actor)


@dataclass(frozen=True)
class Finding:
    """What people found out about a payout, and how it stood then. `fee` and `proof` are those of a payment.

    `proof` is the banks' session or Paystack's code of the transfer.
    """

    state: PayoutState
    amount: Money
    mark: PayoutState
    fee: Money | None = None
    proof: str = ""


def check_marking(payout_id: str, found: Finding) -> Payout:
    """The payout, locked, if two people may say so of it.

    Raises NotFound, NotMarkable, and MarkDenied where news that says otherwise waits in suspense.
    """
    payout = _locked(payout_id)
    words = payout_queries.told_otherwise_for_system(payout_id, ever=True)
    ever = [rules.TRANSFER_STATES.get(word, PayoutState.SENT) for word in words]
    fits = tellings.may_mark(found.mark, known=found.state, told=ever)
    if not fits or (payout.state, payout.amount) != (found.state, found.amount):
        raise errors.NotMarkable
    if clock.now() - payout.begun_at < rules.MARK_AFTER:
        raise errors.NotMarkable
    told = (rules.TRANSFER_STATES.get(word) for word in payout_queries.told_otherwise_for_system(payout_id))
    if any(tellings.denies(state, mark=found.mark) for state in told):
        raise errors.MarkDenied
    return payout


def mark(payout_id: str, found: Finding, *, request_id: str, reason: str, actor: Actor) -> None:
    """End it as two people said, with what its end always brings: the database looks for their request.

    Raises as `check_marking` does.
    """
    payout = check_marking(payout_id, found)
    payout.request_id, payout.settled_at = request_id, clock.now()
    if found.mark == payout.state:  # (it failed, and two people say so now: nothing else changes)
        db.session.flush()
        return
    if found.mark is PayoutState.PAID:
        _unbook_kept(payout)
        payout.fee_units = Decimal(found.fee.units) if found.fee else payout.fee_units
        if found.proof.startswith(rules.CODE_BEGINS):
            payout.transfer_code = found.proof
        else:
            payout.session_id = found.proof
    machine.move(payout, found.mark, machine=rules.PAYOUT, actor=actor, reason=reason)
    outbox.emit(_NEWS[found.mark](payout_id=payout.id))


def book_kept(payout_id: str, *, kept: Money) -> None:
    """What one that ended unpaid cost, by Paystack's ledger; once. Until then its books stay as they are.

    One that failed has booked no fee, one that came back has the fee it was paid with.
    """
    payout = _locked(payout_id)
    if payout.kept_units is not None or payout.state not in {PayoutState.FAILED, PayoutState.REVERSED}:
        return
    payout.kept_units = Decimal(kept.units)
    more = kept.units - (payout.fee.units if payout.state == PayoutState.REVERSED else 0)
    if more:
        change, units = (postings.fee_kept, more) if more > 0 else (postings.fee_back, -more)
        posting.post(
            change(ref=payout.id, fee=Money(NGN, units), told=payout.told), key=f"{payout.id}:fee:{payout.state}"
        )
    db.session.flush()


def _unbook_kept(payout: Payout) -> None:
    """It did not end unpaid: what that was booked to have cost is put back, its fee is booked with the payment."""
    if payout.kept_units:
        undone = postings.fee_back(ref=payout.id, fee=Money(NGN, int(payout.kept_units)), told=payout.told)
        posting.post(undone, key=f"{payout.id}:fee:undone")
    payout.kept_units = None


def set_floor(floor: Money, *, target: Money, starts_at: datetime, request_id: str) -> None:
    """From then on the float should not fall below `floor`, and is topped up to `target`. The request says so too."""
    units = {"floor_units": Decimal(floor.units), "target_units": Decimal(target.units)}
    db.session.add(FloatFloor(starts_at=starts_at, request_id=request_id, **units))
    db.session.flush()


def _end(payout: Payout, *, words: str, actor: Actor) -> None:
    payout.settled_at, payout.vendor_words = clock.now(), words
    machine.move(payout, PayoutState.FAILED, machine=rules.PAYOUT, actor=actor, reason=words)
    outbox.emit(events.PayoutFailed(payout_id=payout.id))


def _why(words: str) -> str:
    return logs.masked(rules.legible(words, most=rules.WORDS_MAX))


def _locked(payout_id: str) -> Payout:
    wanted = select(Payout).where(Payout.id == payout_id).with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound
    return found


_UNPAID = (PayoutState.FAILED, PayoutState.REVERSED)
_NEWS = {
    PayoutState.AWAITING_OTP: events.PayoutNeedsOtp,
    PayoutState.PAID: events.PayoutPaid,
    PayoutState.FAILED: events.PayoutFailed,
    PayoutState.REVERSED: events.PayoutReversed,
}
