"""Work of identity."""

from datetime import timedelta

from app.core.db import atomically
from app.identity import recovery, renewal
from jobs.work import Work


def answer_reset(work: Work) -> timedelta | None:
    """Somebody forgot a password: find out whether there is anybody to write to."""
    atomically(lambda: renewal.answer(work.subject), actor=work.actor)
    return None


def answer_recovery(work: Work) -> timedelta | None:
    """Somebody lost a mailbox: find out whether there is anybody to warn."""
    atomically(lambda: recovery.answer(work.subject, actor=work.actor), actor=work.actor)
    return None
