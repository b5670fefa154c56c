"""A work-horse that was woken goes on with what else is due, so that a crowd of tasks needs no crowd of processes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Engine, text

from app.core import actor, tasks
from app.core.db import leave, rows, transaction
from jobs import relay, runtime
from jobs.handlers import HANDLERS, Handler
from jobs.queues import QUEUES, WAITING_MAX, Waker
from jobs.work import Work
from tests.makers.books import fresh
from tests.makers.crowd import at_once

TEST = actor.system("test")
KIND = "test.going_on"
DID: list[str] = []


@pytest.fixture
def queue(inside: Flask, owner_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A queue of this test alone, whose work is noted in DID; nothing of it is left to others."""
    name = fresh("queue")
    monkeypatch.setitem(HANDLERS, KIND, Handler(name, note))
    monkeypatch.setitem(QUEUES, name, QUEUES["money"])
    DID.clear()
    yield name
    leave()
    with owner_engine.begin() as connection:
        connection.execute(text("DELETE FROM tasks WHERE queue = :queue"), {"queue": name})
    Queue(name, connection=redis_of(inside), serializer=JSONSerializer).delete()


def redis_of(app: Flask) -> Redis:
    found: Redis = app.extensions["redis"]
    return found


def note(work: Work) -> timedelta | None:
    DID.append(work.subject)
    if work.subject.startswith("asks"):
        with transaction(TEST):
            tasks.add(KIND, ref=fresh("theirs"), queue=work.subject.partition(":")[2])
    if work.subject.startswith("bad"):
        raise ValueError("as it does")
    return timedelta(minutes=1) if work.subject.startswith("later") else None


def ask(queue: str, *names: str) -> list[str]:
    refs = [fresh(name) for name in names]
    for ref in refs:
        with transaction(TEST):
            tasks.add(KIND, ref=ref, queue=queue)
    return refs


def go_on(app: Flask, queue: str, **how: float) -> int:
    leave()
    return runtime.go_on(queue, app=app, waker=Waker(redis_of(app)), lease_seconds=60, **how)


def states(queue: str) -> list[str]:
    found = rows("SELECT status FROM tasks WHERE queue = :queue ORDER BY id", queue=queue)
    leave()
    return [row.status for row in found]


def test_does_all_that_is_due_the_longest_due_first(inside: Flask, queue: str) -> None:
    asked = ask(queue, "one", "bad", "later", "two")
    assert go_on(inside, queue) == 4
    assert asked == DID
    assert states(queue) == ["done", "due", "due", "done"]
    assert go_on(inside, queue) == 0  # what failed, and what waits on the world, is not due again


def test_does_what_somebody_was_woken_for_and_did_not_come_to(inside: Flask, queue: str) -> None:
    asked = ask(queue, "one")
    with transaction(TEST):
        assert queue in {name for _, name in tasks.due(limit=10_000)}
    assert go_on(inside, queue) == 1
    assert asked == DID


def test_stops_when_its_time_is_over(inside: Flask, queue: str) -> None:
    ask(queue, "one", "two")
    assert go_on(inside, queue, seconds=0) == 0
    assert states(queue) == ["due", "due"]


def test_of_workers_at_once_each_gets_another_task(app: Flask, inside: Flask, queue: str) -> None:
    ask(queue, *(["one"] * 4))
    leave()

    def worker() -> int | None:
        with transaction(TEST):
            mine = tasks.claim_next(queue, lease_seconds=60)
        return mine.id if mine else None

    taken = [mine for mine in at_once(app, [worker] * 6) if mine is not None]
    assert len(taken) == len(set(taken)) > 0
    assert (go_on(inside, queue), len(DID)) == (4 - len(taken), 4 - len(taken))


def test_leaves_another_s_task_to_them(inside: Flask, queue: str) -> None:
    ask(queue, "one")
    with transaction(TEST):
        mine = tasks.claim_next(queue, lease_seconds=60)
    assert mine is not None
    assert (go_on(inside, queue), DID) == (0, [])


def test_a_burst_wakes_no_more_than_can_begin(inside: Flask, queue: str) -> None:
    ask(queue, *(["one"] * (WAITING_MAX + 3)))
    relay.sweep(Waker(redis_of(inside)))
    assert Queue(queue, connection=redis_of(inside), serializer=JSONSerializer).count == WAITING_MAX
    assert go_on(inside, queue) == WAITING_MAX + 3  # none of them waits for another wake-up


def test_wakes_others_for_what_it_left_them(inside: Flask, queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = fresh("queue")
    monkeypatch.setitem(QUEUES, other, QUEUES["money"])
    theirs = Queue(other, connection=redis_of(inside), serializer=JSONSerializer)
    with transaction(TEST):
        tasks.add(KIND, ref=f"asks:{other}", queue=queue)
    try:
        assert (go_on(inside, queue), theirs.count) == (1, 1)
    finally:
        theirs.delete()
        leave()
        with transaction(TEST):
            mine = tasks.claim_next(other, lease_seconds=60)
            assert mine is not None
            tasks.finish(mine)
