"""The books as a whole: trial balance, balance sheet, income statement, at any time.

By default a time means what was booked by then; with `Basis.EFFECTIVE`, what had taken effect by then.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.core import clock
from app.core.db import rows
from app.core.money import ASSETS, Money, zero


class Basis(StrEnum):
    """Which of an entry's two times counts."""

    BOOKED = "booked"
    EFFECTIVE = "effective"


@dataclass(frozen=True)
class TrialLine:
    """One account, or all customers' accounts in one asset as `liability:customer:*:ASSET`.

    `balance` is debits less credits, so that the lines of an asset sum to zero; `accounts` says how many are in it.
    """

    code: str
    account_class: str
    asset: str
    balance: Money
    accounts: int

    @property
    def normal(self) -> Money:
        """The balance on the class's normal side: debit for assets and expenses, credit for the others."""
        return self.balance if self.account_class in {"asset", "expense"} else -self.balance


@dataclass(frozen=True)
class BalanceSheet:
    """What we have, what we owe, what is ours. `earnings` is income less expenses up to then, per asset.

    In every asset assets = liabilities + equity + earnings.
    """

    assets: list[TrialLine]
    liabilities: list[TrialLine]
    equity: list[TrialLine]
    earnings: dict[str, Money]


_NOW = "SELECT b.code, b.asset, b.debits - b.credits AS balance, (b.stripe = 0)::int AS one FROM ledger.balances b"
_BOOKED = "SELECT b.code, b.asset, b.balance, (b.stripe = 0)::int AS one FROM ledger.balances_before(:moment) b"
_EFFECTIVE = """
SELECT a.code, a.asset, b.balance, 1 AS one
  FROM ledger.effective_balances(:moment) b JOIN ledger.accounts a ON a.id = b.account_id
"""
_CUSTOMERS = (
    "CASE WHEN left(x.code, 19) = 'liability:customer:' THEN 'liability:customer:*:' || x.asset ELSE x.code END"
)
_SUMS = (
    "SELECT {} AS code, x.asset, sum(x.balance) AS balance, sum(x.one) AS accounts FROM ({}) x GROUP BY 1, 2 ORDER BY 1"
)
_SOURCES = {None: _NOW, Basis.BOOKED: _BOOKED, Basis.EFFECTIVE: _EFFECTIVE}
_FOLDED = {basis: _SUMS.format(_CUSTOMERS, source) for basis, source in _SOURCES.items()}
_EACH = {basis: _SUMS.format("x.code", source) for basis, source in _SOURCES.items()}
_TICK = timedelta(microseconds=1)


def trial_balance(
    at: datetime | None = None, *, basis: Basis = Basis.BOOKED, each_customer: bool = False
) -> list[TrialLine]:
    """Every line of the books now, or of what was booked (or took effect) at or before a time; by code."""
    at = clock.now() if at is None and basis is Basis.EFFECTIVE else at
    query = (_EACH if each_customer else _FOLDED)[None if at is None else basis]
    found = rows(query, **({} if at is None else {"moment": at + _TICK}))
    return [_line(row) for row in found]


def balance_sheet(at: datetime | None = None, *, basis: Basis = Basis.BOOKED) -> BalanceSheet:
    """The balance sheet now or at a time."""
    lines = trial_balance(at, basis=basis)
    by_class = {
        name: [line for line in lines if line.account_class == name] for name in ("asset", "liability", "equity")
    }
    return BalanceSheet(
        by_class["asset"],
        by_class["liability"],
        by_class["equity"],
        earnings([line for line in lines if line.account_class in {"income", "expense"}]),
    )


def income_statement(since: datetime, until: datetime, *, basis: Basis = Basis.EFFECTIVE) -> list[TrialLine]:
    """What income and expense accounts moved by from `since` (inclusive) to `until` (exclusive)."""
    before = {line.code: line.balance for line in trial_balance(since - _TICK, basis=basis)}
    return [
        replace(line, balance=line.balance - before.get(line.code, zero(line.balance.asset)))
        for line in trial_balance(until - _TICK, basis=basis)
        if line.account_class in {"income", "expense"}
    ]


def earnings(lines: list[TrialLine]) -> dict[str, Money]:
    """Income less expenses of these lines, per asset."""
    result: dict[str, Money] = {}
    for line in lines:
        result[line.asset] = result.get(line.asset, zero(ASSETS[line.asset])) - line.balance
    return result


def _line(row: Any) -> TrialLine:
    account_class = row.code.partition(":")[0]
    return TrialLine(row.code, account_class, row.asset, Money(ASSETS[row.asset], int(row.balance)), int(row.accounts))
