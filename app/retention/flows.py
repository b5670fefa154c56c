"""Carrying a run out: step by step, each in a transaction of its own; the files go from the store after each."""

from datetime import timedelta

from app.clients.storage import Storage
from app.core.actor import Actor
from app.core.db import atomically
from app.documents import flows as documents
from app.retention import rules, service

GOES_ON_AFTER = timedelta(seconds=1)


def carry_out(run_id: str, *, store: Storage, actor: Actor) -> timedelta | None:
    """Some steps of a run: None when it is over, or how soon to go on.

    Files whose row says that they went and that are still in the store, because somebody was killed, the store's own
    sweep deletes: nothing opens them any more.
    """
    for _ in range(rules.STEPS_MAX):
        done = atomically(lambda: service.step(run_id, actor=actor), actor=actor, reason=run_id)
        documents.remove(store, list(done.files))
        if done.over:
            return None
    return GOES_ON_AFTER
