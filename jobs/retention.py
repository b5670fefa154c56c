"""Work of retention: carry out the run that was agreed on."""

from datetime import timedelta

from app.retention import flows
from jobs.work import Work


def carry_out(work: Work) -> timedelta | None:
    """Forget some of what is due; what is left goes with the next wake-up."""
    return flows.carry_out(work.subject, store=work.clients.documents, actor=work.actor)
