"""What a customer's assets cost and brought them, and what they were worth over time: from the journals alone.

Bought and sold for naira counts at the naira of the same journal; everything else at the price of its moment, as the
books keep it (`ledger.prices`). How gains are reckoned stands in `reports/holdings.py`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from app.core.db import rows
from app.core.money import ASSETS, NGN, Money
from reports.holdings import Holding, Move, held

# The customer's own legs of each journal, one row per asset. Only what naira does not value is looked up in the prices.
_MOVES = """
WITH mine AS (
    SELECT e.journal_id, e.asset, -sum(e.amount) AS units, min(e.effective_at) AS at
      FROM wallets w
      JOIN ledger.balances b ON b.code = w.account AND b.stripe = 0
      JOIN ledger.entries e ON e.account_id = b.account_id
     WHERE w.customer_id = :customer
     GROUP BY e.journal_id, e.asset
), valued AS (
    SELECT m.*, sum(m.units) FILTER (WHERE m.asset = 'NGN') OVER j AS naira, count(*) OVER j AS assets
      FROM mine m WINDOW j AS (PARTITION BY m.journal_id)
)
SELECT v.journal_id, v.asset, v.units, v.naira, v.assets, p.naira AS price
  FROM valued v LEFT JOIN LATERAL (
       SELECT p.naira FROM ledger.prices p WHERE p.asset = v.asset AND p.at <= v.at
        ORDER BY p.at DESC LIMIT 1) p ON v.naira IS NULL
 WHERE v.asset <> 'NGN' AND v.units <> 0
   AND (:ticker = '' OR v.journal_id IN (SELECT m.journal_id FROM mine m WHERE split_part(m.asset, '.', 1) = :ticker))
 ORDER BY v.journal_id, v.units, v.asset
"""
_BEGAN = """
SELECT min(f.at) AS at FROM wallets w JOIN ledger.balances b ON b.code = w.account AND b.stripe = 0
 CROSS JOIN LATERAL (SELECT min(e.effective_at) AS at FROM ledger.entries e
                      WHERE e.account_id = b.account_id AND e.stripe = 0) f
 WHERE w.customer_id = :customer
"""
# What each wallet held at each moment, and the price then.
_HISTORY = """
SELECT m.at, sum(CASE WHEN w.asset = 'NGN' THEN h.units
                      ELSE trunc(h.units * p.naira * 100 / power(10::numeric, a.decimals)) END) AS kobo,
       bool_and(w.asset = 'NGN' OR h.units = 0 OR p.naira IS NOT NULL) AS known
  FROM unnest(CAST(:moments AS timestamptz[])) m (at)
  CROSS JOIN wallets w
  JOIN ledger.assets a ON a.code = w.asset
  LEFT JOIN LATERAL (SELECT coalesce(-sum(e.amount), 0) AS units
                       FROM ledger.balances b JOIN ledger.entries e ON e.account_id = b.account_id
                      WHERE b.code = w.account AND b.stripe = 0 AND e.effective_at <= m.at) h ON true
  LEFT JOIN LATERAL (SELECT p.naira FROM ledger.prices p WHERE p.asset = w.asset AND p.at <= m.at AND h.units <> 0
                      ORDER BY p.at DESC LIMIT 1) p ON true
 WHERE w.customer_id = :customer
 GROUP BY m.at ORDER BY m.at
"""


def of_customer(*, customer_id: str, ticker: str = "") -> dict[str, Holding]:
    """Each asset that ever moved in the customer's wallets, by its code; naira is the measure and has no gain.

    With a `ticker` only its own are whole: nothing else is looked through.
    """
    return held(_moves(customer_id, ticker))


def history(moments: Sequence[datetime], *, customer_id: str) -> list[tuple[datetime, Decimal]]:
    """What all wallets together were worth in naira at each moment, rounded towards zero by wallet.

    A moment at which the price of something held was not known is left out: it would show a loss that never was.
    """
    found = rows(_HISTORY, moments=list(moments), customer=customer_id)
    return [(row.at, Decimal(int(row.kobo)).scaleb(-2)) for row in found if row.known]


def began(*, customer_id: str) -> datetime | None:
    """When something was booked in any of the customer's wallets first; None while nothing was."""
    found: datetime | None = rows(_BEGAN, customer=customer_id)[0].at
    return found


def gain(holding: Holding, worth: Money | None) -> Money | None:
    """What it would bring above its cost, were it sold at this price; None where price or cost is not known."""
    return worth - Money(NGN, holding.cost) if worth is not None and holding.known else None


def _moves(customer_id: str, ticker: str) -> Iterator[Move]:
    for _, journal in groupby(rows(_MOVES, customer=customer_id, ticker=ticker), key=lambda row: row.journal_id):
        legs = list(journal)
        given = _worth_of_given(legs)
        for leg in legs:
            yield Move(leg.asset, int(leg.units), _kobo(leg, given), sold=leg.assets > 1)


def _worth_of_given(legs: list[Any]) -> int | None:
    """A swap counts at what was given; at what was got where that has no price."""
    worth = [_at_price(leg) for leg in sorted(legs, key=lambda leg: leg.units)]
    return next((one for one in worth if one is not None), None)


def _kobo(leg: Any, given: int | None) -> int | None:
    if leg.naira is not None:
        return abs(int(leg.naira))
    return given if leg.assets > 1 else _at_price(leg)


def _at_price(leg: Any) -> int | None:
    """Rounded towards zero: a part of a kobo is nobody's cost."""
    if leg.price is None:
        return None
    above, below = leg.price.as_integer_ratio()
    return int(abs(int(leg.units)) * above * 10**NGN.decimals // (below * 10 ** ASSETS[leg.asset].decimals))
