"""Many at the same money: nothing is spent twice, nothing is booked twice, nobody waits for ever."""

import secrets
from functools import partial
from typing import Any

import pytest
from flask import Flask

from app.core.db import atomically, leave
from app.core.errors import Refusal
from app.ledger import balances, errors, posting, proof
from app.ledger.posting import Held, Posted
from tests.makers import books
from tests.makers.books import TESTER, account, fresh, kobo, move, wallet
from tests.makers.crowd import at_once

pytestmark = pytest.mark.usefixtures("inside")


def available(code: str) -> int:
    """What is left to use, in kobo."""
    leave()
    return balances.of(code).available.units


def refusals(answers: list[Any]) -> list[str]:
    """The names of the refusals among the answers; anything else that was raised is a fault."""
    faults = [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, Refusal)]
    assert faults == []
    return [type(answer).__name__ for answer in answers if isinstance(answer, Refusal)]


class TestOneWallet:
    def test_holds_of_many_never_exceed_what_is_there(self, app: Flask) -> None:
        code = wallet(1_000)
        sizes = [secrets.randbelow(250) + 50 for _ in range(16)]
        answers = at_once(app, [partial(books.hold, code, size) for size in sizes])
        held = sum(size for size, answer in zip(sizes, answers, strict=True) if isinstance(answer, Held))
        assert set(refusals(answers)) <= {"InsufficientFunds"}
        leave()
        now = balances.of(code)
        assert now.held == kobo(held)
        assert held <= 1_000
        assert all(
            size > 1_000 - held for size, answer in zip(sizes, answers, strict=True) if isinstance(answer, Refusal)
        )

    def test_is_drained_to_the_last_kobo_and_no_further(self, app: Flask) -> None:
        code, sink = wallet(100), wallet()
        answers = at_once(app, [lambda: books.post(move(code, sink, 10))] * 16)
        assert sum(isinstance(answer, Posted) for answer in answers) == 10
        assert refusals(answers) == ["InsufficientFunds"] * 6
        assert (available(code), available(sink)) == (0, 100)

    def test_has_its_entries_in_one_line_without_gaps(self, app: Flask) -> None:
        code = wallet(1_000)
        at_once(app, [lambda: books.post(move(code, wallet(), 10))] * 8)
        leave()
        lines = balances.statement(code)
        assert [line.seq for line in lines] == list(range(9, 0, -1))
        assert [line.balance.units for line in lines] == list(range(920, 1_001, 10))
        assert [line.booked_at for line in lines] == sorted((line.booked_at for line in lines), reverse=True)


class TestOneHold:
    def test_is_captured_or_released_and_never_both(self, app: Flask) -> None:
        outcomes = set()
        for _ in range(8):
            code, sink = wallet(100), wallet()
            held = books.hold(code, 100).hold_id
            captured, released = at_once(
                app, [partial(books.capture, held, move(code, sink, 100)), partial(books.release, held)]
            )
            if isinstance(captured, Posted):
                assert isinstance(released, errors.HoldEnded)
                assert (available(code), available(sink)) == (0, 100)
            else:
                assert isinstance(captured, errors.HoldEnded)
                assert released is True
                assert (available(code), available(sink)) == (100, 0)
            outcomes.add(type(captured))
        assert outcomes <= {Posted, errors.HoldEnded}

    def test_is_captured_once_by_many(self, app: Flask) -> None:
        code, sink = wallet(100), wallet()
        held = books.hold(code, 60).hold_id
        answers = at_once(app, [lambda: books.capture(held, move(code, sink, 60))] * 8)
        assert sum(isinstance(answer, Posted) for answer in answers) == 1
        assert refusals(answers) == ["HoldEnded"] * 7
        assert (available(code), available(sink)) == (40, 60)

    def test_is_released_once_by_many(self, app: Flask) -> None:
        code = wallet(100)
        held = books.hold(code, 60).hold_id
        answers = at_once(app, [lambda: books.release(held)] * 8)
        assert sorted(answers) == [False] * 7 + [True]
        assert available(code) == 100


class TestOneKey:
    def test_from_sixteen_at_once_makes_one_journal(self, app: Flask) -> None:
        code, sink, key = wallet(100), wallet(), fresh()
        journal = move(code, sink, 10)
        answers = at_once(app, [lambda: books.post(journal, key=key)] * 16)
        assert refusals(answers) == []
        assert len({answer.journal_id for answer in answers}) == 1
        assert sum(not answer.replayed for answer in answers) == 1
        assert (available(code), available(sink)) == (90, 10)
        assert len(balances.journals_of(journal.ref)) == 1

    def test_makes_one_hold(self, app: Flask) -> None:
        code, key = wallet(100), fresh()
        answers = at_once(app, [lambda: books.hold(code, 60, key=key)] * 8)
        assert len({answer.hold_id for answer in answers}) == 1
        assert available(code) == 40

    def test_serves_one_of_two_requests(self, app: Flask) -> None:
        code, sink, key = wallet(100), wallet(), fresh()
        answers = at_once(app, [partial(books.post, move(code, sink, size), key=key) for size in (10, 20)])
        assert sum(isinstance(answer, Posted) for answer in answers) == 1
        assert refusals(answers) == ["PostingKeyReused"]

    def test_is_free_again_for_the_next_when_the_first_is_refused(self, app: Flask) -> None:
        code, sink, key = wallet(5), wallet(), fresh()
        journal = move(code, sink, 10)
        answers = at_once(app, [lambda: books.post(journal, key=key)] * 6)
        assert refusals(answers) == ["InsufficientFunds"] * 6
        books.post(move(account("asset"), code, 5))
        assert not books.post(journal, key=key).replayed


class TestOppositeTransfers:
    def test_do_not_lock_each_other_out(self, app: Flask) -> None:
        one, other = wallet(1_000), wallet(1_000)

        def back_and_forth(code: str, sink: str) -> int:
            for _ in range(10):
                books.post(move(code, sink, 7))
            return 10

        answers = at_once(app, [partial(back_and_forth, *pair) for pair in ((one, other), (other, one)) * 3])
        assert answers == [10] * 6
        assert (available(one), available(other)) == (1_000, 1_000)

    def test_of_two_journals_in_one_transaction_are_done_again_until_both_are_through(self, app: Flask) -> None:
        one, other = wallet(1_000), wallet(1_000)

        def both(first: str, second: str) -> bool:
            def body() -> bool:
                for code in (first, second):  # in an order of its own: the way to a deadlock
                    posting.post(move(account_of_nobody, code, 1), key=fresh())
                return True

            return atomically(body, actor=TESTER, tries=8)

        account_of_nobody = account("asset")
        assert at_once(app, [partial(both, one, other), partial(both, other, one)] * 2) == [True] * 4
        assert (available(one), available(other)) == (1_004, 1_004)


def test_the_books_hold_after_all_of_it(app: Flask) -> None:
    code = wallet(500)
    holds = [books.hold(code, 10).hold_id for _ in range(10)]
    mixed = [partial(books.release, hold) for hold in holds[:5]]
    at_once(app, [*mixed, *(partial(books.capture, hold, move(code, wallet(), 10)) for hold in holds[5:])])
    leave()
    assert balances.of(code).booked == kobo(450)
    assert balances.of(code).held == kobo(0)
    assert proof.broken() == {}
