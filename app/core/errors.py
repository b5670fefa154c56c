"""Refusals: the house's way to say no. They name the fact, carry what is needed to explain it, and know their status.

    Refusal                 400
    ├── Malformed           400   the request cannot be read
    ├── Unauthenticated     401   nobody is signed in
    ├── Forbidden           403   somebody is, and may not
    ├── NotFound            404   not there, or not yours
    ├── Conflict            409   the thing moved on meanwhile
    │   ├── IllegalMove     409   a state machine has no such arrow
    │   └── InProgress      409   the same request is still being answered
    ├── Unprocessable       422   understood, and not possible
    │   ├── InvalidAmount   422   an amount that is not money
    │   └── KeyReused       422   an idempotency key came back with another request
    ├── TooMany             429   slow down
    └── Unavailable         503   a part of the world does not answer

A vendor's or a room's own refusals are subclasses of these. Raising one inside `transaction()` rolls it back.
"""

from typing import Any


class Refusal(Exception):
    """A no with a reason. `code` is stable for programs, `message` is for people, `facts` are shown by the API."""

    status = 400
    code = "refused"
    message = "That is not possible."

    def __init__(self, message: str | None = None, **facts: Any) -> None:
        """`message` replaces the class's sentence; `facts` must be JSON-friendly and free of secrets."""
        self.message = message or self.message
        self.facts = facts
        super().__init__(self.message)


class Malformed(Refusal):
    code = "malformed"
    message = "The request could not be read."


class Unauthenticated(Refusal):
    status = 401
    code = "unauthenticated"
    message = "Sign in first."


class Forbidden(Refusal):
    status = 403
    code = "forbidden"
    message = "You may not do that."


class NotFound(Refusal):
    status = 404
    code = "not_found"
    message = "There is nothing here."


class Conflict(Refusal):
    status = 409
    code = "conflict"
    message = "Someone was faster. Look again before you go on."


class IllegalMove(Conflict):
    code = "illegal_move"
    message = "That step is not possible in the present state."


class InProgress(Conflict):
    code = "in_progress"
    message = "The same request is being answered right now."


class Unprocessable(Refusal):
    status = 422
    code = "unprocessable"
    message = "That cannot be done."


class KeyReused(Unprocessable):
    code = "idempotency_key_reused"
    message = "This idempotency key was used for another request."


class InvalidAmount(Unprocessable):
    code = "invalid_amount"
    message = "That is not an amount of money."


class TooMany(Refusal):
    status = 429
    code = "too_many"
    message = "Too many tries. Wait a little."


class Unavailable(Refusal):
    status = 503
    code = "unavailable"
    message = "A service we need does not answer. Look before you try again."
