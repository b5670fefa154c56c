"""Work of withdrawals."""

from datetime import datetime, timedelta

from app.core import clock
from app.core.db import atomically
from app.customers.errors import AccountFrozen
from app.restrictions.errors import Restricted
from app.withdrawals import errors, flows, queries, service
from jobs.work import Work

WHILE_HALTED = timedelta(minutes=1)
WHILE_FROZEN = timedelta(minutes=5)


def send(work: Work) -> timedelta | None:
    """Send what was approved. While payouts are halted or the account is stopped it waits, and that is no failure."""
    try:
        flows.send(work.subject, paystack=work.clients.paystack, actor=work.actor)
    except errors.PayoutsHalted:
        return WHILE_HALTED
    except (AccountFrozen, Restricted):
        return WHILE_FROZEN
    except errors.NotDueYet as early:
        return max(datetime.fromisoformat(early.facts["due_at"]) - clock.now(), timedelta(seconds=1))
    return None


def resume(work: Work) -> timedelta | None:
    """Something that stopped an account has ended: send what waited for that. What else stops it makes it wait on."""
    for withdrawal_id in queries.approved_for_system(work.facts["customer_id"]):
        try:
            flows.send(withdrawal_id, paystack=work.clients.paystack, actor=work.actor)
        except (AccountFrozen, Restricted, errors.PayoutsHalted, errors.NotDueYet):
            return None  # (each has its own task, which asks again)
    return None


def settle(work: Work) -> timedelta | None:
    """The bank has the money."""
    atomically(lambda: service.settle(work.subject, actor=work.actor), actor=work.actor)
    return None


def fail(work: Work) -> timedelta | None:
    """Nothing left us."""
    atomically(lambda: service.fail(work.subject, actor=work.actor), actor=work.actor)
    return None


def take_back(work: Work) -> timedelta | None:
    """The bank sent it back."""
    atomically(lambda: service.take_back(work.subject, actor=work.actor), actor=work.actor)
    return None
