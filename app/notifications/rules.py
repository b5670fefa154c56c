"""The words of every mail. Pure: facts in, subject and text out."""

from dataclasses import dataclass
from datetime import datetime

from app.core.money import Money


@dataclass(frozen=True)
class Words:
    """A mail's subject and text."""

    subject: str
    body: str


def _letter(*paragraphs: str) -> str:
    return "\n\n".join(("Hello,", *paragraphs, "Bursar"))


def code(number: str) -> Words:
    """The code that confirms an address."""
    return Words(
        "Your confirmation code",
        _letter(
            f"Your code is {number}. It works once, for ten minutes.",
            "If you did not ask for it, you need not do anything: nobody can use it without this mail.",
        ),
    )


def invitation(link: str) -> Words:
    """To somebody who is to join the staff."""
    return Words(
        "You are invited to the console",
        _letter(
            "You were asked to join the staff. Choose a password here:",
            link,
            "The link works once, for 72 hours. Nobody but you needs it: do not pass it on.",
        ),
    )


def glass_broken(name: str, *, role: str, until: datetime, reason: str, review: str) -> Words:
    """To those who watch: somebody took a role alone."""
    return Words(
        f"Emergency: an administrator took the role of {role}",
        _letter(
            f"{name} took the role of {role} alone, until {until:%H:%M} WAT on {until:%-d %B %Y}.",
            f"Reason: {reason}",
            f"A compliance manager must review what was done. It stands among the console's approvals: {review}.",
        ),
    )


def sign_up_repeated() -> Words:
    """To the owner of an address with which somebody tried to sign up again."""
    return Words(
        "You already have an account",
        _letter(
            "Somebody, probably you, tried to open an account with this address. You have one: sign in instead.",
            "If it was not you, you need not do anything.",
        ),
    )


def deposit_credited(amount: Money) -> Words:
    """The money is there."""
    return Words(f"{amount} is in your wallet", _letter(f"Your deposit of {amount} has arrived in your naira wallet."))


def withdrawal_requested(amount: Money, *, destination: str) -> Words:
    """A security notice: money is about to leave."""
    return Words(
        f"You asked to withdraw {amount}",
        _letter(
            f"We hold {amount} and the fee for your withdrawal to {destination}. Our staff check it first.",
            "If this was not you, sign in and cancel it now.",
        ),
    )


def withdrawal_settled(amount: Money, *, destination: str) -> Words:
    """The bank has the money."""
    return Words(f"{amount} was sent", _letter(f"Your withdrawal of {amount} to {destination} was paid."))


def withdrawal_ended(amount: Money, *, state: str, reason: str) -> Words:
    """It ended without payment."""
    why = f"Reason: {reason}" if reason else "You cancelled it."
    return Words(
        f"Your withdrawal of {amount} was {state}",
        _letter(f"Your withdrawal of {amount} was {state}. {why}", "The money is available in your wallet again."),
    )
