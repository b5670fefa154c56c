"""Commands of pulls: from when on a teller is asked, asking it now, and what came of it."""

from datetime import date, datetime, time

from sqlalchemy import or_, select, update

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.statements import errors, events, queries, rules
from app.statements.models import Pull, Source
from app.statements.rules import PullState

TROUBLE_MAX = 300


def set_rhythm(source: Source, *, every: int | None, since: date) -> None:
    """Ask each `every` seconds for what was told from the day `since` on; with None never again by itself.

    An earlier day than before goes back: what is told again adds nothing. Raises BadPull.
    """
    begin = datetime.combine(since, time(), source.tz)
    if begin.astimezone(source.tz).date() >= clock.now().astimezone(source.tz).date():
        raise errors.BadPull("The first day must be over: a day is told whole once it is.")
    if every is not None and (every not in rules.PULL_RHYTHMS or source.format not in rules.PULLED):
        raise errors.BadPull
    said: dict[str, object] = {"pull_every": every, "pull_from": begin}
    if source.pull_from is None or begin < source.pull_from or (source.pulled_until or begin) < begin:
        said["pulled_until"] = None
    own = update(Source).where(Source.id == source.id, Source.retired_at.is_(None)).values(**said)
    if db.session.execute(own.returning(Source.id)).one_or_none() is None:
        raise errors.NoSuchSource


def ask(source_id: str, *, actor: Actor) -> Pull:
    """Ask for what is new since the last time, and the days before it again: what was under way then may be over.

    While one is under way, that one is the answer. Raises NoSuchSource, BadPull for one without a first day.
    """
    source = db.session.scalars(select(Source).where(Source.id == source_id).with_for_update()).one_or_none()
    if source is None or source.retired_at is not None:
        raise errors.NoSuchSource
    if source.pull_from is None:
        raise errors.BadPull
    running = queries.pull_under_way_for_system(source_id)
    if running is not None:
        return running
    again = source.pulled_until - rules.PULLED_AGAIN if source.pulled_until else source.pull_from
    pull = Pull(
        id=ids.new("pul"),
        source_id=source_id,
        state=PullState.ASKED,
        since=datetime.combine(max(again, source.pull_from).astimezone(source.tz).date(), time(), source.tz),
        until=clock.now() - rules.PULL_SETTLES,
        asked_by=str(actor),
        asked_at=clock.now(),
    )
    machine.begin(pull, machine=rules.PULL, actor=actor)
    outbox.emit(events.PullAsked(pull_id=pull.id))
    return pull


def ask_due(*, actor: Actor) -> list[str]:
    """Ask for every source whose time has come: the ids of the pulls."""
    return [ask(source_id, actor=actor).id for source_id in queries.sources_to_pull_for_system(clock.now())]


def finish(pull_id: str, *, rows: int, files: int, actor: Actor) -> None:
    """It told so many rows in so many files; the next one goes on where it ended."""
    pull = _locked(pull_id)
    if pull.state != PullState.ASKED:
        return
    pull.rows_told, pull.files, pull.ended_at = rows, files, clock.now()
    machine.move(pull, PullState.DONE, machine=rules.PULL, actor=actor)
    # (whoever asks from an earlier day on meanwhile is asked for it next)
    on = update(Source).where(Source.id == pull.source_id, Source.pull_from <= pull.until)
    on = on.where(or_(Source.pulled_until.is_not(None), Source.pull_from >= pull.since))
    db.session.execute(on.values(pulled_until=pull.until))


def fail(pull_id: str, *, trouble: str, actor: Actor) -> None:
    """The teller did not answer, or said no: the next one asks for the same again."""
    pull = _locked(pull_id)
    if pull.state != PullState.ASKED:
        return
    pull.trouble, pull.ended_at = trouble[:TROUBLE_MAX], clock.now()
    machine.move(pull, PullState.FAILED, machine=rules.PULL, actor=actor, reason=pull.trouble)


def _locked(pull_id: str) -> Pull:
    return db.session.scalars(select(Pull).where(Pull.id == pull_id).with_for_update()).one()
