"""Commands of withdrawals: request, approve, reject, hold, cancel, begin sending, settle, fail, retry, take back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor, Kind
from app.core.db import db
from app.core.errors import IllegalMove, NotFound
from app.core.money import NGN, Money
from app.core.permissions import Permission, granted
from app.customers import queries as customers
from app.identity import queries as identity
from app.identity.errors import FactorMissing, PhoneUnconfirmed
from app.ledger import chart, posting
from app.payments import banking, payouts
from app.payments import queries as payments
from app.payments.models import BankAccount
from app.payments.rules import PayoutState
from app.restrictions import service as restrictions
from app.restrictions.rules import Way
from app.risk import queries as risk_queries
from app.risk import service as risk
from app.risk.rules import Direction, Rail
from app.risk.service import Intent
from app.withdrawals import checks, errors, events, postings, queries, rounds, rows, rules
from app.withdrawals.models import Approval, Withdrawal
from app.withdrawals.rules import Band, State, Target

LAPSED = "somebody who agreed may not decide any more: it needs another's yes"
DECIDES = frozenset({Permission.WITHDRAWALS_APPROVE})
RETRIES = frozenset({Permission.WITHDRAWALS_RETRY})


@dataclass(frozen=True)
class Attempt:
    """A payout that is written down. `first`: nobody has sent it yet; otherwise the rail is asked before."""

    payout_id: str
    first: bool


def request(
    customer_id: str, *, bank_account_id: str, amount: Money, actor: Actor, shown_fee: Money | None = None
) -> Withdrawal:
    """Ask for money out to one of the customer's own bank accounts; amount and fee are held from now on.

    Beyond what is refused at once it is not checked yet: a round of checks follows, which sees more than its owner may.

    The amount counts against the customer's limits: it is what goes out to somewhere, the fee stays in the house.
    Raises AccountFrozen, Restricted, FactorMissing, PhoneUnconfirmed, WithdrawalOutOfBounds, NotFound (the bank
    account), DestinationRemoved, TooNew, FeeChanged when it is not the one they were shown, LimitExceeded, TierTooLow,
    InsufficientFunds, AccountBlocked.
    """
    restrictions.refuse(customer_id, way=Way.OUT)
    login_id = customers.login_for_system(customer_id)
    enrolled_since = identity.enrolled_since(owner=login_id)
    if enrolled_since is None:
        raise FactorMissing
    if identity.counting_phone(owner=login_id) is None:
        raise PhoneUnconfirmed
    if not rules.fits(amount):
        raise errors.WithdrawalOutOfBounds
    destination = payments.bank_account(bank_account_id, customer_id=customer_id)
    if destination.removed_at is not None:
        raise errors.DestinationRemoved
    refuse_new({"second factor": enrolled_since, "bank account": destination.created_at})
    withdrawal_id, fee = ids.new("wd"), fee_of(amount)
    if shown_fee is not None and shown_fee != fee:
        raise errors.FeeChanged
    risk.check(intent(withdrawal_id, customer_id=customer_id, amount=amount))
    hold = posting.hold(
        chart.of_customer(customer_id, asset=NGN), amount=amount + fee, ref=withdrawal_id, key=f"{withdrawal_id}:hold"
    )
    withdrawal = Withdrawal(
        id=withdrawal_id,
        customer_id=customer_id,
        bank_account_id=destination.id,
        payout_id=withdrawal_id.replace("wd_", "po_"),
        amount_units=amount.units,
        fee_units=fee.units,
        hold_id=hold.hold_id,
        attempts=0,
        round_no=0,
        score=rules.SCORE_MAX,
        band=Band.HIGH,
        target=Target.NEW,
        large=False,
        legs=[],
        delay_seconds=0,
        content_hash="",
        state=State.REQUESTED,
        created_at=clock.now(),
    )
    machine.begin(withdrawal, machine=rules.MACHINE, actor=actor)
    outbox.emit(events.Requested(withdrawal_id=withdrawal.id))
    return withdrawal


def fee_of(amount: Money) -> Money:
    """What a customer pays for a withdrawal now, on top of the amount. Raises NoFee."""
    return risk_queries.fee_without_owner(amount, rail=Rail.BANK, direction=Direction.OUT)


def intent(ref: str, *, customer_id: str, amount: Money) -> Intent:
    """What a withdrawal counts against its owner's limits."""
    return checks.intent(ref, customer_id=customer_id, amount=amount)


def refuse_new(added: Mapping[str, datetime]) -> None:
    """Raise TooNew, with the time from which on it works, when something of `added` has not been there long enough."""
    hours = risk_queries.thresholds_without_owner()
    for what, since in added.items():
        possible = since + timedelta(hours=hours[rules.NEW_FOR[what]])
        if clock.now() < possible:
            when = possible.astimezone(clock.WAT)
            raise errors.TooNew(
                f"Your {what} is new. To keep your money safe, withdrawals wait until {when:%-d %B, %H:%M} WAT.",
                possible_at=possible.isoformat(),
            )


def usable_from(account: BankAccount) -> datetime:
    """From when on a customer's bank account takes withdrawals."""
    hours = risk_queries.thresholds_without_owner()[rules.NEW_FOR["bank account"]]
    return account.created_at + timedelta(hours=hours)


def remove_destination(account_id: str, *, customer_id: str) -> None:
    """The customer takes a bank account off their list. Raises NotFound, DestinationInUse."""
    if queries.is_open_to(account_id, customer_id=customer_id):
        raise errors.DestinationInUse
    banking.remove_account(account_id, customer_id=customer_id)


def approve(withdrawal_id: str, *, operator_id: str, content_hash: str, owns: str | None, actor: Actor) -> State:
    """One operator's yes to the content they were shown, for the leg that is theirs; with all of them it is approved.

    `owns` is the customer whom this operator is privately, if any. A vote counts as long as its voter may vote, by
    roles that are their own. Raises NotYourDecision, SameOperatorTwice, OwnWithdrawal, ContentChanged, NotChecked,
    NotYourLeg, IllegalMove.
    """
    withdrawal = rows.locked(withdrawal_id)
    if withdrawal.state != State.REQUESTED:
        raise IllegalMove(f"This withdrawal is {withdrawal.state.replace('_', ' ')} and waits for nobody's yes.")
    held = identity.roles_for_system(operator_id)
    witnesses = Permission.WITHDRAWALS_WITNESS in granted(held) and any(leg.fits(held) for leg in withdrawal.needs)
    if not (witnesses or granted(held) & DECIDES):
        raise errors.NotYourDecision
    if owns == withdrawal.customer_id:
        raise errors.OwnWithdrawal
    if not withdrawal.checked:
        raise errors.NotChecked
    if content_hash != withdrawal.content_hash or rows.content_hash(withdrawal) != withdrawal.content_hash:
        raise errors.ContentChanged
    standing = queries.standing_for_operators(withdrawal)
    if standing.voted(operator_id):
        raise errors.SameOperatorTwice
    place = standing.place_for(operator_id, roles=held)
    if place is None:
        raise errors.NotYourLeg
    vote = Approval(
        id=ids.new("apr"),
        withdrawal_id=withdrawal_id,
        operator_id=operator_id,
        leg=place,
        content_hash=content_hash,
        approved_at=clock.now(),
    )
    db.session.add(vote)
    db.session.flush()
    if queries.standing_for_operators(withdrawal).agreed:
        # (what cools off does so by the clock of the database, which holds to it)
        agreed_at = max(clock.now(), vote.voted_at) if withdrawal.delay_seconds else clock.now()
        rounds.approve_now(withdrawal, agreed_at=agreed_at, actor=actor)
    return State(withdrawal.state)


def reject(withdrawal_id: str, *, reason: str, owns: str | None, actor: Actor) -> None:
    """Say no, with a reason for the customer; the money is theirs again. Possible until the sending begins.

    What compliance holds, compliance rejects. Raises NotYourDecision, OwnWithdrawal, NotYourHold, ReasonMissing,
    IllegalMove.
    """
    words = _reason(reason)
    withdrawal = rows.locked(withdrawal_id)
    _refuse_undeciding(actor, withdrawal, owns=owns, to=DECIDES)
    rows.refuse_anothers_hold(withdrawal, actor=actor)
    rows.give_back(withdrawal, State.REJECTED, actor=actor, reason=words)


def hold(withdrawal_id: str, *, reason: str, hours: str = "", owns: str | None, actor: Actor) -> None:
    """Stop what waits or is approved for so many hours, or (nothing stated) until somebody releases it.

    For how long compliance holds something, compliance says. Raises NotYourDecision, OwnWithdrawal, NotYourHold,
    ReasonMissing, BadHours, IllegalMove.
    """
    words, until = _reason(reason), _until(hours)
    withdrawal = rows.locked(withdrawal_id)
    _refuse_undeciding(actor, withdrawal, owns=owns, to=DECIDES)
    withdrawal.held_until, withdrawal.stopped_by = until, rows.duty_of(actor)
    to = State.COOLING_OFF if until else State.HELD
    machine.move(withdrawal, to, machine=rules.MACHINE, actor=actor, reason=words)


def release_hold(withdrawal_id: str, *, note: str, owns: str | None, actor: Actor) -> State:
    """Have what waits or is held checked anew: where it leads. Votes to what stood there before count no more.

    What the policy lets nobody agree to, a manager's note lets on. What compliance holds, compliance releases.

    Raises NotYourDecision, OwnWithdrawal, NotYourHold, ReasonMissing, IllegalMove.
    """
    words = _reason(note)
    withdrawal = rows.locked(withdrawal_id)
    _refuse_undeciding(actor, withdrawal, owns=owns, to=DECIDES)
    return rounds.look_again(withdrawal_id, note=words, actor=actor)


def cancel(withdrawal_id: str, *, customer_id: str, actor: Actor) -> None:
    """The customer takes their own request back, as long as it is not being sent.

    Raises NotFound, IllegalMove, Contradicted.
    """
    withdrawal = rows.locked(withdrawal_id)
    if withdrawal.customer_id != customer_id:
        raise NotFound
    rows.give_back(withdrawal, State.CANCELLED, actor=actor)


def begin_sending(withdrawal_id: str, *, actor: Actor) -> Attempt | None:
    """Write the payout down before it is sent; None when there is nothing to send (any more).

    What can have changed since it was agreed to is looked at again, under the lock. Raises PayoutsHalted while the
    books do not prove, SwitchedOff while payouts are, AccountFrozen or Restricted while its owner's account is,
    NotDueYet before its delay is over, ContentChanged when what was approved is not what stands here, and Contradicted
    where an earlier attempt may have been paid.
    """
    withdrawal = rows.locked(withdrawal_id)
    if withdrawal.state not in {State.APPROVED, State.SENDING}:
        return None
    rows.refuse_stopped(withdrawal)  # also when it was begun: a second try may be what sends
    if withdrawal.state == State.APPROVED and not _let_go(withdrawal, actor=actor):
        return None
    destination = payments.bank_account(withdrawal.bank_account_id, customer_id=withdrawal.customer_id)
    attempt = withdrawal.attempt_id
    first = payouts.begin(attempt, amount=withdrawal.amount, recipient_code=destination.recipient_code, actor=actor)
    return Attempt(attempt, first)


def refuse_code(payout_id: str) -> None:
    """Raise what stops payouts by now, before somebody types the code with which Paystack sends one.

    Raises NotFound, PayoutsHalted, SwitchedOff, AccountFrozen, Restricted.
    """
    withdrawal = rows.locked_by_attempt(payout_id)
    if withdrawal is None:
        raise NotFound
    rows.refuse_stopped(withdrawal)


def _let_go(withdrawal: Withdrawal, *, actor: Actor) -> bool:
    """Whether what was approved goes out now: then its next attempt has begun."""
    if withdrawal.not_before is not None and clock.now() < withdrawal.not_before:
        raise errors.NotDueYet(due_at=withdrawal.not_before.isoformat())
    if rows.content_hash(withdrawal) != withdrawal.content_hash:
        raise errors.ContentChanged
    rows.refuse_contradicted(withdrawal)
    if not queries.standing_for_operators(withdrawal).agreed:
        machine.move(withdrawal, State.REQUESTED, machine=rules.MACHINE, actor=actor, reason=LAPSED)
        return False
    if not rounds.before_sending(withdrawal, actor=actor):
        return False
    withdrawal.attempts += 1
    machine.move(withdrawal, State.SENDING, machine=rules.MACHINE, actor=actor)
    return True


def retry(withdrawal_id: str, *, owns: str | None, actor: Actor) -> None:
    """Try again what the rail ended without payment, as a new attempt under a new reference.

    Raises NotYourDecision, OwnWithdrawal, VotesLapsed, Contradicted, IllegalMove.
    """
    withdrawal = rows.locked(withdrawal_id)
    _refuse_undeciding(actor, withdrawal, owns=owns, to=RETRIES)
    if withdrawal.state != State.UNPAID:
        raise IllegalMove("Only what came back unpaid is tried again.")
    rows.refuse_contradicted(withdrawal)
    if not queries.standing_for_operators(withdrawal).agreed:
        raise errors.VotesLapsed
    machine.move(withdrawal, State.APPROVED, machine=rules.MACHINE, actor=actor, reason="it is tried again")
    outbox.emit(events.Approved(withdrawal_id=withdrawal.id))


def give_up(withdrawal_id: str, *, owns: str | None, actor: Actor) -> None:
    """Give back what the rail ended without payment.

    Raises NotYourDecision, OwnWithdrawal, Contradicted, IllegalMove.
    """
    withdrawal = rows.locked(withdrawal_id)
    _refuse_undeciding(actor, withdrawal, owns=owns, to=RETRIES)
    rows.give_back(withdrawal, State.FAILED, actor=actor, reason=rules.NOT_TAKEN)


def give_up_old(withdrawal_id: str, *, actor: Actor) -> bool:
    """Give back what has stood unpaid for as long as the threshold says; whether it was. Raises Contradicted."""
    withdrawal, moment = rows.locked(withdrawal_id), clock.now()
    if withdrawal.state != State.UNPAID or not withdrawal.unpaid_at or withdrawal.unpaid_at > unpaid_before(moment):
        return False
    rows.give_back(withdrawal, State.FAILED, actor=actor, reason=rules.NOT_TAKEN)
    return True


def unpaid_before(moment: datetime) -> datetime:
    """Since when something must have stood unpaid that the clock gives it back at a time."""
    return moment - timedelta(minutes=risk_queries.thresholds_without_owner(at=moment)["unpaid_minutes"])


def settle(payout_id: str, *, actor: Actor) -> None:
    """The bank has the money: turn the hold into a journal. News that comes again changes nothing.

    It may have it from an attempt that counted as failed: then it ends so from wherever it waits.
    """
    withdrawal = rows.locked_by_any_attempt(payout_id)
    if withdrawal is None or not rows.is_paid_by(payout_id, withdrawal):
        return
    moved = rows.moved(withdrawal, payout_id)
    with restrictions.already_under_way(withdrawal.customer_id, account=moved["account"]):
        journal = postings.settled(ref=withdrawal.id, **moved)
        posting.capture(withdrawal.hold_id, journal=journal, key=f"{withdrawal.id}:settled")
    risk.settle(withdrawal.id)
    withdrawal.ended_at = clock.now()
    machine.move(withdrawal, State.SETTLED, machine=rules.MACHINE, actor=actor)
    outbox.emit(events.Settled(withdrawal_id=withdrawal.id))


def fail(payout_id: str, *, actor: Actor) -> None:
    """Nothing left us by this attempt: the money stays held, and treasury tries again or gives it back."""
    withdrawal = rows.locked_by_attempt(payout_id)
    if withdrawal is None or withdrawal.state != State.SENDING:
        return
    withdrawal.unpaid_at = clock.now()
    machine.move(withdrawal, State.UNPAID, machine=rules.MACHINE, actor=actor, reason=rules.NOT_TAKEN)
    outbox.emit(events.Unpaid(withdrawal_id=withdrawal.id))


def take_back(payout_id: str, *, actor: Actor) -> None:
    """The bank sent back what counted as paid. When the payment itself was not heard of yet, that comes first."""
    settle(payout_id, actor=actor)
    withdrawal = rows.locked_by_any_attempt(payout_id)
    if withdrawal is None or withdrawal.state != State.SETTLED:
        return
    if withdrawal.attempt_id != payout_id and not rows.stands(payout_id, PayoutState.REVERSED):
        return
    moved = rows.moved(withdrawal, payout_id)
    with restrictions.already_under_way(withdrawal.customer_id, account=moved["account"]):
        journal = postings.returned(
            ref=withdrawal.id,
            account=moved["account"],
            amount=withdrawal.amount,
            fee=withdrawal.fee,
            told=moved["told"],
        )
        posting.post(journal, key=f"{withdrawal.id}:returned")
    risk.give_back(withdrawal.id)
    machine.move(withdrawal, State.RETURNED, machine=rules.MACHINE, actor=actor, reason=rules.SENT_BACK)
    outbox.emit(events.Ended(withdrawal_id=withdrawal.id, state=State.RETURNED))


def _refuse_undeciding(actor: Actor, withdrawal: Withdrawal, *, owns: str | None, to: Collection[Permission]) -> None:
    """Raise when by roles of their own they may do none of these things, the money is theirs, or the hold is not."""
    if actor.kind is Kind.OPERATOR and not granted(identity.roles_for_system(actor.id)) & set(to):
        raise errors.NotYourDecision
    if owns == withdrawal.customer_id:
        raise errors.OwnWithdrawal
    rows.refuse_anothers_hold(withdrawal, actor=actor)


def _until(hours: str) -> datetime | None:
    if not hours:
        return None
    if not (hours.isascii() and hours.isdecimal()) or not 1 <= int(hours[:9]) <= rules.HOLD_HOURS_MAX:
        raise errors.BadHours
    return clock.now() + timedelta(hours=int(hours))


def _reason(reason: str) -> str:
    if not reason.strip():
        raise errors.ReasonMissing
    return reason.strip()[: rules.REASON_MAX]
