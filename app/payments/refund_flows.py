"""Steps of refunds that cross the world: note and commit, ask Paystack, record. None runs inside a transaction.

Paystack takes no key of ours for a refund, so before it is asked it is asked what it has; and after a call whose answer
was lost nobody calls again before that call must be over.
"""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

from app.clients.http import Refused
from app.clients.paystack import Paystack
from app.clients.paystack_answers import Refund as Told
from app.core import clock
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.core.money import NGN, Money, zero
from app.payments import balance_flows, balance_lines, deposits, refund_rules, refunds, rules, suspense
from app.payments import queries as deposits_queries
from app.payments import refund_queries as queries
from app.payments.refund_models import Refund
from app.payments.refund_rules import RefundState
from app.payments.suspense import Trouble

# A no to us, or to now, and not to the refund: it may be a yes later.
_MAY_PASS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
# Paystack takes a refund's money when it makes it, and puts it back when it fails.
_LEDGER_MARGIN = timedelta(hours=1)


def send(refund_id: str, *, paystack: Paystack, actor: Actor) -> timedelta | None:
    """Bring an asked refund to Paystack, once, however often this is called: how long until to try again, None if sent.

    Raises Silent when it stays unknown, Refused when Paystack's no may pass.
    """
    refund = queries.refund_for_system(refund_id)
    if refund.state != RefundState.ASKED:
        return None
    told = _made_before(refund, paystack=paystack)
    if told is None and not atomically(lambda: refunds.begin_try(refund_id), actor=actor):
        return refund_rules.CALL_LASTS
    leave()
    if told is None:
        try:
            told = paystack.refund(refund.reference, amount=refund.amount.units, note=f"{refund.reason} ({refund.id})")
        except Refused as refusal:
            if refusal.status in _MAY_PASS:
                raise
            told = _made_before(queries.refund_for_system(refund_id), paystack=paystack)
            if told is None:  # (and not refused because an earlier call had made it)
                words = f"Paystack refused: {refusal.message}"
                atomically(lambda: refunds.refuse(refund_id, reason=words, actor=actor), actor=actor)
                return None
    _record(refund_id, told=told, paystack=paystack, actor=actor)
    return None


def watch(refund_id: str, *, paystack: Paystack, actor: Actor) -> timedelta | None:
    """Ask Paystack about a refund that it has and apply the answer: how long until to ask again, None when it ended."""
    refund = queries.refund_for_system(refund_id)
    if refund.state in refund_rules.ENDED or refund.vendor_id is None:
        return None
    leave()
    told = paystack.find_refund(refund.vendor_id)
    if told is not None and _record(refund_id, told=told, paystack=paystack, actor=actor) in refund_rules.ENDED:
        return None
    return rules.watch_pause(clock.now() - refund.created_at)


def redirect(refund_id: str, *, paystack: Paystack, actor: Actor) -> timedelta | None:
    """Tell Paystack to which account a refund goes instead: how long until to try again, None when it was told.

    Told twice it changes nothing: Paystack takes an account only while the refund needs one. Raises Silent when it is
    unknown whether it knows.
    """
    refund = queries.refund_for_system(refund_id)
    if refund.state != RefundState.REDIRECTING or refund.vendor_id is None:
        return None
    leave()
    told = paystack.find_refund(refund.vendor_id)
    if told is None:  # (it had it: it will see it again)
        return refund_rules.CALL_LASTS
    if refund_rules.STATES.get(told.status) is RefundState.NEEDS_ATTENTION:
        bank = next((bank for bank in paystack.banks() if bank.code == refund.to_bank_code), None)
        try:
            told = paystack.retry_refund(
                refund.vendor_id, account_number=refund.to_account_number, bank_id=bank.id if bank else ""
            )
        except Refused as refusal:
            if refusal.status in _MAY_PASS:
                raise
            words = f"Paystack refused: {refusal.message}"
            atomically(lambda: refunds.redirect_in_vain(refund_id, reason=words, actor=actor), actor=actor)
            return None
    _record(refund_id, told=told, paystack=paystack, actor=actor)
    return None


def hear(reference: str, *, paystack: Paystack, actor: Actor) -> tuple[str, bool]:
    """Bring our refunds of a charge in line with Paystack's, also those that somebody made there.

    What became of it, and whether that is all: False when somebody should look.
    """
    settle_first(reference, paystack=paystack, actor=actor)
    # (where a list names the charge by its number, the reference is the one that was asked for)
    theirs = [replace(told, transaction_reference=reference) for told in paystack.refunds(reference)]
    if not theirs:
        return "Paystack knows no refund of this charge", False
    outcomes = [_apply(told, paystack=paystack, actor=actor) for told in theirs]
    return ", ".join(words for words, _ in outcomes), all(placed for _, placed in outcomes)


def sweep(*, paystack: Paystack, actor: Actor) -> int:
    """Find refunds that were made at Paystack and nobody told us of: how many. Raises Silent.

    What cannot be placed waits in suspense, once however often it is found. One that fails keeps no other from being
    placed, and is raised when they are.
    """
    leave()
    theirs = {told.id: told for told in paystack.refunds_since(clock.now() - refund_rules.SWEPT_BACK)}
    known = queries.known_for_system(theirs)
    leave()
    failed = {told.id for told in theirs.values() if refund_rules.STATES.get(told.status) is RefundState.FAILED}
    missed = [theirs[vendor_id] for vendor_id in sorted(theirs.keys() - known - failed)]
    faults: list[Exception] = []
    for told in missed:
        try:
            _place(told, paystack=paystack, actor=actor)
        except Exception as error:  # noqa: BLE001 (it is raised below, when the others were placed)
            faults.append(error)
    if faults:
        raise faults[0]
    return len(missed)


def settle_first(reference: str, *, paystack: Paystack, actor: Actor) -> None:
    """Book a charge that we know and whose payment was not heard of yet, before some of it goes back."""
    deposit = deposits_queries.deposit_for_system(reference=reference)
    leave()
    if deposit is None or deposit.state in rules.SETTLED:
        return
    charge = paystack.find_charge(reference)
    if charge is not None:
        atomically(
            lambda: deposits.settle(deposit.id, charge=charge, our_domain=paystack.domain, actor=actor), actor=actor
        )


def _apply(told: Told, *, paystack: Paystack, actor: Actor) -> tuple[str, bool]:
    refund_id = queries.of_vendor_for_system(told)
    if refund_id is None:
        if refund_rules.STATES.get(told.status) is RefundState.FAILED:
            return "a refund that was not made here failed", True
        if refunds.is_disputed(told.transaction_reference):
            return "the refund of a dispute", True
        if told.currency != NGN.code or not told.amount:
            return f"Paystack speaks of {told.amount} in {told.currency}", False
        refund_id = atomically(lambda: refunds.adopt(told, actor=actor), actor=actor)
    if refund_id is None:
        return "no money of this charge is in our books", False
    return f"refund {_record(refund_id, told=told, paystack=paystack, actor=actor)}", True


def _place(told: Told, *, paystack: Paystack, actor: Actor) -> None:
    reference = told.transaction_reference or _reference_of(told, paystack=paystack)
    words, placed = "Paystack does not say which charge it is of", False
    if reference:
        words, placed = hear(reference, paystack=paystack, actor=actor)
    if not placed:
        trouble = Trouble(f"refund:{told.id}", "refund.found", reference, words, Money(NGN, told.amount))
        atomically(lambda: suspense.suspend(trouble, actor=actor), actor=actor)


def _record(refund_id: str, *, told: Told, paystack: Paystack, actor: Actor) -> RefundState:
    known, from_balance = RefundState(queries.refund_for_system(refund_id).state), zero(NGN)
    leave()
    if refund_rules.STATES.get(told.status) in refund_rules.ENDED and known not in refund_rules.ENDED:
        from_balance = _from_balance(told, paystack=paystack, actor=actor)
    return atomically(lambda: refunds.record(refund_id, told=told, from_balance=from_balance, actor=actor), actor=actor)


def _reference_of(told: Told, *, paystack: Paystack) -> str:
    charge = paystack.charge_numbered(told.transaction_id) if told.transaction_id else None
    return charge.reference if charge else ""


def _from_balance(told: Told, *, paystack: Paystack, actor: Actor) -> Money:
    """What of a refund was taken from our balance, less what was put back there.

    The rest Paystack keeps of a settlement. One that was paid took no more than its amount; what failed may have been
    put back at any time.
    """
    paid = refund_rules.STATES.get(told.status) is RefundState.PROCESSED
    moved = balance_flows.moved(
        {(balance_lines.REFUND, told.id)},
        since=(told.created_at or clock.now()) - _LEDGER_MARGIN,
        enough=told.amount if paid else None,
        paystack=paystack,
        actor=actor,
    )
    return Money(NGN, -moved)


def _made_before(refund: Refund, *, paystack: Paystack) -> Told | None:
    """The refund at Paystack that an earlier call of ours made, whose answer did not reach us."""
    if refund.tried_at is None:
        return None
    leave()
    theirs = paystack.refunds(refund.reference)
    taken = queries.vendor_ids_for_system(refund.reference)
    return next(
        (
            told
            for told in theirs
            if refund_rules.is_ours(told, amount=refund.amount.units, tried_at=refund.tried_at, taken=taken)
        ),
        None,
    )
