"""Reads of tie-out: sign-offs, days as they were proved, months that were closed, and what is told of an account."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.closing import figures
from app.closing.models import Closing, ProofDay, Reopening, Signature
from app.closing.rules import DAYS_MAX, ONE_DAY, Span
from app.core import clock
from app.core.clock import WAT
from app.core.db import db, rows
from app.ledger import periods
from app.ledger.chart import BANK, PAYSTACK, PAYSTACK_CLEARING, VENUE, WALLET
from app.matching import queries as matching
from app.statements import continuing
from app.statements import queries as statements
from app.statements.models import Source
from app.statements.rules import Days, missing

_TOLD = """
SELECT a.account, a.source_id, a.asset, p.named
  FROM statement_accounts a JOIN statement_sources s ON s.id = a.source_id
 CROSS JOIN LATERAL (
       SELECT bool_or(p.asset = a.asset) AS named FROM statement_parts p JOIN statement_imports i ON i.id = p.import_id
        WHERE i.source_id = a.source_id AND (i.tells_all OR p.asset = a.asset) AND p.period_from <= :last) p
 WHERE (s.retired_at IS NULL OR s.retired_at >= :since) AND (:account = '' OR a.account = :account)
   AND p.named IS NOT NULL
 ORDER BY 1, 2
"""
# What is held outside: whether a source tells of it at the end, and whether it moved since the last one that did.
_OUTSIDE = """
WITH own AS (
    SELECT a.id, coalesce(j.joins, a.code) AS account
      FROM ledger.accounts a LEFT JOIN matching_joined j ON j.account = a.code AND j.left_at IS NULL
     WHERE a.class = 'asset'
       AND (a.code LIKE ANY(:outside) OR j.account IS NOT NULL
            OR EXISTS (SELECT FROM statement_accounts m WHERE m.account = a.code))
), told AS (
    SELECT o.account, count(*) FILTER (WHERE m.created_at < :until) > 0 AS mapped,
           max(x.retired_at) FILTER (WHERE t.told) AS ended,
           coalesce(bool_or(t.told AND (x.retired_at IS NULL OR x.retired_at >= :until)), false) AS told
      FROM (SELECT DISTINCT account FROM own) o
      LEFT JOIN statement_accounts m ON m.account = o.account LEFT JOIN statement_sources x ON x.id = m.source_id
      LEFT JOIN LATERAL (
           SELECT EXISTS (SELECT FROM statement_imports i JOIN statement_parts p ON p.import_id = i.id
                           WHERE i.source_id = x.id AND (i.tells_all OR p.asset = m.asset)
                             AND (p.period_from <= :last OR p.closes_at > :since AND p.closes_at <= :until)
                         ) AS told) t ON true
     GROUP BY 1
)
SELECT t.account, t.mapped, t.told, t.ended,
       bool_or(EXISTS (SELECT FROM ledger.balances b
                         JOIN ledger.entries e ON e.account_id = b.account_id AND e.stripe = b.stripe
                          AND e.booked_at >= s.since AND e.booked_at < :until AND e.effective_at = e.booked_at
                        WHERE b.account_id = o.id)
               OR EXISTS (SELECT FROM ledger.entries e
                           WHERE e.account_id = o.id AND e.effective_at <> e.booked_at
                             AND e.effective_at >= s.since AND e.effective_at < :until)) AS moved
  FROM told t JOIN own o USING (account)
 CROSS JOIN LATERAL (SELECT CASE WHEN t.told THEN :since ELSE greatest(:since, t.ended) END AS since) s
 GROUP BY 1, 2, 3, 4 ORDER BY 1
"""
# (the others of this class are owed to us by those whom we know)
_PLACES = [template.partition("{")[0] + "%" for template in (PAYSTACK, PAYSTACK_CLEARING, BANK, VENUE, WALLET)]
_BEGUN = "SELECT min(effective_at) AS at FROM (SELECT effective_at FROM ledger.journals ORDER BY id LIMIT 1000) j"


@dataclass(frozen=True)
class Coverage:
    """A source, the days that it told of, and those of a span that it has not although it had begun to tell."""

    source: Source
    covered: tuple[Days, ...]
    missing: tuple[Days, ...]
    through: date  # the last day of which it is to tell


@dataclass(frozen=True)
class Outside:
    """An account that stands for something outside: what the books have of it, in coins, and who tells of it.

    `mapped`: by then a source stood for it; `told`: one tells of it at the end of the days; `moved`: it did in them, of
    one that nobody tells of since the last source that did was retired.
    """

    account: str
    mapped: bool
    told: bool
    moved: bool
    balance: Decimal


def accounts_for_operators(span: Span) -> list[str]:
    """Accounts of which something was told by then, or something booked where files that tell of all name it not."""
    named = {row.account for row in rows(_TOLD, account="", last=span.last, since=span.since) if row.named}
    return sorted(named | {one.account for one in outside_for_operators(span) if one.told})


def outside_for_operators(span: Span) -> list[Outside]:
    """Accounts that stand for something outside, where something is at the end of these days or moved in them."""
    found = rows(_OUTSIDE, outside=_PLACES, last=span.last, since=span.since, until=span.until)
    every = [
        Outside(row.account, row.mapped, row.told, row.moved, figures.booked_at(row.account, span.until))
        for row in found
    ]
    return [one for one in every if one.moved or one.balance]


def coverage_for_operators(account: str, span: Span) -> list[Coverage]:
    """Every source of an account that had begun by then, as one with those that it goes on with."""
    told = {row.source_id: row.asset for row in rows(_TOLD, account=account, last=span.last, since=span.since)}
    before = {source_id: continuing.before(statements.one_source_for_operators(source_id)) for source_id in told}
    found = []
    for source_id, asset in told.items():
        if any(source_id in others for others in before.values()):
            continue
        source = statements.one_source_for_operators(source_id)
        covered = statements.coverage_for_operators(source.id, asset=asset, before=before[source_id])
        through = span.last
        if source.retired_at is not None:  # (of the day itself it may have told in part)
            through = min(through, source.retired_at.astimezone(source.tz).date() - ONE_DAY)
        gaps = missing(covered, through=through)
        own = tuple(Days(max(each.first, span.first), each.last) for each in gaps if each.last >= span.first)
        found.append(Coverage(source, tuple(covered), own, through))
    return found


def untold_for_operators(account: str, span: Span) -> set[date]:
    """The days of a span of which a source of the account has not told, or none had begun to, or none does any more."""
    sources = coverage_for_operators(account, span)
    if not sources:
        return set(span.days)
    begun = min((each.covered[0].first for each in sources if each.covered), default=date.max)
    ended = max(max(each.through, *(days.last for days in each.covered)) for each in sources)
    gaps = [days for each in sources for days in each.missing]
    return {day for day in span.days if not begun <= day <= ended or any(gap.first <= day <= gap.last for gap in gaps)}


def signatures_for_operators(account: str, span: Span) -> list[Signature]:
    """Who signed a sheet, for these figures or for others, newest first."""
    own = select(Signature).where(
        Signature.account == account, Signature.first_on == span.first, Signature.last_on == span.last
    )
    return list(db.session.scalars(own.order_by(Signature.signed_at.desc(), Signature.id.desc())))


def days_for_operators(account: str, *, last: date, count: int) -> dict[date, ProofDay]:
    """How an account's days were proved, the last so many."""
    own = select(ProofDay).where(
        ProofDay.account == account, ProofDay.day <= last, ProofDay.day > last - timedelta(days=count)
    )
    return {one.day: one for one in db.session.scalars(own)}


def day_for_system(account: str, day: date) -> ProofDay | None:
    """How one day was proved, if it was."""
    own = select(ProofDay).where(ProofDay.account == account, ProofDay.day == day)
    return db.session.scalars(own.with_for_update()).one_or_none()


def closings_for_operators() -> list[tuple[Closing, Reopening | None]]:
    """Every closing, newest first, with its reopening."""
    found = select(Closing, Reopening).outerjoin(Reopening, Reopening.closing_id == Closing.id)
    return [(one, again) for one, again in db.session.execute(found.order_by(Closing.month.desc(), Closing.nth.desc()))]


def closing_for_operators(month: date) -> Closing | None:
    """What a month is closed on now."""
    return next((one for one, again in closings_for_operators() if again is None and one.month == month), None)


def reopenings_for_operators() -> list[tuple[Closing, Reopening]]:
    """Every month that was opened again, newest first: each later sheet says so."""
    return [(one, again) for one, again in closings_for_operators() if again is not None]


def month_for_operators(month: date) -> Any | None:
    """What the ledger says of a month; one that was closed with a later one is closed too. None while it is open."""
    found = periods.everything()
    own = next((row for row in found if row.month == month), None)
    return own or next((row for row in reversed(found) if row.month > month and row.state == "closed"), None)


def open_since_for_operators() -> date | None:
    """The first day that no closed month covers; None where nothing was booked yet."""
    closed = max((row.month for row in periods.everything() if row.state == "closed"), default=None)
    if closed is not None:
        return (closed + timedelta(days=32)).replace(day=1)
    begun = rows(_BEGUN)[0].at
    return begun.astimezone(WAT).date().replace(day=1) if begun else None


def open_days_for_system(account: str, *, last: date) -> date:
    """The first day within a year that an account was told of and no closed month covers; else the last."""
    told = [days.first for one in coverage_for_operators(account, Span(last, last)) for days in one.covered]
    since = [open_since_for_operators() or last, last - (DAYS_MAX - 1) * ONE_DAY]
    return max(min(told, default=last), *since)


def yesterday_for_system() -> date:
    """The last day in Lagos that is over."""
    return clock.now().astimezone(WAT).date() - ONE_DAY


def accounts_for_system() -> list[str]:
    """Accounts that a source stands for, or did."""
    return matching.accounts_for_system()
