"""Work of identity: forgotten passwords are answered, recoveries end, the tokens' key changes, spent rows go."""

from datetime import timedelta

from app.core.db import atomically
from app.identity import recovery, renewal, retention, signing
from jobs.work import Work

STEPS_MAX = 20


def answer_reset(work: Work) -> timedelta | None:
    """Somebody forgot a password: find out whether there is anybody to write to."""
    atomically(lambda: renewal.answer(work.subject), actor=work.actor)
    return None


def answer_recovery(work: Work) -> timedelta | None:
    """Somebody lost a mailbox: find out whether there is anybody to warn."""
    atomically(lambda: recovery.answer(work.subject, actor=work.actor), actor=work.actor)
    return None


def expire_recoveries(work: Work) -> timedelta | None:
    """End recoveries that were asked for long ago."""
    atomically(lambda: recovery.expire(actor=work.actor), actor=work.actor)
    return None


def rotate_signing_key(work: Work) -> timedelta | None:
    """Sign with another key from now on; the last one verifies until its tokens have ended."""
    atomically(signing.rotate, actor=work.actor)
    return None


def forget_spent(work: Work) -> timedelta | None:
    """Forget spent rows, some at a time; what is left after many steps waits for the next hour."""
    for _ in range(STEPS_MAX):
        if not atomically(retention.forget_spent, actor=work.actor):
            break
    return None
