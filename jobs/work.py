"""What a handler is given."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

from app.clients.bundle import Clients
from app.clients.http import Refused, Silent, Unreadable
from app.clients.paystack_refusals import RateLimited
from app.core import clock, logs
from app.core.actor import Actor

QUICK_TRIES = 6  # in a row, over about a minute
WHILE_AWAY = timedelta(minutes=2)
GIVEN_UP_AFTER = timedelta(days=1)
ABOUT_US = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
log = logs.get("jobs")


@dataclass(frozen=True)
class Work:
    """What the task is about, the event's facts, the world, in whose name it acts, how links to us begin.

    `cause` is the same for every try of the same work, and no other work's. `public_url` is where links in mails lead,
    `console_url` where those in mails to staff do.
    `tries`: which one this is, since it last waited. `last`: when this try fails there is no other.
    `asked_at`: when somebody asked for the work. `aside` is a context with a connection of its own, in which something
    can be committed while this work goes on reading from a snapshot.
    """

    cause: str
    subject: str
    facts: dict[str, Any]
    clients: Clients
    actor: Actor
    public_url: str = ""
    console_url: str = ""
    tries: int = 1
    last: bool = False
    asked_at: datetime | None = None
    aside: Callable[[], AbstractContextManager[object]] = nullcontext


# A handler answers None when the work is done, or how long to wait before it looks again.
Function = Callable[[Work], timedelta | None]


def until_it_answers(function: Function) -> Function:
    """Go on with this work for as long as a vendor is away, or says a no that may pass: it is never given up for that.

    A few quick tries fail as those of any work do. What stands still meanwhile becomes a case by its own limit. An
    answer that nobody can read is given up, for people to see; so is, after a day, a no that is about the work.
    """

    @wraps(function)
    def patiently(work: Work) -> timedelta | None:
        try:
            return function(work)
        except Unreadable:
            raise
        except (Silent, Refused) as error:
            if work.tries < QUICK_TRIES or _lasts(error, work):
                raise
            log.warning("a vendor is away", extra={"facts": {"work": work.cause}}, exc_info=error)
            return WHILE_AWAY

    return patiently


def _lasts(error: Exception, work: Work) -> bool:
    """Whether this is a no for good, by now: about the work, and not about us or how often we ask."""
    old = work.asked_at is not None and clock.now() - work.asked_at > GIVEN_UP_AFTER
    return old and isinstance(error, Refused) and error.status not in ABOUT_US


def each(these: Iterable[str], deed: Callable[[str], object]) -> None:
    """Each in a transaction of its own: what is wrong with one keeps no other waiting, and is raised in the end."""
    failed = list[Exception]()
    for one in these:
        try:
            deed(one)
        except Unreadable as error:  # (what it says of one)
            failed.append(error)
        except (Silent, RateLimited):  # Paystack says nothing at present, of any: the clock comes again
            break
        except Exception as error:  # noqa: BLE001 (it is raised below, when the others were looked at)
            failed.append(error)
    if failed:
        raise failed[0]
