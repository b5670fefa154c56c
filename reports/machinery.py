"""How the work goes: tasks by state, the oldest that waits, what was not relayed or acted on yet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core import clock
from app.core.db import rows

_STATES = {"dead": ("dead",), "open": ("due", "leased"), "done": ("done",)}


@dataclass(frozen=True)
class Pulse:
    """Signs of life: all small numbers when the workers keep up."""

    overdue: int
    oldest_due: datetime | None
    unrelayed: int
    unheard: int


def task_counts() -> dict[str, int]:
    """How many tasks are open, dead and done."""
    found = {row.status: row.n for row in rows("SELECT status, count(*) AS n FROM tasks GROUP BY status")}
    return {view: sum(found.get(state, 0) for state in states) for view, states in _STATES.items()}


def tasks_in(view: str, *, before: int | None = None, limit: int = 40) -> list[Any]:
    """Tasks of a view, newest first, those before an id."""
    return rows(
        "SELECT id, kind, ref, queue, status, due_at, attempt, last_error, created_at, ended_at FROM tasks"
        " WHERE status = ANY (:states) AND (CAST(:before AS bigint) IS NULL OR id < :before)"
        " ORDER BY id DESC LIMIT :limit",
        states=list(_STATES[view]),
        before=before,
        limit=limit,
    )


def pulse() -> Pulse:
    """Signs of life now."""
    row = rows(
        "SELECT (SELECT count(*) FROM tasks WHERE status = 'due' AND due_at < :now) AS overdue,"
        " (SELECT min(due_at) FROM tasks WHERE status = 'due' AND due_at < :now) AS oldest_due,"
        " (SELECT count(*) FROM outbox WHERE relayed_at IS NULL) AS unrelayed,"
        " (SELECT count(*) FROM inbox WHERE handled_at IS NULL) AS unheard",
        now=clock.now(),
    )[0]
    return Pulse(row.overdue, row.oldest_due, row.unrelayed, row.unheard)
