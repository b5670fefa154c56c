"""The clock's slots: each is taken once, and looking whether one is free costs next to nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, event, text

from app.core import clock
from app.core.db import db, leave
from jobs import schedule

NOON = datetime(2090, 6, 1, 12, tzinfo=UTC)  # (when nobody has taken any)


@pytest.fixture(autouse=True)
def slots(inside: Flask, owner_engine: Engine) -> Iterator[None]:
    """Nothing of that time is left for others."""
    yield
    leave()
    with owner_engine.begin() as connection:
        connection.execute(text("DELETE FROM slots WHERE taken_at >= :since"), {"since": NOON})
        connection.execute(text("DELETE FROM tasks WHERE created_at >= :since"), {"since": NOON})


def test_each_slot_is_taken_once() -> None:
    every = [one.name for one in schedule.SCHEDULE]
    with clock.at(NOON):
        assert schedule.tick() == every
        assert schedule.tick() == []
    with clock.at(NOON + timedelta(seconds=10)):
        assert schedule.tick() == [one.name for one in schedule.SCHEDULE if one.every_seconds == 10]


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
