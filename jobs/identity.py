"""Work of identity."""

from datetime import timedelta

from app.core.db import atomically
from app.identity import renewal
from jobs.work import Work


def answer_reset(work: Work) -> timedelta | None:
    """Somebody forgot a password: find out whether there is anybody to write to."""
    atomically(lambda: renewal.answer(work.subject), actor=work.actor)
    return None
