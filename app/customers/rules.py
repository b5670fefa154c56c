"""What customers decides without looking anything up."""

import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.machine import Machine

NAME_LENGTH_MAX = 100
LETTERS_MIN = 2
VIEW_LIVES = timedelta(minutes=15)  # how long staff may look at a customer's pages at a time
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}  # controls, bidirectional marks, unassigned


class State(StrEnum):
    """A customer's account, and whether anything may leave it."""

    ACTIVE = "active"
    LOCKED = "locked"


class Tier(StrEnum):
    """How much of a customer is verified, and so how much they may do."""

    T0 = "t0"  # an address and a phone
    T1 = "t1"  # a BVN or a NIN, and a face
    T2 = "t2"  # both, and a document
    T3 = "t3"  # where they live and where the money comes from
    T3_PLUS = "t3_plus"  # by decision of two, and every business


# Its owner locks it alone and at once; only staff unlock it.
MACHINE = Machine("account", {State.ACTIVE: frozenset({State.LOCKED}), State.LOCKED: frozenset({State.ACTIVE})})


class ClosureState(StrEnum):
    """A request to close an account."""

    ASKED = "asked"
    WITHDRAWN = "withdrawn"


CLOSURE = Machine("closure request", {ClosureState.ASKED: frozenset({ClosureState.WITHDRAWN})})


def clean_name(text: str) -> str | None:
    """A name in one spelling (NFC, single spaces, nothing invisible), or None when it cannot be a full name."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    visible = not any(unicodedata.category(character) in _UNSEEN for character in name)
    letters = sum(character.isalpha() for character in name)
    return name if visible and letters >= LETTERS_MIN and " " in name and len(name) <= NAME_LENGTH_MAX else None


def view_is_live(expires_at: datetime, *, ended_at: datetime | None, at: datetime) -> bool:
    """Whether a look at a customer's pages still goes on at this time."""
    return ended_at is None and at < expires_at
