"""Work of identity: forgotten passwords are answered, the key that tokens are signed with is changed."""

from datetime import timedelta

from app.core.db import atomically
from app.identity import renewal, signing
from jobs.work import Work


def answer_reset(work: Work) -> timedelta | None:
    """Somebody forgot a password: find out whether there is anybody to write to."""
    atomically(lambda: renewal.answer(work.subject), actor=work.actor)
    return None


def rotate_signing_key(work: Work) -> timedelta | None:
    """Sign with another key from now on; the last one verifies until its tokens have ended."""
    atomically(signing.rotate, actor=work.actor)
    return None
