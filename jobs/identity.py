"""Work of identity: forgotten passwords are answered, the key that tokens are signed with is changed."""

from datetime import timedelta

from app.core.db import atomically
from app.identity import recovery, renewal, signing
from jobs.work import Work


def answer_reset(work: Work) -> timedelta | None:
    """Somebody forgot a password: find out whether there is anybody to write to."""
    atomically(lambda: renewal.answer(work.subject), actor=work.actor)
    return None


def answer_recovery(work: Work) -> timedelta | None:
    """Somebody lost a mailbox: find out whether there is anybody to warn."""
    atomically(lambda: recovery.answer(work.subject, actor=work.actor), actor=work.actor)
    return None


def rotate_signing_key(work: Work) -> timedelta | None:
    """Sign with another key from now on; the last one verifies until its tokens have ended."""
    atomically(signing.rotate, actor=work.actor)
    return None
