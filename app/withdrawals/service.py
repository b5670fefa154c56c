"""Commands of withdrawals: request, approve, reject, cancel, begin sending, settle, fail, take back."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

from sqlalchemy import select

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor, Kind
from app.core.db import db
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.core.permissions import Permission, granted
from app.customers import queries as customers
from app.identity import queries as identity
from app.identity.errors import FactorMissing, PhoneUnconfirmed
from app.ledger import chart, health, posting
from app.payments import payouts
from app.payments import queries as payments
from app.payments.models import BankAccount
from app.restrictions import service as restrictions
from app.restrictions.rules import Way
from app.risk import queries as risk_queries
from app.risk import service as risk
from app.risk import switches
from app.risk.rules import Direction, Rail
from app.risk.service import Intent
from app.withdrawals import errors, events, postings, rules
from app.withdrawals.models import Approval, Withdrawal
from app.withdrawals.rules import Content, State


class Moved(TypedDict):
    """What the postings of a withdrawal are about."""

    account: str
    amount: Money
    fee: Money
    vendor_fee: Money


def request(
    customer_id: str, *, bank_account_id: str, amount: Money, actor: Actor, shown_fee: Money | None = None
) -> Withdrawal:
    """Ask for money out to one of the customer's own bank accounts; amount and fee are held from now on.

    The amount counts against the customer's limits: it is what goes out to somewhere, the fee stays in the house.
    Raises AccountFrozen, Restricted, FactorMissing, PhoneUnconfirmed, WithdrawalOutOfBounds, NotFound (the bank
    account), TooNew, FeeChanged when it is not the one they were shown, LimitExceeded, TierTooLow, InsufficientFunds,
    AccountBlocked.
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
        approvals_needed=rules.approvals_needed(amount),
        content_hash="",
        state=State.REQUESTED,
        created_at=clock.now(),
    )
    withdrawal.content_hash = _content(withdrawal, destination).hash
    machine.begin(withdrawal, machine=rules.MACHINE, actor=actor)
    outbox.emit(events.Requested(withdrawal_id=withdrawal.id))
    return withdrawal


def fee_of(amount: Money) -> Money:
    """What a customer pays for a withdrawal now, on top of the amount. Raises NoFee."""
    return risk_queries.fee_without_owner(amount, rail=Rail.BANK, direction=Direction.OUT)


def intent(ref: str, *, customer_id: str, amount: Money) -> Intent:
    """What a withdrawal counts against its owner's limits."""
    return Intent(ref, customer_id, Rail.BANK, Direction.OUT, amount)


def refuse_new(added: Mapping[str, datetime]) -> None:
    """Raise TooNew, with the time from which on it works, when something of `added` has not been there long enough."""
    for what, since in added.items():
        possible = rules.possible_at(what, since=since)
        if clock.now() < possible:
            when = possible.astimezone(clock.WAT)
            raise errors.TooNew(
                f"Your {what} is new. To keep your money safe, withdrawals wait until {when:%-d %B, %H:%M} WAT.",
                possible_at=possible.isoformat(),
            )


def approve(withdrawal_id: str, *, operator_id: str, content_hash: str, owns: str | None, actor: Actor) -> State:
    """One operator's yes to the content they were shown; with enough of them it is approved.

    `owns` is the customer whom this operator is privately, if any. A vote counts as long as its voter may vote, by
    roles that are their own. Raises NotYourDecision, SameOperatorTwice, OwnWithdrawal, ContentChanged, IllegalMove.
    """
    withdrawal = _locked(withdrawal_id)
    if not rules.MACHINE.allows(State(withdrawal.state), State.APPROVED):
        machine.move(withdrawal, State.APPROVED, machine=rules.MACHINE, actor=actor)  # refuses, in its own words
    if not _may_decide(operator_id):
        raise errors.NotYourDecision
    if owns == withdrawal.customer_id:
        raise errors.OwnWithdrawal
    if content_hash != withdrawal.content_hash or _content_hash(withdrawal) != withdrawal.content_hash:
        raise errors.ContentChanged
    mine = select(Approval.id).filter_by(withdrawal_id=withdrawal_id, operator_id=operator_id)
    if db.session.scalars(mine).one_or_none():
        raise errors.SameOperatorTwice
    db.session.add(
        Approval(
            id=ids.new("apr"),
            withdrawal_id=withdrawal_id,
            operator_id=operator_id,
            content_hash=content_hash,
            approved_at=clock.now(),
        )
    )
    db.session.flush()
    if _is_agreed(withdrawal):
        machine.move(withdrawal, State.APPROVED, machine=rules.MACHINE, actor=actor)
        outbox.emit(events.Approved(withdrawal_id=withdrawal.id))
    return State(withdrawal.state)


def reject(withdrawal_id: str, *, reason: str, owns: str | None, actor: Actor) -> None:
    """Say no, with a reason for the customer; the money is theirs again. Possible until the sending begins.

    Raises NotYourDecision, OwnWithdrawal, ReasonMissing, IllegalMove.
    """
    if not reason.strip():
        raise errors.ReasonMissing
    withdrawal = _locked(withdrawal_id)
    if actor.kind is Kind.OPERATOR and not _may_decide(actor.id):
        raise errors.NotYourDecision
    if owns == withdrawal.customer_id:
        raise errors.OwnWithdrawal
    _give_back(withdrawal, State.REJECTED, actor=actor, reason=reason.strip())


def cancel(withdrawal_id: str, *, customer_id: str, actor: Actor) -> None:
    """The customer takes their own request back, as long as it is not approved. Raises NotFound."""
    withdrawal = _locked(withdrawal_id)
    if withdrawal.customer_id != customer_id:
        raise NotFound
    _give_back(withdrawal, State.CANCELLED, actor=actor)


def begin_sending(withdrawal_id: str, *, actor: Actor) -> bool | None:
    """Write the payout down before it is sent.

    True: the first to do so, send. False: begun before, ask Paystack. None: nothing to send (any more).
    Raises PayoutsHalted while the books do not prove, SwitchedOff while payouts are, AccountFrozen or Restricted while
    its owner's account is, ContentChanged when what was approved is not what stands here.
    """
    withdrawal = _locked(withdrawal_id)
    if health.standing():
        raise errors.PayoutsHalted
    if withdrawal.state in rules.UNDERWAY:  # also when it was begun: a second try could be the one that sends
        restrictions.refuse(withdrawal.customer_id, way=Way.OUT)
        switches.refuse(rail=Rail.BANK, asset=NGN.code)
    if withdrawal.state == State.APPROVED:
        if _content_hash(withdrawal) != withdrawal.content_hash:
            raise errors.ContentChanged
        if not _is_agreed(withdrawal):
            why = "somebody who agreed may not decide any more: it needs another's yes"
            machine.move(withdrawal, State.REQUESTED, machine=rules.MACHINE, actor=actor, reason=why)
            return None
        machine.move(withdrawal, State.SENDING, machine=rules.MACHINE, actor=actor)
    if withdrawal.state != State.SENDING:
        return None
    destination = payments.bank_account(withdrawal.bank_account_id, customer_id=withdrawal.customer_id)
    return payouts.begin(
        withdrawal.payout_id, amount=withdrawal.amount, recipient_code=destination.recipient_code, actor=actor
    )


def settle(payout_id: str, *, actor: Actor) -> None:
    """The bank has the money: turn the hold into a journal. News that comes again changes nothing."""
    withdrawal = _locked_by_payout(payout_id)
    if withdrawal is None or withdrawal.state != State.SENDING:
        return
    moved = _moved(withdrawal)
    with restrictions.already_under_way(withdrawal.customer_id, account=moved["account"]):
        journal = postings.settled(ref=withdrawal.id, **moved)
        posting.capture(withdrawal.hold_id, journal=journal, key=f"{withdrawal.id}:settled")
    risk.settle(withdrawal.id)
    withdrawal.ended_at = clock.now()
    machine.move(withdrawal, State.SETTLED, machine=rules.MACHINE, actor=actor)
    outbox.emit(events.Settled(withdrawal_id=withdrawal.id))


def fail(payout_id: str, *, actor: Actor) -> None:
    """Nothing left us: the money is the customer's again."""
    withdrawal = _locked_by_payout(payout_id)
    if withdrawal is not None and withdrawal.state == State.SENDING:
        _give_back(withdrawal, State.FAILED, actor=actor, reason="The bank did not take the payment.")


def take_back(payout_id: str, *, actor: Actor) -> None:
    """The bank sent back what counted as paid. When the payment itself was not heard of yet, that comes first."""
    settle(payout_id, actor=actor)
    withdrawal = _locked_by_payout(payout_id)
    if withdrawal is None or withdrawal.state != State.SETTLED:
        return
    moved = _moved(withdrawal)
    with restrictions.already_under_way(withdrawal.customer_id, account=moved["account"]):
        posting.post(postings.returned(ref=withdrawal.id, **moved), key=f"{withdrawal.id}:returned")
    risk.give_back(withdrawal.id)
    machine.move(withdrawal, State.RETURNED, machine=rules.MACHINE, actor=actor, reason="The bank sent it back.")
    outbox.emit(events.Ended(withdrawal_id=withdrawal.id, state=State.RETURNED))


def _may_decide(operator_id: str) -> bool:
    """Whether this operator may decide by a role of their own; one that was borrowed does not count."""
    return Permission.WITHDRAWALS_APPROVE in granted(identity.roles_for_system(operator_id))


def _is_agreed(withdrawal: Withdrawal) -> bool:
    voters = db.session.scalars(select(Approval.operator_id).filter_by(withdrawal_id=withdrawal.id))
    return sum(map(_may_decide, voters)) >= withdrawal.approvals_needed


def _give_back(withdrawal: Withdrawal, to: State, *, actor: Actor, reason: str = "") -> None:
    withdrawal.ended_at = clock.now()
    machine.move(withdrawal, to, machine=rules.MACHINE, actor=actor, reason=reason)
    posting.release(withdrawal.hold_id)
    risk.release(withdrawal.id)
    outbox.emit(events.Ended(withdrawal_id=withdrawal.id, state=to))


def _moved(withdrawal: Withdrawal) -> Moved:
    payout = payments.payout_for_system(withdrawal.payout_id)
    return {
        "account": chart.of_customer(withdrawal.customer_id, asset=NGN),
        "amount": withdrawal.amount,
        "fee": withdrawal.fee,
        "vendor_fee": payout.fee if payout else Money(NGN, 0),
    }


def _content_hash(withdrawal: Withdrawal) -> str:
    return _content(
        withdrawal, payments.bank_account(withdrawal.bank_account_id, customer_id=withdrawal.customer_id)
    ).hash


def _content(withdrawal: Withdrawal, destination: BankAccount) -> Content:
    return Content(
        withdrawal_id=withdrawal.id,
        customer_id=withdrawal.customer_id,
        amount=withdrawal.amount,
        fee=withdrawal.fee,
        bank_code=destination.bank_code,
        account_number=destination.account_number,
        recipient_code=destination.recipient_code,
        approvals_needed=withdrawal.approvals_needed,
    )


def _locked(withdrawal_id: str) -> Withdrawal:
    found = db.session.scalars(select(Withdrawal).where(Withdrawal.id == withdrawal_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound
    return found


def _locked_by_payout(payout_id: str) -> Withdrawal | None:
    return db.session.scalars(
        select(Withdrawal).where(Withdrawal.payout_id == payout_id).with_for_update()
    ).one_or_none()
