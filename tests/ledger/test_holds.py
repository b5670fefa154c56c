"""Holds with a time, and holds that are used in parts."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from app.core import clock
from app.core.db import leave, rows
from app.core.errors import InvalidAmount, KeyReused
from app.ledger import balances, errors, statements
from app.ledger.posting import Posted
from tests.makers import books
from tests.makers.books import account, fresh, move, refused, wallet

pytestmark = pytest.mark.usefixtures("inside")
SECOND = timedelta(seconds=1)


def units(code: str) -> tuple[int, int, int]:
    """Booked, held and available, in kobo."""
    leave()
    now = balances.of(code)
    return now.booked.units, now.held.units, now.available.units


def parts(hold_id: int) -> list[tuple[str, int]]:
    """How a hold ended, part by part."""
    leave()
    found = rows("SELECT outcome, amount FROM ledger.hold_parts WHERE hold_id = :id ORDER BY part", id=hold_id)
    return [(row.outcome, int(row.amount)) for row in found]


class TestParts:
    def test_leave_the_rest_held(self) -> None:
        code, sink = wallet(100), wallet()
        held = books.hold(code, 60).hold_id
        books.capture(held, move(code, sink, 20), keep_rest=True)
        assert units(code) == (80, 40, 40)
        books.capture(held, move(code, sink, 40), keep_rest=True)
        assert (units(code), units(sink)) == ((40, 0, 40), (60, 0, 60))
        assert parts(held) == [("captured", 20), ("captured", 40)]

    def test_end_with_one_that_keeps_nothing(self) -> None:
        code, sink = wallet(100), wallet()
        held = books.hold(code, 60).hold_id
        books.capture(held, move(code, sink, 20), keep_rest=True)
        books.capture(held, move(code, sink, 10))
        assert units(code) == (70, 0, 70)
        assert parts(held) == [("captured", 20), ("captured", 10), ("released", 30)]
        assert books.release(held) is False  # its rest was released

    def test_never_exceed_what_remains(self) -> None:
        code, sink = wallet(100), wallet()
        held = books.hold(code, 60).hold_id
        books.capture(held, move(code, sink, 20), keep_rest=True)
        with pytest.raises(errors.HoldExceeded):
            books.capture(held, move(code, sink, 41), keep_rest=True)
        assert units(code) == (80, 40, 40)

    def test_can_be_followed_by_a_release(self) -> None:
        code = wallet(100)
        held = books.hold(code, 60).hold_id
        books.capture(held, move(code, wallet(), 20), keep_rest=True)
        assert books.release(held) is True
        assert units(code) == (80, 0, 80)
        assert parts(held) == [("captured", 20), ("released", 40)]

    def test_answer_the_same_for_the_same_key(self) -> None:
        code, sink, key = wallet(100), wallet(), fresh()
        held, journal = books.hold(code, 60).hold_id, move(code, sink, 20)
        first = books.capture(held, journal, key=key, keep_rest=True)
        assert books.capture(held, journal, key=key, keep_rest=True) == Posted(first.journal_id, replayed=True)
        assert units(code) == (80, 40, 40)

    def test_are_another_request_when_the_rest_is_kept(self) -> None:
        code, sink, key = wallet(100), wallet(), fresh()
        held, journal = books.hold(code, 60).hold_id, move(code, sink, 20)
        books.capture(held, journal, key=key)
        with pytest.raises(KeyReused):
            books.capture(held, journal, key=key, keep_rest=True)

    def test_name_the_hold_in_the_journal(self) -> None:
        code = wallet(100)
        held = books.hold(code, 60).hold_id
        posted = books.capture(held, move(code, wallet(), 20))
        assert statements.journal(posted.journal_id)[0].memo == {"hold": held}

    def test_of_a_debit_normal_account_are_credits(self) -> None:
        cash, owed = account("asset", floor=0), wallet()
        books.post(move(cash, owed, 100))
        held = books.hold(cash, 60).hold_id
        books.capture(held, move(wallet(50), cash, 50), keep_rest=True)
        assert units(cash) == (50, 10, 40)


class TestTime:
    @pytest.fixture(autouse=True)
    def _nothing_due(self, inside: None) -> None:
        """Sweep what other tests on this database left to expire."""
        while books.expire():
            pass

    def test_that_is_over_lets_the_hold_be_released_and_not_captured(self) -> None:
        code = wallet(100)
        held = books.hold(code, 60, expires_at=clock.now() - SECOND).hold_id
        with pytest.raises(errors.HoldEnded):
            books.capture(held, move(code, wallet(), 60))
        assert units(code) == (100, 60, 40)  # until it is swept
        assert held in books.expire()
        assert units(code) == (100, 0, 100)
        assert parts(held) == [("expired", 60)]
        assert held not in books.expire()
        assert books.release(held) is False

    def test_to_come_does_not_matter_yet(self) -> None:
        code = wallet(100)
        held = books.hold(code, 60, expires_at=clock.now() + timedelta(hours=1)).hold_id
        assert held not in books.expire()
        books.capture(held, move(code, wallet(), 60))
        assert units(code) == (40, 0, 40)

    def test_ends_what_parts_left(self) -> None:
        code = wallet(100)
        held = books.hold(code, 60, expires_at=clock.now() + timedelta(milliseconds=300)).hold_id
        books.capture(held, move(code, wallet(), 20), keep_rest=True)
        while not (swept := books.expire()):
            pass
        assert swept == [held]
        assert units(code) == (80, 0, 80)
        assert parts(held) == [("captured", 20), ("expired", 40)]

    def test_is_swept_so_many_at_a_time(self) -> None:
        code = wallet(100)
        holds = {books.hold(code, 10, expires_at=clock.now() - SECOND).hold_id for _ in range(5)}
        assert len(books.expire(3)) == 3
        assert len(books.expire(3)) == 2
        assert {parts(hold)[0] for hold in holds} == {("expired", 10)}


class TestRefusals:
    def test_of_a_hold_of_nothing(self) -> None:
        with pytest.raises(InvalidAmount):
            books.hold(wallet(5), 0)

    def test_of_a_hold_on_a_hot_account(self) -> None:
        with pytest.raises(errors.AccountUnfit):
            books.hold(account("asset", hot=True), 5)

    def test_of_a_hold_that_would_leave_in_a_frozen_direction(self) -> None:
        code = wallet(100)
        books.restrict(code, credits_=True)
        books.hold(code, 10)
        books.restrict(code, debits=True)
        with pytest.raises(errors.AccountBlocked):
            books.hold(code, 10)

    def test_of_a_capture_that_takes_nothing_from_the_held_account(self) -> None:
        code = wallet(100)
        held = books.hold(code, 60).hold_id
        for journal in (move(wallet(5), wallet(), 5), move(account("asset"), code, 5)):
            with pytest.raises(errors.HoldExceeded):
                books.capture(held, journal)
        assert units(code) == (100, 60, 40)


@pytest.fixture
def owner(owner_engine: Engine) -> Iterator[Connection]:
    """The owner's connection; nothing it does stays."""
    with books.undone(owner_engine) as connection:
        yield connection


class TestTheGuard:
    """Only what remains of a hold is ever changed, and it falls."""

    @pytest.mark.parametrize("role", ["origin", "replica"])
    @pytest.mark.parametrize(
        "change",
        ["remaining = 61", "remaining = 60", "remaining = -1", "amount = 50", "remaining = 10, expires_at = NULL",
         "remaining = 10, account_id = 1", "remaining = 10, key = 'x'", "remaining = 10, held_at = now()"],
    )  # fmt: skip
    def test_refuses_every_other_change(self, owner: Connection, change: str, role: str) -> None:
        held = books.hold(wallet(100), 60, expires_at=clock.now() + timedelta(hours=1)).hold_id
        owner.execute(text(f"SET LOCAL session_replication_role = {role}"))
        assert refused(owner, f"UPDATE ledger.holds SET {change} WHERE id = :id", id=held) == "23001"  # noqa: S608

    def test_lets_it_fall(self, owner: Connection) -> None:
        held = books.hold(wallet(100), 60).hold_id
        assert refused(owner, "UPDATE ledger.holds SET remaining = 59 WHERE id = :id", id=held) == ""
