"""Work of customers: end what staff looked at for long enough, and safety locks whose time is over."""

from datetime import timedelta

from app.core.db import atomically
from app.customers import service
from jobs.work import Work


def end_spent_views(work: Work) -> timedelta | None:
    """Leave a record of the end of each view whose time is over."""
    atomically(service.end_spent_views, actor=work.actor)
    return None


def lift_safety_locks(work: Work) -> timedelta | None:
    """Lift what was frozen for a day and not confirmed by compliance."""
    atomically(lambda: service.lift_safety_locks(actor=work.actor), actor=work.actor)
    return None
