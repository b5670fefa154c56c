"""Carrying out: one transaction for the deed and its state, and another that says so when the deed was refused."""

from datetime import timedelta

from app.core.actor import Actor
from app.core.db import atomically
from app.core.errors import Refusal
from app.governance import service

BROKEN = "Something went wrong on our side. Nothing was changed."


def carry_out(request_id: str, *, actor: Actor) -> timedelta | None:
    """Do what was agreed to: None when that is over, or how long to wait. A refusal is noted and ends this try."""
    try:
        return atomically(lambda: service.execute(request_id, actor=actor), actor=actor, reason=request_id)
    except Refusal as refused:
        words = refused.message
    _note(request_id, words, actor=actor)
    return None


def give_up(request_id: str, *, actor: Actor) -> None:
    """It could not be carried out by a fault of ours, however often it was tried."""
    _note(request_id, BROKEN, actor=actor)


def _note(request_id: str, words: str, *, actor: Actor) -> None:
    atomically(lambda: service.note_failure(request_id, words=words, actor=actor), actor=actor, reason=request_id)
