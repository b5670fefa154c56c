"""Work of withdrawals."""

from contextlib import suppress
from datetime import datetime, timedelta

from app.core import clock
from app.core.db import atomically
from app.customers.errors import AccountFrozen
from app.payments import queries as payments
from app.payments.rules import RESEND_AFTER, PayoutState, watch_pause
from app.restrictions.errors import Restricted
from app.risk.errors import SwitchedOff
from app.withdrawals import errors, flows, queries, service
from jobs.work import Work, until_it_answers

WHILE_HALTED = timedelta(minutes=1)
WHILE_FROZEN = timedelta(minutes=5)
WHILE_LACKING = timedelta(minutes=2)
SEEN_SOON = timedelta(seconds=5)
AT_ONCE = 100
STOPS = (AccountFrozen, Restricted, errors.PayoutsHalted, errors.NotDueYet, SwitchedOff, errors.Contradicted)


@until_it_answers
def send(work: Work) -> timedelta | None:
    """Send what was approved. While something stops it, or the float is too low, it waits, and that is no failure."""
    try:
        state = flows.send(work.subject, paystack=work.clients.paystack, actor=work.actor)
    except (errors.PayoutsHalted, SwitchedOff):
        return WHILE_HALTED
    except (AccountFrozen, Restricted, errors.Contradicted):
        return WHILE_FROZEN
    except errors.NotDueYet as early:
        return max(datetime.fromisoformat(early.facts["due_at"]) - clock.now(), timedelta(seconds=1))
    if state is PayoutState.AWAITING_FLOAT:
        return WHILE_LACKING
    return _until_seen(work.subject) if state is PayoutState.SENDING else None


def _until_seen(withdrawal_id: str) -> timedelta:
    """How long until Paystack is asked again for what it does not show yet, or shows as what was not asked for."""
    payout = payments.payout_for_system(queries.one_for_operators(withdrawal_id).attempt_id)
    age = clock.now() - payout.begun_at if payout else timedelta(0)
    return SEEN_SOON if age < RESEND_AFTER else watch_pause(age)


def resume(work: Work) -> timedelta | None:
    """Something that stopped an account has ended: send what waited for that. What else stops it makes it wait on."""
    for withdrawal_id in queries.approved_for_system(work.facts["customer_id"]):
        with suppress(*STOPS):  # (each has its own task, which asks again)
            flows.send(withdrawal_id, paystack=work.clients.paystack, actor=work.actor)
    return None


def send_waiting(work: Work) -> timedelta | None:
    """What was approved and is not begun goes together: after a stop there is much of it. One alone has its task."""
    waiting = queries.all_approved_for_system(limit=AT_ONCE, at=clock.now())
    if len(waiting) > 1:
        flows.send_many(waiting, paystack=work.clients.paystack, actor=work.actor)
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
