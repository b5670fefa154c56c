"""Work of identity: the key that tokens are signed with is changed."""

from datetime import timedelta

from app.core.db import atomically
from app.identity import signing
from jobs.work import Work


def rotate_signing_key(work: Work) -> timedelta | None:
    """Sign with another key from now on; the last one verifies until its tokens have ended."""
    atomically(signing.rotate, actor=work.actor)
    return None
