"""The words of mails about refunds and disputes. Pure: facts in, subject and text out."""

from datetime import datetime

from app.core.money import Money
from app.notifications.rules import Words, letter


def dispute_opened(amount: Money, *, held: Money) -> Words:
    """To whom the charge was credited: somebody takes it back."""
    withheld = (
        f"While that is being decided we hold {held} of your balance."
        if held
        else "Nothing of your balance is held for it at present."
    )
    return Words(
        f"A payment of {amount} into your wallet is disputed",
        letter(
            f"The bank of whoever paid {amount} into your wallet says that this payment was not theirs, or was wrong."
            f" {withheld}",
            "If you paid it yourself, ask your bank to take the dispute back. If somebody else paid it, write to us and"
            " say who they are.",
        ),
    )


def dispute_to_answer(amount: Money, *, due_at: datetime | None, page: str) -> Words:
    """To finance: it must be answered in time. `due_at` is in West Africa Time."""
    when = f"by {due_at:%-d %B, %H:%M} WAT" if due_at else "at once: Paystack names no time"
    return Words(
        f"Answer a dispute of {amount} {when}",
        letter(
            f"A payer disputes {amount}. Answer it at Paystack {when}. Unanswered it counts as accepted, and the money"
            " goes back to them.",
            page,
        ),
    )


def dispute_won(amount: Money) -> Words:
    """To whom the charge was credited: it stays theirs."""
    return Words(
        f"The dispute of {amount} has ended for you",
        letter(f"The payment of {amount} into your wallet stands. What we held of your balance is yours again."),
    )


def dispute_lost(amount: Money, *, owed: Money) -> Words:
    """To whom the charge was credited: it went back to the payer."""
    rest = f" {owed} of it was not in your wallet any more, and you owe us that." if owed else ""
    return Words(
        f"A disputed payment of {amount} went back to its payer",
        letter(f"The payer of {amount} into your wallet got it back, and we took it out of your wallet.{rest}"),
    )


def refund_paid(amount: Money, *, owed: Money) -> Words:
    """To whom the charge was credited: it went back."""
    rest = f" {owed} of it was not in your wallet any more, and you owe us that." if owed else ""
    return Words(
        f"{amount} goes back to where it was paid from",
        letter(
            f"{amount} of a deposit into your wallet went back to the card or account that it was paid with.{rest} It"
            " may take up to ten working days to be seen there."
        ),
    )


def refund_stuck(amount: Money, *, page: str) -> Words:
    """To finance: somebody must say where it goes."""
    return Words(
        f"A refund of {amount} cannot reach its payer",
        letter(
            f"Paystack cannot give {amount} back to who paid it. Find out their bank account, and ask on the refund's"
            " page that it go there:",
            page,
        ),
    )
