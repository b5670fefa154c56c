"""Work of governance."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from app.core.db import atomically, leave
from app.disputes import flows as disputes
from app.disputes.requests import LET_GO
from app.governance import flows, queries, service
from app.governance.models import Request
from app.withdrawals import flows as withdrawals
from app.withdrawals import marking
from jobs.work import Work

# Kinds of which the world is asked before they are carried out.
LOOKS: dict[str, Callable[..., None]] = {
    marking.KIND.name: withdrawals.look_before_marking,
    LET_GO.name: disputes.look_before_letting_go,
}
# And those that let what is under way come to its end before.
PAUSES: dict[str, Callable[[Request], timedelta | None]] = {marking.KIND.name: marking.pause_before}


def execute(work: Work) -> timedelta | None:
    """Carry out what was agreed to; during its cooling-off it waits. What fails to the last is said on its page."""
    asked = queries.one_for_operators(work.subject).request
    kind, pause = asked.kind, PAUSES[asked.kind](asked) if asked.kind in PAUSES else None
    leave()
    if pause:
        return pause
    look = partial(LOOKS[kind], paystack=work.clients.paystack, actor=work.actor) if kind in LOOKS else None
    try:
        return flows.carry_out(work.subject, actor=work.actor, look=look)
    except Exception:
        if work.last:
            flows.give_up(work.subject, actor=work.actor)
        raise


def expire(work: Work) -> timedelta | None:
    """End what nobody decided in time."""
    atomically(lambda: service.expire(actor=work.actor), actor=work.actor)
    return None
