"""What Paystack says of a transfer beside what we hold for certain: what cannot be true, and what people may say."""

from collections.abc import Collection
from datetime import timedelta

from app.core.money import NGN, Money, plain
from app.payments import rules
from app.payments.rules import PayoutState


def contradiction(
    *,
    known: PayoutState,
    told: PayoutState,
    ours: int,
    theirs: int,
    currency: str,
    ended_for: timedelta,
    by_hand: bool = False,
) -> str:
    """Why news of a transfer cannot be true beside what we know since so long (amounts in kobo); empty when it can.

    That it is under way says nothing against two people who know that it failed.
    """
    if (theirs, currency) != (ours, NGN.code):
        return f"we asked for {Money(NGN, ours)}, Paystack speaks of {plain(Money(NGN, theirs))} {currency}"
    if known is PayoutState.FAILED and told is PayoutState.PAID:
        return "for us it failed, so its money went back or was sent anew; Paystack says it was paid"
    if known is PayoutState.FAILED and told in rules.UNDERWAY and ended_for > rules.NEWS_LASTS and not by_hand:
        return "for us it failed, so its money went back or was sent anew; Paystack says that it is under way"
    if known is PayoutState.REVERSED and told is PayoutState.PAID and ended_for > rules.NEWS_LASTS:
        return "for us it came back, and the customer has it again; Paystack says it was paid"
    if known is PayoutState.PAID and told is PayoutState.FAILED:
        return "we booked it as paid, Paystack says that it failed"
    return ""


def may_mark(mark: PayoutState, *, known: PayoutState, told: Collection[PayoutState]) -> bool:
    """Whether two people may say so of a payout that stands so, by all that Paystack ever told otherwise of it.

    Of one that failed nothing is said where Paystack never said that it was paid or under way.
    """
    doubted = known is not PayoutState.FAILED or not (rules.UNDERWAY | {PayoutState.PAID}).isdisjoint(told)
    return known in rules.MARKABLE and mark in rules.MARKS and doubted


def denies(told: PayoutState | None, *, mark: PayoutState) -> bool:
    """Whether what Paystack says of a payout is an end, and another one than people found out."""
    if mark is PayoutState.PAID:
        return told in {PayoutState.FAILED, PayoutState.REVERSED}
    return told is PayoutState.PAID
