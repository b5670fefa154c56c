"""The console's first page: what needs a human, what moved, what we owe against what we hold."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core import clock
from app.core.db import rows
from app.core.money import ASSETS, NGN, Money
from app.ledger import balances, chart


@dataclass(frozen=True)
class Day:
    """One day of West Africa Time."""

    day: str
    deposits: Money
    withdrawals: Money


@dataclass(frozen=True)
class Cover:
    """What we owe customers in an asset against what we hold."""

    asset: str
    owed: Money
    held: Money

    @property
    def percent_tenths(self) -> int | None:
        """Cover in tenths of a per cent, rounded down; None when nothing is owed."""
        return self.held.units * 1000 // self.owed.units if self.owed else None


@dataclass(frozen=True)
class Waiting:
    """A queue of work: how many, how much, the oldest."""

    count: int
    total: Money
    oldest: datetime | None


_DAILY = """
SELECT d::date::text AS day,
       coalesce(sum(-e.amount) FILTER (WHERE j.kind = 'payments.deposit_credited' AND e.amount < 0), 0) AS deposits,
       coalesce(sum(e.amount) FILTER (WHERE j.kind = 'withdrawals.settled' AND e.amount > 0), 0) AS withdrawals
  FROM generate_series((CAST(:since AS timestamptz) AT TIME ZONE 'Africa/Lagos')::date,
                       (CAST(:until AS timestamptz) AT TIME ZONE 'Africa/Lagos')::date, '1 day') d
  LEFT JOIN ledger.journals j ON (j.effective_at AT TIME ZONE 'Africa/Lagos')::date = d::date
       AND j.kind IN ('payments.deposit_credited', 'withdrawals.settled')
  LEFT JOIN ledger.entries e ON e.journal_id = j.id
       AND e.account_id IN (SELECT id FROM ledger.accounts WHERE code LIKE 'liability:customer:%')
 GROUP BY d ORDER BY d
"""


def daily(*, days: int) -> list[Day]:
    """What customers paid in and took out on each of the last days, today included."""
    until = clock.now()
    found = rows(_DAILY, since=until - timedelta(days=days - 1), until=until)
    return [Day(row.day, Money(NGN, int(row.deposits)), Money(NGN, int(row.withdrawals))) for row in found]


def covers() -> list[Cover]:
    """Owed to customers and in suspense, against what we hold: not what customers owe us, which nobody is paid from.

    Assets in which nothing is owed or held are left out.
    """
    found = rows(
        "SELECT a.asset, coalesce(sum(b.credits - b.debits) FILTER (WHERE a.class = 'liability'), 0) AS owed,"
        " coalesce(sum(b.debits - b.credits) FILTER (WHERE a.class = 'asset' AND a.code NOT LIKE :owed), 0) AS held"
        " FROM ledger.accounts a JOIN ledger.balances b ON b.account_id = a.id GROUP BY a.asset ORDER BY a.asset",
        owed=chart.OWED_BY_CUSTOMERS.format(asset="%"),
    )
    return [
        Cover(row.asset, Money(ASSETS[row.asset], int(row.owed)), Money(ASSETS[row.asset], int(row.held)))
        for row in found
        if row.owed or row.held or row.asset == NGN.code
    ]


def waiting_withdrawals() -> Waiting:
    """Withdrawals that nobody has decided yet."""
    row = rows(
        "SELECT count(*) AS n, coalesce(sum(amount_units), 0) AS total, min(created_at) AS oldest"
        " FROM withdrawals WHERE state = 'requested'"
    )[0]
    return Waiting(row.n, Money(NGN, int(row.total)), row.oldest)


def open_suspense() -> Waiting:
    """What could not be placed, and the money that stands in suspense."""
    row = rows("SELECT count(*) AS n, min(created_at) AS oldest FROM suspense_items WHERE state = 'open'")[0]
    booked = balances.of(chart.house(chart.SUSPENSE, asset=NGN)).booked
    return Waiting(row.n, booked, row.oldest)


def stuck_withdrawals(*, older_than: timedelta) -> Waiting:
    """Withdrawals that were approved and have not ended: money that waits on the world."""
    row = rows(
        "SELECT count(*) AS n, coalesce(sum(amount_units), 0) AS total, min(created_at) AS oldest FROM withdrawals w"
        " WHERE state IN ('approved', 'sending') AND NOT EXISTS (SELECT FROM moves m WHERE m.subject = w.id"
        " AND m.new_state = 'approved' AND m.moved_at > :limit)",
        limit=clock.now() - older_than,
    )[0]
    return Waiting(row.n, Money(NGN, int(row.total)), row.oldest)


def dead_tasks() -> int:
    """Pieces of work that were given up."""
    return int(rows("SELECT count(*) AS n FROM tasks WHERE status = 'dead'")[0].n)


def fees_earned(*, since: datetime) -> Money:
    """Withdrawal fees in naira less what Paystack took, from a time on."""
    row = rows(
        "SELECT coalesce(-sum(e.amount), 0) AS units"
        " FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id"
        " WHERE a.class IN ('income', 'expense') AND a.asset = 'NGN' AND e.effective_at >= :since",
        since=since,
    )[0]
    return Money(NGN, int(row.units))
