"""Work of governance."""

from datetime import timedelta

from app.core.db import atomically
from app.governance import flows, service
from jobs.work import Work


def execute(work: Work) -> timedelta | None:
    """Carry out what was agreed to; during its cooling-off it waits."""
    return flows.carry_out(work.subject, actor=work.actor)


def expire(work: Work) -> timedelta | None:
    """End what nobody decided in time."""
    atomically(lambda: service.expire(actor=work.actor), actor=work.actor)
    return None
