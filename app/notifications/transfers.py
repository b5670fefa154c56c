"""The words of mails about transfers between customers and requests for money. Pure: facts in, subject and text out."""

from datetime import datetime

from app.core.money import Money
from app.notifications.rules import Words, letter

_NOT_YOU = "If this was not you, freeze your account at once on the page Security, and write to us."


def sent(amount: Money, *, to: str, note: str, page: str) -> Words:
    """To who sent it."""
    return Words(
        f"You sent {amount} to {to}", letter(f"{amount} left your wallet for {to}.{_said(note)}", page, _NOT_YOU)
    )


def received(amount: Money, *, by: str, note: str, page: str) -> Words:
    """To who has it now."""
    return Words(f"{by} sent you {amount}", letter(f"{amount} from {by} is in your wallet.{_said(note)}", page))


def asked(amount: Money, *, by: str, note: str, page: str, until: datetime, again: bool) -> Words:
    """To who is asked. `until` is in West Africa Time."""
    subject = f"{by} still asks you for {amount}" if again else f"{by} asks you for {amount}"
    told = (
        f"{by} asks you for {amount}.{_said(note)} Pay it or say no on the page of your requests until"
        f" {until:%-d %B}: after that it ends by itself."
    )
    return Words(subject, letter(told, page, "Pay only whom you know. We never ask you for money this way."))


def not_paid(amount: Money, *, by: str, state: str) -> Words:
    """To who asked: it was declined, or nobody answered."""
    how = f"{by} said no to" if state == "declined" else f"{by} did not answer"
    return Words(f"Your request for {amount} has ended", letter(f"{how} your request for {amount}."))


def taken_back(amount: Money, *, by: str) -> Words:
    """To who was asked: they need not pay any more."""
    return Words(f"{by} took back a request", letter(f"{by} does not ask you for {amount} any more."))


def found_as(handle: str) -> Words:
    """A security notice: others find them by it."""
    return Words(
        f"You are found as @{handle}", letter(f"Other customers can pay you as @{handle} from now on.", _NOT_YOU)
    )


def _said(note: str) -> str:
    return f' They wrote: "{note}".' if note else ""
