"""Steps of payouts that cross the world: bring one to Paystack, or many in one call; ask; type its code; call it off.

Whatever is unknown is asked by its reference, and sent anew only under the same one. None runs inside a transaction.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from app.clients.http import Refused, Silent
from app.clients.paystack import Paystack
from app.clients.paystack_answers import Order, Transfer
from app.clients.paystack_refusals import BalanceTooLow
from app.core import clock
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.payments import errors, flows, payouts, queries, rules, tellings
from app.payments.models import Payout
from app.payments.rules import PayoutState

_LEDGER_MARGIN = timedelta(days=1)  # their clock is not ours


def pay_out(payout_id: str, *, first: bool, paystack: Paystack, reason: str, actor: Actor) -> PayoutState:
    """Bring a begun payout to Paystack, once, however often this is called.

    Only the first call sends right away. Later ones ask by reference, and send under the same reference only what
    Paystack does not know though it was last begun RESEND_AFTER ago: just after the call it may not see what it has.
    Answers `sending` while that is open. Raises Silent when it stays unknown, Refused when Paystack's no may pass.
    """
    payout = _known(payout_id)
    if payout.state not in rules.UNSENT:
        return PayoutState(payout.state)
    leave()
    transfer = None if first else paystack.find_transfer(payout.reference)
    if transfer is None and not first and clock.now() - payout.begun_at < rules.RESEND_AFTER:
        return PayoutState(payout.state)
    if transfer is None:
        if payout.state == PayoutState.AWAITING_FLOAT and not _take_up(payout, paystack=paystack, actor=actor):
            return PayoutState.AWAITING_FLOAT
        try:
            transfer = paystack.transfer(
                amount=payout.amount.units,
                recipient_code=payout.recipient_code,
                reference=payout.reference,
                reason=reason,
            )
        except Refused as refusal:
            return _refused(payout, refusal, paystack=paystack, actor=actor)
        if transfer.status == "success" and transfer.fee is None:  # (in test mode, at once: only verify tells the fee)
            transfer = paystack.find_transfer(payout.reference) or transfer
    return flows.record(payout_id, transfer=transfer, actor=actor)


def pay_out_many(payout_ids: Sequence[str], *, paystack: Paystack, reason: str, actor: Actor) -> None:
    """Bring payouts for which nobody has called Paystack yet, as many in one call as fit.

    Paystack refuses such a call whole: then each is sent by itself, and one fault is one payout's. What stays unknown
    is left to who asks for each.
    """
    for begin in range(0, len(payout_ids), rules.BULK_MAX):
        batch = [_known(payout_id) for payout_id in payout_ids[begin : begin + rules.BULK_MAX]]
        leave()
        orders = [Order(one.amount.units, one.recipient_code, one.reference, reason) for one in batch]
        try:
            made = {transfer.reference: transfer for transfer in paystack.transfer_many(orders)}
        except Silent:
            continue
        except Refused:
            for one in batch:
                with suppress(Silent, Refused):
                    pay_out(one.id, first=True, paystack=paystack, reason=reason, actor=actor)
            continue
        for one in batch:
            if one.reference in made:
                flows.record(one.id, transfer=made[one.reference], actor=actor)


def ask(payout_id: str, *, paystack: Paystack, actor: Actor) -> PayoutState:
    """Ask Paystack for a payout and apply the answer. Nothing is sent. Raises NotFound, Silent."""
    payout = _known(payout_id)
    leave()
    transfer = paystack.find_transfer(payout.reference)
    if transfer is None:
        return PayoutState(payout.state)
    return flows.record(payout_id, transfer=transfer, actor=actor)


def is_over(payout_id: str, *, paystack: Paystack, actor: Actor) -> bool:
    """Whether Paystack, asked anew, still says that nothing comes of a payout that failed, or does not know it.

    What it says otherwise is on record for somebody to look at. Where two people said that it failed, only that it was
    paid is otherwise. Raises NotFound, Refused, Silent.
    """
    payout = _known(payout_id)
    leave()
    transfer = paystack.find_transfer(payout.reference)
    if transfer is None:
        return True
    flows.record(payout_id, transfer=transfer, actor=actor)
    told = rules.TRANSFER_STATES.get(transfer.status)
    if payout.request_id:
        return not tellings.denies(told, mark=PayoutState.FAILED)
    return told in {PayoutState.FAILED, PayoutState.REVERSED}


def look_before_marking(payout_id: str, *, mark: PayoutState, paystack: Paystack, actor: Actor) -> None:
    """Ask Paystack once more, before people say how a payout ended: what it answers is applied.

    That it says nothing is no reason to refuse. Raises NotFound, and MarkDenied where it clearly says otherwise.
    """
    payout = _known(payout_id)
    leave()
    with suppress(Silent, Refused):
        transfer = paystack.find_transfer(payout.reference)
        if transfer is not None:
            flows.record(payout_id, transfer=transfer, actor=actor)
            if tellings.denies(rules.TRANSFER_STATES.get(transfer.status), mark=mark):
                raise errors.MarkDenied


def ask_if_begun(payout_id: str, *, paystack: Paystack, actor: Actor) -> None:
    """The same for one that may not have been begun, or that ended."""
    payout = queries.payout_for_system(payout_id)
    if payout is not None and payout.state in rules.OPEN:
        ask(payout_id, paystack=paystack, actor=actor)


def watch(payout_id: str, *, paystack: Paystack, actor: Actor) -> timedelta | None:
    """Ask Paystack about a payout that it has, and apply the answer: how long until to ask again, None when it ended.

    Its webhook may be lost, and some ends have none.
    """
    payout = queries.payout_for_system(payout_id)
    if payout is None or payout.state not in rules.UNDERWAY:
        return None
    if ask(payout_id, paystack=paystack, actor=actor) not in rules.UNDERWAY:
        return None
    return rules.watch_pause(clock.now() - payout.created_at)


def confirm(payout_id: str, *, code: str, paystack: Paystack, actor: Actor) -> PayoutState:
    """Type the code that Paystack wants for a transfer. It is kept nowhere.

    What comes of it is asked back: a wrong code fails the transfer. Raises NotFound, BadCode, NoCodeWanted, Silent.
    """
    payout = wanting(payout_id, code=code)
    leave()
    try:
        paystack.finalize_transfer(payout.transfer_code, otp=code)
    except Refused:
        before = PayoutState.AWAITING_OTP
        if (state := ask(payout_id, paystack=paystack, actor=actor)) is before:
            raise errors.BadCode(
                "Paystack did not take this code. Look at it again, or have another one sent."
            ) from None
        return state
    return ask(payout_id, paystack=paystack, actor=actor)


def send_code_again(payout_id: str, *, paystack: Paystack, actor: Actor) -> None:
    """Have Paystack send another code. Raises NotFound, NoCodeWanted, Refused, Silent."""
    payout = _waiting_for_code(payout_id)
    leave()
    paystack.resend_otp(payout.transfer_code)
    atomically(lambda: payouts.note_code(payout_id), actor=actor)


def call_off(payout_id: str, *, reason: str, paystack: Paystack, actor: Actor) -> PayoutState:
    """End a payout that waits for a float, once Paystack has said that it does not know it.

    Raises NotFound, CallOffReasonMissing, NotCallable, Silent.
    """
    if ask(payout_id, paystack=paystack, actor=actor) is not PayoutState.AWAITING_FLOAT:
        raise errors.NotCallable
    atomically(lambda: payouts.call_off(payout_id, reason=reason, actor=actor), actor=actor, reason=reason)
    return PayoutState.FAILED


def read_kept(payout_id: str, *, paystack: Paystack, actor: Actor) -> timedelta | None:
    """Book what a payout that ended unpaid cost, as Paystack's ledger says: when to read again, None when booked.

    Paystack does not say whether its fee comes back: its ledger does, once what was taken has been put back there.
    """
    payout = _known(payout_id)
    if payout.state not in {PayoutState.FAILED, PayoutState.REVERSED} or payout.kept_units is not None:
        return None
    leave()
    transfer = paystack.find_transfer(payout.reference)
    lines = _moved(transfer, since=payout.created_at, paystack=paystack) if transfer else []
    kept, age = -sum(lines), clock.now() - (payout.settled_at or payout.created_at)
    certain = transfer is None or lines or age > rules.FEE_CERTAIN_AFTER
    if not certain or not 0 <= kept < payout.amount.units:
        return rules.watch_pause(age)
    atomically(lambda: payouts.book_kept(payout_id, kept=Money(NGN, kept)), actor=actor)
    return None


def _moved(transfer: Transfer, *, since: datetime, paystack: Paystack) -> list[int]:
    """How a transfer moved our balance: what was taken is below zero."""
    return [
        line.difference
        for line in paystack.balance_ledger(since - _LEDGER_MARGIN, clock.now() + _LEDGER_MARGIN)
        if (line.model, line.model_row, line.currency) == ("Transfer", transfer.id, NGN.code)
    ]


def _take_up(payout: Payout, *, paystack: Paystack, actor: Actor) -> bool:
    """Whether there is enough by now, and it is ours to send again."""
    if paystack.balance() < payout.amount.units + payout.fee.units:
        return False
    return atomically(lambda: payouts.take_up(payout.id, actor=actor), actor=actor)


def _refused(payout: Payout, refusal: Refused, *, paystack: Paystack, actor: Actor) -> PayoutState:
    """Paystack said no. That ends nothing until it also says that it does not know the reference."""
    final, lacking = refusal.code in rules.FINAL_REFUSALS, isinstance(refusal, BalanceTooLow)
    if not final and not lacking:
        atomically(lambda: payouts.note_refusal(payout.id, words=refusal.message), actor=actor)
        raise refusal
    known = paystack.find_transfer(payout.reference)
    if known is not None:
        return flows.record(payout.id, transfer=known, actor=actor)
    if lacking:
        atomically(lambda: payouts.lack_float(payout.id, actor=actor), actor=actor)
        return PayoutState.AWAITING_FLOAT
    words = f"Paystack refused: {refusal.message}"
    atomically(lambda: payouts.refuse(payout.id, reason=words, actor=actor), actor=actor)
    return PayoutState.FAILED


def wanting(payout_id: str, *, code: str) -> Payout:
    """The payout that waits for a code, and for one like this. Raises NotFound, BadCode, NoCodeWanted."""
    if not rules.code_fits(code):
        raise errors.BadCode
    return _waiting_for_code(payout_id)


def _waiting_for_code(payout_id: str) -> Payout:
    payout = _known(payout_id)
    if payout.state != PayoutState.AWAITING_OTP:
        raise errors.NoCodeWanted
    return payout


def _known(payout_id: str) -> Payout:
    payout = queries.payout_for_system(payout_id)
    if payout is None:
        raise NotFound
    return payout
