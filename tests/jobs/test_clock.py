"""The clock's slots: each is taken once, and looking whether one is free costs next to nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, event, text

from app.core import clock
from app.core.db import db, leave, rows
from jobs import schedule

OLD = """
WITH days (day, status) AS (VALUES (20, 'done'), (19, 'dead'), (18, 'done'), (1, 'done')),
     taken AS (INSERT INTO slots SELECT 'banks', date_trunc('hour', now()) - day * interval '1 day', now() FROM days)
INSERT INTO tasks (kind, ref, queue, status, due_at, attempt, last_error, created_at, ended_at)
SELECT 'payments.refresh_banks', to_char((date_trunc('hour', now()) - day * interval '1 day') AT TIME ZONE 'UTC',
       'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'), 'money', status, now(), 1, 'test', now(), now() FROM days
"""
SLOTS = """
SELECT extract(day FROM now() - slot)::integer AS day FROM slots WHERE name = 'banks' AND slot < now() ORDER BY 1
"""
TASKS = """
SELECT extract(day FROM now() - ref::timestamptz)::integer AS day, status FROM tasks
 WHERE last_error = 'test' ORDER BY 1
"""
NOON = datetime(2090, 6, 1, 12, tzinfo=UTC)  # (when nobody has taken any)


@pytest.fixture(autouse=True)
def slots(inside: Flask, owner_engine: Engine) -> Iterator[None]:
    """Nothing of that time is left for others."""
    yield
    leave()
    with owner_engine.begin() as connection:
        connection.execute(text("DELETE FROM slots WHERE taken_at >= :since OR name = 'banks'"), {"since": NOON})
        connection.execute(text("DELETE FROM tasks WHERE created_at >= :since OR last_error = 'test'"), {"since": NOON})


def test_each_slot_is_taken_once() -> None:
    every = [one.name for one in schedule.SCHEDULE]
    with clock.at(NOON):
        assert schedule.tick() == every
        assert schedule.tick() == []
    with clock.at(NOON + timedelta(seconds=10)):
        assert schedule.tick() == [one.name for one in schedule.SCHEDULE if one.every_seconds == 10]


def test_who_takes_one_lets_old_ones_go(owner_engine: Engine) -> None:
    """With the work that came of them, where it is done: what is dead is still to be seen to."""
    with owner_engine.begin() as connection:
        connection.execute(text(OLD))
    for tick, (slots, tasks) in enumerate(
        (([1, 18], [(1, "done"), (18, "done"), (19, "dead")]), ([1], [(1, "done"), (19, "dead")]))  # (two at a time)
    ):
        with clock.at(NOON + timedelta(hours=tick)):
            schedule.tick()
        assert [row.day for row in rows(SLOTS)] == slots
        assert [(row.day, row.status) for row in rows(TASKS)] == tasks


def test_whether_any_is_free_is_asked_at_once() -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    with clock.at(NOON):
        schedule.tick()
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            schedule.tick()
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
    assert len([one for one in asked if "slots" in one]) == 1, asked
