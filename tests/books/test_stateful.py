"""Any story of posts, holds, captures, releases, freezes and replays ends with the books the auditor expects.

Stories are drawn, but the same ones on every run. They are not shrunk: each step is work for the database, and the
story that fails is printed as it was told.
"""

from collections.abc import Callable
from typing import Any

import pytest
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
from sqlalchemy import Engine

from app.core.db import leave
from app.core.errors import Refusal
from app.ledger import balances, errors, proof
from app.ledger.journal import Journal, credit, debit
from tests.books.auditor import Auditor, Sheet
from tests.makers import books
from tests.makers.books import fresh, kobo

STORIES = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
AMOUNTS = st.integers(1, 120)
UNKNOWN = "liability:nobody:NGN"


class Story(RuleBasedStateMachine):
    """One story about five accounts: a source, two wallets, an overdraft, an income."""

    owner: Engine
    accounts = Bundle("accounts")
    posted = Bundle("posted")
    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.auditor = Auditor()
        self.touched: set[str] = set()

    @initialize(target=accounts)
    def open_accounts(self) -> Any:
        """Open them; the source has no floor, the overdraft goes to −50."""
        opened = []
        for kind, side, floor in (
            ("asset", 1, None),
            ("liability", -1, 0),
            ("liability", -1, 0),
            ("liability", -1, -50),
            ("income", -1, None),
        ):
            code = books.account(kind, floor=floor)
            self.auditor.sheets[code] = Sheet(side, floor)
            opened.append(code)
        return multiple(*opened)

    # ------------------------------------------------------------------------------------------ requests

    @rule(target=posted, one=accounts, other=accounts, units=AMOUNTS)
    def move(self, one: str, other: str, units: int) -> Any:
        """Move an amount from one account to another (or to itself)."""
        return self.post(Journal("test.moved", fresh("ref"), (debit(one, kobo(units)), credit(other, kobo(units)))))

    @rule(target=posted, codes=st.tuples(accounts, accounts, accounts), units=st.tuples(AMOUNTS, AMOUNTS))
    def split(self, codes: tuple[str, str, str], units: tuple[int, int]) -> Any:
        """Move from one account to two."""
        legs = (
            debit(codes[0], kobo(sum(units))),
            credit(codes[1], kobo(units[0])),
            credit(codes[2], kobo(units[1])),
        )
        return self.post(Journal("test.split", fresh("ref"), legs))

    @rule(one=accounts, units=AMOUNTS)
    def move_to_nobody(self, one: str, units: int) -> None:
        """Name an account that is not there."""
        journal = Journal("test.moved", "ref", (debit(one, kobo(units)), credit(UNKNOWN, kobo(units))))
        assert self.asked(self.auditor.of_post(journal), lambda: books.post(journal)) is None

    @rule(target=holds, code=accounts, units=AMOUNTS)
    def hold(self, code: str, units: int) -> Any:
        """Reserve an amount."""
        key = fresh()
        held = self.asked(self.auditor.of_hold(code, units), lambda: books.hold(code, units, key=key))
        if held is None:
            return multiple()
        assert not held.replayed
        self.auditor.hold(held.hold_id, code, units)
        again = books.hold(code, units, key=key)
        assert (again.hold_id, again.replayed) == (held.hold_id, True)
        return held.hold_id

    @rule(target=posted, hold_id=holds, other=accounts, units=AMOUNTS)
    def capture(self, hold_id: int, other: str, units: int) -> Any:
        """Turn a hold, ended or not, into a journal of its amount or a part of it, or of more."""
        reserved = self.auditor.holds[hold_id]
        journal = Journal(
            "test.captured", fresh("ref"), (debit(reserved.account, kobo(units)), credit(other, kobo(units)))
        )
        return self.take(hold_id, journal)

    @rule(target=posted, hold_id=consumes(holds), other=accounts)
    def capture_in_full(self, hold_id: int, other: str) -> Any:
        """Turn a hold into a journal of exactly its amount."""
        reserved = self.auditor.holds[hold_id]
        legs = (debit(reserved.account, kobo(reserved.units)), credit(other, kobo(reserved.units)))
        return self.take(hold_id, Journal("test.captured", fresh("ref"), legs))

    @rule(hold_id=holds)
    def release(self, hold_id: int) -> None:
        """End a hold, perhaps for the second time."""
        before = self.auditor.holds[hold_id].ended
        must = (errors.HoldEnded,) if before == "captured" else ()
        released = self.asked(must, lambda: books.release(hold_id))
        if not must:
            assert released is (before == "")
            if released:
                self.auditor.end(hold_id, "released")

    @rule(code=accounts, debits=st.booleans(), credits_=st.booleans())
    def freeze(self, code: str, *, debits: bool, credits_: bool) -> None:
        """Freeze and thaw an account's directions."""
        books.freeze(self.owner, code, debits=debits, credits_=credits_)
        self.auditor.sheet(code).no_debits, self.auditor.sheet(code).no_credits = debits, credits_

    @rule(before=posted)
    def replay(self, before: tuple[str, Journal, int | None, int]) -> None:
        """Send a request again, word for word."""
        key, journal, hold_id, journal_id = before
        again = books.post(journal, key=key) if hold_id is None else books.capture(hold_id, journal, key=key)
        assert (again.journal_id, again.replayed) == (journal_id, True)

    @rule(before=posted, units=AMOUNTS)
    def reuse_key(self, before: tuple[str, Journal, int | None, int], units: int) -> None:
        """Send another request under a key that was used."""
        key, journal, _, _ = before
        one, other = journal.legs[0].account, journal.legs[1].account
        another = Journal("test.other", journal.ref, (debit(one, kobo(units)), credit(other, kobo(units))))
        self.asked((errors.PostingKeyReused,), lambda: books.post(another, key=key))
        self.asked((errors.PostingKeyReused,), lambda: books.hold(one, units, key=key))

    # ------------------------------------------------------------------------------------------ what must hold

    @precondition(lambda self: self.auditor.sheets)
    @invariant()
    def the_books_say_what_the_auditor_says(self) -> None:
        """Booked, held and available of each account, and both sides of the sheet."""
        leave()
        for code, sheet in self.auditor.sheets.items():
            now = balances.of(code)
            assert (now.booked.units, now.held.units) == (sheet.booked, sheet.held), code
            assert now.available.units == sheet.booked - sheet.held
            assert sheet.floor is None or now.available.units >= sheet.floor
        debits, credits_ = self.auditor.sums()
        assert debits == credits_

    def teardown(self) -> None:
        """At the end: every entry where it belongs, and no invariant of the books broken."""
        for code, sheet in self.auditor.sheets.items():
            lines = balances.statement(code, limit=10_000)
            assert [line.amount.units for line in reversed(lines)] == sheet.entries
        assert proof.broken() == {}
        leave()

    # ------------------------------------------------------------------------------------------ how it is asked

    def post(self, journal: Journal) -> Any:
        """Post it and tell the auditor."""
        key = fresh()
        posted = self.asked(self.auditor.of_post(journal), lambda: books.post(journal, key=key))
        if posted is None:
            return multiple()
        assert not posted.replayed
        self.auditor.post(journal)
        return (key, journal, None, posted.journal_id)

    def take(self, hold_id: int, journal: Journal) -> Any:
        """Capture it and tell the auditor."""
        key = fresh()
        posted = self.asked(self.auditor.of_capture(hold_id, journal), lambda: books.capture(hold_id, journal, key=key))
        if posted is None:
            return multiple()
        self.auditor.end(hold_id, "captured")
        self.auditor.post(journal)
        return (key, journal, hold_id, posted.journal_id)

    def asked(self, must: tuple[type[Refusal], ...], request: Callable[[], Any]) -> Any:
        """Ask, and see that it is refused exactly when the auditor says so, and with that refusal."""
        if not must:
            return request()
        with pytest.raises(must):
            request()
        return None


@pytest.mark.usefixtures("inside")
@pytest.mark.slow
def test_every_story_ends_with_the_books_the_auditor_expects(owner_engine: Engine) -> None:
    Story.owner = owner_engine
    run_state_machine_as_test(Story, settings=STORIES)
