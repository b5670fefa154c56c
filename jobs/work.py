"""What a handler is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.clients.bundle import Clients
from app.clients.http import Silent, Unreadable
from app.clients.paystack_refusals import RateLimited
from app.core import clock
from app.core.actor import Actor

PATIENCE = timedelta(days=1)
SOON, LATE = timedelta(seconds=1), timedelta(minutes=15)


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


def patiently(act: Callable[[], timedelta | None], *, since: datetime) -> timedelta | None:
    """What `act` answers. While Paystack is away, or we ask too often, it is tried again and no try counts as failed.

    So what began before Paystack was silent for hours goes on when it is back. What lasts for longer than a day, and an
    answer that cannot be read, is a failure: somebody has to look.
    """
    try:
        return act()
    except (Silent, RateLimited) as away:
        age = clock.now() - since
        if isinstance(away, Unreadable) or age > PATIENCE:
            raise
        held_back = timedelta(seconds=away.retry_after_seconds) if isinstance(away, RateLimited) else SOON
        return max(min(age / 4, LATE), held_back)  # (at once for what is fresh, more and more rarely while it lasts)
