"""Accounts: hot ones, frozen ones, limits, the end; and that each act is on the record."""

import pytest
from flask import Flask

from app.core.db import leave, rows, transaction
from app.core.money import NGN
from app.ledger import accounts, balances, errors, proof, statements
from tests.makers import books
from tests.makers.books import TESTER, account, fresh, kobo, move, wallet
from tests.makers.crowd import at_once

pytestmark = pytest.mark.usefixtures("inside")


def hot() -> str:
    """A fresh hot account."""
    code = f"asset:test:{fresh('hot')}:NGN"
    with transaction(TESTER):
        accounts.open_account(code, asset=NGN, floor_units=None, hot=True)
    return code


def record(code: str) -> list[tuple[str, object]]:
    """What the audit says of an account after it was opened."""
    found = rows(
        "SELECT actor, after FROM audit.records WHERE table_name = 'accounts' AND row_id = :c"
        " AND action = 'update' ORDER BY id",
        c=code,
    )
    return [(row.actor, row.after) for row in found]


class TestHot:
    def test_is_spread_and_adds_up(self, app: Flask) -> None:
        code = hot()
        at_once(app, [lambda: books.post(move(code, wallet(), 10))] * 12)
        leave()
        used = rows("SELECT stripe FROM ledger.balances WHERE code = :code AND seq > 0", code=code)
        assert 1 < len(used) <= accounts.STRIPES_OF_A_HOT_ACCOUNT
        assert balances.of(code).booked == kobo(120)
        lines = statements.statement(code)
        assert [line.balance.units for line in lines] == list(range(120, 0, -10))
        assert [line.booked_at for line in lines] == sorted((line.booked_at for line in lines), reverse=True)
        assert [balances.at(code, line.booked_at) for line in lines] == [line.balance.units for line in lines]
        assert proof.broken() == {}

    def test_goes_on_over_its_stripes_page_by_page(self, app: Flask) -> None:
        code = hot()
        at_once(app, [lambda: books.post(move(code, wallet(), 1))] * 7)
        leave()
        pages, before = [], ""
        while page := statements.statement(code, before=before, limit=3):
            pages.append([line.balance.units for line in page])
            before = page[-1].cursor
        assert pages == [[7, 6, 5], [4, 3, 2], [1]]

    def test_cannot_have_a_floor_or_holds(self) -> None:
        with pytest.raises(errors.AccountUnfit), transaction(TESTER):
            accounts.open_account(f"asset:test:{fresh()}:NGN", asset=NGN, floor_units=0, hot=True)
        code = hot()
        with pytest.raises(errors.AccountUnfit), transaction(TESTER):
            accounts.set_floor(code, floor_units=0)
        with pytest.raises(errors.AccountUnfit):
            books.hold(code, 5)


class TestFreeze:
    def test_is_by_direction_and_leaves_a_record(self) -> None:
        code = wallet(100)
        with transaction(TESTER):
            accounts.freeze(code, debits=True, credits_=False)
            accounts.freeze(code, debits=True, credits_=False)
        with pytest.raises(errors.AccountBlocked):
            books.post(move(code, wallet(), 5))
        with pytest.raises(errors.AccountBlocked):
            books.hold(code, 5)
        books.post(move(account("asset"), code, 5))
        with transaction(TESTER):
            accounts.freeze(code, debits=False, credits_=True)
        with pytest.raises(errors.AccountBlocked):
            books.post(move(account("asset"), code, 5))
        books.hold(code, 5)
        assert record(code) == [
            ("system:test", {"no_debits": True, "no_credits": False}),
            ("system:test", {"no_debits": False, "no_credits": True}),
        ]

    def test_of_an_account_on_the_other_side_stops_holds_by_its_credits(self) -> None:
        code = account("asset", floor=0)
        books.post(move(code, account(), 50))
        with transaction(TESTER):
            accounts.freeze(code, debits=False, credits_=True)
        with pytest.raises(errors.AccountBlocked):
            books.hold(code, 5)

    def test_of_nobody_is_refused(self) -> None:
        with pytest.raises(errors.AccountBlocked), transaction(TESTER):
            accounts.freeze("asset:nobody:NGN", debits=True, credits_=True)

    def test_covers_every_stripe(self) -> None:
        code = hot()
        with transaction(TESTER):
            accounts.freeze(code, debits=True, credits_=True)
        found = rows("SELECT bool_and(no_debits AND no_credits) AS all FROM ledger.balances WHERE code = :c", c=code)
        assert found[0].all


class TestOpening:
    def test_leaves_a_record(self) -> None:
        code = account("liability", floor=-7)
        found = rows("SELECT * FROM audit.records WHERE table_name = 'accounts' AND row_id = :code", code=code)
        assert [(row.action, row.before, row.after) for row in found] == [
            ("insert", None, {"asset": "NGN", "floor": "-7", "stripes": 1})
        ]

    def test_is_with_nothing_and_so_with_no_floor_above_that(self) -> None:
        with pytest.raises(errors.InsufficientFunds):
            account("liability", floor=1)


class TestFloor:
    def test_is_changed_and_recorded(self) -> None:
        code = wallet(10)
        with transaction(TESTER):
            accounts.set_floor(code, floor_units=-40)
            accounts.set_floor(code, floor_units=-40)
        books.post(move(code, wallet(), 50))
        with pytest.raises(errors.InsufficientFunds):
            books.post(move(code, wallet(), 1))
        with transaction(TESTER):
            accounts.set_floor(code, floor_units=None)
        books.post(move(code, wallet(), 1_000))
        assert record(code) == [("system:test", {"floor": "-40"}), ("system:test", {"floor": None})]
        with transaction(TESTER):  # (no account stays below a floor of its own)
            accounts.set_floor(code, floor_units=-(10**6))

    def test_is_not_above_what_is_there(self) -> None:
        code = wallet(10)
        books.hold(code, 4)
        with pytest.raises(errors.InsufficientFunds), transaction(TESTER):
            accounts.set_floor(code, floor_units=7)
        with transaction(TESTER):
            accounts.set_floor(code, floor_units=6)
        assert balances.of(code).floor == kobo(6)


class TestClose:
    def test_is_for_good(self) -> None:
        code = wallet()
        with transaction(TESTER):
            accounts.close(code)
            accounts.close(code)
        assert balances.of(code).closed
        with pytest.raises(errors.AccountBlocked):
            books.post(move(account("asset"), code, 5))
        with pytest.raises(errors.AccountBlocked), transaction(TESTER):
            accounts.freeze(code, debits=False, credits_=False)
        assert record(code) == [("system:test", {"closed": True})]

    def test_needs_an_empty_account(self) -> None:
        code = wallet(5)
        with pytest.raises(errors.AccountUnfit), transaction(TESTER):
            accounts.close(code)
        hold = books.hold(code, 5).hold_id
        with pytest.raises(errors.AccountUnfit), transaction(TESTER):
            accounts.close(code)
        books.capture(hold, move(code, wallet(), 5))
        with transaction(TESTER):
            accounts.close(code)
