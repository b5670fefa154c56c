"""What the books say: balances now and at a time, an account's statement, a journal with its legs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.db import rows
from app.core.money import ASSETS, Money


@dataclass(frozen=True)
class BalanceNow:
    """One account, on its normal side, read in one statement: booked, held of it, and what is left to use."""

    code: str
    booked: Money
    held: Money
    available: Money


@dataclass(frozen=True)
class StatementLine:
    """One entry of an account; amounts on the account's normal side."""

    seq: int
    journal_id: int
    kind: str
    ref: str
    amount: Money
    balance: Money
    effective_at: datetime
    booked_at: datetime


_NOW = """
SELECT a.code, a.asset, b.side * (b.debits - b.credits) AS booked, b.held
  FROM ledger.accounts a JOIN ledger.balances b ON b.account_id = a.id
"""


def of(code: str) -> BalanceNow:
    """The balance of one account now. Raises LookupError for an unknown code."""
    found = rows(_NOW + " WHERE a.code = :code", code=code)
    if not found:
        raise LookupError(code)
    return _balance(found[0])


def everything() -> list[BalanceNow]:
    """Every account's balance now, by code."""
    return [_balance(row) for row in rows(_NOW + " ORDER BY a.code")]


def by_class() -> dict[str, Money]:
    """The trial balance in naira: the sum of each class of accounts, on its normal side."""
    found = rows(
        "SELECT a.class, a.asset, sum(b.side * (b.debits - b.credits)) AS booked FROM ledger.accounts a"
        " JOIN ledger.balances b ON b.account_id = a.id GROUP BY a.class, a.asset"
    )
    return {row[0]: Money(ASSETS[row.asset], int(row.booked)) for row in found}


def at(code: str, moment: datetime) -> int:
    """The account's balance (units, on its normal side) after the last entry booked at or before `moment`."""
    found = rows(
        "SELECT b.side * coalesce((SELECT e.balance_after FROM ledger.entries e WHERE e.account_id = a.id"
        " AND e.booked_at <= :moment ORDER BY e.seq DESC LIMIT 1), 0) AS units"
        " FROM ledger.accounts a JOIN ledger.balances b ON b.account_id = a.id WHERE a.code = :code",
        code=code,
        moment=moment,
    )
    return int(found[0].units)


def statement(code: str, *, before: int | None = None, limit: int = 50) -> list[StatementLine]:
    """Entries of one account, newest first, those before position `before` (keyset paging)."""
    found = rows(
        "SELECT e.seq, e.journal_id, j.kind, j.ref, b.side * e.amount AS amount, b.side * e.balance_after AS balance,"
        " e.asset, e.effective_at, e.booked_at FROM ledger.entries e"
        " JOIN ledger.balances b ON b.account_id = e.account_id JOIN ledger.journals j ON j.id = e.journal_id"
        " WHERE e.account_id = (SELECT id FROM ledger.accounts WHERE code = :code)"
        " AND e.seq < coalesce(:before, 9223372036854775807) ORDER BY e.seq DESC LIMIT :limit",
        code=code,
        before=before,
        limit=limit,
    )
    return [
        StatementLine(
            row.seq, row.journal_id, row.kind, row.ref, _money(row.asset, row.amount), _money(row.asset, row.balance),
            row.effective_at, row.booked_at,
        )
        for row in found
    ]  # fmt: skip


def journal(journal_id: int) -> tuple[Any, list[Any]]:
    """One journal's header and its legs with their account codes. Raises LookupError."""
    header = rows("SELECT * FROM ledger.journals WHERE id = :id", id=journal_id)
    if not header:
        raise LookupError(journal_id)
    legs = rows(
        "SELECT e.leg, a.code, e.asset, e.amount, e.balance_after, e.seq FROM ledger.entries e"
        " JOIN ledger.accounts a ON a.id = e.account_id WHERE e.journal_id = :id ORDER BY e.leg",
        id=journal_id,
    )
    return header[0], legs


def journals_of(ref: str) -> list[Any]:
    """The journals about one business object, oldest first."""
    return rows("SELECT id, kind, effective_at, actor FROM ledger.journals WHERE ref = :ref ORDER BY id", ref=ref)


def _balance(row: Any) -> BalanceNow:
    booked, held = _money(row.asset, row.booked), _money(row.asset, row.held)
    return BalanceNow(row.code, booked, held, booked - held)


def _money(asset: str, units: Any) -> Money:
    return Money(ASSETS[asset], int(units))
