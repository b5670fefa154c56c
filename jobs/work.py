"""What a handler is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any

from app.clients.bundle import Clients
from app.clients.http import Silent, Unreadable
from app.core.actor import Actor

AFTER_SILENCE = timedelta(minutes=30)


@dataclass(frozen=True)
class Work:
    """What the task is about, the event's facts, the world, in whose name it acts, how links to us begin.

    `cause` is the same for every try of the same work, and no other work's. `public_url` is where links in mails lead,
    `console_url` where those in mails to staff do.
    `last`: when this try fails there is no other.
    """

    cause: str
    subject: str
    facts: dict[str, Any]
    clients: Clients
    actor: Actor
    public_url: str = ""
    console_url: str = ""
    last: bool = False


def however_long_silent(function: Callable[[Work], timedelta | None]) -> Callable[[Work], timedelta | None]:
    """A job that a vendor was silent to for longer than jobs are tried: it begins anew, and is not given up.

    For what asks first and may be done again. What the vendor says and nobody can read is given up, for people to see.
    """

    @wraps(function)
    def patient(work: Work) -> timedelta | None:
        try:
            return function(work)
        except Unreadable:
            raise
        except Silent:
            if not work.last:
                raise
            return AFTER_SILENCE

    return patient
