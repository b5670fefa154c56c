"""Work of restrictions: end those whose time is over."""

from datetime import timedelta

from app.core.db import atomically
from app.restrictions import service
from jobs.work import Work


def expire(work: Work) -> timedelta | None:
    """End what was placed until now or earlier."""
    atomically(lambda: service.expire(actor=work.actor), actor=work.actor)
    return None
