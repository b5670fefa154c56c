"""A month is closed in three steps; what is closed takes nothing in any more. In a database of its own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, pool, text

from app.core import clock
from app.core.db import leave, rows, transaction
from app.ledger import balances, errors, periods, proof
from app.ledger.journal import Journal
from app.ledger.posting import Posted
from dev.embedded import Servers
from tests.makers import books
from tests.makers.books import TESTER, account, fresh, move, refused
from tests.makers.crowd import at_once
from tests.makers.databases import Database, fresh_database

MONTHS = iter([date(2020 + number // 12, number % 12 + 1, 1) for number in range(60)])
POST = "SELECT ledger.post(:key, 'test', 'ref', CAST(:codes AS text[]), '{5,-5}', CAST(:at AS timestamptz), '{}')"


@pytest.fixture(scope="module")
def archive(given: Servers, home: Path) -> Iterator[Database]:
    """A database for this file."""
    with fresh_database(given, home) as made:
        yield made


@pytest.fixture
def room(archive: Database) -> Iterator[Flask]:
    """Inside its books, which hold at the end of each test."""
    with books.desk(archive.app_url, connections=10) as desk, desk.app_context():
        yield desk
        leave()
        assert proof.broken() == {}


@pytest.fixture
def month(room: Flask) -> Iterator[date]:
    """A month that is open, later than all that tests before closed; not left half closed."""
    found = next(MONTHS)
    yield found
    state = {row.month: row.state for row in periods.everything()}.get(found)
    leave()
    if state in {"closing", "settled"}:
        do(periods.reopen, found)


@pytest.fixture
def owner(archive: Database) -> Iterator[Engine]:
    engine = create_engine(archive.owner_url, poolclass=pool.NullPool)
    yield engine
    engine.dispose()


def do(step: Callable[[date], None], month: date) -> None:
    """One step in a transaction of its own."""
    with transaction(TESTER):
        step(month)


def close(month: date) -> None:
    for step in (periods.begin_close, periods.settle, periods.close):
        do(step, month)


def inside(month: date) -> datetime:
    """A moment in the middle of it."""
    return datetime(month.year, month.month, 15, 12, tzinfo=UTC)


def dated(moment: datetime, *, corrects: int | None = None, kind: str = "test.dated") -> Journal:
    """A journal that takes effect then."""
    legs = move(account("asset"), account(), 5).legs
    return Journal(kind, fresh("ref"), legs, effective_at=moment, corrects=corrects)


def introduce(connection: Connection) -> None:
    connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))


class TestSteps:
    def test_shut_it_one_after_the_other(self, month: date) -> None:
        moment = inside(month)
        before = books.post(dated(moment))
        do(periods.begin_close, month)
        with pytest.raises(errors.PeriodClosed):
            books.post(dated(moment))
        (late, fine) = books.batch((dated(moment), fresh()), (dated(clock.now()), fresh()))
        assert (type(late), type(fine)) == (errors.PeriodClosed, Posted)
        with pytest.raises(errors.PeriodClosed):
            books.batch((dated(moment), fresh()), all_or_nothing=True)
        books.post(dated(moment, corrects=before.journal_id))
        with clock.at(moment):
            books.reverse(before.journal_id)
        do(periods.settle, month)
        with pytest.raises(errors.PeriodClosed):
            books.post(dated(moment, corrects=before.journal_id))
        do(periods.close, month)
        with pytest.raises(errors.PeriodClosed):
            books.post(dated(moment))
        books.post(dated(inside(month) + timedelta(days=31)))  # the next one is open

    def test_let_a_batch_correct_what_it_may_not_book(self, month: date) -> None:
        moment = inside(month)
        before = books.post(dated(moment))
        do(periods.begin_close, month)
        right, key = dated(moment, corrects=before.journal_id), fresh()
        (first,) = books.batch((right, key))
        assert isinstance(first, Posted)
        do(periods.settle, month)
        again, late = books.batch((right, key), (right, fresh()))
        assert again == Posted(first.journal_id, replayed=True)
        assert isinstance(late, errors.PeriodClosed)
        do(periods.reopen, month)

    def test_let_journals_by_hand_in_until_nobody_may(self, month: date) -> None:
        by_hand = dated(inside(month), kind="adjustments.booked")
        do(periods.begin_close, month)
        books.post(by_hand)
        (first,) = books.batch((replace(by_hand, ref=fresh("ref")), fresh()))
        assert isinstance(first, Posted)
        do(periods.settle, month)
        with pytest.raises(errors.PeriodClosed):
            books.post(replace(by_hand, ref=fresh("ref")))

    def test_are_named_in_the_audit(self, month: date) -> None:
        do(periods.begin_close, month)
        do(periods.reopen, month)
        found = rows(
            "SELECT action FROM audit.records WHERE table_name = 'periods' AND row_id = :m", m=month.isoformat()
        )
        assert {row.action for row in found} == {"insert", "delete"}

    def test_are_not_for_months_before_the_century(self, room: Flask) -> None:
        with pytest.raises(errors.PeriodClosed):
            do(periods.begin_close, date(1999, 12, 1))

    def test_are_taken_in_their_order(self, month: date) -> None:
        for step in (periods.settle, periods.close, periods.reopen):
            with pytest.raises(errors.PeriodClosed):
                do(step, month)
        do(periods.begin_close, month)
        with pytest.raises(errors.PeriodClosed):
            do(periods.close, month)
        do(periods.settle, month)
        with pytest.raises(errors.PeriodClosed):
            do(periods.settle, month)

    def test_can_be_taken_back_until_the_last(self, month: date) -> None:
        do(periods.begin_close, month)
        do(periods.reopen, month)
        books.post(dated(inside(month)))
        do(periods.begin_close, month)
        do(periods.settle, month)
        do(periods.reopen, month)
        books.post(dated(inside(month)))
        close(month)
        with pytest.raises(errors.PeriodClosed):
            do(periods.reopen, month)

    def test_are_not_for_a_month_that_has_not_ended(self, room: Flask) -> None:
        now = clock.now().astimezone(clock.WAT)
        with pytest.raises(errors.PeriodClosed):
            do(periods.begin_close, date(now.year, now.month, 1))

    def test_are_for_one_month_at_a_time_and_not_for_one_before_a_closed_one(self, month: date) -> None:
        close(month)
        for early in (month, date(2019, 12, 1)):
            with pytest.raises(errors.PeriodClosed):
                do(periods.begin_close, early)
        coming = next(MONTHS)
        do(periods.begin_close, coming)
        with pytest.raises(errors.PeriodClosed):
            do(periods.begin_close, next(MONTHS))
        do(periods.reopen, coming)

    def test_are_for_one_month_also_when_two_begin_at_once(self, room: Flask, owner: Engine) -> None:
        one, other = next(MONTHS), next(MONTHS)
        with owner.connect() as first:
            introduce(first)
            first.execute(text("SELECT ledger.begin_close(:m)"), {"m": one})
            told: list[str] = []

            def second() -> None:
                with owner.connect() as connection:
                    introduce(connection)
                    told.append(refused(connection, "SELECT ledger.begin_close(:m)", m=other))

            thread = Thread(target=second)
            thread.start()
            thread.join(1)
            first.commit()
            thread.join()
        do(periods.reopen, one)
        assert told != [""]


class TestAClosedMonth:
    def test_has_its_balances_written_down(self, month: date) -> None:
        journal = dated(inside(month))
        code = journal.legs[0].account
        books.post(journal)
        books.post(Journal("test.later", "ref", journal.legs))  # takes effect now: not in it
        close(month)
        written = rows(
            "SELECT p.balance FROM ledger.period_balances p JOIN ledger.accounts a ON a.id = p.account_id"
            " WHERE p.month = :month AND a.code = :code",
            month=month,
            code=code,
        )
        assert [row.balance for row in written] == [5]
        assert balances.effective_at(code, inside(month)) == 5
        assert balances.of(code).booked.units == 10

    def test_ends_at_midnight_in_lagos(self, month: date) -> None:
        close(month)
        ends = datetime.combine((month + timedelta(days=31)).replace(day=1), datetime.min.time(), clock.WAT)
        with pytest.raises(errors.PeriodClosed):
            books.post(dated(ends - timedelta(microseconds=1)))
        books.post(dated(ends))

    def test_shuts_all_before_it_too(self, month: date) -> None:
        close(month)
        with pytest.raises(errors.PeriodClosed):
            books.post(dated(datetime(1999, 1, 1, tzinfo=UTC)))

    def test_still_answers_a_key_used_before(self, month: date) -> None:
        journal, key = dated(inside(month)), fresh()
        posted = books.post(journal, key=key)
        close(month)
        assert books.post(journal, key=key) == Posted(posted.journal_id, replayed=True)

    def test_takes_no_journal_that_says_it_was_booked_then(self, month: date, owner: Engine) -> None:
        close(month)
        codes = [account("asset"), account()]
        with books.undone(owner) as connection:
            introduce(connection)
            header = (
                "INSERT INTO ledger.journals (key, hash, kind, ref, legs, actor, request_id, effective_at, booked_at)"
                " VALUES (:key, '', 'x', 'x', 2, 'x', '', :at, :at) RETURNING id"
            )
            number = connection.execute(text(header), {"key": fresh(), "at": inside(month)}).scalar_one()
            legs = (
                "INSERT INTO ledger.entries"
                " SELECT :id, row_number() OVER (), id, 0, asset, CASE code WHEN :one THEN 5 ELSE -5 END, 1, 0, :at,"
                " :at FROM ledger.accounts WHERE code IN (:one, :two)"
            )
            facts = {"id": number, "one": codes[0], "two": codes[1], "at": inside(month)}
            assert refused(connection, legs, **facts) == "LG009"

    def test_takes_nothing_from_a_transaction_that_sees_an_older_snapshot(self, month: date, owner: Engine) -> None:
        codes = [account("asset"), account()]
        with books.undone(owner) as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            introduce(connection)
            connection.execute(text("SELECT FROM ledger.periods"))
            close(month)
            assert refused(connection, POST, key=fresh(), codes=codes, at=inside(month)) != ""


def test_settling_waits_for_who_is_posting(month: date, owner: Engine) -> None:
    codes, settled = [account("asset"), account()], Event()
    do(periods.begin_close, month)

    def settle() -> None:
        with owner.begin() as connection:
            introduce(connection)
            connection.execute(text("SELECT ledger.settle_period(:m)"), {"m": month})
        settled.set()

    with owner.connect() as late:
        introduce(late)
        late.execute(text(POST), {"key": fresh(), "codes": codes, "at": None})
        thread = Thread(target=settle)
        thread.start()
        assert not settled.wait(0.3)
        late.commit()
        thread.join()
    assert settled.is_set()
    do(periods.close, month)


def test_a_month_closed_under_load_is_as_it_was_written_down(room: Flask, month: date) -> None:
    moment = inside(month)
    one, other = account("asset"), account()

    def post() -> int:
        done = 0
        for _ in range(25):
            journal = Journal("test.dated", "ref", move(one, other, 1).legs, effective_at=moment)
            try:
                done += not books.post(journal, key=fresh()).replayed
            except errors.PeriodClosed:
                books.post(move(one, other, 1))
        return done

    *done, _ = at_once(room, [*[post] * 6, lambda: close(month)])
    assert balances.effective_at(one, moment) == sum(done)
    assert balances.of(one).booked.units == 150
