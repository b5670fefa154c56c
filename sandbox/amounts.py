"""Amounts and references as they come over the wire, checked before anything is written."""

import re
from typing import Any

from sandbox import answers

MINIMUM_CHARGE_KOBO = 50_00
MAXIMUM_KOBO = 10**13

CHARGE_REFERENCE = re.compile(r"[A-Za-z0-9.=-]{1,100}", re.ASCII)
TRANSFER_REFERENCE = re.compile(r"[a-z0-9_-]{16,50}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,14}", re.ASCII)


def kobo(sent: Any) -> int:
    """A positive whole number of kobo; the vendor's samples also send it as a text of digits. Never a fraction."""
    if sent is None or sent == "":
        raise answers.missing("amount")
    if isinstance(sent, str) and _WHOLE.fullmatch(sent):
        sent = int(sent)
    if isinstance(sent, bool) or not isinstance(sent, int) or not 0 < sent <= MAXIMUM_KOBO:
        raise answers.invalid("Invalid Amount Sent")
    return sent


def charge_kobo(sent: Any) -> int:
    """An amount to ask a payer for: at least NGN 50."""
    amount = kobo(sent)
    if amount < MINIMUM_CHARGE_KOBO:
        raise answers.invalid("Amount is below the minimum of NGN 50.00")
    return amount


def text(sent: dict[str, Any], name: str) -> str | None:
    """A text parameter, or None; a number is refused, because account numbers lose their zeros that way."""
    value = sent.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise answers.invalid(f"{name} should be a string")
    return value


def required_text(sent: dict[str, Any], name: str) -> str:
    """A text parameter that must be there."""
    value = text(sent, name)
    if value is None:
        raise answers.missing(name)
    return value


def email(sent: dict[str, Any]) -> str:
    """The payer's address, lower case as the vendor keeps it."""
    value = required_text(sent, "email")
    if not _EMAIL.fullmatch(value):
        raise answers.invalid("Invalid Email Address Passed")
    return value.lower()


def naira(sent: dict[str, Any]) -> None:
    """Refuse every currency but NGN, the only one this merchant holds."""
    if sent.get("currency") not in (None, "", "NGN"):
        raise answers.invalid("Currency not supported by merchant")
