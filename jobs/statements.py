"""Work of statements: reading files that were brought, asking tellers for theirs."""

from datetime import timedelta

from app.core.db import atomically
from app.statements import flows, pull_flows, pull_service
from jobs.work import Work


def read(work: Work) -> timedelta | None:
    """Read a file and keep what it tells; one that cannot be read is refused, and its page says where."""
    flows.read(work.subject, actor=work.actor)
    return None


def pull(work: Work) -> timedelta | None:
    """Ask a teller, and take in what it lists."""
    pull_flows.pull(work.subject, clients=work.clients, actor=work.actor)
    return None


def pull_due(work: Work) -> timedelta | None:
    """Ask every teller whose time has come."""
    atomically(lambda: pull_service.ask_due(actor=work.actor), actor=work.actor)
    return None
