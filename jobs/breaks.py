"""Work of breaks: follow what runs did, tell of what is overdue, carry out bulks and errands, hear what was refused."""

from datetime import timedelta

from sqlalchemy.exc import OperationalError

from app.breaks import bulk, errands, service
from app.core import logs
from app.core.actor import Actor
from app.core.db import atomically, leave, sqlstate
from app.core.machine import history
from app.matching import explaining
from app.matching import queries as matching
from jobs.work import Work, each

TAKES_TOO_LONG = "57014"
FAULT_TRIES = 3  # of ours: within some seconds whoever asked is told
log = logs.get("jobs")


def follow(work: Work) -> timedelta | None:
    """Look after every account that statements tell of, and end errands that nobody is doing any more."""
    atomically(errands.end_left, actor=work.actor)
    each(matching.accounts_for_system(), lambda account: _look_after(account, work.actor))
    return None


def carry_out(work: Work) -> timedelta | None:
    """Do all rows of a bulk, some at a time: whoever begins again goes on where it stopped."""
    while atomically(lambda: bulk.go_on(work.facts["bulk_id"], actor=work.actor), actor=work.actor):
        pass
    return None


def run_errand(work: Work) -> timedelta | None:
    """Match an account, or take a match apart, in the name of who asked. Tried again, it has the effect of once.

    What it fails of for good is kept with it, for its page to say.
    """
    errand_id = work.facts["errand_id"]
    who = errands.asker_of(errand_id, request_id=work.actor.request_id)
    leave()
    try:
        atomically(lambda: errands.carry_out(errand_id, actor=who), actor=who)
    except Exception as error:
        why = _why_not(error, work)
        if why is None:
            raise
        log.exception("an errand failed", extra={"facts": {"errand": errand_id}})
        leave()
        atomically(lambda: errands.give_up(errand_id, why=why), actor=work.actor)
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


def _why_not(error: Exception, work: Work) -> str | None:
    """What is said of what failed; None while it is tried again (somebody else may be matching there)."""
    if isinstance(error, OperationalError) and (work.last or sqlstate(error) == TAKES_TOO_LONG):
        return "It takes longer than it may. Whoever runs Bursar sees why in the log."
    if not isinstance(error, OperationalError) and (work.last or work.tries >= FAULT_TRIES):
        return "It failed by a fault of Bursar's own, which is in the log. Nothing of it was done; ask again."
    return None


def _look_after(account: str, actor: Actor) -> None:
    last: explaining.Place | None = explaining.BEGINNING
    while last:
        last = atomically(lambda last=last: explaining.find(account, after=last), actor=actor)  # type: ignore[misc]
    atomically(lambda: _follow(account, actor), actor=actor)


def _follow(account: str, actor: Actor) -> None:
    service.follow(account, actor=actor)
    service.count(account)
    service.notice(account, actor=actor)
