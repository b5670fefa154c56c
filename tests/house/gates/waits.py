"""Nothing waits without an end: what is not final has a limit, an owner and a way out, or says why it rests."""

import importlib
import pkgutil
from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any

from app.core.machine import Machine
from app.core.permissions import ROLES, Permission, Role


def machines() -> list[Machine]:
    """Every machine that a room of the house has."""
    found: dict[str, Machine] = {}
    house = importlib.import_module("app")
    for module in pkgutil.walk_packages(house.__path__, "app."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Machine):
                found[value.name] = value
    return sorted(found.values(), key=lambda machine: machine.name)


def faults(every: Iterable[Machine], *, watched: Iterable[Any], watches_itself: Collection[str]) -> list[str]:
    """States without a limit, an owner or a way out, and machines whose rows nobody looks at.

    `watched` are entries of jobs.watchdog.WATCHED; machines that watch themselves need none.
    """
    known = {each.machine.name: each for each in watched}
    return [
        sentence for machine in every for sentence in (*_states(machine), *_looked_at(machine, known, watches_itself))
    ]


def _states(machine: Machine) -> Iterator[str]:
    for state in type(next(iter(machine.moves))):
        stated = (state in machine.waits) + (state in machine.rests)
        if machine.is_final(state) and stated:
            yield f"{machine.name}: {state} is final, and nothing waits there."
        elif not machine.is_final(state) and stated != 1:
            yield f"{machine.name}: {state} has no wait. Give it a limit, an owner and a way out, or say why it rests."
        elif state in machine.waits:
            yield from _wait(machine, state)
        elif not machine.is_final(state) and not machine.rests[state].strip():
            yield f"{machine.name}: {state} rests without a reason."


def _wait(machine: Machine, state: Any) -> Iterator[str]:
    wait = machine.waits[state]
    if wait.limit <= timedelta(0):
        yield f"{machine.name}: {state} has a limit of nothing."
    if wait.owner not in set(Role) or Permission.CASES_WORK not in ROLES[Role(wait.owner)]:
        yield f"{machine.name}: {state} is in the queue of {wait.owner or 'nobody'}, where nobody works on cases."
    if not wait.exit.strip().endswith("."):
        yield f"{machine.name}: {state} has no way out. Write a sentence that says what its owner can do."


def _looked_at(machine: Machine, watched: dict[str, Any], watches_itself: Collection[str]) -> Iterator[str]:
    if not machine.waits or machine.name in watches_itself:
        return
    if machine.name not in watched:
        yield f"{machine.name}: nobody looks at its rows. Add it to WATCHED in jobs/watchdog.py."
        return
    each = watched[machine.name]
    if not hasattr(each.model, "state") or not hasattr(each.model, "id"):
        yield f"{machine.name}: {each.model.__name__} has no state or no id to look at."
    elif hasattr(each.model, "customer_id") and each.whose != "customer_id":
        yield f"{machine.name}: its cases would not say whose they are."
