"""Durable work is done by one attempt at a time, tried again with growing pauses, and never lost.

Every story but the last is told inside one transaction that is undone, so that no task of these is ever due to others.
"""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock, machine, tasks
from app.core.db import db, transaction
from app.core.errors import NotFound
from app.core.tasks import ATTEMPTS_MAX, BACKOFF_SECONDS, REWAKE_AFTER, Claim, Task, TaskState
from tests.makers.books import TESTER, fresh
from tests.makers.crowd import at_once
from tests.makers.story import undone

pytestmark = pytest.mark.usefixtures("inside")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(seconds=60)


def after(moment: timedelta) -> datetime:
    """So long after noon."""
    return NOON + moment


def add(ref: str = "", *, due_at: datetime | None = None) -> int:
    """A fresh task, asked for at noon: its id."""
    ref = ref or fresh("task")
    with clock.at(NOON):
        tasks.add("test.kind", ref=ref, queue="money", due_at=due_at)
    return db.session.scalars(select(Task.id).where(Task.ref == ref)).one()


def claim(task_id: int, moment: datetime = NOON) -> Claim | None:
    """Claim it then."""
    with clock.at(moment):
        return tasks.claim(task_id, lease_seconds=60)


def claimed(task_id: int, moment: datetime = NOON) -> Claim:
    """Claim it then, for sure."""
    mine = claim(task_id, moment)
    assert mine is not None
    return mine


def fail(task_id: int, moment: datetime, *, error: str) -> None:
    """Claim it then and fail."""
    mine = claimed(task_id, moment)
    with clock.at(moment):
        assert tasks.failed(mine, error=error)


def woken(task_id: int, moment: datetime) -> bool:
    """Whether the sweeper picks it then."""
    with clock.at(moment):
        return task_id in {number for number, _ in tasks.due(limit=10_000)}


def row(task_id: int) -> Task:
    """The task as it is now."""
    return db.session.get_one(Task, task_id, populate_existing=True)


class TestAdd:
    def test_makes_one_task_however_often_it_is_asked(self) -> None:
        with undone():
            ref = fresh("task")
            assert add(ref) == add(ref, due_at=after(LEASE))
            task = row(add(ref))
            assert (task.status, task.attempt, task.due_at, task.queue) == (TaskState.DUE, 0, NOON, "money")

    def test_leaves_a_done_task_done(self) -> None:
        with undone():
            ref = fresh("task")
            mine = claimed(add(ref))
            assert tasks.finish(mine)
            assert row(add(ref)).status == TaskState.DONE

    def test_can_be_for_later(self) -> None:
        with undone():
            task = add(due_at=after(timedelta(hours=1)))
            assert claim(task, after(timedelta(minutes=59))) is None
            assert claim(task, after(timedelta(hours=1))) is not None


class TestDue:
    def test_picks_a_due_task_and_passes_over_it_once_it_was_woken(self) -> None:
        with undone():
            task = add()
            assert woken(task, NOON)
            assert not woken(task, NOON)
            assert not woken(task, after(REWAKE_AFTER))

    def test_wakes_again_when_the_wake_up_was_lost(self) -> None:
        with undone():
            task = add()
            assert woken(task, NOON)
            assert woken(task, after(REWAKE_AFTER + timedelta(seconds=1)))

    def test_passes_over_what_is_not_due_yet(self) -> None:
        with undone():
            task = add(due_at=after(LEASE))
            assert not woken(task, NOON)
            assert woken(task, after(LEASE))

    def test_passes_over_what_is_being_worked_on(self) -> None:
        with undone():
            task = add()
            claimed(task)
            assert not woken(task, after(LEASE))

    def test_picks_up_what_a_worker_let_fall(self) -> None:
        with undone():
            task = add()
            assert woken(task, NOON)
            claimed(task)
            assert woken(task, after(LEASE + timedelta(seconds=1)))

    def test_picks_up_at_once_when_a_short_lease_ran_out(self) -> None:
        with undone():
            task = add()
            assert woken(task, NOON)
            with clock.at(NOON):
                tasks.claim(task, lease_seconds=1)
            assert woken(task, after(timedelta(seconds=2)))  # sooner than a lost wake-up

    def test_passes_over_what_has_ended(self) -> None:
        with undone():
            task = add()
            tasks.finish(claimed(task))
            assert not woken(task, after(timedelta(days=1)))

    def test_picks_no_more_than_it_is_asked_to_and_the_longest_due_first(self) -> None:
        with undone():
            long_ago = NOON - timedelta(days=20_000)
            late, early = (add(due_at=long_ago + timedelta(hours=hours)) for hours in (1, 0))
            with clock.at(NOON):
                assert [number for number, _ in tasks.due(limit=1)] == [early]
                assert [(number, queue) for number, queue in tasks.due(limit=1)] == [(late, "money")]


class TestClaim:
    def test_counts_the_attempt_and_names_the_work(self) -> None:
        with undone():
            task = add()
            mine = claimed(task)
            assert (mine.id, mine.kind, mine.ref, mine.attempt) == (task, "test.kind", row(task).ref, 1)
            assert mine.lease_until == row(task).lease_until == after(LEASE)

    def test_is_one_s_alone_until_the_lease_runs_out(self) -> None:
        with undone():
            task = add()
            claimed(task)
            assert claim(task) is None
            assert claim(task, after(LEASE)) is None
            assert claimed(task, after(LEASE + timedelta(seconds=1))).attempt == 2

    def test_is_refused_for_a_task_that_has_ended_or_never_was(self) -> None:
        with undone():
            task = add()
            tasks.finish(claimed(task))
            assert claim(task, after(timedelta(days=1))) is None
            assert claim(-1) is None


class TestFencing:
    """Who comes back after the lease was given to another changes nothing."""

    def late_and_next(self) -> tuple[Claim, Claim]:
        """An attempt whose lease ran out, and the one after it."""
        task = add()
        return claimed(task), claimed(task, after(2 * LEASE))

    def test_the_late_one_cannot_finish(self) -> None:
        with undone():
            late, next_one = self.late_and_next()
            assert tasks.finish(late) is False
            assert row(late.id).status == TaskState.LEASED
            assert tasks.finish(next_one) is True
            assert row(late.id).status == TaskState.DONE

    def test_the_late_one_cannot_put_it_back_or_fail_it(self) -> None:
        with undone():
            late, next_one = self.late_and_next()
            assert tasks.later(late, due_at=after(LEASE)) is False
            assert tasks.failed(late, error="late") is False
            assert (row(late.id).status, row(late.id).last_error) == (TaskState.LEASED, "")
            assert tasks.finish(next_one) is True

    def test_the_late_one_cannot_finish_after_the_next_put_it_back_to_wait_on_the_world(self) -> None:
        with undone():
            late, next_one = self.late_and_next()
            assert tasks.later(next_one, due_at=after(3 * LEASE))
            assert tasks.finish(late) is False
            third = claimed(late.id, after(4 * LEASE))
            assert third.attempt == late.attempt  # waiting began the count anew …
            assert tasks.finish(late) is False  # … and the late one is still late
            assert tasks.finish(third) is True

    def test_nobody_ends_it_twice(self) -> None:
        with undone():
            mine = claimed(add())
            assert tasks.finish(mine) is True
            assert tasks.finish(mine) is False
            assert tasks.failed(mine, error="again") is False


class TestFinish:
    def test_ends_it_with_the_time_and_without_the_last_error(self) -> None:
        with undone():
            task = add()
            fail(task, NOON, error="first try")
            mine = claimed(task, after(timedelta(days=1)))
            with clock.at(after(timedelta(days=2))):
                tasks.finish(mine)
            done = row(task)
            assert (done.status, done.last_error, done.lease_until) == (TaskState.DONE, "", None)
            assert done.ended_at == after(timedelta(days=2))


class TestLater:
    def test_waits_without_counting_the_attempt_as_a_failure(self) -> None:
        with undone():
            task = add()
            for round_ in range(ATTEMPTS_MAX + 2):
                moment = after(timedelta(hours=round_))
                mine = claimed(task, moment)
                assert mine.attempt == 1
                assert tasks.later(mine, due_at=moment + timedelta(hours=1), note="the bank is thinking")
            assert (row(task).status, row(task).last_error) == (TaskState.DUE, "the bank is thinking")

    def test_is_woken_when_its_time_comes(self) -> None:
        with undone():
            task = add()
            assert woken(task, NOON)
            tasks.later(claimed(task), due_at=after(timedelta(seconds=5)))
            assert not woken(task, after(timedelta(seconds=4)))
            assert woken(task, after(timedelta(seconds=5)))


class TestFailed:
    def test_comes_again_with_growing_pauses_and_is_dead_in_the_end(self) -> None:
        with undone():
            task, moment = add(), NOON
            for attempt in range(1, ATTEMPTS_MAX):
                mine = claimed(task, moment)
                assert mine.attempt == attempt
                with clock.at(moment):
                    assert tasks.failed(mine, error=f"try {attempt}")
                pause = row(task).due_at - moment
                assert pause == timedelta(seconds=BACKOFF_SECONDS[attempt - 1])
                assert claim(task, moment + pause - timedelta(microseconds=1)) is None
                moment += pause
            last = claimed(task, moment)
            with clock.at(moment):
                assert tasks.failed(last, error="the last")
            dead = row(task)
            assert (dead.status, dead.last_error, dead.ended_at) == (TaskState.DEAD, "the last", moment)
            assert claim(task, moment + timedelta(days=1)) is None
            assert not woken(task, moment + timedelta(days=1))

    def test_takes_about_two_hours_until_it_is_dead(self) -> None:
        assert timedelta(hours=1) < timedelta(seconds=sum(BACKOFF_SECONDS)) < timedelta(hours=3)
        assert len(BACKOFF_SECONDS) == ATTEMPTS_MAX - 1
        assert list(BACKOFF_SECONDS) == sorted(BACKOFF_SECONDS)


class TestBurial:
    """Work that takes its worker with it every time is ended all the same: nobody is left to say that it failed."""

    def test_ends_a_task_whose_last_worker_died(self) -> None:
        with undone():
            task, moment = add(), NOON
            for attempt in range(1, ATTEMPTS_MAX + 1):
                assert claimed(task, moment).attempt == attempt
                moment += 2 * LEASE
            assert claim(task, moment) is None
            assert not woken(task, moment)
            buried = row(task)
            assert (buried.status, buried.last_error) == (TaskState.DEAD, "its workers died of it")
            assert (buried.ended_at, buried.lease_until) == (moment, None)

    def test_leaves_the_last_worker_its_lease(self) -> None:
        with undone():
            task, moment = add(), NOON
            for _ in range(ATTEMPTS_MAX - 1):
                claimed(task, moment)
                moment += 2 * LEASE
            last = claimed(task, moment)
            assert not woken(task, moment + LEASE)
            assert tasks.finish(last)


class TestRetry:
    def test_gives_a_dead_task_all_its_attempts_again(self) -> None:
        with undone():
            task, moment = add(), NOON
            for _ in range(ATTEMPTS_MAX):
                fail(task, moment, error="no")
                moment += timedelta(hours=2)
            assert row(task).status == TaskState.DEAD
            with clock.at(moment):
                tasks.retry(task, actor=TESTER)
            again = row(task)
            assert (again.status, again.attempt, again.ended_at) == (TaskState.DUE, 0, None)
            (line,) = machine.history(str(task))
            assert (line.machine, line.old_state, line.new_state, line.actor) == ("task", "dead", "due", "system:test")
            assert woken(task, moment)
            assert claimed(task, moment).attempt == 1

    @pytest.mark.parametrize("state", ["due", "leased", "done", "unknown"])
    def test_refuses_what_is_not_dead(self, state: str) -> None:
        with undone():
            task = add()
            if state in {"leased", "done"}:
                mine = claimed(task)
                if state == "done":
                    tasks.finish(mine)
            with pytest.raises(NotFound, match="second try"):
                tasks.retry(-1 if state == "unknown" else task, actor=TESTER)


def test_of_workers_at_once_one_gets_the_task(app: Flask) -> None:
    far = datetime(2200, 1, 1, tzinfo=UTC)  # so that nobody else ever finds it due
    with transaction(TESTER):
        task = add(due_at=far)

    def worker() -> Claim | None:
        with transaction(TESTER):
            return claim(task, far)

    claims = [mine for mine in at_once(app, [worker] * 6) if mine is not None]
    assert [mine.attempt for mine in claims] == [1]


def test_of_requests_for_work_at_once_one_makes_the_task(app: Flask) -> None:
    ref, far = fresh("task"), datetime(2200, 1, 1, tzinfo=UTC)

    def ask() -> int:
        with transaction(TESTER):
            return add(ref, due_at=far)

    assert len(set(at_once(app, [ask] * 6))) == 1
