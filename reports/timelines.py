"""What happened to one movement of a customer's money, in their words: each step, and what is still to come.

One table says what each state is called. The reasons that stand beside moves are the house's, and none is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from app.core import machine
from app.core.db import rows
from app.core.money import NGN, Money
from reports.activity import CAME_TO_NOTHING, OVER

STEPS: Mapping[str, Mapping[str, str]] = {
    "deposit": {
        "started": "You asked to add money",
        "awaiting_payment": "You were asked to pay",
        "credited": "It is in your wallet",
        "failed": "No payment came",
        "suspended": "Something is in the way, and people look at it",
        "closed": "It was not added to your wallet as it came: it went back, or another way",
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
# What became of a deposit after it was credited: said when it began, and when it ended.
GIVEN_BACK: Mapping[tuple[str, str], str] = {
    ("refund", ""): "{} of it goes back to whoever paid it",
    ("refund", "processed"): "{} went back to whoever paid it",
    ("refund", "failed"): "{} could not go back, and is where it was",
    ("dispute", ""): "Whoever paid it asks their bank for {} back, and it is held until that is decided",
    ("dispute", "won"): "Their bank decided for you: {} is yours as before",
    ("dispute", "lost"): "Their bank decided for whoever paid it, who got {} back",
}
_GIVEN_BACK = """
SELECT 'refund' AS kind, r.id, r.state, r.amount_units AS units, r.amount_units AS asked, r.created_at, r.ended_at
  FROM refunds r WHERE r.deposit_id = :deposit AND r.customer_id = :customer
 UNION ALL
SELECT 'dispute', d.id, d.state, coalesce(d.lost_units, d.amount_units), d.amount_units, d.opened_at, d.ended_at
  FROM disputes d WHERE d.deposit_id = :deposit AND d.customer_id = :customer
 ORDER BY created_at, id
"""
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


def given_back(deposit_id: str, *, customer_id: str) -> list[Step]:
    """The refunds and disputes of a customer's deposit, each with how it began and how it ended, oldest first."""
    steps = []
    for row in rows(_GIVEN_BACK, deposit=deposit_id, customer=customer_id):
        began = GIVEN_BACK[row.kind, ""].format(Money(NGN, int(row.asked)))
        steps.append(Step(began, "done" if row.ended_at else "current", row.created_at))
        if row.ended_at:
            failed = row.state in {"failed", "lost"}
            words = GIVEN_BACK[row.kind, row.state].format(Money(NGN, int(row.units)))
            steps.append(Step(words, "failed" if failed else "done", row.ended_at))
    return steps


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
