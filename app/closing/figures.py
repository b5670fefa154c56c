"""The figures of an account over days: both sides day by day, and what explains each difference. Amounts in coins.

Told is what its sources told, booked what took effect in the books, both from their beginning to a day's end in Lagos.
Their difference is explained by what is open (breaks), by matches that differ, and by matches whose line and entry lie
on different sides of the day's end. A line of a closed month that came after its closing counts from that month's end,
and so does what an account had booked before it came to be counted with another.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from app.closing import rules
from app.closing.rules import Span, written
from app.core.db import db, rows
from app.core.money import ASSETS, Money
from app.ledger import balances

ZERO = Decimal(0)
IN_TRANSIT, DIFFERING = "in_transit", "differing"
# (three columns joined are taken for one row, and a million would be looked up one by one)
_AT_LEISURE = (
    "SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true),"
    " set_config('work_mem', '256MB', true)"
)
_AS_BEFORE = "SELECT set_config('enable_nestloop', 'on', true), set_config('work_mem', :work_mem, true)"
_SIDES = """
WITH own AS MATERIALIZED (
    SELECT * FROM matching_books(:account)),
cuts AS MATERIALIZED (SELECT ends_at, lines_upto FROM period_cuts),
live AS (SELECT m.line_id, m.journal_id, m.leg FROM matches m WHERE m.ended_by IS NULL),
lines AS (
    SELECT greatest(l.at, (SELECT max(c.ends_at) FROM cuts c WHERE l.id > c.lines_upto AND l.at < c.ends_at)) AS at,
           l.delta AS amount, m.line_id IS NOT NULL AS matched
      FROM statement_accounts a JOIN statement_lines l ON l.source_id = a.source_id AND l.asset = a.asset
      LEFT JOIN live m ON m.line_id = l.id
     WHERE a.account = :account AND l.at < :until),
entries AS (
    SELECT greatest(e.effective_at, o.since) AS at, e.amount * o.unit AS amount, m.journal_id IS NOT NULL AS matched
      FROM own o JOIN ledger.entries e ON e.account_id = o.id
      LEFT JOIN live m ON m.journal_id = e.journal_id AND m.leg = e.leg
     WHERE e.effective_at < :until),
open AS (
    SELECT coalesce(greatest(l.at, (SELECT max(c.ends_at) FROM cuts c WHERE l.id > c.lines_upto AND l.at < c.ends_at)),
                    b.at) AS at,
           b.amount, CASE WHEN b.group_id IS NULL THEN b.reason ELSE 'differing' END AS reason
      FROM breaks b LEFT JOIN statement_lines l ON l.id = b.line_id
     WHERE b.account = :account AND b.closed_by IS NULL),
every AS (
    SELECT 'line' AS what, at, amount, matched FROM lines
     UNION ALL SELECT 'entry', at, amount, matched FROM entries
     UNION ALL SELECT reason, at, amount, false FROM open)
SELECT what, CASE WHEN at >= :since THEN (at AT TIME ZONE 'Africa/Lagos')::date END AS day, count(*) AS n,
       sum(amount) AS amount, coalesce(sum(amount) FILTER (WHERE matched), 0) AS matched
  FROM every WHERE at < :until GROUP BY 1, 2
"""


_JOINED = """
SELECT k.code, k.unit, CASE WHEN a.class IN ('asset', 'expense') THEN 1 ELSE -1 END AS side
  FROM matching_books(:account) k JOIN ledger.accounts a ON a.id = k.id
 WHERE k.since IS NULL OR k.since <= :moment
"""


@dataclass(frozen=True)
class Day:
    """One day: how it ended, what moved on each side, and what the difference at its end is explained by.

    `breaks` are lines and entries that are in no match, `matched` what matches differ by as far as they lie before
    the day's end.
    """

    day: date
    lines: int
    entries: int
    told: Decimal
    booked: Decimal
    closing_told: Decimal
    closing_booked: Decimal
    breaks: Decimal
    matched: Decimal

    @property
    def opening_told(self) -> Decimal:
        """How the day began for the tellers."""
        return self.closing_told - self.told

    @property
    def opening_booked(self) -> Decimal:
        """How it began in the books."""
        return self.closing_booked - self.booked

    @property
    def difference(self) -> Decimal:
        """What is told less what is booked, at its end."""
        return self.closing_told - self.closing_booked

    @property
    def explained(self) -> Decimal:
        """What of that has a name."""
        return self.breaks + self.matched

    @property
    def ties(self) -> bool:
        """Whether all of it has."""
        return self.difference == self.explained


@dataclass(frozen=True)
class Reason:
    """What explains some of the difference at the end: why, how many of it, by how much."""

    name: str
    count: int
    amount: Decimal


@dataclass(frozen=True)
class Figures:
    """An account over days."""

    account: str
    span: Span
    opening_told: Decimal
    opening_booked: Decimal
    days: tuple[Day, ...]
    reasons: tuple[Reason, ...]

    @property
    def last(self) -> Day:
        """How it ended."""
        return self.days[-1]

    @property
    def told(self) -> Decimal:
        """What was told in these days."""
        return self.last.closing_told - self.opening_told

    @property
    def booked(self) -> Decimal:
        """What took effect in the books in these days."""
        return self.last.closing_booked - self.opening_booked

    def written(self) -> dict[str, Any]:
        """As they are signed and kept: numbers are text, for those of JSON are not exact."""
        return {
            "account": self.account,
            "from": self.span.first.isoformat(),
            "to": self.span.last.isoformat(),
            "opening": [written(self.opening_told), written(self.opening_booked)],
            "closing": [written(self.last.closing_told), written(self.last.closing_booked)],
            "reasons": [[one.name, one.count, written(one.amount)] for one in self.reasons],
            "days": [
                [one.day.isoformat(), one.lines, one.entries, *map(written, (one.told, one.booked, one.explained))]
                for one in self.days
            ],
        }

    @property
    def digest(self) -> bytes:
        """What a sign-off is bound to."""
        return rules.digest_of(self.written())


def read(kept: Mapping[str, Any]) -> Figures:
    """Figures as they were kept; what explained each day's difference is one number then."""
    told, booked = map(Decimal, kept["opening"])
    before, days = (told, booked), []
    for name, lines, entries, *amounts in kept["days"]:
        more, posted, explained = map(Decimal, amounts)
        told, booked = told + more, booked + posted
        days.append(Day(date.fromisoformat(name), lines, entries, more, posted, told, booked, explained, ZERO))
    span = Span(date.fromisoformat(kept["from"]), date.fromisoformat(kept["to"]))
    reasons = tuple(Reason(name, count, Decimal(amount)) for name, count, amount in kept["reasons"])
    return Figures(kept["account"], span, *before, tuple(days), reasons)


@contextmanager
def at_leisure() -> Iterator[None]:
    """Read whole sets; afterwards the transaction is as it was."""
    work_mem = rows("SELECT current_setting('work_mem') AS work_mem")[0].work_mem
    db.session.execute(text(_AT_LEISURE))
    yield
    db.session.execute(text(_AS_BEFORE), {"work_mem": work_mem})


def of(account: str, span: Span) -> Figures:
    """The figures of an account over days, as statements, books and matches are now."""
    with at_leisure():
        found = rows(_SIDES, account=account, since=span.since, until=span.until)
    moved: dict[date | None, dict[str, tuple[int, Decimal, Decimal]]] = defaultdict(dict)
    for row in found:
        moved[row.day][row.what] = (row.n, row.amount, row.matched)
    before = _sums(moved[None])
    told, booked, breaks, matched = before
    days = []
    for day in span.days:
        own = moved[day]
        change = _sums(own)
        told, booked = told + change[0], booked + change[1]
        breaks, matched = breaks + change[2], matched + change[3]
        counts = (own.get("line", (0,))[0], own.get("entry", (0,))[0])
        days.append(Day(day, *counts, change[0], change[1], told, booked, breaks, matched))
    return Figures(account, span, before[0], before[1], tuple(days), _reasons(found, matched))


def _sums(own: dict[str, tuple[int, Decimal, Decimal]]) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Told, booked, open, and what matched lines have more than matched entries."""
    line, entry = (own.get(side, (0, ZERO, ZERO)) for side in ("line", "entry"))
    breaks = sum((each[1] for what, each in own.items() if what not in {"line", "entry", DIFFERING}), ZERO)
    return line[1], entry[1], breaks, line[2] - entry[2]


def _reasons(found: list[Any], matched: Decimal) -> tuple[Reason, ...]:
    """What is open at the end by its reason; of matches what differs for good, and what only lies across the end."""
    sums: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, ZERO))
    for row in found:
        if row.what not in {"line", "entry"}:
            count, amount = sums[row.what]
            sums[row.what] = (count + row.n, amount + row.amount)
    differing = sums[DIFFERING]
    if not differing[0]:
        del sums[DIFFERING]
    reasons = [Reason(name, count, amount) for name, (count, amount) in sorted(sums.items())]
    if across := matched - differing[1]:
        reasons.append(Reason(IN_TRANSIT, 0, across))
    return tuple(reasons)


def booked_at(account: str, moment: datetime) -> Decimal:
    """What the books have of an account at a moment, by their running balances: no entry is added up."""
    return sum(parts_at(account, moment).values(), ZERO)


def parts_at(account: str, moment: datetime) -> dict[str, Decimal]:
    """The same of each account that is counted as one with it, by then."""
    found = rows(_JOINED, account=account, moment=moment)
    return {row.code: balances.effective_at(row.code, moment) * row.side * row.unit for row in found}


def booked_between(account: str, before: datetime, until: datetime) -> Money:
    """What the books moved after one moment up to another, by the same."""
    asset = ASSETS[account.rpartition(":")[2]]
    moved = booked_at(account, until) - booked_at(account, before)
    return Money(asset, int(moved.scaleb(asset.decimals)))
