"""Work of governance."""

from datetime import timedelta

from app.core.db import atomically
from app.governance import flows, service
from jobs.work import Work


def execute(work: Work) -> timedelta | None:
    """Carry out what was agreed to; during its cooling-off it waits. What fails to the last is said on its page."""
    try:
        return flows.carry_out(work.subject, actor=work.actor)
    except Exception:
        if work.last:
            flows.give_up(work.subject, actor=work.actor)
        raise


def expire(work: Work) -> timedelta | None:
    """End what nobody decided in time."""
    atomically(lambda: service.expire(actor=work.actor), actor=work.actor)
    return None
