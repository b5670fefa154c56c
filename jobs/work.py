"""What a handler is given."""

from dataclasses import dataclass
from typing import Any

from app.clients.bundle import Clients
from app.core.actor import Actor


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
