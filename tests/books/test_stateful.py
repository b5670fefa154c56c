"""Any story of requests to the books ends with the books the auditor expects.

Stories are drawn, but the same ones on every run. They are not shrunk: each step is work for the database, and the
story that fails is printed as it was told. What is drawn must not hang on what the database answered, so a request that
was refused leaves None in its bundle. BOOKS_STEPS says how many steps all stories together have. They are told in a
database of their own, because they close months.
"""

import copy
import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.core import clock
from app.core.db import leave, rows, transaction
from app.core.errors import Refusal
from app.core.money import NGN, Asset
from app.ledger import accounts, balances, errors, periods, proof, seal, statements
from app.ledger.journal import Journal, Leg, credit, debit
from app.ledger.posting import Posted
from tests.books.auditor import CHART, Auditor, Months, Sheet
from tests.books.conftest import CLOSED_BEFORE
from tests.makers import books
from tests.makers.books import TESTER, fresh, kobo, settle_seal
from tests.makers.crowd import at_once

STEPS = int(os.environ.get("BOOKS_STEPS", "400"))
STORY = 50
STORIES = settings(
    max_examples=max(1, STEPS // STORY),
    stateful_step_count=STORY,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
AMOUNTS = st.integers(1, 120)
UNKNOWN = "liability:nobody:NGN"
Before = tuple[str, Journal, int] | None  # a request that was answered


class Story(RuleBasedStateMachine):
    """One story about nine accounts in two assets, and two spare ones that may be closed."""

    room: Flask
    months = Months(CLOSED_BEFORE)
    told = 0
    accounts = Bundle("accounts")
    spare = Bundle("spare")
    posted = Bundle("posted")
    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.tag = fresh("t")
        self.auditor = Auditor(self.months)
        self.amid = False  # in the middle of a step; also when the step has failed

    def open(self, kind: str, side: int, floor: int | None, asset: Asset, *, hot: bool) -> str:
        """An account of this story."""
        code = f"{kind}:test:{self.tag}-{len(self.auditor.sheets)}:{asset.code}"
        with transaction(TESTER):
            accounts.open_account(code, asset=asset, floor_units=floor, hot=hot)
        self.auditor.sheets[code] = Sheet(side, floor, asset.code, hot)
        return code

    @initialize(target=accounts)
    def open_accounts(self) -> Any:
        """Open them."""
        return multiple(*[self.open(kind, side, floor, asset, hot=hot) for kind, side, floor, asset, hot in CHART])

    @initialize(target=spare)
    def open_spare(self) -> Any:
        """Open those that may be closed."""
        return multiple(*[self.open("liability", -1, 0, NGN, hot=False) for _ in range(2)])

    # ------------------------------------------------------------------------------------------ posts

    @rule(target=posted, one=accounts, other=accounts | spare, units=AMOUNTS, month=st.integers(-6, 3))
    def move(self, one: str, other: str, units: int, month: int) -> Any:
        """Move an amount from one account to another (or to itself), perhaps dated back."""
        return self.post(self.auditor.proposes([(one, units)], other, month=month))

    @rule(
        target=posted,
        legs=st.lists(st.tuples(accounts, st.integers(-60, 90).filter(bool)), min_size=1, max_size=4),
        last=accounts,
        month=st.integers(-9, 3),
    )
    def spread(self, legs: list[tuple[str, int]], last: str, month: int) -> Any:
        """Move between up to five legs, where an account may stand twice."""
        return self.post(self.auditor.proposes(legs, last, month=month))

    @rule(
        target=posted, one=accounts, other=accounts, third=accounts, fourth=accounts, units=st.tuples(AMOUNTS, AMOUNTS)
    )
    def exchange(self, one: str, other: str, third: str, fourth: str, units: tuple[int, int]) -> Any:
        """Two assets in one journal, each balanced for itself."""
        first, second = (
            self.auditor.proposes([(one, units[0])], other),
            self.auditor.proposes([(third, units[1])], fourth),
        )
        return self.post(Journal("test.exchanged", first.ref, (*first.legs, *second.legs)))

    @rule(one=accounts, units=AMOUNTS)
    def move_to_nobody(self, one: str, units: int) -> None:
        """Name an account that is not there."""
        if self.auditor.sheets[one].asset == "NGN":
            journal = Journal("test.moved", "ref", (debit(one, kobo(units)), credit(UNKNOWN, kobo(units))))
            self.asked(self.auditor.of_post(journal), lambda: books.post(journal))

    @rule(one=accounts, other=accounts, third=accounts, units=st.tuples(AMOUNTS, AMOUNTS))
    def two_at_once(self, one: str, other: str, third: str, units: tuple[int, int]) -> None:
        """Two connections post at the same moment: what comes of it is what one order of them would have brought."""
        journals = [self.auditor.proposes([(other, units[0])], one), self.auditor.proposes([(third, units[1])], other)]
        keys = [fresh(), fresh()]
        answers = at_once(self.room, [partial(books.post, j, key=k) for j, k in zip(journals, keys, strict=True)])
        orders = [(0, 1), (1, 0)]
        if all(isinstance(answer, Posted) for answer in answers):  # ids are drawn behind the locks
            orders = [(0, 1)] if answers[0].journal_id < answers[1].journal_id else [(1, 0)]
        for order in orders:
            auditor = copy.deepcopy(self.auditor)
            if all(auditor.expects(journals[n], answers[n]) for n in order):
                auditor.months, self.auditor = self.months, auditor
                return
        raise AssertionError(f"no order of the two explains {answers}")

    @rule(
        target=posted,
        moves=st.lists(st.tuples(accounts, accounts, AMOUNTS), min_size=1, max_size=6),
        twice=st.booleans(),
        whole=st.booleans(),
    )
    def batch(self, moves: list[tuple[str, str, int]], *, twice: bool, whole: bool) -> Any:
        """Many in one request, all or as many as can be, perhaps with a key twice."""
        items = [(self.auditor.proposes([(one, units)], other), fresh()) for one, other, units in moves]
        if twice:
            items.append((items[0][0], items[0][1]))
        must = self.auditor.of_batch(items)
        refused = [one for one in must if one]
        if whole and refused:
            self.asked(refused[0], lambda: books.batch(*items, all_or_nothing=True))
            return multiple(*[None for _ in moves])
        answers = self.asked((), lambda: books.batch(*items, all_or_nothing=whole))
        for (journal, key), answer, deserved in zip(items, answers, must, strict=True):
            if deserved:
                assert isinstance(answer, deserved)
            else:
                assert not answer.replayed
                self.auditor.book(journal)
                self.auditor.keys[key] = (journal, answer.journal_id)
        keys = self.auditor.keys
        return multiple(*[(key, *keys[key]) if key in keys else None for _, key in items[: len(moves)]])

    @rule(before=posted)
    def reverse(self, before: Before) -> None:
        """Undo a journal, perhaps for the second time."""
        if before is None:
            return
        _, journal, journal_id = before
        mirror = Journal("test.reversed", journal.ref, tuple(Leg(leg.account, -leg.amount) for leg in journal.legs))
        key, must = fresh(), self.auditor.of_reversal(mirror, journal_id)
        answer = self.asked(must, lambda: books.reverse(journal_id, key=key))
        if answer is not None:
            self.auditor.reversed.add(journal_id)
            self.auditor.book(mirror)
            assert books.reverse(journal_id, key=key) == Posted(answer.journal_id, replayed=True)

    @rule(before=posted)
    def replay(self, before: Before) -> None:
        """Send a request again, word for word, alone or in a batch."""
        if before is None:
            return
        key, journal, journal_id = before
        again = [books.post(journal, key=key), *books.batch((journal, key))]
        assert set(again) == {Posted(journal_id, replayed=True)}

    @rule(before=posted)
    def reuse_key(self, before: Before) -> None:
        """Send another request under a key that was used."""
        if before is None:
            return
        key, journal, _ = before
        another = Journal("test.other", journal.ref, journal.legs)
        self.asked((errors.PostingKeyReused,), lambda: books.post(another, key=key))
        assert isinstance(books.batch((another, key))[0], errors.PostingKeyReused)

    # ------------------------------------------------------------------------------------------ holds

    @rule(target=holds, code=accounts | spare, units=AMOUNTS, expiry=st.sampled_from(["", "", "far", "over"]))
    def hold(self, code: str, units: int, expiry: str) -> Any:
        """Reserve an amount, perhaps until a time."""
        key, sheet = fresh(), self.auditor.sheets[code]
        if sheet.asset != "NGN":
            return None
        at = {"far": clock.now() + timedelta(hours=1), "over": clock.now() - timedelta(seconds=1)}.get(expiry)
        held = self.asked(self.auditor.of_hold(code, units), lambda: books.hold(code, units, key=key, expires_at=at))
        if held is None:
            return None
        self.auditor.hold(held.hold_id, code, units, over=expiry == "over")
        again = books.hold(code, units, key=key, expires_at=at)
        assert (held.replayed, again.hold_id, again.replayed) == (False, held.hold_id, True)
        return held.hold_id

    @rule(hold_id=holds, other=accounts, units=AMOUNTS, keep=st.booleans())
    def capture(self, hold_id: int | None, other: str, units: int, *, keep: bool) -> None:
        """Turn a hold, ended or not, into a journal of its amount or a part of it, or of more."""
        if hold_id is not None:
            self.take(hold_id, other, units, keep=keep)

    @rule(hold_id=consumes(holds), other=accounts, keep=st.booleans())
    def capture_in_full(self, hold_id: int | None, other: str, *, keep: bool) -> None:
        """Turn a hold into a journal of all that remains."""
        if hold_id is not None:
            self.take(hold_id, other, self.auditor.holds[hold_id].remaining or 1, keep=keep)

    @rule(hold_id=holds)
    def release(self, hold_id: int | None) -> None:
        """End a hold, perhaps for the second time."""
        if hold_id is None:
            return
        before = self.auditor.holds[hold_id].ended
        must = (errors.HoldEnded,) if before == "captured" else ()
        released = self.asked(must, lambda: books.release(hold_id))
        if not must:
            assert released is (before == "")
            if released:
                self.auditor.end(hold_id, "released")

    @rule()
    def sweep(self) -> None:
        """Release the holds whose time is over."""
        due = {hold_id for hold_id, hold in self.auditor.holds.items() if hold.over and not hold.ended}
        assert due <= set(books.expire())
        for hold_id in due:
            self.auditor.end(hold_id, "expired")

    # ------------------------------------------------------------------------------------------ accounts and months

    @rule(code=accounts | spare, debits=st.booleans(), credits_=st.booleans())
    def freeze(self, code: str, *, debits: bool, credits_: bool) -> None:
        """Freeze and thaw an account's directions."""
        sheet = self.auditor.sheets[code]
        must = (errors.AccountBlocked,) if sheet.closed and not (debits and credits_) else ()
        self.asked(must, lambda: books.restrict(code, debits=debits, credits_=credits_))
        if not must:
            sheet.no_debits, sheet.no_credits = debits, credits_

    @rule(code=accounts | spare)
    def thaw(self, code: str) -> None:
        """Thaw one: stories in which everything is frozen tell little."""
        if not self.auditor.sheets[code].closed:
            self.freeze(code, debits=False, credits_=False)

    @rule(code=accounts | spare, floor=st.none() | st.integers(-100, 50))
    def refloor(self, code: str, floor: int | None) -> None:
        """Give an account another floor; not one above what it has, because proof would name it."""
        sheet = self.auditor.sheets[code]
        if floor is not None:
            floor = min(floor, sheet.booked - sheet.held)
        must = (errors.AccountUnfit,) if sheet.hot and floor is not None else ()
        self.asked(must, lambda: books.refloor(code, floor))
        if not must:
            sheet.floor = floor

    @rule(code=spare)
    def close(self, code: str) -> None:
        """Close an account, which must be empty."""
        must = self.auditor.of_close(code)
        self.asked(must, lambda: books.close(code))
        if not must:
            self.auditor.close(code)

    @rule(reopen=st.booleans())
    def close_a_month(self, *, reopen: bool) -> None:
        """One step on the way to a closed month, or back."""
        months, month = self.months, self.months.closed
        if month.year >= clock.now().year:
            return
        ends = (month + timedelta(days=31)).replace(day=1)
        step = periods.begin_close if months.closing is None else periods.close if months.settled else periods.settle
        step = periods.reopen if reopen and months.closing else step
        with transaction(TESTER):
            step(month.date())
        if step is periods.close:
            months.closed = ends
        months.closing = ends if step in {periods.begin_close, periods.settle} else None
        months.settled = step is periods.settle

    # ------------------------------------------------------------------------------------------ what must hold

    @precondition(lambda self: self.auditor.sheets)
    @invariant()
    def the_books_say_what_the_auditor_says(self) -> None:
        """Booked, held, available and state of each account, and both sides of the sheet in each asset."""
        type(self).told += 1
        self.amid = False
        leave()
        opened = rows("SELECT code FROM ledger.accounts WHERE strpos(lower(code), lower(:tag)) > 0", tag=self.tag)
        assert {row.code for row in opened} == set(self.auditor.sheets)
        for code, sheet in self.auditor.sheets.items():
            now = balances.of(code)
            assert (now.booked.units, now.held.units) == (sheet.booked, sheet.held), now.code
            assert (now.no_debits, now.no_credits, now.closed) == (sheet.no_debits, sheet.no_credits, sheet.closed)
            assert now.available.units == sheet.booked - sheet.held
            assert sheet.floor is None or now.available.units >= sheet.floor
        assert not any(self.auditor.sums().values())

    def teardown(self) -> None:
        """At the end: every entry where it belongs, by both of its times, and no invariant of the books broken."""
        for code, sheet in ({} if self.amid else self.auditor.sheets).items():
            lines = statements.statement(code, limit=10_000)
            units = [line.amount.units for line in reversed(lines)]
            expected = [entry for entry, _ in sheet.entries]
            assert units == expected or (sheet.hot and sorted(units) == sorted(expected))
            assert not lines or lines[0].balance.units == sheet.booked
            moment = self.months.closed
            assert balances.effective_at(code, moment - timedelta(microseconds=1)) == self.auditor.effective(
                code, moment
            )
        assert proof.broken() == {}
        leave()

    # ------------------------------------------------------------------------------------------ how it is asked

    def post(self, journal: Journal) -> Any:
        """Post it and tell the auditor."""
        key = fresh()
        posted = self.asked(self.auditor.of_post(journal), lambda: books.post(journal, key=key))
        if posted is None:
            return None
        assert not posted.replayed
        self.auditor.book(journal)
        self.auditor.keys[key] = (journal, posted.journal_id)
        return (key, journal, posted.journal_id)

    def take(self, hold_id: int, other: str, units: int, *, keep: bool) -> None:
        """Capture it and tell the auditor."""
        hold = self.auditor.holds[hold_id]
        if self.auditor.sheets[other].asset != "NGN":
            return
        out = -self.auditor.sheets[hold.account].side * units
        journal = Journal("test.captured", fresh("ref"), (Leg(hold.account, kobo(out)), Leg(other, kobo(-out))))
        key, must = fresh(), self.auditor.of_capture(hold_id, journal, keep=keep)
        posted = self.asked(must, lambda: books.capture(hold_id, journal, key=key, keep_rest=keep))
        if posted is not None:
            self.auditor.capture(hold_id, journal, keep=keep)
            again = books.capture(hold_id, journal, key=key, keep_rest=keep)
            assert again == Posted(posted.journal_id, replayed=True)

    def asked(self, must: tuple[type[Refusal], ...], request: Callable[[], Any]) -> Any:
        """Ask over another connection than before; see that it is refused exactly when, and how, the auditor says."""
        self.amid = True
        with self.room.app_context():
            if not must:
                return request()
            with pytest.raises(must):
                request()
            return None


@pytest.mark.slow
@pytest.mark.timeout(60 + STEPS)
def test_every_story_ends_with_the_books_the_auditor_expects(archive: Flask) -> None:
    Story.room = archive
    with archive.app_context():
        run_state_machine_as_test(Story, settings=STORIES)
        settle_seal()
        assert (seal.unsealed(), list(seal.verify())) == (0, [])
    print(f"{Story.told} steps in {STORIES.max_examples} stories")  # noqa: T201
