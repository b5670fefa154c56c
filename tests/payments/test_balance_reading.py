"""The balance ledger of a busy shop: read a piece at a time, kept, and never read anew for the next who asks."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask

from app.clients.paystack import Paystack
from app.clients.paystack_answers import LedgerEntry
from app.core import actor, clock
from app.core.db import db, leave, transaction
from app.payments import balance_flows, balance_lines
from app.payments.balance_lines import REFUND, Cause
from app.payments.errors import LedgerNotReadYet
from app.payments.models import BalanceSpan
from tests.makers import books

SYSTEM = actor.system("test")


class Ledger(Paystack):
    """A vendor with this ledger; counts what it was asked for."""

    def __init__(self, lines: list[LedgerEntry]) -> None:
        super().__init__("http://127.0.0.1:1", secret_key="sk_test_nobody")
        self.lines, self.calls, self.told = lines, 0, 0

    def balance_ledger(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[LedgerEntry]:
        assert since is not None
        assert until is not None
        self.calls += 1
        found = [line for line in reversed(self.lines) if line.created_at and since <= line.created_at <= until]
        self.told += len(found)
        return iter(found)


def line(at: datetime, *, about: tuple[str, str] = ("Transfer", "1"), difference: int = -5_000) -> LedgerEntry:
    return LedgerEntry(books.fresh("line"), 0, difference, "NGN", "", *about, at)


def refund() -> Cause:
    return REFUND, books.fresh("refund")


def busy(now: datetime, *, days: int) -> list[LedgerEntry]:
    """Six thousand lines a day, until now."""
    every = timedelta(days=1) / 6_000
    return [line(now - timedelta(days=days) + every * number) for number in range(6_000 * days)]


def read(ledger: Ledger, about: Cause, since: datetime, *, enough: int | None = None) -> tuple[int, int]:
    """What was taken, and how many runs it took to know."""
    for run in range(1, 20):
        try:
            return balance_flows.moved({about}, since=since, enough=enough, paystack=ledger, actor=SYSTEM), run
        except LedgerNotReadYet:
            continue
        finally:
            leave()
    raise AssertionError("It never ends")


@pytest.fixture(autouse=True)
def unread(inside: Flask) -> None:
    """Nothing of the past was read."""
    now = clock.now()
    with transaction(SYSTEM):
        balance_lines.keep([], since=now, until=now)
        span = db.session.get_one(BalanceSpan, 1)
        span.read_from = span.read_until = now
    leave()


def test_no_run_reads_more_than_it_has_time_for_and_the_next_goes_on() -> None:
    now, about, other = clock.now(), refund(), refund()
    since = now - timedelta(days=3)
    ledger = Ledger(
        [line(since, about=about), *busy(now, days=3), line(now - timedelta(days=2), about=other),
         line(now - timedelta(minutes=1), about=about, difference=2_000)]
    )  # fmt: skip
    taken, runs = read(ledger, about, since)
    assert (taken, runs > 2) == (-3_000, True)
    assert ledger.told < len(ledger.lines) * 1.1
    before = ledger.told
    assert read(ledger, other, now - timedelta(days=2, hours=1)) == (-5_000, 1)
    assert ledger.told - before < 2_000  # (the hours in which lines may still come)


def test_it_stops_when_all_was_taken() -> None:
    now, about = clock.now(), refund()
    since = now - timedelta(days=3)
    ledger = Ledger([line(since + timedelta(hours=1), about=about), *busy(now, days=3)])
    assert read(ledger, about, since, enough=5_000) == (-5_000, 1)
    assert ledger.calls == 1


def test_what_is_written_late_is_found_after_all() -> None:
    now, about = clock.now(), refund()
    since = now - timedelta(days=1)
    ledger = Ledger(busy(now, days=1))
    assert read(ledger, about, since)[0] == 0
    ledger.lines.append(line(now - timedelta(hours=5, minutes=50), about=about))
    assert read(ledger, about, since)[0] == -5_000


def test_a_balance_that_nothing_moves_is_read_to_its_end() -> None:
    about = refund()
    since = clock.now() - timedelta(days=200)
    assert read(Ledger([line(since + timedelta(hours=1), about=about)]), about, since)[0] == -5_000


def test_a_quiet_balance_is_not_read_anew_from_an_old_refund_on() -> None:
    about, since = refund(), clock.now() - timedelta(days=40)
    ledger = Ledger([line(since + timedelta(hours=1), about=about)])
    calls = []
    for _ in range(3):
        before = ledger.calls
        assert read(ledger, about, since) == (-5_000, 1)
        calls.append(ledger.calls - before)
    assert calls[0] > 30
    assert calls[2] <= 2


def test_who_needs_what_was_before_reads_from_there() -> None:
    now, early, late = clock.now(), refund(), refund()
    ledger = Ledger([line(now - timedelta(days=2), about=early), *busy(now, days=1)])
    read(ledger, late, now - timedelta(days=1))
    assert read(ledger, early, now - timedelta(days=3))[0] == -5_000


def test_two_who_read_the_same_keep_it_once() -> None:
    now, about = clock.now(), refund()
    lines = [line(now - timedelta(hours=2), about=about)]
    for _ in range(2):
        with transaction(SYSTEM):
            balance_lines.keep(lines, since=now - timedelta(hours=3), until=now - timedelta(hours=1))
    assert sum(balance_lines.known_for_system({about}).values()) == -5_000
    leave()
