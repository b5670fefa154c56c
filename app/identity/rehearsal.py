"""Doing for nobody what is done for somebody: a known address takes no other time than a stranger's.

What is rehearsed is written and taken back, so the database does the same work and nothing is left of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from app.core.db import db

NOBODY = "lg_nobody"  # a login that exists, has no password and cannot sign in; it has a code that opens nothing


class _TakenBack(Exception):
    pass


@contextmanager
def work(*, counts: bool) -> Iterator[None]:
    """Do the body inside the caller's transaction, and take it back unless it `counts`."""
    with suppress(_TakenBack), db.session.begin_nested():
        yield
        db.session.flush()
        if not counts:
            raise _TakenBack
