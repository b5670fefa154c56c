"""A transaction commits at its end or not at all, has an actor, and is done again when PostgreSQL asks for it."""

from collections.abc import Callable, Iterator
from threading import Barrier, Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from app.core import actor, clock, db, ids, inbox
from app.core.db import atomically, in_transaction, leave, rows, sqlstate, transaction, whole_books
from app.identity.models import Login
from tests.conftest import Database
from tests.makers.books import TESTER, fresh
from tests.makers.crowd import at_once, meet

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def strict(database: Database) -> Iterator[Flask]:
    """An application whose transactions are serialisable."""
    other = Flask("strict")
    other.config["SQLALCHEMY_DATABASE_URI"] = database.app_url
    other.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"isolation_level": "SERIALIZABLE", "poolclass": NullPool}
    db.db.init_app(other)
    yield other
    with other.app_context():
        db.db.engine.dispose()


def keep(name: str) -> None:
    """Write a row of this name."""
    assert inbox.receive("test", external_id=name, body=b"{}") is not None


def keep_and_raise(name: str, exception: type[BaseException]) -> None:
    """Write a row, then fail."""
    with transaction(TESTER) as session:
        keep(name)
        db.work_was_left(session)
        raise exception


def kept(engine: Engine, name: str) -> bool:
    """Whether somebody else sees that row."""
    with engine.connect() as connection:
        found = connection.execute(text("SELECT count(*) FROM inbox WHERE external_id = :name"), {"name": name})
        return bool(found.scalar_one())


def login() -> Login:
    """A row of an audited table."""
    name = fresh("login")
    return Login(
        id=ids.new("log"), audience="customer", email=f"{name}@test.example", password_hash="x", created_at=clock.now()
    )


class TestTransaction:
    def test_commits_at_its_end(self, owner_engine: Engine) -> None:
        name = fresh()
        with transaction(TESTER):
            keep(name)
            assert not kept(owner_engine, name)
        assert kept(owner_engine, name)

    @pytest.mark.parametrize("exception", [LookupError, KeyboardInterrupt, SystemExit])
    def test_rolls_back_on_any_exception(self, owner_engine: Engine, exception: type[BaseException]) -> None:
        name = fresh()
        with pytest.raises(exception):
            keep_and_raise(name, exception)
        assert not kept(owner_engine, name)
        assert not in_transaction()

    def test_does_not_nest(self, owner_engine: Engine) -> None:
        name = fresh()
        with transaction(TESTER):
            keep(name)
            with pytest.raises(RuntimeError, match="open already"), transaction(TESTER):
                pytest.fail("a transaction inside a transaction")
            assert in_transaction()  # the outer one goes on
        assert kept(owner_engine, name)

    def test_is_over_when_it_is_over(self) -> None:
        assert not in_transaction()
        with transaction(TESTER):
            assert in_transaction()
        assert not in_transaction()
        with transaction(TESTER):  # and another can begin
            assert in_transaction()

    def test_starts_from_now_not_from_what_was_read_before(self, owner_engine: Engine) -> None:
        with transaction(TESTER):
            number = inbox.receive("test", external_id=fresh(), body=b"{}")
        assert number is not None
        read = inbox.read(number)
        with owner_engine.begin() as connection:
            connection.execute(text("UPDATE inbox SET outcome = 'seen' WHERE id = :id"), {"id": number})
        with transaction(TESTER):
            assert inbox.read(number).outcome == "seen"
        assert read.outcome == ""  # what was read stays readable as it was

    def test_does_not_write_what_was_changed_before_it(self) -> None:
        with transaction(TESTER):
            number = inbox.receive("test", external_id=fresh(), body=b"{}")
        assert number is not None
        inbox.read(number).outcome = "by accident"
        with transaction(TESTER):
            assert inbox.read(number).outcome == ""


class TestActor:
    def test_and_request_and_reason_are_written_beside_the_change(self, owner_engine: Engine) -> None:
        row = login()
        with transaction(actor.operator("op_7", request_id="req_7"), reason="asked by phone") as session:
            session.add(row)
        with owner_engine.connect() as connection:
            found = connection.execute(
                text("SELECT actor, request_id, reason, action FROM audit.records WHERE row_id = :id"), {"id": row.id}
            ).one()
        assert tuple(found) == ("operator:op_7", "req_7", "asked by phone", "insert")

    def test_says_why_in_so_many_letters(self, owner_engine: Engine) -> None:
        row = login()
        with transaction(TESTER, reason="why " * 40_000) as session:
            session.add(row)
        with owner_engine.connect() as connection:
            said = connection.execute(text("SELECT reason FROM audit.records WHERE row_id = :id"), {"id": row.id})
            assert len(said.scalar_one()) == db.REASON_MAX

    def test_missing_is_refused_by_the_database(self) -> None:
        session = db.db.session()
        session.add(login())
        with pytest.raises(DBAPIError, match="a write needs an actor") as refused:
            session.flush()
        assert sqlstate(refused.value) == "BU001"
        session.rollback()

    def test_does_not_outlive_the_transaction(self) -> None:
        with transaction(TESTER):
            assert rows("SELECT current_setting('bursar.actor') AS who")[0].who == "system:test"
        assert rows("SELECT coalesce(current_setting('bursar.actor', true), '') AS who")[0].who == ""
        leave()

    def test_cannot_break_out_of_its_setting(self) -> None:
        name = "x', true); DROP TABLE inbox; --"
        with transaction(actor.system(name)):
            assert rows("SELECT current_setting('bursar.actor') AS who")[0].who == f"system:{name}"


class TestLeave:
    def test_refuses_inside_a_transaction(self) -> None:
        with pytest.raises(RuntimeError, match="the world is not called"), transaction(TESTER):
            leave()

    def test_holds_nothing_while_the_world_answers(self, owner_engine: Engine) -> None:
        activity = text("SELECT state FROM pg_stat_activity WHERE pid = :pid")
        reader = {"pid": rows("SELECT pg_backend_pid() AS pid")[0].pid}
        with owner_engine.connect() as watcher:
            assert watcher.execute(activity, reader).scalar_one() == "idle in transaction"
        leave()
        with owner_engine.connect() as watcher:
            assert watcher.execute(activity, reader).scalar_one() == "idle"


class TestWholeBooks:
    def test_loosens_the_limits_on_time_and_puts_them_back(self) -> None:
        limits = (
            "SELECT current_setting('statement_timeout') AS statement,"
            " current_setting('idle_in_transaction_session_timeout') AS idle"
        )
        before = tuple(rows(limits)[0])
        assert "0" not in before
        with whole_books():
            assert tuple(rows(limits)[0]) == ("10min", "0")
        assert tuple(rows(limits)[0]) == before

    def test_sees_one_moment(self, app: Flask) -> None:
        name, count = fresh(), "SELECT count(*) AS n FROM inbox WHERE external_id = :name"

        def keep_meanwhile() -> None:
            with transaction(TESTER):
                keep(name)

        with whole_books():
            assert rows(count, name=name)[0].n == 0
            assert at_once(app, [keep_meanwhile]) == [None]
            assert rows(count, name=name)[0].n == 0
        assert rows(count, name=name)[0].n == 1

    def test_writes_nothing(self) -> None:
        with pytest.raises(DBAPIError) as refused, whole_books():
            keep(fresh())
        assert sqlstate(refused.value) == "25006"
        assert rows("SELECT current_setting('transaction_read_only') AS only")[0].only == "off"

    def test_is_refused_inside_a_transaction(self) -> None:
        with transaction(TESTER), pytest.raises(RuntimeError), whole_books():
            pass


class TestAtomically:
    def test_answers_what_the_body_answers(self, owner_engine: Engine) -> None:
        name = fresh()
        number = atomically(lambda: inbox.receive("test", external_id=name, body=b""), actor=TESTER)
        assert number is not None
        assert kept(owner_engine, name)

    def test_does_both_of_a_deadlock_in_the_end(self, app: Flask, owner_engine: Engine) -> None:
        with transaction(TESTER):
            pair = [inbox.receive("test", external_id=fresh(), body=b"") for _ in range(2)]
        met, tries = Barrier(2), []

        def crossing(first: int | None, second: int | None) -> Callable[[], None]:
            began: list[None] = []

            def body() -> None:
                began.append(None)
                tries.append(first)
                add = text("UPDATE inbox SET outcome = outcome || '+' WHERE id = :id")
                db.db.session.execute(add, {"id": first})
                if len(began) == 1:
                    meet(met)  # both hold what the other wants
                db.db.session.execute(add, {"id": second})

            return lambda: atomically(body, actor=TESTER)

        assert at_once(app, [crossing(*pair), crossing(*reversed(pair))]) == [None, None]
        assert len(tries) == 3  # PostgreSQL chose one of the two, and that one came again
        with owner_engine.connect() as connection:
            found = connection.execute(text("SELECT outcome FROM inbox WHERE id = ANY (:ids)"), {"ids": pair})
            assert list(found.scalars()) == ["++", "++"]

    def test_comes_again_when_two_serialisable_transactions_collide(self, strict: Flask, owner_engine: Engine) -> None:
        with transaction(TESTER):
            number = inbox.receive("test", external_id=fresh(), body=b"")
        tries: list[str] = []

        def body() -> None:
            if not tries:
                with owner_engine.begin() as other:
                    other.execute(text("UPDATE inbox SET outcome = 'theirs' WHERE id = :id"), {"id": number})
            tries.append("try")
            db.db.session.execute(text("UPDATE inbox SET outcome = outcome || '+ours' WHERE id = :id"), {"id": number})

        with strict.app_context():
            atomically(body, actor=TESTER)
            assert inbox.read(number or 0).outcome == "theirs+ours"
        assert tries == ["try", "try"]

    def test_gives_up_after_its_tries(self, owner_engine: Engine) -> None:
        with transaction(TESTER):
            number = inbox.receive("test", external_id=fresh(), body=b"")
        tries: list[None] = []

        def body() -> None:
            tries.append(None)
            db.db.session.execute(text("SET LOCAL lock_timeout = '10ms'"))
            db.db.session.execute(text("UPDATE inbox SET outcome = 'x' WHERE id = :id"), {"id": number})

        with owner_engine.begin() as other:
            other.execute(text("SELECT FROM inbox WHERE id = :id FOR UPDATE"), {"id": number})
            with pytest.raises(OperationalError) as refused:
                atomically(body, actor=TESTER, tries=2)
        assert sqlstate(refused.value) == "55P03"
        assert len(tries) == 2

    def test_does_not_come_again_for_what_will_not_get_better(self) -> None:
        tries: list[None] = []

        def body() -> None:
            tries.append(None)
            rows("SELECT 1 / 0 AS nothing")

        with pytest.raises(DBAPIError) as refused:
            atomically(body, actor=TESTER)
        assert sqlstate(refused.value) == "22012"
        assert len(tries) == 1

    def test_does_not_come_again_for_a_refusal(self) -> None:
        tries: list[None] = []

        def body() -> None:
            tries.append(None)
            raise LookupError

        with pytest.raises(LookupError):
            atomically(body, actor=TESTER)
        assert len(tries) == 1


class TestSqlstate:
    def test_is_empty_where_the_driver_gives_none(self) -> None:
        assert sqlstate(DBAPIError("SELECT", {}, Exception("no code"))) == ""


class TestWaker:
    @pytest.fixture
    def woken(self, owner_engine: Engine) -> Iterator[list[bool]]:
        """A waker that notes whether the work was there for others to see when it was called."""
        before, calls = list(db._WAKER), []
        db.set_waker(lambda: calls.append(kept(owner_engine, self.name)))
        yield calls
        db._WAKER[:] = before

    name = fresh("woken")

    def test_is_called_once_after_the_commit_that_left_work(self, woken: list[bool]) -> None:
        type(self).name = fresh("woken")
        with transaction(TESTER) as session:
            keep(self.name)
            db.work_was_left(session)
            db.work_was_left(session)
            session.flush()
            assert woken == []
        assert woken == [True]

    @pytest.mark.parametrize("kept_part", [True, False])
    def test_is_called_once_whatever_became_of_a_part(self, woken: list[bool], *, kept_part: bool) -> None:
        type(self).name = fresh("woken")
        with transaction(TESTER) as session:
            keep(self.name)
            db.work_was_left(session)
            part = session.begin_nested()
            part.commit() if kept_part else part.rollback()
            assert woken == []
        assert woken == [True]

    def test_is_not_called_when_no_work_was_left(self, woken: list[bool]) -> None:
        with transaction(TESTER):
            keep(fresh())
        assert woken == []

    def test_is_not_called_when_the_work_was_rolled_back_nor_by_the_next(self, woken: list[bool]) -> None:
        with pytest.raises(LookupError):
            keep_and_raise(fresh(), LookupError)
        with transaction(TESTER):
            keep(fresh())
        assert woken == []

    def test_can_be_taken_away(self, woken: list[bool]) -> None:
        db.set_waker(None)
        with transaction(TESTER) as session:
            db.work_was_left(session)
        assert woken == []


class TestConcurrency:
    def test_each_thread_has_a_transaction_of_its_own(self, app: Flask, owner_engine: Engine) -> None:
        names, opened = [fresh(), fresh()], Event()

        def stays() -> bool:
            with transaction(TESTER):
                keep(names[0])
                opened.set()
            return True

        def goes() -> Any:
            with transaction(TESTER):
                keep(names[1])
                opened.wait(5)
                raise LookupError

        answers = at_once(app, [stays, goes])
        assert answers[0] is True
        assert isinstance(answers[1], LookupError)
        assert [kept(owner_engine, name) for name in names] == [True, False]
