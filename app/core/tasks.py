"""Durable work: a row in PostgreSQL, written in the same transaction as the change that calls for it.

The queue carries only wake-ups and may lose or double them. A worker claims the row for the length of a lease;
`attempt` and the lease's end are its fencing token (`attempt` alone begins anew when a task waits on the world): who
comes back after the lease was given to another finds that its answer no longer counts. A task that keeps failing ends
`dead`, where operators see it and can try again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    or_,
    select,
    text,
)
from sqlalchemy import update as sql_update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.actor import Actor
from app.core.db import Model, db, work_was_left
from app.core.errors import NotFound
from app.core.machine import Move

ATTEMPTS_MAX = 12
BACKOFF_SECONDS = (1, 2, 5, 15, 30, 60, 120, 300, 600, 1800, 3600)  # after the nth failure; about 2 h until dead
REWAKE_AFTER = timedelta(seconds=30)  # a wake-up older than this is taken for lost


class TaskState(StrEnum):
    """`due` waits for its time, `leased` is being worked on, `done` and `dead` are ends (`dead` can be tried again)."""

    DUE = "due"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"


class Task(Model):
    """One piece of work: `kind` says what, `ref` on what; the pair is unique, so work asked for twice is one row."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("kind", "ref"),
        CheckConstraint("status IN ('due', 'leased', 'done', 'dead')", name="status_known"),
        Index(None, "due_at", postgresql_where=text("status IN ('due', 'leased')")),
        Index("ix_tasks_dead", "id", postgresql_where=text("status = 'dead'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    ref: Mapped[str] = mapped_column(Text)
    queue: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default=TaskState.DUE)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    woken_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class Claim:
    """A worker's right to one attempt at a task, until its lease runs out or another attempt begins."""

    id: int
    kind: str
    ref: str
    attempt: int
    lease_until: datetime
    asked_at: datetime | None = None


def add(kind: str, *, ref: str, queue: str, due_at: datetime | None = None) -> None:
    """Ask for work once, in the caller's transaction; asking again for the same (kind, ref) changes nothing."""
    moment = clock.now()
    statement = insert(Task).values(
        kind=kind, ref=ref, queue=queue, status=TaskState.DUE, due_at=due_at or moment, created_at=moment,
        attempt=0, last_error="",
    )  # fmt: skip
    db.session.execute(statement.on_conflict_do_nothing())
    work_was_left(db.session())


def due(*, limit: int) -> list[tuple[int, str]]:
    """Pick due or abandoned tasks that nobody was woken for lately, mark them woken: (id, queue) of each.

    For the sweeper. Rows that another sweeper holds are passed over.
    """
    moment = clock.now()
    _bury(moment)
    waiting = (
        select(Task.id)
        .where(_claimable(moment), _unwoken(moment))
        .order_by(Task.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    woken = sql_update(Task).where(Task.id.in_(waiting)).values(woken_at=moment).returning(Task.id, Task.queue)
    return [(row.id, row.queue) for row in db.session.execute(woken)]


def claim(task_id: int, *, lease_seconds: int) -> Claim | None:
    """Take the task for `lease_seconds`, counting the attempt; None when it is not due or somebody has it."""
    moment = clock.now()
    return _take(Task.id == task_id, moment=moment, until=moment + timedelta(seconds=lease_seconds))


def claim_next(queue: str, *, lease_seconds: int) -> Claim | None:
    """The same for the one of a queue that is due the longest, whether or not anybody was woken for it.

    For who has done what they were woken for, and goes on. Rows that somebody holds are passed over.
    """
    moment = clock.now()
    longest_due = (
        select(Task.id)
        .where(Task.queue == queue, _claimable(moment), Task.attempt < ATTEMPTS_MAX)
        .order_by(Task.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return _take(Task.id == longest_due, moment=moment, until=moment + timedelta(seconds=lease_seconds))


def finish(mine: Claim) -> bool:
    """End the task in the caller's transaction. False: the lease passed to another attempt, so roll back."""
    return _write(mine, status=TaskState.DONE, ended_at=clock.now(), lease_until=None, last_error="")


def later(mine: Claim, *, due_at: datetime, note: str = "") -> bool:
    """Put the task back until `due_at` without counting the attempt as a failure: it waits on the world."""
    return _write(
        mine, status=TaskState.DUE, due_at=due_at, lease_until=None, woken_at=None, last_error=note, attempt=0
    )


def failed(mine: Claim, *, error: str) -> bool:
    """Put the task back with a growing pause, or end it `dead` after ATTEMPTS_MAX attempts."""
    if mine.attempt >= ATTEMPTS_MAX:
        return _write(mine, status=TaskState.DEAD, ended_at=clock.now(), lease_until=None, last_error=error)
    pause = BACKOFF_SECONDS[min(mine.attempt, len(BACKOFF_SECONDS)) - 1]
    due_at = clock.now() + timedelta(seconds=pause)
    return _write(mine, status=TaskState.DUE, due_at=due_at, lease_until=None, woken_at=None, last_error=error)


def retry(task_id: int, *, actor: Actor) -> None:
    """An operator's second try of a dead task, with a line of history. Raises NotFound when it is not dead."""
    again = (
        sql_update(Task)
        .where(Task.id == task_id, Task.status == TaskState.DEAD)
        .values(status=TaskState.DUE, due_at=clock.now(), attempt=0, ended_at=None, woken_at=None)
    )
    if db.session.execute(again).rowcount == 0:  # type: ignore[attr-defined]
        raise NotFound("That task is not waiting for a second try.")
    db.session.add(
        Move(
            machine="task",
            subject=str(task_id),
            old_state=TaskState.DEAD,
            new_state=TaskState.DUE,
            actor=str(actor),
            reason="second try",
            moved_at=clock.now(),
        )
    )
    work_was_left(db.session())


def _take(which: ColumnElement[bool], *, moment: datetime, until: datetime) -> Claim | None:
    taken = (
        sql_update(Task)
        .where(which, _claimable(moment), Task.attempt < ATTEMPTS_MAX)
        .values(status=TaskState.LEASED, attempt=Task.attempt + 1, lease_until=until)
        .returning(Task.id, Task.kind, Task.ref, Task.attempt, Task.created_at)
    )
    row = db.session.execute(taken).one_or_none()
    return Claim(*row[:4], lease_until=until, asked_at=row.created_at) if row else None


def _bury(moment: datetime) -> None:
    """End work that took its worker with it every time: nobody was left to say that it failed."""
    lost = (Task.status == TaskState.LEASED) & (Task.lease_until < moment) & (Task.attempt >= ATTEMPTS_MAX)
    ended = {"status": TaskState.DEAD, "ended_at": moment, "lease_until": None, "last_error": "its workers died of it"}
    db.session.execute(sql_update(Task).where(lost).values(**ended))


def _claimable(moment: datetime):  # type: ignore[no-untyped-def]  # noqa: ANN202
    return or_(
        (Task.status == TaskState.DUE) & (Task.due_at <= moment),
        (Task.status == TaskState.LEASED) & (Task.lease_until < moment),
    )


def _unwoken(moment: datetime):  # type: ignore[no-untyped-def]  # noqa: ANN202
    return or_(
        Task.woken_at.is_(None),
        Task.woken_at < moment - REWAKE_AFTER,
        Task.woken_at < Task.lease_until,  # that wake-up was used for an attempt whose lease has run out
    )


def _write(mine: Claim, **values: object) -> bool:
    written = sql_update(Task).where(
        Task.id == mine.id,
        Task.attempt == mine.attempt,
        Task.lease_until == mine.lease_until,
        Task.status == TaskState.LEASED,
    )
    return bool(db.session.execute(written.values(**values)).rowcount)  # type: ignore[attr-defined]
