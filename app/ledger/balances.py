"""What an account holds: now, at any second by when things were booked, at any by when they took effect."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.db import rows
from app.core.money import ASSETS, Money


@dataclass(frozen=True)
class BalanceNow:
    """One account on its normal side, read in one statement: booked, held of it, and what is left to use."""

    code: str
    booked: Money
    held: Money
    available: Money
    floor: Money | None
    no_debits: bool
    no_credits: bool
    closed: bool


_OF = """
SELECT b.code, min(b.asset) AS asset, sum(b.side * (b.debits - b.credits)) AS booked, sum(b.held) AS held,
       min(b.floor) AS floor, bool_or(b.no_debits) AS no_debits, bool_or(b.no_credits) AS no_credits,
       bool_or(b.closed) AS closed
  FROM ledger.balances b WHERE b.code = ANY(CAST(:codes AS text[])) GROUP BY b.code
"""
# The entries that are on one side of the moment by when they were booked and on the other by when they took effect.
_DATED = """
SELECT coalesce(sum(b.side * CASE WHEN e.booked_at >= :moment THEN e.amount ELSE -e.amount END), 0) AS units
  FROM ledger.balances b JOIN ledger.entries e ON e.account_id = b.account_id
 WHERE b.code = :code AND b.stripe = 0 AND e.effective_at <> e.booked_at
   AND (e.effective_at < :moment) <> (e.booked_at < :moment)
"""
_TICK = timedelta(microseconds=1)  # PostgreSQL's clock counts these


def of(code: str) -> BalanceNow:
    """The balance of one account now. Raises LookupError for an unknown code."""
    return of_all([code])[code]


def of_all(codes: Collection[str]) -> dict[str, BalanceNow]:
    """The balances of these accounts now, read in one statement. Raises LookupError for an unknown code."""
    found = {one.code: one for one in of_known(codes)}
    missing = set(codes) - set(found)
    if missing:
        raise LookupError(", ".join(sorted(missing)))
    return found


def of_known(codes: Iterable[str]) -> list[BalanceNow]:
    """The balances now of those of these accounts that there are, read in one statement."""
    return [_balance(row) for row in rows(_OF, codes=list(codes))]


def at(code: str, moment: datetime) -> int:
    """The account's balance (units, on its normal side) after the last entry booked at or before `moment`.

    Final once no transaction that was running at `moment` still is. Raises LookupError.
    """
    found = rows("SELECT ledger.balance_at(:code, :moment) AS units", code=code, moment=moment)
    if not found:
        raise LookupError(code)
    return int(found[0].units)


def effective_at(code: str, moment: datetime) -> int:
    """The account's balance (units, on its normal side) of what took effect at or before `moment`. Raises LookupError.

    It is the balance booked by then, corrected by the entries that took effect at another time than they were booked.
    """
    return at(code, moment) + int(rows(_DATED, code=code, moment=moment + _TICK)[0].units)


def _balance(row: Any) -> BalanceNow:
    asset = ASSETS[row.asset]
    booked, held = Money(asset, int(row.booked)), Money(asset, int(row.held))
    floor = None if row.floor is None else Money(asset, int(row.floor))
    return BalanceNow(row.code, booked, held, booked - held, floor, row.no_debits, row.no_credits, row.closed)
