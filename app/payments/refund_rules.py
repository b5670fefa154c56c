"""What refunds decides without looking anything up: states, which of Paystack's refunds is ours, what fits a charge."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from app.clients.paystack_answers import Refund as Told
from app.core.machine import Machine, Wait
from app.core.money import NGN, Money, plain, zero
from app.payments.postings import Shares

# A call that was begun may still be running for so long: before that is over nobody makes a second one.
CALL_LASTS = timedelta(minutes=5)
CLOCKS_DIFFER = timedelta(minutes=2)  # Paystack's and ours, at most
# Paystack's refunds take up to ten business days after they were processed (docs: refunds).
REFUND_TAKES = timedelta(days=16)
SWEPT_BACK = timedelta(days=3)  # for refunds that were made at Paystack and whose news did not come
REASON_MAX = 500
NOTE_MAX = 200


class RefundState(StrEnum):
    """A refund from our books to Paystack's word."""

    ASKED = "asked"
    SENT = "sent"
    NEEDS_ATTENTION = "needs_attention"
    REDIRECTING = "redirecting"
    PROCESSED = "processed"
    FAILED = "failed"


S = RefundState
OPEN = (S.ASKED, S.SENT, S.NEEDS_ATTENTION, S.REDIRECTING)
ENDED = (S.PROCESSED, S.FAILED)

REFUND = Machine(
    "refund",
    {
        S.ASKED: frozenset({S.SENT, S.NEEDS_ATTENTION, S.PROCESSED, S.FAILED}),
        S.SENT: frozenset({S.NEEDS_ATTENTION, S.PROCESSED, S.FAILED}),
        # Paystack cannot reach the payer: two people give it a bank account that it can.
        S.NEEDS_ATTENTION: frozenset({S.REDIRECTING, S.SENT, S.PROCESSED, S.FAILED}),
        S.REDIRECTING: frozenset({S.SENT, S.NEEDS_ATTENTION, S.PROCESSED, S.FAILED}),
    },
    waits={
        S.ASKED: Wait(timedelta(hours=2), "treasury", "The clock asks Paystack again; see the job that sends it."),
        S.SENT: Wait(REFUND_TAKES, "finance", "Ask Paystack where it is: the money left and the payer has none of it."),
        S.NEEDS_ATTENTION: Wait(
            timedelta(hours=24), "finance", "Ask the payer for a bank account and ask that the refund go there."
        ),
        S.REDIRECTING: Wait(
            timedelta(hours=2), "treasury", "The clock asks Paystack again; see the job that sends it."
        ),
    },
)

# Paystack's words for a refund (docs: refunds) → ours. A word that we do not know is no end: it is watched on.
STATES = {
    "pending": S.SENT,
    "processing": S.SENT,
    "processed": S.PROCESSED,
    "failed": S.FAILED,
    "needs-attention": S.NEEDS_ATTENTION,
}


def is_ours(told: Told, *, amount: int, tried_at: datetime | None, taken: Collection[str]) -> bool:
    """Whether a refund at Paystack is one that we asked for and whose answer we did not hear (amount in kobo).

    A refund has no reference of ours. But of one charge we ask for one at a time, so it is the one of this amount that
    no other of ours is and that was made after we called.
    """
    if tried_at is None or told.id in taken or (told.amount, told.currency) != (amount, NGN.code):
        return False
    return told.created_at is None or told.created_at >= tried_at - CLOCKS_DIFFER


def shares(amount: Money, *, came: Money, has: Money, owner_known: bool) -> Shares:
    """Who pays for what goes back of a charge of which so much was credited, or stands in suspense.

    The account pays what it has of that, its owner owes the rest of it. What is more than that is ours.
    """
    claim = min(amount, came)
    taken = max(min(claim, has), zero(NGN))
    owed = claim - taken if owner_known else zero(NGN)
    return Shares(taken, owed, amount - taken - owed)


def contradiction(*, known: RefundState, told: Told, ours: int) -> str:
    """Why news of a refund cannot be true beside what we know (amounts in kobo); empty when it can."""
    if (told.amount, told.currency) != (ours, NGN.code):
        spoken = f"{plain(Money(NGN, told.amount))} {told.currency}"
        return f"we know a refund of {Money(NGN, ours)}, Paystack speaks of {spoken}"
    state = STATES.get(told.status, S.SENT)
    if known in ENDED and state in ENDED and state is not known:
        return f"we booked this refund as {known}, Paystack says {told.status}"
    return ""


def may_call(tried_at: datetime | None, *, at: datetime) -> bool:
    """Whether Paystack may be asked for it now: never, or so long ago that no call of ours is still running."""
    return tried_at is None or at >= tried_at + CALL_LASTS
