"""What a customer's assets cost and brought them, and what they were worth over time: from the journals alone.

Bought and sold for naira counts at the naira of the same journal; everything else at the price of its moment, as the
books keep it (`ledger.prices`). How gains are reckoned stands in `reports/holdings.py`.

Journals never change, so each process keeps how far it has read somebody's accounts and what that came to, and reads on
from there: who has moved things fifty thousand times does not wait for all of it on each page. Whose wallets they are
the database says each time.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from threading import Lock
from typing import Any

from app.core.db import in_transaction, rows
from app.core.money import ASSETS, NGN, Money
from reports.holdings import Holding, Move, held

# The customer's own legs of each journal after what was read before, one row per asset; then the place up to which each
# account was read (its entries' times and numbers only grow). Only what naira does not value is looked up in prices.
_MOVES = """
WITH mine AS (
    SELECT e.journal_id, e.asset, -sum(e.amount) AS units, min(e.effective_at) AS at, max(e.booked_at) AS booked_at,
           max(e.seq) AS seq
      FROM wallets w
      LEFT JOIN unnest(CAST(:assets AS text[]), CAST(:times AS timestamptz[]), CAST(:seqs AS bigint[]))
           r (asset, booked_at, seq) ON r.asset = w.asset
      JOIN ledger.balances b ON b.code = w.account AND b.stripe = 0
      JOIN ledger.entries e ON e.account_id = b.account_id AND e.stripe = 0
       AND (e.booked_at, e.seq) > (coalesce(r.booked_at, '-infinity'), coalesce(r.seq, 0))
     WHERE w.customer_id = :customer
     GROUP BY e.journal_id, e.asset
), valued AS (
    SELECT m.*, sum(m.units) FILTER (WHERE m.asset = 'NGN') OVER j AS naira, count(*) OVER j AS assets
      FROM mine m WINDOW j AS (PARTITION BY m.journal_id)
)
SELECT v.journal_id, v.asset, v.units, v.naira, v.assets, p.naira AS price, NULL::timestamptz AS read_to,
       NULL::bigint AS seq
  FROM valued v LEFT JOIN LATERAL (
       SELECT p.naira FROM ledger.prices p WHERE p.asset = v.asset AND p.at <= v.at
        ORDER BY p.at DESC LIMIT 1) p ON v.naira IS NULL
 WHERE v.asset <> 'NGN' AND v.units <> 0
UNION ALL
SELECT NULL, m.asset, NULL, NULL, NULL, NULL, max(m.booked_at), max(m.seq) FROM mine m GROUP BY m.asset
 ORDER BY journal_id NULLS LAST, units, asset
"""
_WALLETS = "SELECT asset FROM wallets WHERE customer_id = :customer"
_BEGAN = """
SELECT min(least(f.at, d.at)) AS at FROM wallets w JOIN ledger.balances b ON b.code = w.account AND b.stripe = 0
 CROSS JOIN LATERAL (SELECT min(e.booked_at) AS at FROM ledger.entries e
                      WHERE e.account_id = b.account_id AND e.stripe = 0) f
 CROSS JOIN LATERAL (SELECT min(e.effective_at) AS at FROM ledger.entries e
                      WHERE e.account_id = b.account_id AND e.effective_at <> e.booked_at) d
 WHERE w.customer_id = :customer
"""
# What each wallet held at each moment, and the price then. What took effect at another time than it was booked is added
# to what was booked by then, or taken off it.
_HISTORY = """
SELECT m.at, sum(CASE WHEN w.asset = 'NGN' THEN h.units
                      ELSE trunc(h.units * p.naira * 100 / power(10::numeric, a.decimals)) END) AS kobo,
       bool_and(w.asset = 'NGN' OR h.units = 0 OR p.naira IS NOT NULL) AS known
  FROM unnest(CAST(:moments AS timestamptz[])) m (at)
  CROSS JOIN wallets w
  JOIN ledger.assets a ON a.code = w.asset
  LEFT JOIN LATERAL ledger.balance_at(w.account, m.at) n (units) ON true
  LEFT JOIN LATERAL (SELECT sum(CASE WHEN e.booked_at > m.at THEN -e.amount ELSE e.amount END) AS units
                       FROM ledger.balances b JOIN ledger.entries e ON e.account_id = b.account_id
                      WHERE b.code = w.account AND b.stripe = 0 AND e.effective_at <> e.booked_at
                        AND (e.effective_at <= m.at) <> (e.booked_at <= m.at)) d ON true
  CROSS JOIN LATERAL (SELECT coalesce(n.units, 0) + coalesce(d.units, 0) AS units) h
  LEFT JOIN LATERAL (SELECT p.naira FROM ledger.prices p WHERE p.asset = w.asset AND p.at <= m.at AND h.units <> 0
                      ORDER BY p.at DESC LIMIT 1) p ON true
 WHERE w.customer_id = :customer
 GROUP BY m.at ORDER BY m.at
"""


KEPT_MAX = 4_096  # customers, of whom a process keeps how far it has read


@dataclass(frozen=True)
class _Read:
    """Up to which entry of each account something was read (when booked, and its number), and what that came to."""

    up_to: Mapping[str, tuple[datetime, int]]
    holdings: Mapping[str, Holding]


_kept: OrderedDict[str, _Read] = OrderedDict()
_keeping = Lock()


def of_customer(*, customer_id: str) -> dict[str, Holding]:
    """Each asset that ever moved in the customer's wallets, by its code; naira is the measure and has no gain."""
    own = {row.asset for row in rows(_WALLETS, customer=customer_id)}
    before = _kept.get(customer_id, _Read({}, {}))
    places = [(asset, *place) for asset, place in before.up_to.items()]
    assets, times, seqs = ([place[column] for place in places] for column in range(3))
    found = rows(_MOVES, customer=customer_id, assets=assets, times=times, seqs=seqs)
    holdings = held(_moves(found), {asset: replace(one) for asset, one in before.holdings.items()})
    read_to = {row.asset: (row.read_to, int(row.seq)) for row in found if row.journal_id is None}
    if read_to and not in_transaction():  # (what is not committed may never have been)
        _keep(customer_id, _Read({**before.up_to, **read_to}, holdings))
    return {asset: replace(one) for asset, one in holdings.items() if asset in own}


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


def _keep(customer_id: str, read: _Read) -> None:
    with _keeping:
        _kept[customer_id] = read
        _kept.move_to_end(customer_id)
        while len(_kept) > KEPT_MAX:
            _kept.popitem(last=False)


def _moves(found: Sequence[Any]) -> Iterator[Move]:
    moved = (row for row in found if row.journal_id is not None)
    for _, journal in groupby(moved, key=lambda row: row.journal_id):
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
