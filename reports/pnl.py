"""What was earned, spent and gained, by asset and by day, and what positions are worth now: from the books alone.

The method is in `app/exchange/pnl.py`; `dev/pnl_from_beancount.py` gets the same figures from an export without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from app.core import clock
from app.core.clock import WAT
from app.core.db import rows
from app.core.money import ASSETS, NGN, Money, plain, zero
from app.exchange.pnl import Account, Line, Part, Told, worth
from app.ledger import prices
from app.ledger.prices import Price

BEGINNING = date(1970, 1, 1)
# Journals that change our own position in something else than naira: what they put on accounts that are neither what
# we have nor what we owe, with the price that was stored when they took effect, in that order.
_PARTS = """
SELECT e.journal_id, e.effective_at, e.asset,
       CASE WHEN a.code LIKE 'equity:dealing:%' THEN 'equity:dealing' ELSE split_part(a.code, ':', 1) END AS kind,
       split_part(a.code, ':', 2) AS name, sum(e.amount) AS units,
       (SELECT p.naira FROM ledger.prices p
         WHERE p.asset = e.asset AND p.at <= e.effective_at ORDER BY p.at DESC LIMIT 1) AS naira
  FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id
 WHERE e.effective_at < :until AND split_part(a.code, ':', 1) IN ('equity', 'income', 'expense')
   AND (e.asset <> 'NGN' OR a.code = 'equity:dealing:NGN')
 GROUP BY e.journal_id, e.effective_at, e.asset, 4, 5 ORDER BY e.effective_at, e.journal_id, e.asset, 4, 5
"""
_NAIRA = """
SELECT (e.effective_at AT TIME ZONE 'Africa/Lagos')::date AS day, split_part(a.code, ':', 2) AS name,
       coalesce(-sum(e.amount) FILTER (WHERE a.code LIKE 'income:%'), 0) AS income,
       coalesce(sum(e.amount) FILTER (WHERE a.code LIKE 'expense:%'), 0) AS expense
  FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id
 WHERE e.effective_at < :until AND e.asset = 'NGN' AND (a.code LIKE 'income:%' OR a.code LIKE 'expense:%')
 GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Standing:
    """Our own position in one asset at the end: what it cost, what it is worth (None: no price), both in naira."""

    position: Money
    cost: Money
    worth: Money | None

    @property
    def average(self) -> Decimal | None:
        """What a whole coin of it cost in naira, cut to kobo; None where there is none of it."""
        if not self.position.units:
            return None
        kobo = abs(self.cost.units) * 10**self.position.asset.decimals // abs(self.position.units)
        return Decimal(kobo).scaleb(-NGN.decimals)

    @property
    def unrealised(self) -> Money | None:
        """What it would gain now."""
        return None if self.worth is None else self.worth - self.cost


@dataclass(frozen=True)
class Report:
    """Lines by day and asset in kobo, and positions at the end."""

    lines: list[Line]
    standings: list[Standing]

    @property
    def result(self) -> Money:
        """Income less expenses, with what was gained, in naira."""
        return Money(NGN, sum(line.income - line.expense + line.gain for line in self.lines))

    @property
    def unrealised(self) -> Money:
        """What positions would gain now, of those that have a price."""
        return sum((one.unrealised for one in self.standings if one.unrealised is not None), zero(NGN))

    @property
    def unpriced(self) -> int:
        """How many changes had no price."""
        return sum(line.unpriced for line in self.lines)


def report(*, since: date = BEGINNING, until: datetime | None = None) -> Report:
    """The lines of days from `since` on, of what took effect before `until`, and positions as they are then.

    Positions begin with the first journal, whatever `since` is. Read inside `core.db.whole_books()` where it is much.
    """
    moment = until or clock.now()
    account = Account()
    for told in _told(moment):
        account.read(told)
    lines = [line for line in (*account.lines, *_naira(moment)) if line.day >= since]
    stored = prices.as_of(moment)
    standings = []
    for asset, holding in sorted(account.holdings.items()):
        kobo = worth(holding, asset, stored)
        standings.append(
            Standing(
                Money(ASSETS[asset], holding.units),
                Money(NGN, holding.kobo),
                None if kobo is None else Money(NGN, kobo),
            )
        )
    return Report(sorted(lines, key=lambda line: (line.day, line.asset)), standings)


def written(told: Report) -> Iterator[str]:
    """The report as lines of csv, in naira: what each day earned, spent and gained, then positions."""
    yield "day,asset,income,expense,gain"
    for line in told.lines:
        amounts = (line.income, line.expense, line.gain)
        if any(amounts):
            yield ",".join([str(line.day), line.asset, *(plain(Money(NGN, kobo)) for kobo in amounts)])
    yield "asset,position,cost,worth,unrealised"
    for one in told.standings:
        tail = ["" if each is None else plain(each) for each in (one.worth, one.unrealised)]
        yield ",".join([one.position.asset.code, str(one.position.units), plain(one.cost), *tail])


def _told(until: datetime) -> Iterator[Told]:
    for _, found in groupby(rows(_PARTS, until=until), key=attrgetter("journal_id")):
        parts = list(found)
        yield Told(
            parts[0].effective_at.astimezone(WAT).date(),
            tuple(part for part in map(_part, _kinds(parts)) if part.units),
            {part.asset: _price(part) for part in parts if part.naira is not None},
        )


def _kinds(parts: list[Any]) -> Iterator[list[Any]]:
    yield from (list(same) for _, same in groupby(parts, key=attrgetter("asset", "kind")))


def _part(same: list[Any]) -> Part:
    units = {row.name: int(row.units) for row in same}
    return Part(same[0].kind, same[0].asset, sum(units.values()), units)


def _price(part: Any) -> Price:
    return Price(part.asset, part.naira, part.effective_at, "")


def _naira(until: datetime) -> list[Line]:
    """What was earned and spent in naira, where there is nothing to value."""
    found = rows(_NAIRA, until=until)
    return [_line(day, list(same)) for day, same in groupby(found, key=attrgetter("day"))]


def _line(day: date, same: list[Any]) -> Line:
    income, expense = sum(int(row.income) for row in same), sum(int(row.expense) for row in same)
    return Line(day, NGN.code, income, expense, names={row.name: int(row.income + row.expense) for row in same})
