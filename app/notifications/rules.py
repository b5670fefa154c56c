"""The words of every mail. Pure: facts in, subject and text out."""

from dataclasses import dataclass

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


def sign_up_repeated() -> Words:
    """To the owner of an address with which somebody tried to sign up again."""
    return Words(
        "You already have an account",
        _letter(
            "Somebody, probably you, tried to open an account with this address. You have one: sign in instead.",
            "If it was not you, you need not do anything.",
        ),
    )


_FACTORS = {
    "app": "An authenticator app",
    "passkey": "A passkey",
    "codes": "A new set of recovery codes",
    "all": "Every second factor",
}
_NOT_YOU = "If this was not you, somebody is in your account: write to us at once."


def factor_added(kind: str) -> Words:
    """A security notice: there is another way into the account."""
    return Words(
        f"{_FACTORS[kind]} was added to your account",
        _letter(f"{_FACTORS[kind]} was added to your account. It proves from now on that it is you.", _NOT_YOU),
    )


def factor_removed(kind: str) -> Words:
    """A security notice: a factor is gone."""
    return Words(
        f"{_FACTORS[kind]} was removed from your account",
        _letter(f"{_FACTORS[kind]} was removed from your account. It opens nothing any more.", _NOT_YOU),
    )


def recovery_code_used(left: int) -> Words:
    """A security notice: somebody came in without the usual factor."""
    return Words(
        "A recovery code was used",
        _letter(f"Somebody signed in to your account with a recovery code. You have {left} left.", _NOT_YOU),
    )


def passkey_suspected() -> Words:
    """A security notice: there may be a copy of a key."""
    return Words(
        "One of your passkeys was refused",
        _letter(
            "A passkey of yours counted backwards, as a copied one does. It is refused from now on.",
            "Prove yourself another way, remove it, and add a new one.",
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
