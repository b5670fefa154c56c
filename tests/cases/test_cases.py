"""A case: opened once, by its owner or by the clock; closed when its subject moves on; never forgotten."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from app.cases import errors, queries, rules, service
from app.cases.models import Case
from app.cases.rules import State
from app.core import actor, clock, machine, tasks
from app.core.actor import Actor
from app.core.db import db, for_everyone, leave, narrow, rows, sqlstate, transaction, widen
from app.core.permissions import Role
from app.core.tasks import Task, TaskState
from app.customers import closures
from app.customers.rules import CLOSURE
from app.restrictions.rules import Kind
from jobs import watchdog
from jobs.work import Work
from tests.makers import people, restricted
from tests.makers.books import fresh
from tests.makers.people import Customer

pytestmark = pytest.mark.usefixtures("inside")

SYSTEM = actor.system("test")
EVERYBODYS = rules.seen(confidential=True)
LONG = CLOSURE.waits[next(iter(CLOSURE.waits))].limit


@pytest.fixture
def watch(app: Flask) -> Callable[[datetime], None]:
    """Look through everything as the clock does, at a time."""

    def look(at: datetime) -> None:
        work = Work("test", "slot", {}, app.extensions["clients"], SYSTEM)
        with clock.at(at):
            watchdog.watch(work)
        leave()

    return look


def closing() -> tuple[Customer, str]:
    """Somebody who wants to close their account, and the request."""
    one = people.customer()
    with transaction(one.actor):
        request_id = closures.ask(one.id, reason="Moving away.", actor=one.actor)
    return one, request_id


def opened(kind: str = "tested", *, owner: Role = Role.TREASURY, subject: str = "") -> str:
    """A case that people close."""
    with transaction(SYSTEM):
        case_id = service.open(kind, subject or fresh("x"), owner=owner, words="Look at this.", actor=SYSTEM)
    assert case_id is not None
    return case_id


def case(case_id: str) -> Case:
    leave()
    return queries.one_for_operators(case_id, owners=EVERYBODYS)


def standing(subject: str) -> list[Case]:
    leave()
    return queries.about_for_operators([subject], owners=EVERYBODYS)


def acts(deed: Callable[..., None], case_id: str, role: Role, **said: str) -> str:
    """Somebody of this role does this: who."""
    operator_id, _ = people.operator(role)
    with transaction(who := actor.operator(operator_id)):
        deed(case_id, operator_id=operator_id, actor=who, **said)
    return operator_id


def take(case_id: str, *, operator_id: str, actor: Actor) -> None:
    service.take(case_id, operator_id=operator_id)


class TestWhatStandsStill:
    def test_becomes_one_case_that_names_owner_and_way_out(self, watch: Callable[[datetime], None]) -> None:
        one, request_id = closing()
        watch(clock.now() + LONG - timedelta(hours=1))
        assert standing(request_id) == []
        for _ in range(2):
            watch(clock.now() + LONG + timedelta(minutes=1))
        (found,) = standing(request_id)
        assert (found.kind, found.owner, found.customer_id) == (rules.STUCK, Role.SUPPORT, one.id)
        assert found.words == "This closure request has been asked for more than 30 days."
        assert found.way_out == CLOSURE.waits[next(iter(CLOSURE.waits))].exit
        assert found.since == machine.history(request_id)[0].moved_at

    def test_closes_its_case_when_it_moves_on(self, watch: Callable[[datetime], None]) -> None:
        one, request_id = closing()
        watch(clock.now() + LONG + timedelta(minutes=1))
        (found,) = standing(request_id)
        with transaction(one.actor):
            closures.withdraw(one.id, actor=one.actor)
        watch(clock.now())
        assert standing(request_id) == []
        assert case(found.id).state == State.CLOSED
        assert machine.history(found.id)[-1].reason == "It has moved on."

    def test_has_its_case_after_a_crash_between_look_and_commit(self, watch: Callable[[datetime], None]) -> None:
        _, request_id = closing()
        late = clock.now() + LONG + timedelta(minutes=1)
        with pytest.raises(ZeroDivisionError):
            crash_while_opening(request_id, late)
        assert standing(request_id) == []
        watch(late)
        assert len(standing(request_id)) == 1

    def test_has_one_case_when_two_find_it_at_the_same_moment(self, app: Flask) -> None:
        subject = fresh("x")
        both, made = threading.Barrier(2), list[str | None]()

        def find() -> None:
            with app.app_context(), for_everyone():
                both.wait(timeout=10)
                with transaction(SYSTEM):
                    made.append(
                        service.open("tested", subject, owner=Role.TREASURY, words="Look at this.", actor=SYSTEM)
                    )

        threads = [threading.Thread(target=find) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
        assert len(made) == 2
        assert made.count(None) == 1
        assert len(standing(subject)) == 1

    def test_that_nobody_has_a_history_of_counts_as_standing_for_too_long(
        self, watch: Callable[[datetime], None]
    ) -> None:
        one, request_id = closing()
        found = queries.stuck_for_system(
            replaced("another name"), watchdog.ClosureRequest, whose="customer_id", at=clock.now(), limit=10_000
        )
        assert (request_id, one.id, 0) in {(each.subject, each.customer_id, each.move_id) for each in found}

    def test_is_found_for_a_restriction_of_three_months(self, watch: Callable[[datetime], None]) -> None:
        restriction_id = restricted.placed(people.customer(), Kind.NO_DEBIT)
        watch(clock.now() + timedelta(days=91))
        (found,) = standing(restriction_id)
        assert found.owner == Role.COMPLIANCE_MANAGER


def crash_while_opening(request_id: str, at: datetime) -> None:
    """The watchdog finds it, and dies before its transaction ends."""
    found = queries.stuck_for_system(CLOSURE, watchdog.ClosureRequest, whose="customer_id", at=at, limit=10_000)
    with transaction(SYSTEM):
        for one in found:
            if one.subject == request_id:
                service.open_stuck(one, of=CLOSURE, actor=SYSTEM)
                raise ZeroDivisionError


def replaced(name: str) -> machine.Machine:
    """The same machine under a name in which nothing has moved."""
    return machine.Machine(name, CLOSURE.moves, CLOSURE.waits, CLOSURE.rests)


class TestItsOwner:
    def test_closes_what_people_close_and_it_may_come_again(self) -> None:
        subject = fresh("x")
        case_id = opened(subject=subject)
        with transaction(SYSTEM):
            assert service.open("tested", subject, owner=Role.TREASURY, words="Again.", actor=SYSTEM) is None
        who = acts(service.close, case_id, Role.TREASURY, note="It was a test.")
        assert (case(case_id).state, case(case_id).taken_by) == (State.CLOSED, who)
        assert machine.history(case_id)[-1].reason == "It was a test."
        assert opened(subject=subject) != case_id

    def test_takes_it_and_another_may_still_act(self) -> None:
        case_id = opened()
        first = acts(take, case_id, Role.TREASURY)
        assert case(case_id).taken_by == first
        assert acts(service.close, case_id, Role.TREASURY, note="Done.") != first

    def test_puts_it_off_and_the_clock_opens_it_again(self, watch: Callable[[datetime], None]) -> None:
        case_id = opened()
        acts(service.put_off, case_id, Role.TREASURY, wait="4h", note="The bank opens at eight.")
        watch(clock.now() + timedelta(hours=3))
        assert case(case_id).state == State.PUT_OFF
        for _ in range(2):
            watch(clock.now() + timedelta(hours=5))
        assert (case(case_id).state, case(case_id).put_off_until) == (State.OPEN, None)

    @pytest.mark.parametrize(
        ("deed", "said", "refusal"),
        [
            (service.close, {"note": " "}, errors.NoteMissing),
            (service.close, {"note": "x" * (rules.NOTE_MAX + 1)}, errors.NoteMissing),
            (service.put_off, {"wait": "4h", "note": ""}, errors.NoteMissing),
            (service.put_off, {"wait": "4000h", "note": "Later."}, errors.BadTime),
        ],
    )
    def test_says_what_was_found_and_for_how_long(
        self, deed: Callable[..., None], said: dict[str, str], refusal: type[Exception]
    ) -> None:
        case_id = opened()
        with pytest.raises(refusal):
            acts(deed, case_id, Role.TREASURY, **said)
        assert case(case_id).state == State.OPEN

    def test_is_nobody_else(self) -> None:
        case_id = opened()
        for role in (Role.FINANCE, Role.ADMIN, Role.COMPLIANCE_MANAGER):
            with pytest.raises(errors.NotYours):
                acts(take, case_id, role)

    def test_acts_no_more_on_what_is_closed(self) -> None:
        case_id = opened()
        acts(service.close, case_id, Role.TREASURY, note="Done.")
        with pytest.raises(errors.IsClosed):
            acts(service.put_off, case_id, Role.TREASURY, wait="1h", note="Later.")

    def test_closes_nothing_that_still_stands(self, watch: Callable[[datetime], None]) -> None:
        _, request_id = closing()
        watch(clock.now() + LONG + timedelta(minutes=1))
        (found,) = standing(request_id)
        with pytest.raises(errors.StandsStill):
            acts(service.close, found.id, Role.SUPPORT, note="I do not want to see it.")

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE cases SET state = 'closed', closed_at = now() WHERE id = :id",
            "UPDATE cases SET state = 'closed', closed_at = now(), put_off_until = NULL WHERE id = :id",
        ],
    )
    def test_does_not_close_it_with_sql_either(self, watch: Callable[[datetime], None], change: str) -> None:
        _, request_id = closing()
        watch(clock.now() + LONG + timedelta(minutes=1))
        (found,) = standing(request_id)
        with pytest.raises(DBAPIError) as refused, transaction(SYSTEM):
            db.session.execute(text(change), {"id": found.id})
        assert sqlstate(refused.value) == "23001"


class TestWhatNobodyCloses:
    def test_is_raised_after_a_day_and_told_each_day(self, watch: Callable[[datetime], None]) -> None:
        case_id, begun = opened(owner=Role.FINANCE), clock.now()
        watch(begun + timedelta(hours=23))
        assert case(case_id).state == State.OPEN
        days = [timedelta(hours=25), timedelta(hours=26), timedelta(hours=50)]
        raised = []
        for later in days:
            watch(begun + later)
            raised.append(case(case_id).raised_at)
        assert case(case_id).state == State.RAISED
        assert raised == [begun + days[0], begun + days[0], begun + days[2]]
        told = rows("SELECT facts ->> 'many' AS many FROM outbox WHERE name = 'cases.raised' AND subject = 'finance'")
        assert len(told) >= 2

    def test_is_written_of_to_its_queue_and_who_is_senior(
        self, app: Flask, watch: Callable[[datetime], None], work_off: Callable[..., int]
    ) -> None:
        people.operator(Role.TREASURY)
        case_id = opened()
        watch(clock.now() + timedelta(hours=25))
        assert case(case_id).state == State.RAISED
        work_off()
        told = rows(
            "SELECT o.roles FROM mails m JOIN operators o ON o.login_id = m.login_id"
            " WHERE m.cause LIKE 'notifications.cases_raised:treasury#%'"
        )
        assert told
        assert all({"treasury", "admin"} & set(one.roles) for one in told)

    def test_may_be_acted_on_by_who_is_senior(self, watch: Callable[[datetime], None]) -> None:
        case_id = opened()
        watch(clock.now() + timedelta(hours=25))
        acts(service.put_off, case_id, Role.ADMIN, wait="1d", note="Treasury is told.")
        assert case(case_id).state == State.PUT_OFF


class TestItsQueue:
    def test_is_told_once_of_all_that_is_new(self, watch: Callable[[datetime], None]) -> None:
        made = [opened(owner=Role.COMPLIANCE_MANAGER) for _ in range(3)]
        for _ in range(2):
            watch(clock.now())
        assert all(case(case_id).told_at for case_id in made)
        told = rows(
            "SELECT facts FROM outbox WHERE name = 'cases.opened' AND subject = 'compliance_manager' ORDER BY id DESC"
        )
        assert told[0].facts["many"] >= len(made)
        with transaction(SYSTEM):
            assert service.tell() == 0

    def test_is_written_to(self, watch: Callable[[datetime], None], work_off: Callable[..., int]) -> None:
        operator_id, _ = people.operator(Role.FINANCE)
        opened(owner=Role.FINANCE)
        watch(clock.now())
        work_off()
        told = rows(
            "SELECT m.subject FROM mails m JOIN operators o ON o.login_id = m.login_id WHERE o.id = :who",
            who=operator_id,
        )
        assert any(": finance" in one.subject for one in told)

    def test_writes_down_what_it_found_and_nothing_changes_that(self) -> None:
        case_id = opened()
        who = acts(note, case_id, Role.TREASURY, words="The bank is asked.")
        (written,) = queries.notes_for_operators(case_id)
        assert (written.words, written.operator_id) == ("The bank is asked.", who)
        leave()
        with pytest.raises(DBAPIError), transaction(SYSTEM):
            db.session.execute(text("DELETE FROM case_notes WHERE id = :id"), {"id": written.id})
        token = narrow(people.customer().id)
        assert queries.notes_for_operators(case_id) == []
        leave()
        widen(token)


def note(case_id: str, *, operator_id: str, actor: Actor, words: str) -> None:
    service.note(case_id, words=words, operator_id=operator_id)


class TestWork:
    @staticmethod
    def hanging(**columns: object) -> int:
        """A piece of work that stands so in its table."""
        ref = fresh("work")
        with transaction(SYSTEM):
            tasks.add("payments.refresh_banks", ref=ref, queue="money")
            db.session.execute(update(Task).where(Task.ref == ref).values(**columns))
        (found,) = rows("SELECT id FROM tasks WHERE ref = :ref", ref=ref)
        leave()
        return int(found.id)

    def test_that_was_given_up_is_a_case_until_it_is_tried_again(self, watch: Callable[[datetime], None]) -> None:
        task_id = self.hanging(status=TaskState.DEAD, ended_at=clock.now())
        for _ in range(2):
            watch(clock.now())
        (found,) = standing(rules.subject_of_task(task_id))
        assert (found.owner, found.way_out) == (Role.TREASURY, rules.RETRY_IT)
        with pytest.raises(errors.StandsStill):
            acts(service.close, found.id, Role.TREASURY, note="I do not want to see it.")
        with transaction(SYSTEM):
            tasks.retry(task_id, actor=SYSTEM)
        watch(clock.now())
        assert case(found.id).state == State.CLOSED

    def test_that_is_late_is_a_case_and_one_that_waits_for_its_time_is_not(
        self, watch: Callable[[datetime], None]
    ) -> None:
        late = self.hanging(due_at=clock.now() - timedelta(minutes=31))
        soon = self.hanging(due_at=clock.now() + timedelta(minutes=31))
        lost = self.hanging(
            status=TaskState.LEASED,
            due_at=clock.now() - timedelta(hours=2),
            lease_until=clock.now() - timedelta(hours=1),
        )
        watch(clock.now())
        many = {task_id: len(standing(rules.subject_of_task(task_id))) for task_id in (late, soon, lost)}
        assert many == {late: 1, soon: 0, lost: 1}
        self.done(late, lost)
        watch(clock.now())
        assert standing(rules.subject_of_task(late)) == []

    @staticmethod
    def done(*task_ids: int) -> None:
        with transaction(SYSTEM):
            values = {"status": TaskState.DONE, "ended_at": clock.now(), "lease_until": None}
            db.session.execute(update(Task).where(Task.id.in_(task_ids)).values(**values))
