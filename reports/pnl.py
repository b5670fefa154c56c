"""What was earned, spent and gained, by asset and by day, and what positions are worth now: from the books alone.

The method is in `app/exchange/pnl.py`; days that are over are not counted again (`app/exchange/days.py`), unless that
is asked for. `dev/pnl_from_beancount.py` gets the same figures from an export, without any of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.core import clock
from app.core.money import ASSETS, NGN, Money, plain, zero
from app.exchange import days
from app.exchange.days import BEGINNING
from app.exchange.pnl import Account, Line, worth
from app.ledger import prices


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


def report(*, since: date = BEGINNING, until: datetime | None = None, anew: bool = False) -> Report:
    """The lines of days from `since` on, of what took effect before `until`, and positions as they are then.

    Positions begin with the first journal, whatever `since` is. `anew`: every journal is gone through, and no day that
    was kept is believed. Read inside `core.db.whole_books()` where it is much.
    """
    moment = until or clock.now()
    kept = None if anew else days.newest_for_system(moment)
    account = Account(kept.holdings if kept else {})
    for told in days.told(moment, after=kept):
        account.read(told)
    before = days.lines_for_system(since, upto=kept) if kept else []
    counted = (*before, *account.lines, *days.in_naira(moment, since=since, after=kept))
    lines = [line for line in counted if line.day >= since]
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
