"""Work of statements: reading files that were brought."""

from datetime import timedelta

from app.statements import flows
from jobs.work import Work


def read(work: Work) -> timedelta | None:
    """Read a file and keep what it tells; one that cannot be read is refused, and its page says where."""
    flows.read(work.subject, actor=work.actor)
    return None
