"""Work of disputes."""

from datetime import timedelta

from app.disputes import flows
from jobs.work import Work, until_it_answers


@until_it_answers
def watch(work: Work) -> timedelta | None:
    """Ask how a dispute stands, and warn before it is due: its webhooks may be lost."""
    return flows.watch(work.subject, paystack=work.clients.paystack, actor=work.actor)


def sweep(work: Work) -> timedelta | None:
    """Find the disputes that no webhook told of."""
    flows.sweep(paystack=work.clients.paystack, actor=work.actor)
    return None
