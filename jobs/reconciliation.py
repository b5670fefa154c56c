"""Work of reconciliation."""

from datetime import timedelta

from app.core.db import atomically
from app.reconciliation import flows, service
from jobs.work import Work


def run(work: Work) -> timedelta | None:
    """Make the run that was asked for."""
    flows.run(work.subject, paystack=work.clients.paystack, actor=work.actor)
    return None


def daily(work: Work) -> timedelta | None:
    """Ask for the day's run."""
    atomically(lambda: service.ask(actor=work.actor), actor=work.actor)
    return None
