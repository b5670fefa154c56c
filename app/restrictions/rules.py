"""What restrictions decide without looking anything up: what each kind stops, states, words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.machine import Machine

NOTE_MAX = 2000
AUTHORITY_MAX = 200


class Kind(StrEnum):
    """What is stopped."""

    NO_DEBIT = "no_debit"  # "post no debit"
    NO_CREDIT = "no_credit"
    NO_TRADE = "no_trade"
    LEGAL_HOLD = (
        "legal_hold"  # as no debit; besides, nothing of the customer's is deleted, and it has no end of its own
    )


class Direction(StrEnum):
    """Which way a command goes."""

    OUT = "out"
    IN = "in"
    TRADE = "trade"


class State(StrEnum):
    """A restriction from its placing to its end."""

    PLACED = "placed"
    LIFTED = "lifted"
    EXPIRED = "expired"


MACHINE = Machine("restriction", {State.PLACED: frozenset({State.LIFTED, State.EXPIRED})})

# A trade takes from one wallet and gives to another: what stops either stops it too.
STOPS: Mapping[Kind, frozenset[Direction]] = {
    Kind.NO_DEBIT: frozenset({Direction.OUT, Direction.TRADE}),
    Kind.NO_CREDIT: frozenset({Direction.IN, Direction.TRADE}),
    Kind.NO_TRADE: frozenset({Direction.TRADE}),
    Kind.LEGAL_HOLD: frozenset({Direction.OUT, Direction.TRADE}),
}
TITLES: Mapping[Kind, str] = {
    Kind.NO_DEBIT: "Nothing goes out",
    Kind.NO_CREDIT: "Nothing comes in",
    Kind.NO_TRADE: "No buying, selling or swapping",
    Kind.LEGAL_HOLD: "Legal hold",
}
# What support reads for each: that a hold is a legal one is for compliance to know.
TITLES_FOR_SUPPORT: Mapping[Kind, str] = {**TITLES, Kind.LEGAL_HOLD: TITLES[Kind.NO_DEBIT]}
_CUSTOMER_TITLES: Mapping[Kind, str] = {
    Kind.NO_DEBIT: "You cannot send money at the moment",
    Kind.NO_CREDIT: "You cannot add money at the moment",
    Kind.NO_TRADE: "You cannot buy, sell or swap at the moment",
    Kind.LEGAL_HOLD: "You cannot send money at the moment",
}
_STILL_WORKS = ((Direction.IN, "adding money"), (Direction.OUT, "withdrawing"))


@dataclass(frozen=True)
class Told:
    """A restriction as its customer reads of it; there is nothing else in it."""

    title: str
    text: str
    works: str
    asks: str


def stops(kinds: Collection[Kind], direction: Direction) -> bool:
    """Whether any of these stops what goes this way."""
    return any(direction in STOPS[kind] for kind in kinds)


def told(kind: Kind, *, text: str, stopped: Collection[Direction]) -> Told:
    """The customer's words for one, and what works still: nothing that is stopped, for whatever reason, is promised."""
    left = [words for direction, words in _STILL_WORKS if direction not in stopped]
    works = f"What still works: signing in, your statements{''.join(f', {words}' for words in left)}."
    return Told(_CUSTOMER_TITLES[kind], text, works, "If you have questions, write to our support.")


def is_over(expires_at: datetime | None, *, at: datetime) -> bool:
    """Whether its time has come."""
    return expires_at is not None and expires_at <= at
