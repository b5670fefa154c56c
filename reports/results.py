"""Profit and loss as people read it: by day and by asset, with what it is made of; whole kobo, from `reports.pnl`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from app.core.clock import WAT
from app.core.money import NGN, Money
from app.exchange.pnl import Line
from reports import pnl
from reports.pnl import Standing

# What orders earn and dealing costs, by the second word of their accounts. All else is `other`.
EARNED = ("spread", "trading_fees", "rounding")
SPENT = ("venue_fees",)

Key = TypeVar("Key", date, str)


@dataclass(frozen=True)
class Made:
    """What a result is made of, in naira: gained by what left our position, earned from orders, spent at venues."""

    realised: Money
    spread: Money
    fees: Money
    rounding: Money
    venue_fees: Money
    other: Money
    unpriced: int

    @property
    def result(self) -> Money:
        """All of it together."""
        return self.realised + self.spread + self.fees + self.rounding - self.venue_fees + self.other


@dataclass(frozen=True)
class Results:
    """The same of a span of days: by day, by asset, by both, and over all; and positions as they stood at its end."""

    by_day: dict[date, Made]
    by_asset: dict[str, Made]
    lines: list[tuple[date, str, Made]]
    whole: Made
    standings: dict[str, Standing]

    @property
    def unrealised(self) -> Money:
        """What positions would gain at the end, of those that have a price."""
        known = [one.unrealised.units for one in self.standings.values() if one.unrealised is not None]
        return Money(NGN, sum(known))


def of(*, since: date, until: datetime) -> Results:
    """Results of the days from `since` on, of what took effect before `until`; every day of them has a line."""
    report = pnl.report(since=since, until=until)
    lines = [line for line in report.lines if line.income or line.expense or line.gain or line.unpriced]
    last = (until - timedelta(microseconds=1)).astimezone(WAT).date()
    every = [since + timedelta(days=number) for number in range((last - since).days + 1)]
    by_day = _grouped(lines, lambda line: line.day)
    return Results(
        {day: by_day.get(day, _made([])) for day in every},
        _grouped(lines, lambda line: line.asset),
        [(line.day, line.asset, _made([line])) for line in lines],
        _made(lines),
        {one.position.asset.code: one for one in report.standings},
    )


def _grouped(lines: Iterable[Line], key: Callable[[Line], Key]) -> dict[Key, Made]:
    found: dict[Key, list[Line]] = {}
    for line in lines:
        found.setdefault(key(line), []).append(line)
    return {name: _made(some) for name, some in sorted(found.items())}


def _made(lines: Iterable[Line]) -> Made:
    some = list(lines)
    names = [_named(line.names) for line in some]
    spread, fees, rounding, spent = (sum(each[name] for each in names) for name in (*EARNED, *SPENT))
    every = sum(line.income - line.expense for line in some)
    return Made(
        realised=Money(NGN, sum(line.gain for line in some)),
        spread=Money(NGN, spread),
        fees=Money(NGN, fees),
        rounding=Money(NGN, rounding),
        venue_fees=Money(NGN, spent),
        other=Money(NGN, every - spread - fees - rounding + spent),
        unpriced=sum(line.unpriced for line in some),
    )


def _named(names: Mapping[str, int]) -> dict[str, int]:
    return {name: names.get(name, 0) for name in (*EARNED, *SPENT)}
