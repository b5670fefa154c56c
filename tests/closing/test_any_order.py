"""In whatever order lines come, are matched, taken apart, corrected, and the month is closed and opened: it ties.

And so it does when a second account of the books is counted together with the first, and when it leaves.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, settings
from hypothesis import given as given_
from hypothesis import strategies as st

from app.breaks import errands
from app.breaks import service as breaks
from app.closing import figures, invariants, queries, rerun
from app.closing.results import Asked
from app.closing.rules import Span, month_of
from app.core import actor as actors
from app.core.db import leave, rows, transaction
from app.core.errors import Refusal
from app.factory import create_app
from app.ledger.errors import PeriodClosed
from app.matching import by_hand
from app.matching.errors import StaysJoined
from config import Settings
from dev.embedded import Servers
from jobs import breaks as work_of_breaks
from jobs.work import Work
from tests.makers import books
from tests.makers.closing import Closers
from tests.makers.databases import fresh_database
from tests.makers.environment import environment
from tests.makers.joining import Both
from tests.makers.matching import BEGAN, TEST, Outside, whole
from tests.makers.sandbox import SandboxProcess

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
WHOLE = Span(MARCH, date(2026, 4, 30))
SOUND = {"I1", "I2", "I3", "I4", "I7", "I10", "I12"}
STEPS = (
    "told", "told late", "told otherwise", "booked", "booked late", "matched", "linked", "merged", "taken apart",
    "an errand", "taken anew", "corrected", "closed", "opened", "beside", "joined", "left",
)  # fmt: skip
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
        # What the teller knows: when, their reference and kobo of each row. Each file tells all of it.
        self.told: dict[str, tuple[str, str, int]] = {}
        for day in ("2026-03-01", "2026-03-31"):
            self.told[books.fresh("L")] = (f"{day} 08:00:00", books.fresh("R"), 1)
        self._tell()

    def take(self, step: str, which: int, day: int) -> None:
        """One step; what the month's state refuses is refused and changes nothing."""
        kobo, ref = (which + 1) * 100, f"R{which}"
        late = day + (20 if step.endswith("late") else 0)
        deeds: dict[str, Callable[[], object]] = {
            "told": lambda: self._tell((at(late), ref, kobo)),
            "told otherwise": lambda: self._tell_otherwise(kobo, which),
            "booked": lambda: self._book(kobo, ref, late),
            "corrected": lambda: self._book(-kobo, ref, day),
            "matched": lambda: self.outside.run(whole=bool(which % 2)),
            "linked": lambda: self._put_together(which, day, matches=False),
            "merged": lambda: self._put_together(which, day, matches=True),
            "taken apart": self._take_apart,
            "taken anew": self._take_anew,
            "an errand": lambda: self._run_errand(which),
            "closed": self._close,
            "opened": self._reopen,
            "beside": lambda: self._book(kobo, ref, day, beside=True),
            "joined": self._join,
            "left": self._leave,
        }
        deeds[step.removesuffix(" late")]()

    def _tell(self, *more: tuple[str, str, int]) -> None:
        """A file of all that is known by then, as it happened."""
        self.told |= {books.fresh("L"): one for one in more}
        balance, found = 0, []
        for name, (when, ref, kobo) in sorted(self.told.items(), key=lambda one: (one[1][0], one[0])):
            balance += kobo
            found.append(f"{name},{ref},{when},deposit,,currency,NGN,{whole(kobo)},0,{whole(balance)}")
        self.outside.bring(found)

    def _tell_otherwise(self, kobo: int, which: int) -> None:
        """A row that was told before has another amount."""
        name = sorted(self.told)[which % len(self.told)]
        when, ref, _ = self.told[name]
        self.told[name] = (when, ref, kobo + 1)
        self._tell()

    def _reopen(self) -> None:
        if self.sealed is not None:
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

    def _join(self) -> None:
        if not self.is_joined:
            self.second.join()
            self.is_joined = True

    def _leave(self) -> None:
        """It cannot leave while the month counts what it had by then."""
        if not self.is_joined:
            return
        try:
            self.second.leave()
            self.is_joined = False
        except StaysJoined:
            assert self.sealed is not None
            leave()

    def _match(self) -> int | None:
        found = rows(
            "SELECT min(m.group_id) AS id FROM matches m JOIN matching_runs r ON r.id = m.run_id"
            " WHERE r.account = :account AND m.ended_by IS NULL",
            account=self.outside.account,
        )
        leave()
        number: int | None = found[0].id
        return number

    def _take_apart(self) -> None:
        match = self._match()
        if match is not None:
            with transaction(TEST):
                by_hand.end(match, reason="Not the same.", actor=TEST)

    def _run_errand(self, which: int) -> None:
        """Somebody has it matched, or a match taken apart, and a task does it."""
        match, maker = self._match(), self.people.finance
        with transaction(actors.operator(maker)):
            errand = (
                errands.ask_match(self.outside.account, maker=maker)
                if which % 2 or match is None
                else errands.ask_apart(match, reason="Not the same.", maker=maker)
            )
        work_of_breaks.run_errand(Work("x", str(errand), {"errand_id": errand}, None, TEST))  # type: ignore[arg-type]
        leave()

    def _open(self) -> list[Any]:
        found = rows(
            "SELECT id, group_id, import_id, reason FROM breaks WHERE account = :account AND closed_by IS NULL"
            " ORDER BY id",
            account=self.outside.account,
        )
        leave()
        return found

    def _put_together(self, one: int, other: int, *, matches: bool) -> None:
        """By somebody, whatever is open: only lines and entries, or matches that differ, too."""
        able = [each.id for each in self._open() if each.import_id is None and (matches or not each.group_id)]
        if len(able) > 1:
            first, *rest = able[one % len(able) :] + able[: one % len(able)]
            with transaction(TEST):
                breaks.link(first, others=rest[: 1 + other % 3], reason="They wrote so.", actor=TEST)
        leave()

    def _take_anew(self) -> None:
        found = [each.id for each in self._open() if each.reason == "restated"]
        if found:
            who = actors.operator(self.people.finance)
            with transaction(who):
                breaks.take_anew(found[0], reason="Their support says so.", actor=who)
        leave()

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
        with transaction(TEST):
            rerun.look_again(self.outside.account)
        proved = invariants.prove(Asked(self.outside.account, WHOLE, found))
        results = {one.name: one.holds for one in proved}
        assert (results["I5"], results["I6"]) == (True, True)
        assert [one for one in proved if one.name in SOUND and one.holds is False] == []
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


def test_what_joined_after_a_month_was_closed_stands_after_it_also_when_it_is_merged(room: Flask) -> None:
    story = Story(Closers())
    for kobo in (300, 400):
        story.second.book(kobo, days=3)
    for step in ("told", "closed", "joined"):
        story.take(step, 2, 3)
        story.check()
    story.take("told late", 0, -16)  # (a row of March that nobody told of until then)
    story.take("told late", 1, -16)
    story.outside.run()
    both = [each.id for each in story._open()][-4:]  # (the two that joined, and the two told late)
    for two in (both[:2], both[2:]):
        with transaction(TEST):
            by_hand.merge(story.outside.account, breaks=two, reason="One.", actor=TEST)
    leave()
    found = rows(
        "SELECT amount, (at AT TIME ZONE 'Africa/Lagos')::date AS day FROM breaks"
        " WHERE account = :a AND closed_by IS NULL AND group_id IS NOT NULL",
        a=story.outside.account,
    )
    leave()
    assert sorted((one.amount, one.day) for one in found) == [(-7, APRIL), (3, APRIL)]
    story.check()
    story.take("opened", 0, 0)


def at(days: int) -> str:
    """So many days after it began, as a file says it."""
    return (BEGAN + timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
