"""Reads of cases, all of them for staff and jobs: no customer reads what is said of them here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, case, cast, exists, func, literal, null, select, true

from app.cases import rules
from app.cases.errors import NoSuchCase
from app.cases.models import Case, Note
from app.cases.rules import MACHINE, NEEDS_WORK, STANDING, State
from app.core.db import db
from app.core.machine import Machine, Move
from app.core.tasks import Task, TaskState

AT_ONCE = 500  # of a state in one look: what is left is found by the next, a minute later
VIEWS: dict[str, tuple[State, ...]] = {
    "mine": NEEDS_WORK,
    "open": NEEDS_WORK,
    "raised": (State.RAISED,),
    "put_off": (State.PUT_OFF,),
    "closed": (State.CLOSED,),
}


@dataclass(frozen=True)
class Stuck:
    """Something that stands in a state for longer than it may, and has no open case."""

    subject: str
    customer_id: str | None
    state: StrEnum
    move_id: int
    since: datetime


@dataclass(frozen=True)
class Asked:
    """Which cases: of a view, in these queues, about things of one machine ('' for all)."""

    view: str
    owners: Collection[str]
    machine: str = ""


def list_for_operators(asked: Asked, *, after: str | None = None, limit: int) -> list[Case]:
    """Those of a view: what needs work the oldest first, what is closed the newest first. Keyset by id."""
    closed = asked.view == "closed"
    found = select(Case).where(*_within(asked)).order_by(Case.id.desc() if closed else Case.id).limit(limit)
    if after is not None:
        found = found.where(Case.id < after if closed else Case.id > after)
    return list(db.session.scalars(found))


def counts_for_operators(*, owners: Collection[str], mine: Collection[str], machine: str = "") -> dict[str, int]:
    """How many there are in each view of those that stand; what is closed is not counted, there is no end of it."""
    standing = select(Case.state, Case.owner, func.count()).where(*_within(Asked("", owners, machine)))
    counted = list(db.session.execute(standing.where(Case.state.in_(STANDING)).group_by(Case.state, Case.owner)))
    return {
        view: sum(many for state, owner, many in counted if state in states and (view != "mine" or owner in mine))
        for view, states in VIEWS.items()
        if view != "closed"
    }


def machines_for_operators(*, owners: Collection[str]) -> list[str]:
    """What cases that stand are about, in words."""
    about = select(Case.machine).where(Case.owner.in_(owners), Case.state.in_(STANDING), Case.machine != "").distinct()
    return sorted(db.session.scalars(about))


def needing_count_for_operators(*, owners: Collection[str]) -> int:
    """How many wait for work in these queues."""
    waiting = select(func.count()).select_from(Case).where(Case.state.in_(NEEDS_WORK), Case.owner.in_(owners))
    return db.session.scalar(waiting) or 0


def one_for_operators(case_id: str, *, owners: Collection[str]) -> Case:
    """One of these queues. Raises NoSuchCase."""
    found = db.session.get(Case, case_id, populate_existing=True)
    if found is None or found.owner not in owners:
        raise NoSuchCase
    return found


def about_for_operators(subjects: Collection[str], *, owners: Collection[str]) -> list[Case]:
    """What stands about these, the oldest first."""
    about = select(Case).where(Case.subject.in_(subjects), Case.owner.in_(owners), Case.state.in_(STANDING))
    return list(db.session.scalars(about.order_by(Case.id)))


def was_opened_for_system(kind: str, subject: str) -> bool:
    """Whether there has been a case of this kind about it, whatever became of it."""
    return db.session.scalar(select(Case.id).where(Case.kind == kind, Case.subject == subject).limit(1)) is not None


def stuck_for_system(machine: Machine, model: Any, *, whose: str, at: datetime, limit: int = AT_ONCE) -> list[Stuck]:
    """What stands in a state of this machine for longer than it may and has no open case, the first created first.

    `whose`: the column of its customer; a table without it is of no customer's things. Of what has no history, nobody
    knows since when it stands: it counts as standing for too long.
    """
    latest = (
        select(Move.id, Move.moved_at)
        .where(Move.subject == model.id, Move.machine == machine.name)
        .order_by(Move.id.desc())
        .limit(1)
        .lateral()
    )
    customer = getattr(model, whose, null())
    known = exists().where(Case.kind == rules.STUCK, Case.subject == model.id, Case.state.in_(STANDING))
    since = func.coalesce(latest.c.moved_at, literal(at))
    found = []
    for state, wait in machine.waits.items():
        if wait.limit >= rules.FOREVER:
            continue
        stands = (
            select(
                model.id, customer.label("customer_id"), func.coalesce(latest.c.id, 0).label("move"), since.label("at")
            )
            .select_from(model)
            .outerjoin(latest, true())
            .where(model.state == str(state), ~known)
            .where(latest.c.moved_at.is_(None) | (latest.c.moved_at <= at - wait.limit))
        )
        lines = db.session.execute(stands.order_by(model.id).limit(limit))
        found += [Stuck(line.id, line.customer_id, state, line.move, line.at) for line in lines]
    return found


def moved_on_for_system(*, limit: int = AT_ONCE) -> list[str]:
    """Cases whose subject has moved since."""
    later = exists().where(Move.subject == Case.subject, Move.machine == Case.machine, Move.id > Case.move_id)
    over = select(Case.id).where(Case.state.in_(STANDING), Case.machine != "", later)
    return list(db.session.scalars(over.order_by(Case.id).limit(limit)))


def put_off_until_for_system(*, at: datetime, limit: int = AT_ONCE) -> list[str]:
    """Cases that were put off until now or earlier."""
    over = select(Case.id).where(Case.state == State.PUT_OFF, Case.put_off_until <= at)
    return list(db.session.scalars(over.order_by(Case.id).limit(limit)))


def untold_for_system(*, limit: int = 10 * AT_ONCE) -> list[str]:
    """Cases of which nobody was told."""
    new = select(Case.id).where(Case.told_at.is_(None), Case.state.in_(STANDING))
    return list(db.session.scalars(new.order_by(Case.id).limit(limit)))


def hanging_tasks_for_system(*, at: datetime, limit: int = AT_ONCE) -> list[Task]:
    """Work that was given up or is late, and has no open case."""
    name = literal(rules.TASK_PREFIX) + cast(Task.id, Text)
    known = exists().where(Case.kind == rules.TASK, Case.subject == name, Case.state.in_(STANDING))
    found = select(Task).where(_hangs(at), ~known).order_by(Task.id).limit(limit)
    return list(db.session.scalars(found))


def done_tasks_for_system(*, at: datetime, limit: int = AT_ONCE) -> list[str]:
    """Cases of work that hangs no more."""
    number = func.substr(Case.subject, len(rules.TASK_PREFIX) + 1)
    task_id = case((Case.kind == rules.TASK, cast(number, BigInteger)))  # (no other kind's subject is read as a number)
    hangs = exists().where(Task.id == task_id, _hangs(at))
    over = select(Case.id).where(Case.kind == rules.TASK, Case.state.in_(STANDING), ~hangs)
    return list(db.session.scalars(over.order_by(Case.id).limit(limit)))


def notes_for_operators(case_id: str) -> list[Note]:
    """What people wrote while they worked on a case, the oldest first."""
    return list(db.session.scalars(select(Note).where(Note.case_id == case_id).order_by(Note.id)))


def overdue_for_system(*, at: datetime, limit: int = AT_ONCE) -> list[str]:
    """Cases that nobody closed in time, and those that were raised so long ago that people are told again."""
    last = (
        select(Move.moved_at)
        .where(Move.subject == Case.id, Move.machine == MACHINE.name)
        .order_by(Move.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    opened = (Case.state == State.OPEN) & (last <= at - rules.RAISED_AFTER)
    again = (Case.state == State.RAISED) & (Case.raised_at <= at - rules.RAISED_AFTER)
    return list(db.session.scalars(select(Case.id).where(opened | again).order_by(Case.id).limit(limit)))


def oldest_for_operators(*, owners: Collection[str]) -> datetime | None:
    """Since when the oldest that needs work has been open."""
    waiting = select(func.min(Case.opened_at)).where(Case.state.in_(NEEDS_WORK), Case.owner.in_(owners))
    return db.session.scalar(waiting)


def _within(asked: Asked) -> list[ColumnElement[bool]]:
    return [
        Case.owner.in_(asked.owners),
        *([Case.state.in_(VIEWS[asked.view])] if asked.view else []),
        *([Case.machine == asked.machine] if asked.machine else []),
    ]


def _hangs(at: datetime) -> ColumnElement[bool]:
    late = Task.due_at <= at - rules.LATE_AFTER
    unleased = Task.lease_until.is_(None) | (Task.lease_until <= at - rules.LATE_AFTER)
    return (Task.status == TaskState.DEAD) | (Task.status.in_((TaskState.DUE, TaskState.LEASED)) & late & unleased)
