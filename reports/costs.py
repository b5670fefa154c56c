"""What each wallet's content cost, walked through its journals from where the last walk was kept.

Bought and sold for naira counts at the naira of the same journal; everything else at the price of its moment, as the
books keep it (`ledger.prices`). How gains are reckoned stands in `reports/holdings.py`. A wallet's entries are counted
in the order of their `seq`, in which they were booked one after the other: what is kept once is never passed by.
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from app.core.db import rows
from app.core.money import ASSETS, NGN
from reports.holdings import Holding, Move

EVERYTHING = 2**31 - 1
_KEPT = """
SELECT w.id, w.asset, c.seq, c.units, c.cost_kobo, c.realised_kobo, c.known
  FROM wallets w LEFT JOIN wallet_costs c ON c.wallet_id = w.id
 WHERE w.customer_id = :customer AND w.asset <> 'NGN' AND (:asset IN ('', w.asset, split_part(w.asset, '.', 1)))
"""
# The journals since then, each with all of the customer's own legs in it, one row per asset. Only what naira does not
# value is looked up in the prices.
_NEWS = """
WITH own AS MATERIALIZED (
    SELECT w.asset, b.account_id, coalesce(c.seq, 0) AS seq, coalesce(c.booked_at, '-infinity') AS booked_at,
           w.asset <> 'NGN' AND :asset IN ('', w.asset, split_part(w.asset, '.', 1)) AS asked
      FROM wallets w JOIN ledger.balances b ON b.code = w.account AND b.stripe = 0
      LEFT JOIN wallet_costs c ON c.wallet_id = w.id
     WHERE w.customer_id = :customer
), news AS MATERIALIZED (
    SELECT DISTINCT e.journal_id FROM own o CROSS JOIN LATERAL (
           SELECT e.journal_id FROM ledger.entries e
            WHERE e.account_id = o.account_id AND e.stripe = 0 AND (e.booked_at, e.seq) > (o.booked_at, o.seq)
              AND e.booked_at < :until
            ORDER BY e.booked_at, e.seq LIMIT :most) e
     WHERE o.asked
), legs AS (
    SELECT e.journal_id, e.asset, -sum(e.amount) AS units, min(e.effective_at) AS at, max(e.seq) AS seq,
           max(e.booked_at) AS booked_at, bool_or(o.asked AND e.seq > o.seq) AS counts
      FROM news n JOIN ledger.entries e ON e.journal_id = n.journal_id JOIN own o ON o.account_id = e.account_id
     GROUP BY e.journal_id, e.asset
), valued AS (
    SELECT l.*, sum(l.units) FILTER (WHERE l.asset = 'NGN') OVER j AS naira, count(*) OVER j AS assets
      FROM legs l WINDOW j AS (PARTITION BY l.journal_id)
)
SELECT v.journal_id, v.asset, v.units, v.seq, v.booked_at, v.counts, v.naira, v.assets, p.naira AS price
  FROM valued v LEFT JOIN LATERAL (
       SELECT p.naira FROM ledger.prices p WHERE p.asset = v.asset AND p.at <= v.at
        ORDER BY p.at DESC LIMIT 1) p ON v.naira IS NULL
 WHERE v.asset <> 'NGN'
 ORDER BY v.journal_id, v.units, v.asset
"""
_BEHIND = """
SELECT w.id, w.customer_id, w.asset
  FROM wallets w JOIN ledger.balances b ON b.code = w.account AND b.stripe = 0
  LEFT JOIN wallet_costs c ON c.wallet_id = w.id
 WHERE w.asset <> 'NGN' AND w.id > :after AND b.seq - coalesce(c.seq, 0) >= :many
 ORDER BY w.id LIMIT :limit
"""


@dataclass(frozen=True)
class Behind:
    """A wallet with much that happened since its cost was kept."""

    wallet_id: str
    customer_id: str
    asset: str


@dataclass
class Cost:
    """A wallet's holding, and up to which of its entries; `since` is where the walk began, 0 for the beginning."""

    wallet_id: str
    since: int
    holding: Holding
    seq: int = 0
    booked_at: datetime | None = None
    _moves: list[tuple[int, datetime, Move]] = field(default_factory=list)

    def later(self, seq: int, booked_at: datetime, move: Move) -> None:
        """Something that happened, in whatever order it is told."""
        self._moves.append((seq, booked_at, move))

    def walk(self) -> None:
        """Let it happen, in the order in which it did."""
        for seq, booked_at, move in sorted(self._moves, key=lambda told: told[0]):
            if move.units:
                self.holding.take(move)
            self.seq, self.booked_at = seq, booked_at
        self._moves.clear()


def of_customer(
    *, customer_id: str, asset: str = "", until: datetime | None = None, most: int = EVERYTHING
) -> dict[str, Cost]:
    """Each wallet but naira's by its asset, after what was booked before `until`; with an asset or ticker, its alone.

    `most` bounds how many entries of each wallet are walked through.
    """
    found = {row.asset: _kept(row) for row in rows(_KEPT, customer=customer_id, asset=asset)}
    news = rows(_NEWS, customer=customer_id, asset=asset, until=until or "infinity", most=most)
    for _, journal in groupby(news, key=lambda row: row.journal_id):
        legs = list(journal)
        given = _worth_of_given(legs)
        for leg in legs:
            if leg.counts:
                move = Move(leg.asset, int(leg.units), _kobo(leg, given), sold=leg.assets > 1)
                found[leg.asset].later(leg.seq, leg.booked_at, move)
    for cost in found.values():
        cost.walk()
    return found


def behind_for_system(*, many: int, after: str, limit: int) -> list[Behind]:
    """Wallets with at least so many entries since their cost was kept, in the order of their ids after this one."""
    found = rows(_BEHIND, many=many, after=after, limit=limit)
    return [Behind(row.id, row.customer_id, row.asset) for row in found]


def _kept(row: Any) -> Cost:
    if row.seq is None:
        return Cost(row.id, 0, Holding())
    holding = Holding(int(row.units), int(row.cost_kobo), int(row.realised_kobo), row.known)
    return Cost(row.id, row.seq, holding, seq=row.seq)


def _worth_of_given(legs: list[Any]) -> int | None:
    """A swap counts at what was given; at what was got where that has no price."""
    worth = (_at_price(leg) for leg in sorted(legs, key=lambda leg: leg.units))
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
