"""What orders earned us: spread, fees and rounding, by day, side and asset, from the books alone.

The legs of an order's journal are what is summed; nothing is read from rows of orders. A day is one of West Africa Time,
by when the journal took effect.
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
class Line:
    """What orders of one side earned in one asset on one day."""

    day: date
    side: Side
    spread: Money
    fees: Money
    rounding: Money
    orders: int

    @property
    def asset(self) -> Asset:
        """In what it was earned."""
        return self.spread.asset

    @property
    def total(self) -> Money:
        """All three."""
        return self.spread + self.fees + self.rounding


def earned(*, since: datetime, until: datetime) -> list[Line]:
    """What was earned from one moment on and before another, by day, asset and side; days without an order are left out.

    What earned nothing at all, not a unit, has no leg and no line.
    """
    return [
        Line(
            row.day,
            _SIDES[row.kind],
            spread=Money(ASSETS[row.asset], int(row.spread)),
            fees=Money(ASSETS[row.asset], int(row.fees)),
            rounding=Money(ASSETS[row.asset], int(row.rounding)),
            orders=row.orders,
        )
        for row in rows(_LINES, since=since, until=until)
    ]


def totals(lines: Iterable[Line]) -> dict[str, Line]:
    """The sums by asset code, over all sides; the day is the last of them."""
    found: dict[str, Line] = {}
    for line in lines:
        was = found.get(line.asset.code)
        nothing = zero(line.asset)
        found[line.asset.code] = Line(
            max(line.day, was.day) if was else line.day,
            line.side,
            spread=line.spread + (was.spread if was else nothing),
            fees=line.fees + (was.fees if was else nothing),
            rounding=line.rounding + (was.rounding if was else nothing),
            orders=line.orders + (was.orders if was else 0),
        )
    return found
