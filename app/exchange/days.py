"""What profit and loss are counted from, and the days that are over: kept, so that nobody counts them twice.

A kept day knows nothing that the books do not say: it can be made anew at any time, and nothing else is made of it than
what making it would make. It counts as long as no journal has been posted since that took effect by its end; a price
that is stored late for such a time takes it away (migrations/sql/0032_exchange.sql).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import delete, func, select, text

from app.core import clock
from app.core.clock import WAT
from app.core.db import db, rows
from app.core.money import NGN
from app.exchange.models import ResultDay
from app.exchange.pnl import Account, Holding, Line, Part, Told
from app.ledger.prices import Price

BEGINNING = date(1900, 1, 1)  # before which nothing can take effect
ONE_DAY = timedelta(days=1)
REST = timedelta(hours=1)  # what comes a little late is in it then, and it need not be made again
DAYS_AT_ONCE = 7  # so that prices, which wait for it, do not wait for long
# Journals that change our own position in something else than naira: what they put on accounts that are neither what
# we have nor what we owe, with the price that was stored when they took effect, in that order.
_PARTS = """
SELECT e.journal_id, e.effective_at, e.asset,
       CASE WHEN a.code LIKE 'equity:dealing:%' THEN 'equity:dealing' ELSE split_part(a.code, ':', 1) END AS kind,
       split_part(a.code, ':', 2) AS name, sum(e.amount) AS units,
       (SELECT p.naira FROM ledger.prices p
         WHERE p.asset = e.asset AND p.at <= e.effective_at ORDER BY p.at DESC LIMIT 1) AS naira
  FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id
 WHERE e.journal_id >= :first AND e.effective_at >= :since AND e.effective_at < :until
   AND a.class IN ('equity', 'income', 'expense') AND (e.asset <> 'NGN' OR a.code = 'equity:dealing:NGN')
 GROUP BY e.journal_id, e.effective_at, e.asset, 4, 5 ORDER BY e.effective_at, e.journal_id, e.asset, 4, 5
"""
_NAIRA = """
SELECT (e.effective_at AT TIME ZONE 'Africa/Lagos')::date AS day, split_part(a.code, ':', 2) AS name,
       coalesce(-sum(e.amount) FILTER (WHERE a.class = 'income'), 0) AS income,
       coalesce(sum(e.amount) FILTER (WHERE a.class = 'expense'), 0) AS expense
  FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id
 WHERE e.journal_id >= :first AND e.effective_at >= :since AND e.effective_at < :until
   AND e.asset = 'NGN' AND a.class IN ('income', 'expense')
 GROUP BY 1, 2 ORDER BY 1, 2
"""
_NEWEST = """
SELECT d.* FROM result_days d
 WHERE d.day < (CAST(:until AS timestamptz) AT TIME ZONE 'Africa/Lagos')::date
   AND NOT EXISTS (SELECT FROM ledger.journals j WHERE j.id > d.sealed_to
                    AND j.effective_at < (d.day + 1)::timestamp AT TIME ZONE 'Africa/Lagos')
 ORDER BY d.day DESC LIMIT 1
"""
_SEALED = "SELECT coalesce(max(last_id), 0) AS id FROM ledger.blocks"
_EARLIEST = "SELECT min(effective_at) AS at FROM ledger.journals WHERE id > :after"
_FIRST_AFTER = """
SELECT id FROM ledger.journals WHERE id >= :first AND id <= :sealed AND effective_at >= :ends ORDER BY id LIMIT 1
"""
# Who stores a price shares this lock until it is committed: what a day is made of has all prices there are by then.
_NO_PRICES_MEANWHILE = select(func.pg_advisory_xact_lock(func.hashtext("exchange.result_days")))


@dataclass(frozen=True)
class Kept:
    """The end of a day that is over: positions then. No journal before `later_from` took effect after it."""

    day: date
    later_from: int
    holdings: Mapping[str, Holding]

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return midnight(self.day + ONE_DAY)


def midnight(day: date) -> datetime:
    """The first moment of a day in Lagos."""
    return datetime.combine(day, time(), WAT)


def told(until: datetime, *, after: Kept | None = None) -> Iterator[Told]:
    """Every journal that took effect before a moment (and after a kept day), in the order in which they did."""
    since, first = (after.ends_at, after.later_from) if after else (midnight(BEGINNING), 0)
    for _, found in groupby(rows(_PARTS, first=first, since=since, until=until), key=attrgetter("journal_id")):
        parts = list(found)
        yield Told(
            _day_of(parts[0].effective_at),
            tuple(part for part in map(_part, _kinds(parts)) if part.units),
            {part.asset: _price(part) for part in parts if part.naira is not None},
        )


def in_naira(until: datetime, *, since: date, after: Kept | None = None) -> list[Line]:
    """What was earned and spent in naira from a day on (after a kept one), where there is nothing to value."""
    begins, first = midnight(since), 0
    if after is not None:
        begins, first = max(begins, after.ends_at), after.later_from
    found = rows(_NAIRA, first=first, since=begins, until=until)
    return [_line(day, list(same)) for day, same in groupby(found, key=attrgetter("day"))]


def newest_for_system(until: datetime) -> Kept | None:
    """The last kept day that had ended by a moment and still counts."""
    found = rows(_NEWEST, until=until)
    return Kept(found[0].day, found[0].later_from, _opened(found[0].positions)) if found else None


def lines_for_system(since: date, *, upto: Kept) -> list[Line]:
    """What the days from one on came to, up to a kept one that counts: those before it do, too."""
    wanted = select(ResultDay).where(ResultDay.day.between(since, upto.day)).order_by(ResultDay.day)
    return [_read(row.day, line) for row in db.session.scalars(wanted) for line in row.lines]


def keep() -> bool:
    """Keep the next days that are over, and forget those that count no more: whether there may be more to keep.

    Only journals that are sealed are final: a day of others is kept later.
    """
    db.session.execute(_NO_PRICES_MEANWHILE)
    db.session.execute(text("SET LOCAL statement_timeout = '60s'"))  # (many days come at once after a late journal)
    sealed = int(rows(_SEALED)[0].id)
    last = newest_for_system(clock.now())
    db.session.execute(delete(ResultDay).where(ResultDay.day > (last.day if last else BEGINNING)))
    begins = last.ends_at if last else rows(_EARLIEST, after=0)[0].at
    not_final = rows(_EARLIEST, after=sealed)[0].at
    if begins is None:
        return False
    day, over = _day_of(begins), _day_of(min(clock.now() - REST, not_final or clock.now()))
    upto = min(over, day + DAYS_AT_ONCE * ONE_DAY)
    if day >= upto:
        return False
    _keep(day, upto, after=last, sealed=sealed)
    return upto < over


def _keep(day: date, upto: date, *, after: Kept | None, sealed: int) -> None:
    """Write down the days from one on and before another, on what was at the end of the one before."""
    account, first = Account(after.holdings if after else {}), after.later_from if after else 0
    journals = {on: list(same) for on, same in groupby(told(midnight(upto), after=after), key=attrgetter("day"))}
    earned = {line.day: line for line in in_naira(midnight(upto), since=day, after=after)}
    while day < upto:
        for journal in journals.get(day, ()):
            account.read(journal)
        later = rows(_FIRST_AFTER, first=first, sealed=sealed, ends=midnight(day + ONE_DAY))
        first = later[0].id if later else sealed + 1
        lines = [*(line for line in account.lines if line.day == day), *([earned[day]] if day in earned else ())]
        db.session.add(
            ResultDay(
                day=day,
                sealed_to=sealed,
                later_from=first,
                positions={asset: [str(one.units), str(one.kobo)] for asset, one in account.holdings.items()},
                lines=[_written(line) for line in lines],
                made_at=clock.now(),
            )
        )
        day += ONE_DAY
    db.session.flush()


def _day_of(moment: datetime) -> date:
    return moment.astimezone(WAT).date()


def _kinds(parts: list[Any]) -> Iterator[list[Any]]:
    yield from (list(same) for _, same in groupby(parts, key=attrgetter("asset", "kind")))


def _part(same: list[Any]) -> Part:
    units = {row.name: int(row.units) for row in same}
    return Part(same[0].kind, same[0].asset, sum(units.values()), units)


def _price(part: Any) -> Price:
    return Price(part.asset, part.naira, part.effective_at, "")


def _line(day: date, same: list[Any]) -> Line:
    income, expense = sum(int(row.income) for row in same), sum(int(row.expense) for row in same)
    return Line(day, NGN.code, income, expense, names={row.name: int(row.income + row.expense) for row in same})


def _opened(written: Mapping[str, list[str]]) -> dict[str, Holding]:
    return {asset: Holding(int(units), int(kobo)) for asset, (units, kobo) in written.items()}


def _written(line: Line) -> dict[str, Any]:
    """Whole numbers as text: JSON's are not exact everywhere."""
    return {
        "asset": line.asset, "income": str(line.income), "expense": str(line.expense), "gain": str(line.gain),
        "unpriced": line.unpriced, "names": {name: str(kobo) for name, kobo in line.names.items()},
    }  # fmt: skip


def _read(day: date, line: Mapping[str, Any]) -> Line:
    income, expense, gain = (int(line[name]) for name in ("income", "expense", "gain"))
    names = {name: int(kobo) for name, kobo in line["names"].items()}
    return Line(day, line["asset"], income, expense, gain, line["unpriced"], names)
