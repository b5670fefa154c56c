"""Commands of retention: say what is due, begin a run that was agreed on, forget some of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db, rows
from app.documents import service as documents
from app.retention import events, queries, rules
from app.retention.models import Batch, Run
from app.retention.queries import Due
from app.retention.rules import State


@dataclass(frozen=True)
class Step:
    """What a step left: files in the store to be deleted once it is committed, and whether anything is left to do."""

    files: tuple[str, ...] = ()
    over: bool = False


def plan(*, at: datetime) -> list[Due]:
    """What a run that forgets what is due at a moment would do, rule by rule. It changes nothing."""
    found = {due.rule.data_class: due for due in queries.due_for_system(at=at)}
    last = len(rules.CLASSES)
    order = {name: place for place, name in enumerate(rules.CLASSES)}
    return sorted(found.values(), key=lambda due: (order.get(due.rule.data_class, last), due.rule.data_class))


def begin(request_id: str, *, up_to: datetime, actor: Actor) -> str:
    """Begin to forget what was due at a moment, as was agreed on: the run's id."""
    run = Run(id=ids.new("rtr"), request_id=request_id, up_to=up_to, state=State.BEGUN, began_at=clock.now())
    machine.begin(run, machine=rules.MACHINE, actor=actor)
    outbox.emit(events.RunBegun(run_id=run.id))
    return run.id


def step(run_id: str, *, actor: Actor) -> Step:
    """Forget some of the first class that has something left, and write down that it went; at the end, end the run.

    What a step forgot is not due any more, so a run goes on where it was, whoever was killed in between.
    """
    run = db.session.scalars(select(Run).filter_by(id=run_id).with_for_update()).one()
    if run.state == State.DONE:
        return Step(over=True)
    for data_class, most in rules.CLASSES.items():
        forgotten = [
            row.id
            for row in rows(
                "SELECT id FROM retention_forget(:run, :data_class, :most)",
                run=run_id,
                data_class=data_class,
                most=most,
            )
        ]
        if forgotten:
            return Step(files=_written(run, data_class, forgotten, actor=actor))
    run.ended_at = clock.now()
    machine.move(run, State.DONE, machine=rules.MACHINE, actor=actor)
    return Step(over=True)


def _written(run: Run, data_class: str, forgotten: list[str], *, actor: Actor) -> tuple[str, ...]:
    """The batch on the record, and its files discarded: their names in the store."""
    reason = f"retention: {data_class}"
    files = queries.files_for_system(data_class, forgotten)
    names = [name for each in files for name in documents.discard(each, reason=reason, actor=actor)]
    batch = Batch(
        id=ids.new("rtb"),
        run_id=run.id,
        data_class=data_class,
        many=len(forgotten),
        hashes=sorted(rules.hash_of(row_id) for row_id in forgotten),
        done_at=clock.now(),
    )
    db.session.add(batch)
    db.session.flush()
    return tuple(names)
