"""Many at the same money: nothing is spent twice, nothing is booked twice, nobody waits for ever."""

import random
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.core import clock
from app.core.db import atomically, leave, rows
from app.core.errors import Refusal
from app.ledger import balances, errors, posting, proof, statements
from app.ledger.journal import Journal, credit, debit
from app.ledger.posting import Held, Posted
from tests.books.conftest import CROWD
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
        lines = statements.statement(code)
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
        assert len(statements.journals_of(journal.ref)) == 1

    def test_from_fifty_connections_makes_one_journal_and_forty_nine_replays(self, hall: Flask) -> None:
        code, sink, key = wallet(100), wallet(), fresh()
        journal = move(code, sink, 10)
        answers = at_once(hall, [lambda: books.post(journal, key=key)] * CROWD)
        assert refusals(answers) == []
        assert len({answer.journal_id for answer in answers}) == 1
        assert sorted(answer.replayed for answer in answers) == [False] + [True] * 49
        assert (available(code), available(sink)) == (90, 10)

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


class TestParts:
    def test_of_one_hold_never_exceed_it(self, hall: Flask) -> None:
        for _ in range(4):
            code, sink = wallet(100), wallet()
            held = books.hold(code, 100).hold_id
            take = partial(books.capture, held, move(code, sink, 60), keep_rest=True)
            answers = at_once(hall, [take, take])
            assert sum(isinstance(answer, Posted) for answer in answers) == 1
            assert refusals(answers) == ["HoldExceeded"]
            assert (available(code), available(sink)) == (0, 60)
            assert books.capture(held, move(code, sink, 40)).replayed is False

    def test_are_taken_by_many_until_nothing_is_left(self, hall: Flask) -> None:
        code, sink = wallet(100), wallet()
        held = books.hold(code, 100).hold_id
        answers = at_once(hall, [lambda: books.capture(held, move(code, sink, 7), keep_rest=True)] * 20)
        assert sum(isinstance(answer, Posted) for answer in answers) == 14
        assert refusals(answers) == ["HoldExceeded"] * 6
        leave()
        assert balances.of(code).held == kobo(2)

    def test_are_captured_or_expire_and_never_both(self, hall: Flask) -> None:
        code, sink = wallet(800), wallet()
        soon = clock.now() + timedelta(milliseconds=150)
        holds = [books.hold(code, 100, expires_at=soon).hold_id for _ in range(8)]
        captures = [partial(books.capture, hold, move(code, sink, 100)) for hold in holds]

        def late(body: Callable[[], Any]) -> Any:
            # It is the hold's last instant that is asked for: some of these come just before it, some just after.
            time.sleep(max(0.0, (soon - clock.now()).total_seconds() + secrets.randbelow(20) / 1_000 - 0.01))
            return body()

        answers = at_once(hall, [*(partial(late, body) for body in captures), *[partial(late, books.expire)] * 4])
        captured = {hold for hold, answer in zip(holds, answers, strict=False) if isinstance(answer, Posted)}
        assert set(refusals(answers)) <= {"HoldEnded"}
        expired = [hold for answer in [*answers[8:], books.expire()] for hold in answer if hold in holds]
        assert len(expired) == len(set(expired))
        assert (captured | set(expired), captured & set(expired)) == (set(holds), set())
        assert (available(code), available(sink)) == (800 - 100 * len(captured), 100 * len(captured))


class TestBatches:
    def test_and_single_posts_with_the_same_keys_write_each_once(self, hall: Flask) -> None:
        code, sink = wallet(1_000), wallet()
        items = [(move(code, sink, 10), fresh()) for _ in range(10)]
        single = [partial(books.post, journal, key=key) for journal, key in items]
        answers = at_once(hall, [*single, *[partial(books.batch, *items)] * 3, partial(books.batch, *items[::-1])])
        assert refusals(answers) == []
        answers[-1].reverse()
        posted = [[answer] for answer in answers[:10]]
        for number, (_, _key) in enumerate(items):
            told = posted[number] + [answer[number] for answer in answers[10:]]
            assert len({answer.journal_id for answer in told}) == 1
            assert sorted(answer.replayed for answer in told) == [False] + [True] * 4
        assert (available(code), available(sink)) == (900, 100)

    def test_and_single_posts_never_take_more_than_there_is(self, hall: Flask) -> None:
        code, sink = wallet(100), wallet()
        many = [partial(books.batch, *[(move(code, sink, 10), fresh()) for _ in range(4)]) for _ in range(4)]
        answers = at_once(hall, [*many, *[lambda: books.post(move(code, sink, 10))] * 8])
        told = [one for answer in answers for one in (answer if isinstance(answer, list) else [answer])]
        assert sum(isinstance(one, Posted) for one in told) == 10
        assert set(refusals(told)) == {"InsufficientFunds"}
        assert (available(code), available(sink)) == (0, 100)


class TestReversals:
    def test_of_one_journal_by_many_write_one(self, hall: Flask) -> None:
        code = wallet(100)
        journal = books.post(move(code, wallet(), 30)).journal_id
        answers = at_once(hall, [lambda: books.reverse(journal)] * 8)
        assert sum(isinstance(answer, Posted) for answer in answers) == 1
        assert refusals(answers) == ["AlreadyReversed"] * 7
        assert available(code) == 100

    def test_between_hot_accounts_are_refused_by_name_too(self, hall: Flask) -> None:
        one, other = account("asset", hot=True), account("income", hot=True)
        faults = []
        for _ in range(6):
            journal = books.post(move(one, other, 30)).journal_id
            answers = at_once(hall, [partial(books.reverse, journal)] * 8)
            assert sum(isinstance(answer, Posted) for answer in answers) == 1
            faults += [answer for answer in answers if not isinstance(answer, Posted | errors.AlreadyReversed)]
        assert faults == []


class TestOneHotAccount:
    def test_sums_up_over_its_stripes_and_each_has_no_gaps(self, hall: Flask) -> None:
        hot = account("asset", hot=True)
        wallets = [wallet() for _ in range(16)]

        def deposit(code: str) -> int:
            for number in range(10):
                books.post(move(hot, code, number + 1))
            return 55

        answers = at_once(hall, [partial(deposit, code) for code in wallets])
        assert sum(answers) == available(hot) == 16 * 55
        lines = rows(
            "SELECT stripe, seq FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id"
            " WHERE a.code = :code ORDER BY stripe, seq",
            code=hot,
        )
        stripes = {row.stripe for row in lines}
        assert len(lines) == 160
        assert len(stripes) > 4  # it was worth it
        for stripe in stripes:
            mine = [row.seq for row in lines if row.stripe == stripe]
            assert mine == list(range(1, len(mine) + 1))


class Passer:
    """Somebody who does this and that with few accounts, as it comes, and notes what he was told."""

    def __init__(self, codes: list[str], hot: str, seed: int) -> None:
        self.codes, self.hot, self.luck = codes, hot, random.Random(seed)  # noqa: S311
        self.holds: list[tuple[int, str]] = []
        self.journals: list[int] = []
        self.told: list[Any] = []

    def pass_by(self) -> list[Any]:
        """Do twelve things."""
        for _ in range(12):
            try:
                self.told.append(self.act())
            except Refusal as refusal:
                self.told.append(refusal)
        return self.told

    def act(self) -> Any:
        one, other = self.luck.sample(self.codes, 2)
        units = self.luck.randint(1, 40)
        acts: list[Callable[[], Any]] = [
            lambda: self.posted(books.post(move(one, other, units))),
            lambda: self.posted(books.post(move(self.hot, one, units))),
            lambda: self.posted(books.post(self.triangle(units))),
            lambda: self.holds.append((books.hold(one, units, expires_at=self.expiry()).hold_id, one)),
            lambda: books.batch(*[(self.anything(units), fresh()) for _ in range(4)]),
            books.expire,
        ]
        if self.holds:
            hold, code = self.luck.choice(self.holds)
            keep = self.luck.random() < 0.5
            acts += [lambda: books.release(hold)]
            acts += [lambda: books.capture(hold, move(code, self.hot, units), keep_rest=keep)] * 2
        if self.journals:
            acts.append(lambda: books.reverse(self.luck.choice(self.journals)))
        return self.luck.choice(acts)()

    def posted(self, posted: Posted) -> Posted:
        self.journals.append(posted.journal_id)
        return posted

    def anything(self, units: int) -> Journal:
        one, other = self.luck.sample(self.codes, 2)
        return move(one, other, units)

    def triangle(self, units: int) -> Journal:
        """From two accounts to a third, some of it back: an account twice."""
        first, second, third = self.luck.sample(self.codes, 3)
        legs = (debit(first, kobo(units)), debit(second, kobo(units)), credit(third, kobo(2 * units + 1)))
        return Journal("test.triangle", "ref", (*legs, debit(third, kobo(1))))

    def expiry(self) -> datetime | None:
        return clock.now() + timedelta(milliseconds=30) if self.luck.random() < 0.3 else None


@pytest.mark.slow
def test_thirty_two_at_few_accounts_do_not_lock_each_other_out(hall: Flask, owner_engine: Engine) -> None:
    deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    with owner_engine.connect() as connection:
        before = connection.execute(deadlocks).scalar_one()
    codes, hot = [wallet(300) for _ in range(5)], account("asset", hot=True)
    passers = [Passer(codes, hot, seed) for seed in range(32)]
    answers = at_once(hall, [passer.pass_by for passer in passers])
    told = [one for answer in answers for one in (answer if isinstance(answer, list) else [answer])]
    assert set(refusals(told)) <= {"InsufficientFunds", "HoldEnded", "HoldExceeded", "AlreadyReversed"}
    assert len(told) == 32 * 12  # nothing else was raised, so no 40P01 either
    with owner_engine.connect() as connection:
        assert connection.execute(deadlocks).scalar_one() == before
    leave()
    assert proof.broken() == {}


def test_the_books_hold_after_all_of_it(app: Flask) -> None:
    code = wallet(500)
    holds = [books.hold(code, 10).hold_id for _ in range(10)]
    mixed = [partial(books.release, hold) for hold in holds[:5]]
    at_once(app, [*mixed, *(partial(books.capture, hold, move(code, wallet(), 10)) for hold in holds[5:])])
    leave()
    assert balances.of(code).booked == kobo(450)
    assert balances.of(code).held == kobo(0)
    assert proof.broken() == {}
