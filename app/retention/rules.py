"""What retention decides without looking anything up: the states of a run, the classes it goes through, its sides."""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256

from app.core.machine import Machine, Wait
from app.core.permissions import Role

AT_A_TIME = 200  # of a class in one step: it stays well within the limit of a statement
STEPS_MAX = 20  # of a try; the rest goes on in the next
# What a run goes through, in this order. Files are discarded one by one, so fewer of those at a time.
CLASSES: dict[str, int] = {
    "sessions": AT_A_TIME,
    "reveals": AT_A_TIME,
    "document_views": AT_A_TIME,
    "application_views": AT_A_TIME,
    "viewings": AT_A_TIME,
    "webhooks": AT_A_TIME,
    "messages": AT_A_TIME,
    "applications": 20,
    "applications_fraud": 20,
    "identities": AT_A_TIME,
    "files_unattached": 20,
}


class State(StrEnum):
    """A run."""

    BEGUN = "begun"
    DONE = "done"


MACHINE = Machine(
    "retention run",
    {State.BEGUN: frozenset({State.DONE})},
    waits={
        State.BEGUN: Wait(
            timedelta(hours=24),
            "admin",
            "It goes on in steps. Find its job among those that were given up, and retry it.",
        ),
    },
)


class Action(StrEnum):
    """What happens to something whose time is over."""

    DELETE = "delete"
    PURGE = "purge"
    PSEUDONYMISE = "pseudonymise"
    KEEP = "keep"


class Side(StrEnum):
    """From which side a run is asked for: the other one agrees."""

    ADMIN = "admin"
    COMPLIANCE = "compliance"


def side_of(roles: Collection[str]) -> Side:
    """The side of somebody who asks."""
    return Side.ADMIN if Role.ADMIN in roles else Side.COMPLIANCE


def hash_of(row_id: str) -> str:
    """What is kept of an id, so that it can be said later whether this one went."""
    return sha256(row_id.encode()).hexdigest()
