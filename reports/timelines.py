"""What happened to one movement of a customer's money, in their words: each step, and what is still to come.

One table says what each state is called. The reasons that stand beside moves are the house's, and none is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from app.core import machine
from reports.activity import CAME_TO_NOTHING, OVER

STEPS: Mapping[str, Mapping[str, str]] = {
    "deposit": {
        "started": "You asked to add money",
        "awaiting_payment": "You were asked to pay",
        "credited": "It is in your wallet",
        "failed": "No payment came",
        "suspended": "Something is in the way, and people look at it",
        "refunded": "It went back to where it came from",
    },
    "withdrawal": {
        "requested": "You asked for it",
        "held": "People look at it",
        "cooling_off": "It waits, because something about it is new",
        "approved": "We checked and approved it",
        "sending": "It was handed to the bank",
        "unpaid": "The bank did not take it: it is tried again or given back",
        "settled": "The bank has it",
        "failed": "It was not paid, and is in your wallet again",
        "returned": "The bank sent it back, and it is in your wallet again",
        "rejected": "We declined it, and it is in your wallet again",
        "cancelled": "You took it back",
    },
}
# The way that money takes when nothing comes between: what is said of a step that is still to come.
AHEAD: Mapping[str, Mapping[str, str]] = {
    "deposit": {
        "started": "You ask to add money",
        "awaiting_payment": "You pay",
        "credited": "It is put into your wallet",
    },
    "withdrawal": {
        "requested": "You ask for it",
        "approved": "We check it",
        "sending": "It is handed to the bank",
        "settled": "The bank has it",
    },
}
# States beside that way, and the step after which each stands.
BESIDE = {"suspended": "awaiting_payment", "held": "requested", "cooling_off": "requested", "unpaid": "approved"}
FOLLOWS = "This page follows by itself."


@dataclass(frozen=True)
class Step:
    """One line of the story: `done`, `current`, `todo` or `failed`."""

    title: str
    state: str
    at: datetime | None = None
    text: str = ""


def of(subject: str, *, kind: str, state: str) -> list[Step]:
    """The steps of a movement that is in this state now. Whose it is, the caller has looked at."""
    words = STEPS[kind]
    done = [
        Step(
            words.get(move.new_state, move.new_state.replace("_", " ").capitalize()),
            "failed" if move.new_state in CAME_TO_NOTHING else "done",
            move.moved_at,
        )
        for move in machine.history(subject)
    ]
    if state in OVER:
        return done
    if done and state in BESIDE:
        done[-1] = replace(done[-1], state="current", text=FOLLOWS)
    return done + _ahead(kind, state)


def _ahead(kind: str, state: str) -> list[Step]:
    """What is still to come. A deposit waits for the customer's payment, which is the step that it stands in."""
    way, here = AHEAD[kind], BESIDE.get(state, state)
    names = list(way)
    if here not in way:
        return []
    first = names.index(here) + (kind == "withdrawal" or state in BESIDE or state == "started")
    return [
        Step(
            way[name], "current" if at == first and state not in BESIDE else "todo", text=FOLLOWS if at == first else ""
        )
        for at, name in enumerate(names)
        if at >= first
    ]
