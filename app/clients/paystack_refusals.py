"""Paystack's ways to say no, each under a name of its own, from its codes and, where it gives none, from its words.

The vendor's code stays in `code`; where it sends none, ours stands there.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from app.clients.breaker import WINDOW_SECONDS
from app.clients.http import Refused


class InvalidKey(Refused):
    """Our key is absent or wrong: nothing works until somebody mends that."""


class NotPermitted(Refused):
    """Our business may not do that at Paystack: a starter business cannot pay out."""


class RateLimited(Refused):
    """One call too many, not carried out. It may be made again after `retry_after_seconds`."""

    def __init__(self, status: int, code: str, message: str, *, retry_after_seconds: int = WINDOW_SECONDS) -> None:
        super().__init__(status, code, message)
        self.retry_after_seconds = retry_after_seconds


class ResolveLimit(RateLimited):
    """A test key has looked up its few real accounts of the day; it says nothing about the account."""


class DuplicateReference(Refused):
    """A transaction with this reference exists: look at it, do not begin another."""


class DuplicateTransferReference(Refused):
    """Transfers with these references exist: they were made, which is not the same as having failed.

    `references` names them where Paystack does, which is for several at once; then none of that call was carried out.
    """

    def __init__(self, status: int, code: str, message: str, *, references: tuple[str, ...] = ()) -> None:
        super().__init__(status, code, message)
        self.references = references


class InvalidRecipient(Refused):
    """The recipient code names nobody."""


class BalanceTooLow(Refused):
    """The balance at Paystack does not cover the amount and the fee; it may tomorrow."""


class TransactionNotFound(Refused):
    """No transaction has this reference."""


class TransferNotFound(Refused):
    """No transfer has this reference, or none that is to be seen yet."""


class BadParameters(Refused):
    """Something we sent is missing or may not be so; the same request will never do."""


class BadReference(BadParameters):
    """A reference with letters that Paystack does not take."""


_BY_WORDS: tuple[tuple[re.Pattern[str], type[Refused], str], ...] = tuple(
    (re.compile(words, re.IGNORECASE), kind, code)
    for words, kind, code in (
        (r"^invalid key", InvalidKey, "invalid_key"),
        (r"reference already exists on a transfer", DuplicateTransferReference, "duplicate_transfer_reference"),
        (r"duplicate transaction reference", DuplicateReference, "duplicate_reference"),
        (r"balance is not enough", BalanceTooLow, "balance_too_low"),
        (r"illegal special characters", BadReference, "bad_reference"),
        (r"starter business", NotPermitted, "not_permitted"),
        (r"recipient specified is invalid", InvalidRecipient, "invalid_transfer_recipient"),
        (r"^transfer not found", TransferNotFound, "transfer_not_found"),
        (r"^transaction reference (is invalid|not found)", TransactionNotFound, "transaction_not_found"),
    )
)
_BY_CODE: dict[str, type[Refused]] = {
    "duplicate_reference": DuplicateReference,
    "duplicate_transfer_reference": DuplicateTransferReference,
    "invalid_transfer_recipient": InvalidRecipient,
    "transaction_not_found": TransactionNotFound,
    "missing_params": BadParameters,
    "invalid_params": BadParameters,
}
_BY_STATUS: dict[int, tuple[type[Refused], str]] = {
    HTTPStatus.UNAUTHORIZED: (InvalidKey, "invalid_key"),
    HTTPStatus.FORBIDDEN: (NotPermitted, "not_permitted"),
}
_RESOLVES = re.compile(r"daily limit of .* bank resolves", re.IGNORECASE)
_FOUND_TWICE = re.compile(r"^duplicate reference\(s\) found:(.*)", re.IGNORECASE | re.DOTALL)


def named(status: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> Refused:
    """The refusal that an error envelope is."""
    code, words = str(body.get("code") or ""), str(body.get("message") or "")
    if _RESOLVES.search(words):  # (comes as 400, too, and must not be taken for a wrong account)
        return ResolveLimit(HTTPStatus.TOO_MANY_REQUESTS, code or "rate_limited", words)
    if status == HTTPStatus.TOO_MANY_REQUESTS or code == "rate_limited":
        return too_many(headers, words)
    if twice := _FOUND_TWICE.match(words):  # (its code is `unknown`)
        references = tuple(filter(None, (part.strip() for part in twice[1].split(","))))
        return DuplicateTransferReference(status, "duplicate_transfer_reference", words, references=references)
    for pattern, kind, ours in _BY_WORDS:
        if pattern.search(words):
            return kind(status, code or ours, words)
    if code in _BY_CODE:
        return _BY_CODE[code](status, code, words)
    kind, ours = _BY_STATUS.get(status, (Refused, ""))
    return kind(status, code or ours, words)


def too_many(headers: Mapping[str, str], words: str = "Rate limit exceeded!") -> RateLimited:
    """One call too many, with when to come again."""
    return RateLimited(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", words, retry_after_seconds=resets_in(headers))


def resets_in(headers: Mapping[str, str]) -> int:
    """Seconds until the window ends; a whole window where Paystack does not say, or says what cannot be."""
    for name in ("x-ratelimit-reset", "retry-after"):
        text = headers.get(name, "")
        if text.isascii() and text.isdigit():
            return min(max(int(text[:9]), 1), WINDOW_SECONDS)
    return WINDOW_SECONDS
