"""What restrictions decide without looking anything up: what each kind stops, states, words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.machine import Machine, Wait

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


class Way(StrEnum):
    """Which way a command goes."""

    OUT = "out"
    IN = "in"
    TRADE = "trade"


class State(StrEnum):
    """A restriction from its placing to its end."""

    PLACED = "placed"
    LIFTED = "lifted"
    EXPIRED = "expired"


MACHINE = Machine(
    "restriction",
    {State.PLACED: frozenset({State.LIFTED, State.EXPIRED})},
    waits={
        State.PLACED: Wait(
            timedelta(days=90),
            "compliance_manager",
            "The customer's money stands still. Look whether the reason holds: have it lifted, or say why it stays.",
        ),
    },
)

# A trade takes from one wallet and gives to another: what stops either stops it too.
STOPS: Mapping[Kind, frozenset[Way]] = {
    Kind.NO_DEBIT: frozenset({Way.OUT, Way.TRADE}),
    Kind.NO_CREDIT: frozenset({Way.IN, Way.TRADE}),
    Kind.NO_TRADE: frozenset({Way.TRADE}),
    Kind.LEGAL_HOLD: frozenset({Way.OUT, Way.TRADE}),
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
_STILL_WORKS = ((Way.IN, "adding money"), (Way.OUT, "withdrawing"))


@dataclass(frozen=True)
class Told:
    """A restriction as its customer reads of it; there is nothing else in it."""

    title: str
    text: str
    works: str
    asks: str


def stops(kinds: Collection[Kind], way: Way) -> bool:
    """Whether any of these stops what goes this way."""
    return any(way in STOPS[kind] for kind in kinds)


def told(kind: Kind, *, text: str, stopped: Collection[Way]) -> Told:
    """The customer's words for one, and what works still: nothing that is stopped, for whatever reason, is promised."""
    left = [words for way, words in _STILL_WORKS if way not in stopped]
    works = f"What still works: signing in, your statements{''.join(f', {words}' for words in left)}."
    return Told(_CUSTOMER_TITLES[kind], text, works, "If you have questions, write to our support.")


def is_over(expires_at: datetime | None, *, at: datetime) -> bool:
    """Whether its time has come."""
    return expires_at is not None and expires_at <= at
