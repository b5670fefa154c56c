"""The whole books as streams: accounts, journals with their legs, prices, what every account holds at a moment.

Rows come a chunk at a time from a cursor of the server, so that the memory of whoever reads them does not grow with the
books. Read inside `core.db.whole_books()`: then every stream tells of the same moment, however long it takes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import text

from app.core.clock import WAT
from app.core.db import db, rows
from app.core.money import ASSETS, Money
from app.ledger.journal import Leg
from app.ledger.prices import Price

CHUNK_ROWS = 2_000


@dataclass(frozen=True)
class Span:
    """What was booked from `since` on and before `until`. None: from the first journal, up to the last."""

    since: datetime | None = None
    until: datetime | None = None

    def bounds(self) -> dict[str, object]:
        """The two moments as PostgreSQL takes them."""
        return {"since": self.since or "-infinity", "until": self.until or "infinity"}

    def __str__(self) -> str:
        since = f"from {instant(self.since)}" if self.since else "from the first journal"
        return since + (f" to before {instant(self.until)}" if self.until else " to the last")


@dataclass(frozen=True)
class Account:
    """An account, by the moment it was opened."""

    code: str
    asset: str
    opened_at: datetime


@dataclass(frozen=True)
class Holding:
    """What an account held at a moment: debits less credits."""

    code: str
    balance: Money


@dataclass(frozen=True)
class Booked:
    """A journal as it stands in the books. A leg's amount is positive for a debit."""

    id: int
    kind: str
    ref: str
    effective_at: datetime
    booked_at: datetime
    legs: tuple[Leg, ...]


_ACCOUNTS = """
SELECT code, asset, opened_at FROM ledger.accounts WHERE opened_at < CAST(:until AS timestamptz) ORDER BY code
"""
# A stripe's last entry before the moment tells what it held then: the running balance, not the sum of what is streamed.
_HOLDINGS = """
SELECT b.code, b.asset, sum(b.balance) AS units
  FROM ledger.balances_before(CAST(:moment AS timestamptz)) b JOIN ledger.accounts a ON a.id = b.account_id
 WHERE a.opened_at < CAST(:moment AS timestamptz) GROUP BY b.code, b.asset ORDER BY b.code
"""
_JOURNALS = """
SELECT j.id, j.kind, j.ref, j.effective_at, j.booked_at, a.code, e.asset, e.amount
  FROM ledger.journals j JOIN ledger.entries e ON e.journal_id = j.id JOIN ledger.accounts a ON a.id = e.account_id
 WHERE j.booked_at >= CAST(:since AS timestamptz) AND j.booked_at < CAST(:until AS timestamptz)
 ORDER BY e.journal_id, e.leg
"""
# Those of the span, and before it the last one of each asset, which still held when the span began.
_PRICES = """
SELECT p.asset, p.naira, p.at, p.source FROM ledger.prices p
 WHERE p.at < CAST(:until AS timestamptz) AND p.at >= coalesce(
       (SELECT max(q.at) FROM ledger.prices q WHERE q.asset = p.asset AND q.at <= CAST(:since AS timestamptz)),
       '-infinity')
 ORDER BY p.at, p.asset
"""


def accounts(span: Span) -> Iterator[Account]:
    """Every account opened before the span's end, by code."""
    for row in _stream(_ACCOUNTS, until=span.bounds()["until"]):
        yield Account(row.code, row.asset, row.opened_at)


def holdings(before: datetime | None = None) -> Iterator[Holding]:
    """What every account held just before a moment, by code; None: what it holds now."""
    for row in _stream(_HOLDINGS, moment=before or "infinity"):
        yield Holding(row.code, _money(row.asset, row.units))


def journals(span: Span) -> Iterator[Booked]:
    """The journals of the span with their legs, by id, which is nearly the order in which they were booked."""
    for _, legs in groupby(_stream(_JOURNALS, **span.bounds()), key=attrgetter("id")):
        found = list(legs)
        first = found[0]
        yield Booked(
            first.id,
            first.kind,
            first.ref,
            first.effective_at,
            first.booked_at,
            tuple(Leg(leg.code, _money(leg.asset, leg.amount)) for leg in found),
        )


def prices(span: Span) -> Iterator[Price]:
    """The stored prices of the span, oldest first, with those that held when it began."""
    for row in _stream(_PRICES, **span.bounds()):
        yield Price(row.asset, row.naira, row.at, row.source)


def sealed() -> tuple[int, int]:
    """How many blocks the seal has, and how many journals are in them."""
    found = rows("SELECT count(*) AS blocks, coalesce(sum(journals), 0) AS journals FROM ledger.blocks")[0]
    return int(found.blocks), int(found.journals)


def day(moment: datetime) -> date:
    """The day of a moment in Africa/Lagos."""
    return moment.astimezone(WAT).date()


def instant(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC with microseconds: `2026-11-21T09:00:00.000000+00:00`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _stream(statement: str, **parameters: object) -> Iterator[Any]:
    return iter(db.session.execute(text(statement), parameters, execution_options={"yield_per": CHUNK_ROWS}))


def _money(asset: str, units: Any) -> Money:
    return Money(ASSETS[asset], int(units))
