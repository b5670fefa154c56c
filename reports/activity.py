"""A customer's movements across rooms, newest first."""

from dataclasses import dataclass
from datetime import datetime

from app.core.db import rows
from app.core.money import NGN, Money

_MOVEMENTS = """
SELECT * FROM (
    SELECT d.id, 'deposit' AS kind, d.state, d.amount_units AS units, 0 AS fee, d.created_at, d.channel AS detail,
           substr(d.id, 5) AS position
      FROM deposits d WHERE d.customer_id = :customer
    UNION ALL
    SELECT w.id, 'withdrawal', w.state, w.amount_units, w.fee_units, w.created_at,
           b.bank_name || ' ••' || right(b.account_number, 4), substr(w.id, 4)
      FROM withdrawals w JOIN bank_accounts b ON b.id = w.bank_account_id WHERE w.customer_id = :customer
) m
WHERE (CAST(:before AS text) IS NULL OR m.position < :before) AND (:kind = '' OR m.kind = :kind)
ORDER BY m.position DESC LIMIT :limit
"""


@dataclass(frozen=True)
class Movement:
    """One deposit or withdrawal, as its owner sees it in a list."""

    id: str
    kind: str
    state: str
    amount: Money
    fee: Money
    created_at: datetime
    detail: str


def of_customer(
    *, customer_id: str, kind: str = "", before: str | None = None, limit: int = 20
) -> tuple[list[Movement], str | None]:
    """A page of movements and where the older ones begin (None at the end). Ids sort by time, so they page too."""
    found = rows(_MOVEMENTS, customer=customer_id, kind=kind, before=before, limit=limit + 1)
    lines = [
        Movement(
            row.id,
            row.kind,
            row.state,
            Money(NGN, int(row.units)),
            Money(NGN, int(row.fee)),
            row.created_at,
            row.detail,
        )
        for row in found[:limit]
    ]
    return lines, found[limit - 1].position if len(found) > limit else None
