"""What orders earned us: spread, fees and rounding, by day, side and asset, from the books alone.

The legs of orders' journals are what is summed; nothing is read from rows of orders. A day is one of West Africa
Time, by when a journal took effect.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from app.core.db import rows
from app.core.money import ASSETS, Asset, Money, zero
from app.trading.rules import Side

_LINES = """
SELECT (j.effective_at AT TIME ZONE 'Africa/Lagos')::date AS day, j.kind, e.asset,
       coalesce(sum(-e.amount) FILTER (WHERE a.code LIKE 'income:spread:%'), 0) AS spread,
       coalesce(sum(-e.amount) FILTER (WHERE a.code LIKE 'income:trading_fees:%'), 0) AS fees,
       coalesce(sum(-e.amount) FILTER (WHERE a.code LIKE 'income:rounding:%'), 0) AS rounding,
       count(DISTINCT j.id) AS orders
  FROM ledger.journals j
  JOIN ledger.entries e ON e.journal_id = j.id
  JOIN ledger.accounts a ON a.id = e.account_id
   AND a.code LIKE ANY (ARRAY['income:spread:%', 'income:trading_fees:%', 'income:rounding:%'])
 WHERE j.kind IN ('trading.bought', 'trading.sold', 'trading.swapped')
   AND j.effective_at >= :since AND j.effective_at < :until
   AND j.booked_at >= CAST(:since AS timestamptz) - interval '1 day'
 GROUP BY day, j.kind, e.asset ORDER BY day, e.asset, j.kind
"""
_SIDES = {"trading.bought": Side.BUY, "trading.sold": Side.SELL, "trading.swapped": Side.SWAP}


@dataclass(frozen=True)
class Sums:
    """What was earned in one asset."""

    spread: Money
    fees: Money
    rounding: Money

    @property
    def asset(self) -> Asset:
        """In what."""
        return self.spread.asset

    @property
    def total(self) -> Money:
        """All three."""
        return self.spread + self.fees + self.rounding


@dataclass(frozen=True)
class Line(Sums):
    """The same, of orders of one side on one day, and of how many."""

    day: date
    side: Side
    orders: int


def earned(*, since: datetime, until: datetime) -> list[Line]:
    """What was earned from one moment on and before another, by day, asset and side; days without orders are left out.

    What earned nothing at all, not a unit, has no leg and no line.
    """
    return [
        Line(
            spread=Money(ASSETS[row.asset], int(row.spread)),
            fees=Money(ASSETS[row.asset], int(row.fees)),
            rounding=Money(ASSETS[row.asset], int(row.rounding)),
            day=row.day,
            side=_SIDES[row.kind],
            orders=row.orders,
        )
        for row in rows(_LINES, since=since, until=until)
    ]


def totals(lines: Iterable[Line]) -> dict[str, Sums]:
    """The same over all days and sides, by asset code."""
    found: dict[str, Sums] = {}
    for line in lines:
        nothing = zero(line.asset)
        was = found.get(line.asset.code, Sums(nothing, nothing, nothing))
        found[line.asset.code] = Sums(was.spread + line.spread, was.fees + line.fees, was.rounding + line.rounding)
    return found
