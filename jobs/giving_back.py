"""Work of notifications about refunds and disputes: which mail tells of which event."""

from datetime import timedelta

from app.core import clock
from app.core.permissions import Role
from app.customers import queries as customers
from app.disputes import queries as disputes
from app.disputes.rules import State
from app.notifications import giving_back as words
from app.notifications.rules import Words
from app.payments import refund_queries as refunds
from jobs.notifications import tell, tell_holders
from jobs.work import Work


def dispute_opened(work: Work) -> timedelta | None:
    """Somebody takes back what a customer was credited."""
    dispute = disputes.one_for_system(work.subject)
    return _to_customer(work, dispute.customer_id, words.dispute_opened(dispute.amount, held=dispute.held))


def dispute_to_answer(work: Work) -> timedelta | None:
    """A dispute waits for our answer: finance is told, each once."""
    dispute = disputes.one_for_system(work.subject)
    if dispute.state != State.OPEN:
        return None
    due_at = dispute.due_at.astimezone(clock.WAT) if dispute.due_at else None
    page = f"{work.console_url}/console/disputes/{dispute.id}"
    told = words.dispute_to_answer(dispute.amount, due_at=due_at, page=page)
    return tell_holders(work, told, roles=(Role.FINANCE,))


def dispute_ended(work: Work) -> timedelta | None:
    """How a dispute ended for the customer."""
    dispute = disputes.one_for_system(work.subject)
    if dispute.state == State.WON:
        return _to_customer(work, dispute.customer_id, words.dispute_won(dispute.amount))
    if not dispute.journal_id:
        return None
    return _to_customer(work, dispute.customer_id, words.dispute_lost(dispute.lost, owed=dispute.owed))


def refund_paid(work: Work) -> timedelta | None:
    """What a customer was credited went back to its payer."""
    refund = refunds.refund_for_system(work.subject)
    if not refund.from_account.startswith("liability:customer:"):
        return None
    return _to_customer(work, refund.customer_id, words.refund_paid(refund.amount, owed=refund.owed))


def refund_stuck(work: Work) -> timedelta | None:
    """Paystack cannot reach a payer: finance is told, each once."""
    refund = refunds.refund_for_system(work.subject)
    page = f"{work.console_url}/console/refunds/{refund.id}"
    return tell_holders(work, words.refund_stuck(refund.amount, page=page), roles=(Role.FINANCE,))


def _to_customer(work: Work, customer_id: str | None, told: Words) -> timedelta | None:
    if customer_id is None:
        return None
    return tell(work, login_id=customers.login_for_system(customer_id), words=told)
