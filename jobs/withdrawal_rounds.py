"""Work of the rounds of checks: look into what was asked for, and what the clock does with what waits."""

from contextlib import suppress
from datetime import timedelta
from functools import partial

from app.core import clock
from app.core.db import atomically
from app.core.errors import IllegalMove
from app.withdrawals import checks, flows, queries, rounds, service
from app.withdrawals.errors import Contradicted
from jobs.work import Work, each


def look_into(work: Work) -> timedelta | None:
    """Somebody asked for money out: check it."""
    atomically(lambda: rounds.look_into(work.subject, actor=work.actor), actor=work.actor)
    return None


def look_again(work: Work) -> timedelta | None:
    """A customer stands otherwise on the lists now: check what that stopped. What a person holds, a person releases."""
    for withdrawal_id in queries.held_by_for_system(checks.LISTS, customer_id=work.facts["customer_id"]):
        with suppress(IllegalMove):  # (it went on meanwhile)
            atomically(partial(rounds.look_again, withdrawal_id, actor=work.actor), actor=work.actor)
    return None


def wake(work: Work) -> timedelta | None:
    """Check those whose time to cool off is over."""
    each(
        queries.cooled_for_system(at=clock.now()),
        lambda one: atomically(lambda: rounds.wake(one, actor=work.actor), actor=work.actor),
    )
    return None


def expire(work: Work) -> timedelta | None:
    """Give back what nobody decided on in time. What may have been paid waits on."""

    def give_back(withdrawal_id: str) -> None:
        with suppress(Contradicted):
            flows.expire(withdrawal_id, paystack=work.clients.paystack, actor=work.actor)

    each(rounds.undecided_for_system(), give_back)
    return None


def give_up(work: Work) -> timedelta | None:
    """Give back what stood unpaid for too long. What may have been paid waits on."""

    def give_back(withdrawal_id: str) -> None:
        with suppress(Contradicted):
            flows.give_up_old(withdrawal_id, paystack=work.clients.paystack, actor=work.actor)

    each(queries.unpaid_for_system(before=service.unpaid_before(clock.now())), give_back)
    return None
