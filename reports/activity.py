"""A customer's movements across rooms, newest first: by kind, by how they stand and by days, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core import ids
from app.core.db import rows
from app.core.errors import NotFound
from app.core.money import ASSETS, Money

ARRIVED = frozenset({"credited", "settled", "filled", "sent", "received"})
CAME_TO_NOTHING = frozenset({"failed", "returned", "rejected", "cancelled", "closed"})
OVER = ARRIVED | CAME_TO_NOTHING
UNDER_WAY = frozenset({"started", "awaiting_payment", "suspended", "requested", "held", "cooling_off"}) | {
    *("approved", "sending", "unpaid")
}
TRADES = ("buy", "sell", "swap")
TRANSFERS = ("sent", "received")
KINDS = ("deposit", "withdrawal", "trade", *TRADES, "transfer", *TRANSFERS)  # ("trade" is all of TRADES, and so on)
# How movements stand, by what a reader asks for.
STANDINGS: Mapping[str, frozenset[str]] = {
    "": frozenset(),
    "open": UNDER_WAY,
    "done": ARRIVED,
    "nothing": CAME_TO_NOTHING,
}

# Each side is cut to a page by its own index (customer and id) before the two are put together. Days are ranges of ids,
# and what is not asked for is folded away before the planner guesses how many rows it leaves.
_MOVEMENTS = """
SELECT m.*, coalesce(b.bank_name || ' ••' || right(b.account_number, 4), m.channel) AS detail FROM (
(SELECT d.id, 'deposit' AS kind, d.state, coalesce(d.credited_units, d.amount_units) AS units, 0 AS fee,
        d.created_at, d.channel, NULL AS account, 'NGN' AS asset, 'NGN' AS fee_asset, NULL AS got_asset,
        NULL::numeric AS got_units, substr(d.id, 5) AS position
   FROM deposits d
  WHERE d.customer_id = :customer AND :kind IN ('', 'deposit') AND :ticker IN ('', 'NGN')
    AND d.id >= 'dep_' || :since AND d.id < 'dep_' || :before
    AND (NOT :narrowed OR d.state = ANY(CAST(:states AS text[])))
  ORDER BY d.id DESC LIMIT :limit)
UNION ALL
(SELECT w.id, 'withdrawal', w.state, w.amount_units, w.fee_units, w.created_at, '', w.bank_account_id, 'NGN',
        'NGN', NULL, NULL, substr(w.id, 4)
   FROM withdrawals w
  WHERE w.customer_id = :customer AND :kind IN ('', 'withdrawal') AND :ticker IN ('', 'NGN')
    AND w.id >= 'wd_' || :since AND w.id < 'wd_' || :before
    AND (NOT :narrowed OR w.state = ANY(CAST(:states AS text[])))
  ORDER BY w.id DESC LIMIT :limit)
UNION ALL
(SELECT o.id, o.side, o.state, o.give_units, o.fee_units, o.created_at, '', NULL, o.give_asset,
        CASE o.side WHEN 'sell' THEN o.get_asset ELSE o.give_asset END, o.get_asset, o.get_units, substr(o.id, 5)
   FROM orders o
  WHERE o.customer_id = :customer AND :kind IN ('', 'trade', o.side)
    AND (:ticker = '' OR :ticker IN (split_part(o.give_asset, '.', 1), split_part(o.get_asset, '.', 1)))
    AND o.id >= 'ord_' || :since AND o.id < 'ord_' || :before
    AND (NOT :narrowed OR 'filled' = ANY(CAST(:states AS text[]))) -- (all are: nobody's rows are looked through for it)
  ORDER BY o.id DESC LIMIT :limit)
UNION ALL
(SELECT t.id, 'sent', 'sent', t.units, 0, t.created_at, t.receiver_name, NULL, t.asset, t.asset, NULL, NULL,
        substr(t.id, 5)
   FROM transfers t
  WHERE t.customer_id = :customer AND :kind IN ('', 'transfer', 'sent')
    AND :ticker IN ('', split_part(t.asset, '.', 1))
    AND t.id >= 'trf_' || :since AND t.id < 'trf_' || :before
    AND (NOT :narrowed OR 'sent' = ANY(CAST(:states AS text[])))
  ORDER BY t.id DESC LIMIT :limit)
UNION ALL
(SELECT t.id, 'received', 'received', t.units, 0, t.created_at, t.sender_name, NULL, t.asset, t.asset, NULL, NULL,
        substr(t.id, 5)
   FROM transfers t
  WHERE t.receiver_id = :customer AND :kind IN ('', 'transfer', 'received')
    AND :ticker IN ('', split_part(t.asset, '.', 1))
    AND t.id >= 'trf_' || :since AND t.id < 'trf_' || :before
    AND (NOT :narrowed OR 'received' = ANY(CAST(:states AS text[])))
  ORDER BY t.id DESC LIMIT :limit)
ORDER BY position DESC LIMIT :limit
) m LEFT JOIN bank_accounts b ON b.id = m.account ORDER BY m.position DESC
"""
_LAST = 27 * "z"  # after every id
_ONE = """
SELECT d.id, 'deposit' AS kind, d.state, coalesce(d.credited_units, d.amount_units) AS units, 0 AS fee, d.created_at,
       d.channel AS detail, 'NGN' AS asset, 'NGN' AS fee_asset, NULL AS got_asset, NULL::numeric AS got_units
  FROM deposits d WHERE d.id = :id AND d.customer_id = :customer
UNION ALL
SELECT w.id, 'withdrawal', w.state, w.amount_units, w.fee_units, w.created_at,
       b.bank_name || ' ••' || right(b.account_number, 4), 'NGN', 'NGN', NULL, NULL
  FROM withdrawals w JOIN bank_accounts b ON b.id = w.bank_account_id WHERE w.id = :id AND w.customer_id = :customer
UNION ALL
SELECT o.id, o.side, o.state, o.give_units, o.fee_units, o.created_at, '', o.give_asset,
       CASE o.side WHEN 'sell' THEN o.get_asset ELSE o.give_asset END, o.get_asset, o.get_units
  FROM orders o WHERE o.id = :id AND o.customer_id = :customer
UNION ALL
SELECT t.id, CASE t.customer_id WHEN :customer THEN 'sent' ELSE 'received' END,
       CASE t.customer_id WHEN :customer THEN 'sent' ELSE 'received' END, t.units, 0, t.created_at,
       CASE t.customer_id WHEN :customer THEN t.receiver_name ELSE t.sender_name END, t.asset, t.asset, NULL, NULL
  FROM transfers t WHERE t.id = :id AND :customer IN (t.customer_id, t.receiver_id)
"""


@dataclass(frozen=True)
class Movement:
    """One deposit, withdrawal, order or transfer, as its owner sees it in a list.

    Of an order `amount` is what was given, and `got` what was got for it.
    """

    id: str
    kind: str
    state: str
    amount: Money
    fee: Money
    created_at: datetime
    detail: str
    got: Money | None = None


@dataclass(frozen=True)
class Asked:
    """Which movements: of a kind ('' for all), of one of STANDINGS, begun in a range of time, with a ticker."""

    kind: str = ""
    standing: str = ""
    since: datetime | None = None
    until: datetime | None = None
    ticker: str = ""


EVERYTHING = Asked()


def of_customer(
    *, customer_id: str, asked: Asked = EVERYTHING, before: str | None = None, limit: int = 20
) -> tuple[list[Movement], str | None]:
    """A page of movements and where the older ones begin (None at the end). Ids sort by time, so they page too."""
    states = STANDINGS[asked.standing]
    ends = [before or _LAST, ids.begun_at(asked.until) if asked.until else _LAST]
    found = rows(
        _MOVEMENTS,
        customer=customer_id,
        kind=asked.kind,
        ticker=asked.ticker,
        states=sorted(states),
        narrowed=bool(states),
        since=ids.begun_at(asked.since) if asked.since else "",
        before=min(ends),
        limit=limit + 1,
    )
    return [_movement(row) for row in found[:limit]], found[limit - 1].position if len(found) > limit else None


def one(movement_id: str, *, customer_id: str) -> Movement:
    """One of the customer's own. Raises NotFound."""
    found = rows(_ONE, id=movement_id, customer=customer_id)
    if not found:
        raise NotFound
    return _movement(found[0])


def _movement(row: Any) -> Movement:
    amount, fee = Money(ASSETS[row.asset], int(row.units)), Money(ASSETS[row.fee_asset], int(row.fee))
    got = Money(ASSETS[row.got_asset], int(row.got_units)) if row.got_asset else None
    return Movement(row.id, row.kind, row.state, amount, fee, row.created_at, row.detail, got)
