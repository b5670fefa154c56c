"""Reads of tie-out: sign-offs, days as they were proved, months that were closed, and what is told of an account."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from app.closing.models import Closing, ProofDay, Reopening, Signature
from app.closing.rules import DAYS_MAX, ONE_DAY, Span
from app.core import clock
from app.core.clock import WAT
from app.core.db import db, rows
from app.ledger import periods
from app.matching import queries as matching
from app.statements import queries as statements
from app.statements.models import Source
from app.statements.rules import Days, missing

_TOLD = """
SELECT a.account, a.source_id, a.asset FROM statement_accounts a JOIN statement_sources s ON s.id = a.source_id
 WHERE (s.retired_at IS NULL OR s.retired_at >= :since) AND (:account = '' OR a.account = :account)
   AND EXISTS (SELECT FROM statement_parts p JOIN statement_imports i ON i.id = p.import_id
                WHERE i.source_id = a.source_id AND p.asset = a.asset AND p.period_from <= :last)
 ORDER BY 1, 2
"""
_BEGUN = "SELECT min(effective_at) AS at FROM (SELECT effective_at FROM ledger.journals ORDER BY id LIMIT 1000) j"


@dataclass(frozen=True)
class Coverage:
    """A source, the days that it told of, and those of a span that it has not although it had begun to tell."""

    source: Source
    covered: tuple[Days, ...]
    missing: tuple[Days, ...]


def accounts_for_operators(span: Span) -> list[str]:
    """Accounts of which something was told by the end of these days."""
    return sorted({row.account for row in rows(_TOLD, account="", last=span.last, since=span.since)})


def coverage_for_operators(account: str, span: Span) -> list[Coverage]:
    """Every source of an account that had begun by then."""
    found = []
    for row in rows(_TOLD, account=account, last=span.last, since=span.since):
        source = statements.one_source_for_operators(row.source_id)
        covered = statements.coverage_for_operators(source.id, asset=row.asset)
        gaps = missing(covered, through=span.last)
        own = tuple(Days(max(each.first, span.first), each.last) for each in gaps if each.last >= span.first)
        found.append(Coverage(source, tuple(covered), own))
    return found


def untold_for_operators(account: str, span: Span) -> set[date]:
    """The days of a span of which a source of the account has not told, or none had begun to."""
    sources = coverage_for_operators(account, span)
    if not sources:
        return set(span.days)
    begun = min((each.covered[0].first for each in sources if each.covered), default=date.max)
    gaps = [days for each in sources for days in each.missing]
    return {day for day in span.days if day < begun or any(gap.first <= day <= gap.last for gap in gaps)}


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
    """Accounts that a source stands for."""
    return matching.accounts_for_system()
