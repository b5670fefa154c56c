"""What somebody asks for that takes longer than a page may: matching an account now, taking a large match apart.

It is done by a task, in the name of who asked, and its page follows it.
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.breaks import errors, events, service
from app.breaks.models import Errand
from app.core import actor as actors
from app.core import clock, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Refusal
from app.matching import break_queries, by_hand, queries
from app.matching import service as matching
from app.matching.errors import MatchGone, NothingToMatch

LEFT_AFTER = timedelta(hours=4)  # (a task is tried for about two)


def ask_match(account: str, *, maker: str) -> int:
    """Have what is new in an account matched now: the errand. Raises NothingToMatch."""
    if not queries.sources_for_system(account):
        raise NothingToMatch
    return _asked(account, None, reason="asked for", maker=maker)


def ask_apart(group_id: int, *, reason: str, maker: str) -> int:
    """Have a match taken apart: the errand. Raises NotFound, MatchGone, ReasonMissing."""
    own = break_queries.match_for_operators(group_id)
    if own.ended_by is not None:
        raise MatchGone
    return _asked(own.account, group_id, reason=by_hand.worded(reason), maker=maker)


def is_large(group_id: int) -> bool:
    """Whether a match is to be taken apart by a task."""
    return break_queries.size_for_operators(group_id, limit=by_hand.LARGE + 1) > by_hand.LARGE


def asker_of(errand_id: int, *, request_id: str) -> Actor:
    """In whose name it is done."""
    return actors.operator(db.session.get_one(Errand, errand_id).made_by, request_id=request_id)


def carry_out(errand_id: int, *, actor: Actor) -> None:
    """Do it, and keep what came of it; one that has an end keeps it."""
    one = _open(errand_id)
    if one is None:
        return
    try:
        with db.session.begin_nested():
            said = _match(one.account, actor=actor) if one.group_id is None else _take_apart(one, actor=actor)
    except Refusal as no:
        _end(one, no.message, failed=True)
        return
    _end(one, said)


def give_up(errand_id: int, *, why: str) -> None:
    """Note why it could not be done."""
    one = _open(errand_id)
    if one is not None:
        _end(one, why, failed=True)


def end_left() -> None:
    """End those whose worker died of them each time, so that nobody said so. One that is being done is left alone."""
    own = select(Errand).where(Errand.ended_at.is_(None), Errand.made_at < clock.now() - LEFT_AFTER)
    for one in db.session.scalars(own.with_for_update(skip_locked=True)):
        _end(one, "Whoever did it stopped each time, and nothing of it was done. Ask again.", failed=True)


def newest_for_operators(account: str, *, group_id: int | None = None) -> Errand | None:
    """The one of an account that was asked for last, or of a match."""
    own = select(Errand).where(Errand.account == account, Errand.group_id.is_not_distinct_from(group_id))
    newest = own.order_by(Errand.id.desc()).limit(1).execution_options(populate_existing=True)
    return db.session.scalars(newest).one_or_none()


def _asked(account: str, group_id: int | None, *, reason: str, maker: str) -> int:
    new = insert(Errand).values(account=account, group_id=group_id, reason=reason, made_by=maker, made_at=clock.now())
    made = db.session.scalar(new.on_conflict_do_nothing().returning(Errand.id))
    if made is not None:
        outbox.emit(events.ErrandAsked(errand_id=made))
        return made
    under_way = newest_for_operators(account, group_id=group_id)
    if under_way is None:
        raise errors.UnderWay
    return under_way.id


def _match(account: str, *, actor: Actor) -> str:
    rules, version = queries.rules_for_operators(account)
    run = matching.run(account, rules=rules, version=version, whole=False, why="asked for", actor=actor)
    return "Nothing is new." if run is None else f"{run.counts['opened']:,} opened, {run.counts['closed']:,} closed."


def _take_apart(one: Errand, *, actor: Actor) -> str:
    service.take_apart(one.group_id or 0, reason=one.reason, actor=actor)
    return "Its lines and entries are open again."


def _open(errand_id: int) -> Errand | None:
    own = select(Errand).where(Errand.id == errand_id, Errand.ended_at.is_(None)).with_for_update()
    return db.session.scalars(own).one_or_none()


def _end(one: Errand, said: str, *, failed: bool = False) -> None:
    one.ended_at, one.failed, one.said = clock.now(), failed, said
    db.session.flush()
