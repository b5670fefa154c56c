"""In whatever order lines come, are matched, taken apart, corrected, and the month is closed and opened: it ties.

And so it does when a second account of the books is counted together with the first, and when it leaves.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, settings
from hypothesis import given as given_
from hypothesis import strategies as st

from app.closing import figures, invariants, queries
from app.closing.results import Asked
from app.closing.rules import Span, month_of
from app.core.db import leave, rows, transaction
from app.core.errors import Refusal
from app.factory import create_app
from app.ledger.errors import PeriodClosed
from app.matching import by_hand
from app.matching.errors import StaysJoined
from config import Settings
from dev.embedded import Servers
from tests.makers import books
from tests.makers.closing import Closers
from tests.makers.databases import fresh_database
from tests.makers.environment import environment
from tests.makers.joining import Both
from tests.makers.matching import TEST, Outside
from tests.makers.sandbox import SandboxProcess

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
WHOLE = Span(MARCH, date(2026, 4, 30))
STEPS = ("told", "told late", "booked", "booked late", "matched", "taken apart", "corrected", "closed", "opened",
         "beside", "joined", "left")  # fmt: skip
ORDERS = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 4), st.integers(0, 28)), min_size=4, max_size=14)


@pytest.fixture(scope="module")
def room(given: Servers, home: Path, vendor: SandboxProcess) -> Iterator[Flask]:
    """A house of this file alone: months are closed in it."""
    with fresh_database(given, home) as archive:
        house = create_app(Settings.from_env(environment(archive, given, vendor)))
        with house.app_context():
            yield house
            leave()
            assert rows("SELECT FROM period_reopenings"), "no story closed a month and opened it again"
            leave()
            for engine in house.extensions["sqlalchemy"].engines.values():
                engine.dispose()
        house.extensions["redis"].close()


class Story:
    """One account, and what happens to it."""

    def __init__(self, people: Closers) -> None:
        self.people, self.outside = people, Outside()
        self.sealed: Any = None
        self.second, self.is_joined = Both(self.outside), False
        self.outside.bring(_whole_month(self.outside))

    def take(self, step: str, which: int, day: int) -> None:
        """One step; what the month's state refuses is refused and changes nothing."""
        kobo, ref = (which + 1) * 100, f"R{which}"
        if step.startswith("told"):
            self.outside.tell((kobo, ref), days=day + (20 if step == "told late" else 0))
        elif step.startswith("booked"):
            self._book(kobo, ref, day + (20 if step == "booked late" else 0))
        elif step == "matched":
            self.outside.run(whole=bool(which % 2))
        elif step == "taken apart":
            self._take_apart()
        elif step == "corrected":
            self._book(-kobo, ref, day)
        elif step in {"beside", "joined", "left"}:
            self._beside(step, kobo, ref, day)
        elif step == "closed":
            self._close()
        elif self.sealed is not None:
            self.people.reopen(MARCH)
            self.sealed = None

    def _book(self, kobo: int, ref: str, day: int, *, beside: bool = False) -> None:
        book = self.second.book if beside else self.outside.book
        ended = self.sealed is not None and day < 30
        if ended:
            with pytest.raises(PeriodClosed):
                book(kobo, told=ref, days=day)
            leave()
        else:
            book(kobo, told=ref, days=day)

    def _beside(self, step: str, kobo: int, ref: str, day: int) -> None:
        """Of the second account; it cannot leave while the month counts what it had by then."""
        if step == "beside":
            self._book(kobo, ref, day, beside=True)
        elif (step == "joined") == self.is_joined:
            return
        elif step == "joined":
            self.second.join()
            self.is_joined = True
        else:
            try:
                self.second.leave()
                self.is_joined = False
            except StaysJoined:
                assert self.sealed is not None
                leave()

    def _take_apart(self) -> None:
        found = rows(
            "SELECT min(m.group_id) AS id FROM matches m JOIN matching_runs r ON r.id = m.run_id"
            " WHERE r.account = :account AND m.ended_by IS NULL",
            account=self.outside.account,
        )
        leave()
        if found[0].id is not None:
            with transaction(TEST):
                by_hand.end(found[0].id, reason="Not the same.", actor=TEST)

    def _close(self) -> None:
        if self.sealed is not None:
            return
        self.outside.run()
        try:
            for account in queries.accounts_for_operators(month_of(MARCH)):  # (those of earlier stories, too)
                self.people.sign_both(account, MARCH)
            asked = self.people.ask(MARCH)
        except Refusal:
            leave()  # (a day of it is not told of yet)
            return
        self.people.settle(MARCH)
        assert self.people.agree(asked, self.people.treasury).startswith("Closed")
        last = figures.of(self.outside.account, month_of(MARCH)).last
        self.sealed = (last.closing_told, last.closing_booked)
        leave()

    def check(self) -> None:
        """What must hold whenever everything was matched."""
        self.outside.run()
        found = figures.of(self.outside.account, WHOLE)
        assert all(day.ties for day in found.days)
        results = {one.name: one.holds for one in invariants.prove(Asked(self.outside.account, WHOLE, found))}
        assert (results["I5"], results["I6"], results["I7"] is not False) == (True, True, True)
        if self.sealed is not None:
            last = figures.of(self.outside.account, month_of(MARCH)).last
            assert (last.closing_told, last.closing_booked) == self.sealed
            assert results["I11"] is True
        leave()


@example(
    order=[
        ("told", 0, 0),
        ("booked", 0, 1),
        ("closed", 0, 0),
        ("told", 1, 3),
        ("taken apart", 0, 0),
        ("booked", 2, 5),
        ("opened", 0, 0),
        ("matched", 1, 0),
        ("closed", 0, 0),
    ],
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given_(order=ORDERS)
def test_it_ties_in_any_order(room: Flask, order: list[tuple[str, int, int]]) -> None:
    story = Story(Closers())
    try:
        for step in order:
            story.take(*step)
            story.check()
    finally:
        leave()
        if story.sealed is not None:
            story.people.reopen(MARCH)


def test_a_closed_month_stays_as_it_was_whoever_joins_or_leaves(room: Flask) -> None:
    story = Story(Closers())

    def then(step: str, *, joined: bool, closed: bool, beside: int) -> None:
        story.take(step, 2, 3)
        story.check()
        assert (story.is_joined, story.sealed is not None) == (joined, closed), step
        found = figures.of(story.outside.account, month_of(MARCH))
        assert found.last.closing_booked * 100 == beside, step
        results = {
            one.name: one.holds for one in invariants.prove(Asked(story.outside.account, month_of(MARCH), found))
        }
        assert (results["I5"], results["I6"], results["I11"]) == (True, True, True if closed else None), step
        leave()

    then("beside", joined=False, closed=False, beside=0)
    then("told", joined=False, closed=False, beside=0)
    then("closed", joined=False, closed=True, beside=0)
    then("joined", joined=True, closed=True, beside=0)
    assert figures.of(story.outside.account, Span(APRIL, APRIL)).last.closing_booked * 100 == 300
    assert story.outside.groups[-1][1:] == (1, 1)
    then("left", joined=False, closed=True, beside=0)
    then("opened", joined=False, closed=False, beside=0)
    then("joined", joined=True, closed=False, beside=300)
    then("closed", joined=True, closed=True, beside=300)
    then("left", joined=True, closed=True, beside=300)
    then("opened", joined=True, closed=False, beside=300)
    then("left", joined=False, closed=False, beside=0)


def _whole_month(outside: Outside) -> list[str]:
    """A file that is of all of March."""
    found = []
    for day in ("2026-03-01", "2026-03-31"):
        outside.balance += 1
        row = f"{books.fresh('L')},{books.fresh('R')},{day} 08:00:00,deposit,,currency,NGN"
        found.append(f"{row},0.01,0,{outside.balance / 100:.2f}")
    return found
