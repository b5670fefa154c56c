"""Work of restrictions: end those whose time is over, stop whom a list names."""

from datetime import timedelta

from app.core.db import atomically
from app.restrictions import service
from app.restrictions.rules import Kind
from app.screening import queries as screening
from app.screening.rules import HitState
from jobs.work import Work


def expire(work: Work) -> timedelta | None:
    """End what was placed until now or earlier."""
    atomically(lambda: service.expire(actor=work.actor), actor=work.actor)
    return None


def hold(work: Work) -> timedelta | None:
    """Somebody is listed by more than their name: nothing goes out of the account. Two agreed on it: it is frozen.

    What was decided meanwhile counts; and it ends as every restriction does, by two people.
    """

    def stop() -> None:
        found = screening.hit_for_operators(work.subject)
        if found.forbids:
            kind = Kind.LEGAL_HOLD if found.hit.state == HitState.MATCH else Kind.NO_DEBIT
            cause = f"{found.hit.id}:{kind}"
            service.place_listed(found.hit.customer_id, kind=kind, cause=cause, actor=work.actor)

    atomically(stop, actor=work.actor)
    return None
