"""Steps of paying in that cross the world: by method, to account numbers, and the sweep for what no webhook told."""

import json
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeVar

from app.clients.http import Refused, Silent, Unreadable
from app.clients.paystack import Charge, Paystack
from app.clients.paystack_answers import DedicatedAccount as Opened
from app.clients.paystack_refusals import RateLimited
from app.core import clock, inbox
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.customers import queries as customers
from app.identification import queries as identification
from app.payments import cards, dedicated, deposits, errors, flows, queries, rules
from app.payments.dedicated_rules import DedicatedState
from app.payments.deposits import PayWhere
from app.payments.models import Deposit
from app.payments.rules import DepositState, Method
from app.restrictions import service as restrictions
from app.restrictions.rules import Way

NUMBER_OPENED, NUMBER_REFUSED = "dedicatedaccount.assign.success", "dedicatedaccount.assign.failed"
TRANSFER_REJECTED = "bank.transfer.rejected"
REJECTED_WORDS = "A transfer of another amount, or one that came too late, was not taken. Paystack sends it back."
NOT_OPENED = "No bank opens one in your name at present. Try again later; if it stays so, write to us"
UNKNOWN_YET = "Your identity is not known yet where they are opened. Try again in a day; if it stays so, write to us"
TEST_BANK = "test-bank"
SWEEP_BACK = timedelta(hours=6)
AGAIN = timedelta(minutes=1)
Answer = TypeVar("Answer")


def open_payment(
    deposit: Deposit, *, paystack: Paystack, email: str, callback_url: str, ussd: str, actor: Actor
) -> None:
    """Have Paystack say where a committed deposit is to be paid, or charge the kept card.

    Called again it asks nothing twice: Paystack takes a reference once. Raises Restricted, Silent, CheckoutLost,
    NoSuchWay, CardGone, CardDeclined, and Refused where Paystack's no is not about the card.
    """
    method = Method(deposit.method)
    if method is Method.SAVED_CARD:
        _charge_card(deposit, paystack=paystack, actor=actor)
    elif method is Method.BANK_TRANSFER:
        until = clock.now() + rules.PAY_WITHIN
        pay_to = _begun(
            deposit,
            lambda: paystack.begin_bank_transfer(
                email=email, amount=deposit.charged.units, reference=deposit.reference, expires_at=until
            ),
            actor=actor,
        )
        where = PayWhere(
            number=pay_to.account_number,
            name=pay_to.account_name,
            bank=pay_to.bank,
            until=pay_to.expires_at or until,
        )
        atomically(lambda: deposits.await_payment(deposit.id, where=where, actor=actor), actor=actor)
    elif method is Method.USSD:
        if ussd not in rules.USSD_BANKS:
            raise errors.NoSuchWay
        code = _begun(
            deposit,
            lambda: paystack.begin_ussd(
                email=email, amount=deposit.charged.units, reference=deposit.reference, code=ussd
            ),
            actor=actor,
        )
        atomically(lambda: deposits.await_payment(deposit.id, where=PayWhere(dial=code.dial), actor=actor), actor=actor)
    else:
        flows.open_checkout(deposit, paystack=paystack, email=email, callback_url=callback_url, actor=actor)


def open_account(account_id: str, *, paystack: Paystack, actor: Actor) -> timedelta | None:
    """Have Paystack open the account number that was asked for: how long until the next try, None when it is decided.

    One that an earlier try opened, whose answer was lost, is found and not opened again. Raises Silent.
    """
    account = queries.dedicated_account_for_system(account_id)
    if account is None or account.state != DedicatedState.ASKED:
        return None
    customer_id = account.customer_id
    code = account.customer_code or identification.vendor_code_for_system(customer_id)
    known, email = account.customer_code, customers.address_for_operators(customer_id)
    first, _, last = customers.one_for_operators(customer_id).name.partition(" ")
    leave()
    try:
        code = code or paystack.create_customer(email=email, first_name=first, last_name=last or first)
        if code != known:
            # (kept before the call: the event may be here before the call's own answer)
            atomically(lambda: dedicated.note_customer(account_id, code=code), actor=actor)
            leave()
        opened = _opened_before(code, paystack=paystack) or paystack.assign_account(
            customer_code=code, preferred_bank=_bank(paystack)
        )
    except Refused as refusal:
        if refusal.status in flows.ABOUT_US:
            return AGAIN
        reason = f"Paystack opens none: {refusal.message}"
        atomically(lambda: dedicated.refuse(account_id, reason=reason, words=NOT_OPENED, actor=actor), actor=actor)
        return None
    atomically(lambda: dedicated.open_account(account_id, opened=opened, actor=actor), actor=actor)
    return None


def close_account(account_id: str, *, paystack: Paystack, actor: Actor) -> timedelta | None:
    """Have Paystack close an account number that was given up: how long until the next try, None when it is.

    One that it does not know any more is closed: an earlier try reached it. Raises Silent.
    """
    account = queries.dedicated_account_for_system(account_id)
    if account is None or account.state != DedicatedState.CLOSING:
        return None
    vendor_id = account.vendor_id
    leave()
    try:
        paystack.close_account(vendor_id)
    except Refused as refusal:
        if refusal.status != HTTPStatus.NOT_FOUND:
            return AGAIN
    atomically(lambda: dedicated.close(account_id, actor=actor), actor=actor)
    return None


def look_again(customer_id: str, *, paystack: Paystack, actor: Actor) -> None:
    """Have Paystack look for transfers to a customer's account number today; what it finds comes as webhooks.

    Raises NotFound, LookedAlready, Silent, Refused.
    """
    account = atomically(lambda: dedicated.begin_requery(customer_id=customer_id), actor=actor)
    number, slug = account.account_number or "", account.bank_slug
    leave()
    paystack.requery_account(account_number=number, provider_slug=slug, on=clock.now().astimezone(clock.WAT).date())


def hear(inbox_id: int, *, paystack: Paystack, actor: Actor) -> str | None:
    """Act on news of account numbers and of transfers that were sent back. What became of it; None for other news."""
    event, told = _told(inbox.read(inbox_id).body)
    leave()
    if event == TRANSFER_REJECTED:
        return _hear_rejected(inbox_id, told, paystack=paystack, actor=actor)
    if event not in {NUMBER_OPENED, NUMBER_REFUSED}:
        return None
    code = str(told["customer"].get("customer_code") or "")
    account = queries.dedicated_by_code_for_system(code)
    leave()
    if account is None:
        reason = "we did not ask for this account number"
        return flows.put_aside(inbox_id, event=event, reference="", reason=reason, actor=actor)
    opened = _opened_before(code, paystack=paystack)
    if opened is not None:
        atomically(lambda: dedicated.open_account(account.id, opened=opened, actor=actor), actor=actor)
    elif event == NUMBER_REFUSED:
        reason = "Paystack opens none: they do not know who you are yet"
        atomically(lambda: dedicated.refuse(account.id, reason=reason, words=UNKNOWN_YET, actor=actor), actor=actor)
    return f"account number of {account.id}"


def sweep(*, paystack: Paystack, actor: Actor) -> int:
    """Find charges of the last hours that were paid and not booked, and apply them: how many there were. Raises Silent.

    One that cannot be applied keeps none behind it from being looked at; what was wrong with it is raised at the end.
    """
    leave()
    paid = [one.reference for one in paystack.charges(since=clock.now() - SWEEP_BACK, status="success")]
    unknown, faults = queries.unknown_references_for_system(paid), list[Exception]()
    leave()
    for reference in sorted(unknown):
        try:
            flows.look_up_charge(reference, paystack=paystack, actor=actor)
        except Exception as fault:
            if isinstance(fault, Silent | RateLimited) and not isinstance(fault, Unreadable):
                raise  # (the others would hear the same)
            faults.append(fault)
    if faults:
        raise faults[0]
    return len(unknown)


def _charge_card(deposit: Deposit, *, paystack: Paystack, actor: Actor) -> None:
    code, under = atomically(lambda: _chargeable(deposit), actor=actor)
    deposit_id, amount, reference = deposit.id, deposit.charged.units, deposit.reference
    leave()
    try:
        charge: Charge | None = paystack.charge_card(
            email=under, amount=amount, reference=reference, authorization_code=code
        )
    except Refused as refusal:
        if refusal.code == "duplicate_reference":  # an earlier try reached Paystack: its answer counts
            charge = paystack.find_charge(reference)
        elif refusal.status in flows.ABOUT_US:
            raise
        else:
            reason = f"Paystack refused: {refusal.message}"
            atomically(lambda: deposits.give_up(deposit_id, reason=reason, actor=actor), actor=actor)
            raise errors.CardDeclined from refusal
    if charge is None:
        raise Silent
    if charge.status == "failed":
        reason = f"the card was declined: {charge.gateway_response}"
        atomically(lambda: deposits.give_up(deposit_id, reason=reason, actor=actor), actor=actor)
        raise errors.CardDeclined
    found = charge
    if flows.settle(deposit_id, charge=found, paystack=paystack, actor=actor) is DepositState.STARTED:
        atomically(lambda: deposits.await_payment(deposit_id, where=PayWhere(), actor=actor), actor=actor)


def _chargeable(deposit: Deposit) -> tuple[str, str]:
    restrictions.refuse(deposit.customer_id, way=Way.IN)
    return cards.code_for_system(deposit.saved_card_id or "")


def _begun(deposit: Deposit, call: Callable[[], Answer], *, actor: Actor) -> Answer:
    atomically(lambda: restrictions.refuse(deposit.customer_id, way=Way.IN), actor=actor)
    leave()
    try:
        return call()
    except Refused as refusal:
        if refusal.code == "duplicate_reference":
            raise errors.CheckoutLost from refusal
        if refusal.status in flows.ABOUT_US:
            raise
        reason = f"Paystack refused: {refusal.message}"
        atomically(lambda: deposits.give_up(deposit.id, reason=reason, actor=actor), actor=actor)
        raise


def _opened_before(code: str, *, paystack: Paystack) -> Opened | None:
    return next((one for one in paystack.dedicated_accounts(customer_code=code) if one.active), None)


def _bank(paystack: Paystack) -> str:
    """Which bank is asked for: Paystack's own in test mode, else the first that it offers us."""
    if paystack.domain == "test":
        return TEST_BANK
    return next(iter(paystack.account_providers())).slug


def _hear_rejected(inbox_id: int, told: dict[str, Any], *, paystack: Paystack, actor: Actor) -> str:
    """A transfer to a one-off account that Paystack did not take: it names the charge by its number, and its payer."""
    deposit_id = _deposit_of(told.get("transaction_id"), paystack=paystack) or _waiting_of(told["customer"])
    if deposit_id is None:
        reason = "Paystack sent a transfer back, and no single deposit waits for one"
        return flows.put_aside(inbox_id, event=TRANSFER_REJECTED, reference="", reason=reason, actor=actor)
    atomically(lambda: deposits.note_trouble(deposit_id, words=REJECTED_WORDS, actor=actor), actor=actor)
    return f"transfer for {deposit_id} was sent back"


def _deposit_of(number: object, *, paystack: Paystack) -> str | None:
    """The deposit whose charge has this number at Paystack."""
    named = str(number or "")
    charge = paystack.charge_numbered(named) if named.isascii() and named.isdigit() else None
    deposit = queries.deposit_for_system(reference=charge.reference) if charge else None
    leave()
    return deposit.id if deposit else None


def _waiting_of(customer: dict[str, Any]) -> str | None:
    """The one deposit of whoever has this address that waits for a transfer, where it is one."""
    customer_id = customers.id_by_email_for_operators(str(customer.get("email") or "").lower())
    waiting = queries.awaiting_transfer_for_system(customer_id) if customer_id else []
    leave()
    return waiting[0] if len(waiting) == 1 else None


def _told(body: bytes) -> tuple[str, dict[str, Any]]:
    """An event and whom it is about, with what a transfer that was sent back says of itself."""
    try:
        message = json.loads(body)
        event, facts = message["event"], message["data"]
        customer, transfer = facts["customer"], facts.get("bank_transfer")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", {}
    if not isinstance(event, str) or not isinstance(customer, dict):
        return "", {}
    return event, {**(transfer if isinstance(transfer, dict) else {}), "customer": customer}
