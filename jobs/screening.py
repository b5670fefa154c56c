"""Work of screening: hold what changed in a list against everybody, and again whoever could not be screened."""

import time
from datetime import timedelta

from app.core.db import atomically
from app.screening import deciding, flows, loading, queries, service
from jobs.work import Work

BATCHES = 20
AT_ONCE = timedelta(0)
SUBJECTS = 100
WORKS_SECONDS = 30


def rescreen(work: Work) -> timedelta | None:
    """A piece of a list's change; the rest in the next turn."""
    return None if flows.rescreen(work.subject, batches_max=BATCHES, actor=work.actor) else AT_ONCE


def reopen(work: Work) -> timedelta | None:
    """A request has ended without consent: a hit about which it asked is open again."""
    atomically(lambda: deciding.reopen_unconfirmed(actor=work.actor), actor=work.actor)
    return None


def watch_lists(work: Work) -> timedelta | None:
    """Say which lists nobody has loaded for a while."""
    atomically(loading.warn_of_aging, actor=work.actor)
    return None


def catch_up(work: Work) -> timedelta | None:
    """Screen those who changed, or could not be, while there is time; open again what was not confirmed."""
    atomically(lambda: deciding.reopen_unconfirmed(actor=work.actor), actor=work.actor)
    began = time.monotonic()
    for subject_id in queries.due_for_system(limit=SUBJECTS):
        atomically(lambda each=subject_id: service.screen_again(each, actor=work.actor), actor=work.actor)  # type: ignore[misc]
        if time.monotonic() - began > WORKS_SECONDS:
            break
    return None
