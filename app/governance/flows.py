"""Carrying out: one transaction for the deed and its state, and another that says so when the deed was refused."""

from collections.abc import Callable
from datetime import timedelta

from app.core import clock
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.core.errors import Refusal
from app.governance import queries, service
from app.governance.kinds import Payload
from app.governance.rules import State

BROKEN = "Something went wrong on our side. Nothing was changed."


Look = Callable[[Payload], None]  # asks the world, outside every transaction, and refuses what must not be done


def carry_out(request_id: str, *, actor: Actor, look: Look | None = None) -> timedelta | None:
    """Do what was agreed to: None when that is over, or how long to wait. A refusal is noted and ends this try.

    What is due is looked at before, where its kind has a `look`.
    """
    try:
        if look is not None and (payload := _due(request_id)) is not None:
            look(payload)
        return atomically(lambda: service.execute(request_id, actor=actor), actor=actor, reason=request_id)
    except Refusal as refused:
        words = refused.message
    _note(request_id, words, actor=actor)
    return None


def give_up(request_id: str, *, actor: Actor) -> None:
    """It could not be carried out by a fault of ours, however often it was tried."""
    _note(request_id, BROKEN, actor=actor)


def _due(request_id: str) -> Payload | None:
    asked = queries.one_for_operators(request_id).request
    leave()
    due = asked.state == State.APPROVED and asked.not_before is not None and asked.not_before <= clock.now()
    return asked.payload if due else None


def _note(request_id: str, words: str, *, actor: Actor) -> None:
    atomically(lambda: service.note_failure(request_id, words=words, actor=actor), actor=actor, reason=request_id)
