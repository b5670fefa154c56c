"""Work of breaks: follow what runs did, tell of what is overdue, carry out bulks, hear what was refused."""

from datetime import timedelta

from app.breaks import bulk, service
from app.core.actor import Actor
from app.core.db import atomically
from app.core.machine import history
from app.matching import queries as matching
from jobs.work import Work


def follow(work: Work) -> timedelta | None:
    """Look after every account that statements tell of."""
    for account in matching.accounts_for_system():
        atomically(lambda account=account: _follow(account, work.actor), actor=work.actor)  # type: ignore[misc]
    return None


def carry_out(work: Work) -> timedelta | None:
    """Do all rows of a bulk, some at a time: whoever begins again goes on where it stopped."""
    while atomically(lambda: bulk.go_on(work.facts["bulk_id"], actor=work.actor), actor=work.actor):
        pass
    return None


def proposal_ended(work: Work) -> timedelta | None:
    """What was asked for about a break, or about many, comes to nothing."""
    if not str(work.facts["kind"]).startswith("breaks."):
        return None
    request_id = str(work.facts["request_id"])
    moves = history(request_id)
    words = (moves[-1].reason or moves[-1].new_state) if moves else ""

    def deed() -> None:
        service.refused(request_id, reason=words, actor=work.actor)
        bulk.drop(request_id, reason=words, actor=work.actor)

    atomically(deed, actor=work.actor)
    return None


def _follow(account: str, actor: Actor) -> None:
    service.follow(account, actor=actor)
    service.count(account)
    service.notice(account, actor=actor)
