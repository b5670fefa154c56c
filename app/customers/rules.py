"""What customers decides without looking anything up."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce

from app.core.machine import Machine, Wait

SAFETY_LOCK = timedelta(hours=24)  # for those who may not freeze: until compliance has looked
TIER_WAITS = timedelta(hours=24)  # how long a higher tier waits after what opens the account was changed
VIEW_LIVES = timedelta(minutes=15)  # how long staff may look at a customer's pages at a time
VIEW_OPENS = timedelta(seconds=60)  # how long the link from the console to those pages works


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


def lower(one: Tier, other: Tier) -> Tier:
    """Of two tiers the one that may do less."""
    return min(one, other, key=list(Tier).index)


def chain(changed: Sequence[datetime], *, at: datetime) -> list[datetime]:
    """Of the times (newest first) at which what opens an account was changed, those that tiers wait for now.

    Each was less than TIER_WAITS before the next one, the newest before now: one that still waits is waited for anew.
    """
    waiting: list[datetime] = []
    for time in changed:
        if (waiting[-1] if waiting else at) >= time + TIER_WAITS:
            break
        waiting.append(time)
    return waiting


def counting(present: Tier, *, changes: Sequence[tuple[datetime, Tier]], chain: Sequence[datetime]) -> Tier:
    """The tier that counts: none is higher than the one that somebody had at any time of the chain.

    `changes` of the tier since the chain began, the first one first: when, and what it was until then.
    """
    then = (next((was for when, was in changes if when >= time), present) for time in chain)
    return reduce(lower, then, present)


# Its owner locks it alone and at once, and so does compliance; only staff unlock it, by an approval request.
# A safety lock ends by itself.
MACHINE = Machine(
    "account",
    {State.ACTIVE: frozenset({State.LOCKED}), State.LOCKED: frozenset({State.ACTIVE})},
    waits={
        State.LOCKED: Wait(
            timedelta(days=90),
            "compliance_officer",
            "The customer's money stands still. Reach them, and ask that the freeze end; or say why it has to stay.",
        ),
    },
    rests={State.ACTIVE: "the account is in use"},
)


class ClosureState(StrEnum):
    """A request to close an account."""

    ASKED = "asked"
    WITHDRAWN = "withdrawn"


CLOSURE = Machine(
    "closure request",
    {ClosureState.ASKED: frozenset({ClosureState.WITHDRAWN})},
    waits={
        ClosureState.ASKED: Wait(
            timedelta(days=30),
            "support",
            "Write to the customer: tell them what stands in the way, or help them to stay.",
        ),
    },
)


def view_is_live(expires_at: datetime, *, ended_at: datetime | None, at: datetime) -> bool:
    """Whether a look at a customer's pages still goes on at this time."""
    return ended_at is None and at < expires_at
