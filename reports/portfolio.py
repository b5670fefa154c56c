"""What a customer's assets cost and brought them, and what they were worth over time: from the journals alone."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from app.core.db import rows
from app.core.money import NGN, Money
from reports import costs
from reports.holdings import Holding

_BEGAN = """
SELECT min(least(f.at, d.at)) AS at FROM wallets w JOIN ledger.balances b ON b.code = w.account AND b.stripe = 0
 CROSS JOIN LATERAL (SELECT min(e.booked_at) AS at FROM ledger.entries e
                      WHERE e.account_id = b.account_id AND e.stripe = 0) f
 CROSS JOIN LATERAL (SELECT min(e.effective_at) AS at FROM ledger.entries e
                      WHERE e.account_id = b.account_id AND e.effective_at <> e.booked_at) d
 WHERE w.customer_id = :customer
"""
# What each wallet held at each moment, and the price of then: by its last entry booked by then, and by the few that
# took effect at another time than they were booked.
_HISTORY = """
SELECT m.at, sum(CASE WHEN w.asset = 'NGN' THEN h.units
                      ELSE trunc(h.units * p.naira * 100 / power(10::numeric, a.decimals)) END) AS kobo,
       bool_and(w.asset = 'NGN' OR h.units = 0 OR p.naira IS NOT NULL) AS known
  FROM unnest(CAST(:moments AS timestamptz[])) m (at)
  CROSS JOIN wallets w
  JOIN ledger.assets a ON a.code = w.asset
  JOIN ledger.balances b ON b.code = w.account AND b.stripe = 0
  LEFT JOIN LATERAL (SELECT e.balance_after FROM ledger.entries e
                      WHERE e.account_id = b.account_id AND e.stripe = 0 AND e.booked_at <= m.at
                      ORDER BY e.booked_at DESC, e.seq DESC LIMIT 1) n ON true
  LEFT JOIN LATERAL (SELECT sum(CASE WHEN e.booked_at > m.at THEN -e.amount ELSE e.amount END) AS units
                       FROM ledger.entries e
                      WHERE e.account_id = b.account_id AND e.effective_at <> e.booked_at
                        AND (e.effective_at <= m.at) <> (e.booked_at <= m.at)) d ON true
  CROSS JOIN LATERAL (SELECT coalesce(-n.balance_after, 0) + coalesce(d.units, 0) AS units) h
  LEFT JOIN LATERAL (SELECT p.naira FROM ledger.prices p WHERE p.asset = w.asset AND p.at <= m.at
                        AND h.units <> 0
                      ORDER BY p.at DESC LIMIT 1) p ON true
 WHERE w.customer_id = :customer
 GROUP BY m.at ORDER BY m.at
"""


def of_customer(*, customer_id: str, ticker: str = "") -> dict[str, Holding]:
    """Each asset that ever moved in the customer's wallets, by its code; naira is the measure and has no gain.

    With a `ticker` only its own are told.
    """
    found = costs.of_customer(customer_id=customer_id, asset=ticker)
    return {asset: cost.holding for asset, cost in found.items() if cost.seq}


def history(moments: Sequence[datetime], *, customer_id: str) -> list[tuple[datetime, Decimal]]:
    """What all wallets together were worth in naira at each moment, rounded towards zero by wallet.

    A moment at which the price of something held was not known is left out: it would show a loss that never was.
    """
    found = rows(_HISTORY, moments=list(moments), customer=customer_id)
    return [(row.at, Decimal(int(row.kobo or 0)).scaleb(-2)) for row in found if row.known]


def began(*, customer_id: str) -> datetime | None:
    """When something was booked in any of the customer's wallets first; None while nothing was."""
    found: datetime | None = rows(_BEGAN, customer=customer_id)[0].at
    return found


def gain(holding: Holding, worth: Money | None) -> Money | None:
    """What it would bring above its cost, were it sold at this price; None where price or cost is not known."""
    return worth - Money(NGN, holding.cost) if worth is not None and holding.known else None
