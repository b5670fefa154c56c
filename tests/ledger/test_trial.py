"""The books as a whole, at any time, by either of an entry's two times; and what they are worth in naira."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.core import clock
from app.core.db import leave, transaction
from app.core.money import ASSETS, NGN, Money
from app.ledger import accounts, balances, prices, statements, trial
from app.ledger.journal import Journal, credit, debit
from app.ledger.trial import Basis
from tests.makers import books
from tests.makers.books import TESTER, account, fresh, kobo, move, wallet
from tests.makers.coins import BTC

pytestmark = pytest.mark.usefixtures("inside")
TICK = timedelta(microseconds=1)


def booked_at(journal_id: int) -> datetime:
    moment: datetime = statements.journal(journal_id)[0].booked_at
    return moment


def line(code: str, lines: list[trial.TrialLine]) -> trial.TrialLine | None:
    leave()
    return next((one for one in lines if one.code == code), None)


def dated(debited: str, credited: str, units: int, *, effective_at: datetime) -> int:
    legs = (debit(debited, kobo(units)), credit(credited, kobo(units)))
    return books.post(Journal("test.dated", fresh("ref"), legs, effective_at=effective_at)).journal_id


class TestTrialBalance:
    def test_sums_to_nothing_in_each_asset_at_any_time(self) -> None:
        code = wallet(10)
        moment = booked_at(books.post(move(code, account("income"), 4)).journal_id)
        for at in (None, moment, moment - TICK, datetime(2000, 1, 1, tzinfo=UTC)):
            for basis in Basis:
                totals: dict[str, int] = {}
                for one in trial.trial_balance(at, basis=basis):
                    totals[one.asset] = totals.get(one.asset, 0) + one.balance.units
                assert set(totals.values()) <= {0}

    def test_tells_each_account_now_and_then(self) -> None:
        code = wallet(10)
        moment = booked_at(books.post(move(code, account("income"), 4)).journal_id)
        for at, expected in ((None, 6), (moment, 6), (moment - TICK, 10)):
            found = line(code, trial.trial_balance(at))
            assert found is not None
            assert (found.normal, found.balance, found.account_class) == (kobo(expected), kobo(-expected), "liability")

    def test_folds_customers_into_a_line_or_does_not(self) -> None:
        codes = [f"liability:customer:{fresh('cus')}:BTC" for _ in range(2)]
        source = f"asset:test:{fresh()}:BTC"
        with transaction(TESTER):
            for code in (*codes, source):
                accounts.open_account(code, asset=BTC, floor_units=None)
        before = line("liability:customer:*:BTC", trial.trial_balance())
        for code in codes:
            books.post(Journal("test.x", "r", (debit(source, Money(BTC, 7)), credit(code, Money(BTC, 7)))))
        after = line("liability:customer:*:BTC", trial.trial_balance())
        assert before is not None
        assert after is not None
        assert (after.normal.units - before.normal.units, after.accounts) == (14, before.accounts)
        each = line(codes[0], trial.trial_balance(each_customer=True))
        assert each is not None
        assert each.normal == Money(BTC, 7)

    def test_by_effective_date_moves_what_took_effect_at_another_time(self) -> None:
        code, other = wallet(), account("income")
        past, future = clock.now() - timedelta(days=400), clock.now() + timedelta(days=400)
        dated(other, code, 5, effective_at=past)
        dated(other, code, 3, effective_at=future)
        now = clock.now() + timedelta(seconds=1)
        assert [balances.effective_at(code, at) for at in (past - TICK, past, now, future - TICK, future)] == [
            0,
            5,
            5,
            5,
            8,
        ]
        assert balances.at(code, now) == 8
        for at, expected in ((past - TICK, 0), (past, 5), (now, 5), (future, 8)):
            found = line(code, trial.trial_balance(at, basis=Basis.EFFECTIVE))
            assert found is not None
            assert found.normal == kobo(expected)


class TestSheets:
    def test_balance_sheet_balances_with_its_earnings(self) -> None:
        books.post(move(account("asset"), account("income"), 9))
        books.post(move(account("expense"), account("equity"), 2))
        sheet = trial.balance_sheet()
        for code in {one.asset for one in (*sheet.assets, *sheet.liabilities, *sheet.equity)}:
            sides = [
                sum(one.normal.units for one in part if one.asset == code)
                for part in (sheet.assets, sheet.liabilities, sheet.equity)
            ]
            earned = sheet.earnings[code].units if code in sheet.earnings else 0
            assert sides[0] == sides[1] + sides[2] + earned

    def test_income_statement_tells_a_stretch_of_time(self) -> None:
        income, expense = account("income"), account("expense")
        start = clock.now() - timedelta(days=700)
        for days, units in ((-1, 100), (0, 10), (5, 20), (10, 40)):
            dated(account("asset"), income, units, effective_at=start + timedelta(days=days))
        dated(expense, account("asset"), 4, effective_at=start + timedelta(days=5))
        lines = trial.income_statement(start, start + timedelta(days=10))
        earned, spent = line(income, lines), line(expense, lines)
        assert earned is not None
        assert spent is not None
        assert (earned.normal, spent.normal) == (kobo(30), kobo(4))
        assert trial.earnings([earned, spent]) == {"NGN": kobo(26)}


class TestPrices:
    def test_the_last_one_told_by_then_counts_and_the_first_told_for_a_moment_stands(self) -> None:
        day = datetime(2001, 1, 1, tzinfo=UTC)
        with transaction(TESTER):
            for days, naira in ((0, "5"), (1, "7"), (1, "9")):
                prices.record("TON", naira=Decimal(naira), at=day + timedelta(days=days), source="test")
        assert "TON" not in prices.as_of(day - TICK)
        assert [prices.as_of(day + timedelta(days=days))["TON"].naira for days in (0, 1, 30)] == [5, 7, 7]

    @pytest.mark.parametrize(
        ("asset", "units", "naira", "kobos"),
        [
            ("BTC", 100_000_000, "150000000.5", 15_000_000_050),
            ("BTC", 1, "150000000.5", 150),
            ("BTC", -1, "150000000.5", -150),
            ("ETH", 10**18, "4500000", 450_000_000),
            ("ETH", 1, "4500000", 0),
        ],
    )
    def test_value_is_rounded_towards_nothing(self, asset: str, units: int, naira: str, kobos: int) -> None:
        told = {asset: prices.Price(asset, Decimal(naira), clock.now(), "test")}
        assert prices.value(Money(ASSETS[asset], units), told) == Money(NGN, kobos)

    def test_naira_is_worth_itself_and_the_unknown_nothing_that_could_be_said(self) -> None:
        assert prices.value(kobo(5), {}) == kobo(5)
        assert prices.value(Money(BTC, 5), {}) is None
