"""Steps of payments that cross the world: note and commit, ask Paystack, record. None runs inside a transaction."""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from app.clients.http import Refused, Silent
from app.clients.paystack import Charge, Paystack, Transfer
from app.core import clock, inbox
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.core.money import NGN, Money
from app.payments import banking, deposits, errors, payouts, queries, refund_flows, rules, suspense
from app.payments.deposits import PayWhere
from app.payments.models import BankAccount, Deposit
from app.payments.rules import DepositState, Method, PayoutState
from app.payments.suspense import Trouble
from app.restrictions import service as restrictions
from app.restrictions.rules import Way

CHARGES = frozenset({"charge.success"})
REFUNDS = frozenset(
    {"refund.pending", "refund.processing", "refund.processed", "refund.failed", "refund.needs-attention"}
)
TRANSFERS = frozenset({"transfer.success", "transfer.failed", "transfer.reversed"})
DEDICATED = "dedicated_nuban"  # Paystack's word for a transfer to a customer's own account number
# A no to us and not to what we asked: it may be a yes later.
ABOUT_US = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS})
BANKS_KEPT_FOR = timedelta(days=1)
TEXT_MAX = 200
DIGITS_MAX = 30


def open_checkout(deposit: Deposit, *, paystack: Paystack, email: str, callback_url: str, actor: Actor) -> str:
    """Open Paystack's checkout for a deposit that is committed; where the customer pays.

    Raises Restricted when the account takes nothing in by now, Silent, and CheckoutLost when an earlier try reached
    Paystack and its answer did not reach us.
    """
    atomically(lambda: restrictions.refuse(deposit.customer_id, way=Way.IN), actor=actor)
    leave()
    try:
        checkout = paystack.initialize(
            email=email,
            amount=deposit.charged.units,
            reference=deposit.reference,
            callback_url=callback_url,
            channels=rules.CHANNELS.get(Method(deposit.method), ()),
        )
    except Refused as refusal:
        if refusal.code == "duplicate_reference":
            raise errors.CheckoutLost from refusal
        if refusal.status in ABOUT_US:
            raise
        reason = f"Paystack refused: {refusal.message}"
        atomically(lambda: deposits.give_up(deposit.id, reason=reason, actor=actor), actor=actor)
        raise
    where = PayWhere(checkout_url=checkout.url)
    atomically(lambda: deposits.await_payment(deposit.id, where=where, actor=actor), actor=actor)
    return checkout.url


def watch_deposit(deposit_id: str, *, paystack: Paystack, actor: Actor) -> timedelta | None:
    """Ask Paystack about an open deposit and apply the answer: how long until to ask again, None when it ended."""
    deposit = queries.deposit_for_system(deposit_id=deposit_id)
    if deposit is None or deposit.state not in rules.UNPAID:
        return None
    open_for = clock.now() - deposit.created_at
    leave()
    charge = paystack.find_charge(deposit.reference)
    if charge and settle(deposit_id, charge=charge, paystack=paystack, actor=actor) not in rules.UNPAID:
        return None
    if open_for > rules.DEPOSIT_LIVES:
        reason = "nobody paid in time"
        atomically(lambda: deposits.give_up(deposit_id, reason=reason, actor=actor), actor=actor)
        return None
    return rules.watch_pause(open_for)


def settle(deposit_id: str, *, charge: Charge, paystack: Paystack, actor: Actor) -> DepositState:
    """Apply a verified charge to a deposit, in a transaction of its own."""
    return atomically(
        lambda: deposits.settle(deposit_id, charge=charge, our_domain=paystack.domain, actor=actor), actor=actor
    )


def record(payout_id: str, *, transfer: Transfer, actor: Actor) -> PayoutState:
    """Apply what Paystack says of a transfer, in a transaction of its own."""
    return atomically(lambda: payouts.record(payout_id, transfer=transfer, actor=actor), actor=actor)


def hear(inbox_id: int, *, paystack: Paystack, actor: Actor, waits: bool = False) -> str:
    """Act on one webhook: what it says is only a hint, the truth is asked back from Paystack. What became of it.

    Where it `waits`, Silent is raised for news of an open payout that Paystack does not show yet.
    """
    message = _readable(inbox.read(inbox_id).body)
    leave()
    if message is None:
        return put_aside(inbox_id, event="unreadable", reference="", reason="the body is not an event", actor=actor)
    event, facts = message
    reference = _shown(facts.get("reference") or facts.get("transaction_reference") or "")
    if event in CHARGES and reference:
        return _hear_charge(inbox_id, reference=reference, paystack=paystack, actor=actor)
    if event in TRANSFERS and reference:
        return _hear_transfer((inbox_id, event, reference), waits=waits, paystack=paystack, actor=actor)
    if event in REFUNDS and reference:
        words, placed = refund_flows.hear(reference, paystack=paystack, actor=actor)
        return words if placed else put_aside(inbox_id, event=event, reference=reference, reason=words, actor=actor)
    return put_aside(
        inbox_id, event=event, reference=reference, reason="nothing of ours answers to this event yet", actor=actor
    )


def look_up_charge(reference: str, *, paystack: Paystack, actor: Actor, inbox_id: int | None = None) -> str | None:
    """Ask Paystack about a charge that somebody spoke of, and place it: what became of it, None for an unknown one."""
    deposit = queries.deposit_for_system(reference=reference)
    leave()
    charge = paystack.find_charge(reference)
    if charge is None:
        return None
    if deposit is not None:
        return f"deposit {settle(deposit.id, charge=charge, paystack=paystack, actor=actor)}"
    came_to = charge.authorization.receiver_account if charge.authorization else ""
    account = queries.dedicated_by_number_for_system(came_to) if charge.channel == DEDICATED else None
    if account is not None:
        return atomically(
            lambda: deposits.receive(charge, account=account, our_domain=paystack.domain, actor=actor), actor=actor
        )
    atomically(
        lambda: deposits.place_stray(charge, our_domain=paystack.domain, inbox_id=inbox_id, actor=actor),
        actor=actor,
    )
    return "in suspense"


def add_bank_account(
    customer_id: str, *, bank_code: str, account_number: str, paystack: Paystack, actor: Actor
) -> BankAccount:
    """Look up the name on a bank account and keep it for the customer.

    Raises BadAccountNumber, UnknownBank, AccountNotFound, Silent.
    """
    if not rules.account_number_fits(account_number):
        raise errors.BadAccountNumber
    bank = next((bank for bank in queries.banks_without_owner() if bank.code == bank_code), None)
    if bank is None:
        raise errors.UnknownBank
    leave()
    try:
        name = paystack.resolve(account_number=account_number, bank_code=bank_code)
        code = paystack.add_recipient(name=name, account_number=account_number, bank_code=bank_code)
    except Refused as refusal:
        if refusal.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
            raise  # that is between Paystack and us
        raise errors.AccountNotFound from refusal
    return atomically(
        lambda: banking.keep_account(
            customer_id, bank=bank, account_number=account_number, account_name=name, recipient_code=code
        ),
        actor=actor,
    )


def refresh_banks(*, paystack: Paystack, actor: Actor) -> None:
    """Bring the list of banks up to date when it is older than a day."""
    fetched_at = queries.banks_fetched_at_for_system()
    if fetched_at is not None and clock.now() - fetched_at < BANKS_KEPT_FOR:
        return
    leave()
    banks = paystack.banks()
    atomically(lambda: banking.keep_banks(banks), actor=actor)


def may_come_again(body: bytes) -> bool:
    """Whether the same bytes may tell of something else: two refunds of one amount of one charge read the same."""
    message = _readable(body)
    return message is not None and message[0] in REFUNDS


def put_aside(inbox_id: int, *, event: str, reference: str, reason: str, actor: Actor) -> str:
    """Put a webhook where somebody looks at it. What became of it."""
    facts = _readable(inbox.read(inbox_id).body)
    trouble = Trouble(
        cause=f"inbox:{inbox_id}",
        event=event,
        reference=reference,
        reason=reason,
        amount=_amount(facts[1]) if facts else None,
        inbox_id=inbox_id,
    )
    leave()
    atomically(lambda: suspense.suspend(trouble, actor=actor), actor=actor)
    return "in suspense"


def _hear_charge(inbox_id: int, *, reference: str, paystack: Paystack, actor: Actor) -> str:
    outcome = look_up_charge(reference, paystack=paystack, actor=actor, inbox_id=inbox_id)
    if outcome is None:
        reason = "Paystack does not know this reference"
        return put_aside(inbox_id, event="charge.success", reference=reference, reason=reason, actor=actor)
    return outcome


def _hear_transfer(news: tuple[int, str, str], *, waits: bool, paystack: Paystack, actor: Actor) -> str:
    inbox_id, event, reference = news
    payout = queries.payout_for_system(reference)
    leave()
    if payout is None:
        reason = "we did not make this transfer"
        return put_aside(inbox_id, event=event, reference=reference, reason=reason, actor=actor)
    transfer = paystack.find_transfer(reference)
    if transfer is None and waits and payout.state in rules.OPEN:  # (by the contract: unknown, and not refused)
        raise Silent("Paystack tells of a transfer that it does not show when it is asked.")
    if transfer is None:
        reason = "Paystack does not know this reference"
        return put_aside(inbox_id, event=event, reference=reference, reason=reason, actor=actor)
    return f"payout {record(payout.id, transfer=transfer, actor=actor)}"


def _readable(body: bytes) -> tuple[str, dict[str, Any]] | None:
    try:
        message = json.loads(body)
        event, facts = message["event"], message["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return (_shown(event), facts) if isinstance(facts, dict) else None


def _shown(value: object) -> str:
    """Somebody else's text as the database and a person can take it: no controls, no half characters, not too long."""
    text = str(value).encode(errors="replace").decode()
    return "".join(letter if letter.isprintable() else "�" for letter in text[:TEXT_MAX])


def _amount(facts: dict[str, Any]) -> Money | None:
    """The amount an event speaks of, in kobo, when it is plain; for people to see, never to book."""
    digits = str(facts.get("amount", ""))
    plain = (
        digits.isascii()
        and digits.isdigit()
        and len(digits) <= DIGITS_MAX
        and facts.get("currency", NGN.code) == NGN.code
    )
    return Money(NGN, int(digits)) if plain else None
