"""Work of disputes."""

from datetime import timedelta
from functools import partial

from app.core.db import atomically, leave
from app.disputes import flows, queries, service
from app.payments import queries as payments
from jobs.work import Work, until_it_answers


@until_it_answers
def watch(work: Work) -> timedelta | None:
    """Ask how a dispute stands, and warn before it is due: its webhooks may be lost."""
    return flows.watch(work.subject, paystack=work.clients.paystack, actor=work.actor)


@until_it_answers
def look_for_refunds(work: Work) -> timedelta | None:
    """One was won: what was refunded meanwhile at Paystack was not for it."""
    flows.look_for_refunds(work.subject, paystack=work.clients.paystack, actor=work.actor)
    return None


def hold_more(work: Work) -> timedelta | None:
    """Money came: of whom less is held than is disputed, it is held, once its credit is written; not with it."""
    deposit = payments.deposit_for_system(deposit_id=work.subject)
    short = queries.short_for_system(deposit.customer_id) if deposit is not None else []
    leave()
    for dispute_id in short:
        atomically(partial(service.hold_more, dispute_id), actor=work.actor)
    return None


def sweep(work: Work) -> timedelta | None:
    """Find the disputes that no webhook told of."""
    flows.sweep(paystack=work.clients.paystack, actor=work.actor)
    return None
