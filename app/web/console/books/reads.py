"""What the pages of the books show and no room answers in one read: the tree of accounts, customers, holds, blocks.

Everything here only reads. Sums are on an account's normal side.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.db import rows
from app.core.money import ASSETS, Money

CUSTOMERS = "liability:customer:"


@dataclass(frozen=True)
class Leaf:
    """A house account, or all customers' accounts in one asset; the last three say how many of them are so."""

    code: str
    asset: str
    accounts: int
    hot: bool
    booked: Money
    held: Money
    no_debits: int
    no_credits: int
    closed: int

    @property
    def account_class(self) -> str:
        """The first part of the code."""
        return self.code.partition(":")[0]

    @property
    def of_customers(self) -> bool:
        """Whether it stands for many."""
        return self.code.startswith(f"{CUSTOMERS}*:")

    @property
    def signed(self) -> Money:
        """Debits less credits."""
        return self.booked if self.account_class in {"asset", "expense"} else -self.booked


_LEAVES = """
SELECT CASE WHEN left(b.code, 19) = 'liability:customer:' THEN 'liability:customer:*:' || b.asset ELSE b.code END
           AS code, b.asset, count(*) FILTER (WHERE b.stripe = 0) AS accounts, max(b.stripes) > 1 AS hot,
       sum(b.side * (b.debits - b.credits)) AS booked, sum(b.held) AS held,
       count(*) FILTER (WHERE b.stripe = 0 AND b.no_debits AND NOT b.closed) AS no_debits,
       count(*) FILTER (WHERE b.stripe = 0 AND b.no_credits AND NOT b.closed) AS no_credits,
       count(*) FILTER (WHERE b.stripe = 0 AND b.closed) AS closed
  FROM ledger.balances b GROUP BY 1, 2 ORDER BY 1
"""
# A customer's account has a floor and so one stripe. Largest first; the cursor is what the last row of a page had.
_CUSTOMERS = """
SELECT b.code, b.asset, b.credits - b.debits AS booked, b.held, b.no_debits, b.no_credits, b.closed,
       coalesce(c.name, '') AS name
  FROM ledger.balances b LEFT JOIN customers c ON c.id = split_part(b.code, ':', 3)
 WHERE left(b.code, 19) = 'liability:customer:' AND b.asset = :asset AND b.stripe = 0
   AND (:q = '' OR strpos(lower(b.code), lower(:q)) > 0 OR strpos(lower(c.name), lower(:q)) > 0)
   AND (:code = '' OR (b.credits - b.debits, b.code) < (CAST(:units AS numeric), :code))
 ORDER BY b.credits - b.debits DESC, b.code DESC LIMIT :limit
"""


def leaves() -> list[Leaf]:
    """Every house account, and customers' accounts as one line per asset, by code."""
    return [
        Leaf(
            row.code, row.asset, row.accounts, row.hot, _money(row.asset, row.booked), _money(row.asset, row.held),
            row.no_debits, row.no_credits, row.closed,
        )
        for row in rows(_LEAVES)
    ]  # fmt: skip


def customers(asset: str, *, q: str, after: str, limit: int) -> list[Any]:
    """Customers' accounts in an asset, with names, largest first. Raises ValueError for a foreign cursor."""
    units, _, code = after.partition("|")
    if after and not code:
        raise ValueError(after)
    return rows(_CUSTOMERS, asset=asset, q=q, units=int(units or 0), code=code, limit=limit)


def customers_count(asset: str) -> int:
    """How many customers have an account in an asset."""
    found = rows(
        "SELECT count(*) AS n FROM ledger.balances WHERE left(code, 19) = 'liability:customer:' AND asset = :asset"
        " AND stripe = 0",
        asset=asset,
    )
    return int(found[0].n)


def account(code: str) -> Any:
    """When and by whom an account was opened, and whether it is hot. Raises LookupError."""
    found = rows("SELECT opened_at, opened_by, stripes > 1 AS hot FROM ledger.accounts WHERE code = :code", code=code)
    if not found:
        raise LookupError(code)
    return found[0]


def open_holds(code: str, *, limit: int = 50) -> list[Any]:
    """What is held on an account now, oldest first."""
    return rows(
        "SELECT h.id, h.ref, h.amount, h.remaining, h.actor, h.held_at, h.expires_at FROM ledger.holds h"
        " JOIN ledger.accounts a ON a.id = h.account_id WHERE a.code = :code AND h.remaining > 0 ORDER BY h.id"
        " LIMIT :limit",
        code=code,
        limit=limit,
    )


def hold(hold_id: int) -> Any | None:
    """One hold, open or ended, with the account it is on."""
    found = rows(
        "SELECT h.id, h.ref, a.code, a.asset, h.amount, h.remaining, h.actor, h.held_at, h.expires_at"
        " FROM ledger.holds h JOIN ledger.accounts a ON a.id = h.account_id WHERE h.id = :id",
        id=hold_id,
    )
    return found[0] if found else None


def block_of(journal_id: int) -> Any | None:
    """The block of the seal that holds a journal; None while none does."""
    found = rows(
        "SELECT no, first_id, last_id, encode(hash, 'hex') AS hash, sealed_at FROM ledger.blocks"
        " WHERE last_id >= :id ORDER BY last_id LIMIT 1",
        id=journal_id,
    )
    return found[0] if found else None


def blocks(*, limit: int = 10) -> list[Any]:
    """The newest blocks of the seal."""
    return rows(
        "SELECT no, first_id, last_id, journals, encode(hash, 'hex') AS hash, sealed_at FROM ledger.blocks"
        " ORDER BY no DESC LIMIT :limit",
        limit=limit,
    )


def suspense_of(journal_id: int) -> str | None:
    """The suspense item that a journal was booked for."""
    found = rows("SELECT id FROM suspense_items WHERE journal_id = :id ORDER BY id LIMIT 1", id=journal_id)
    return str(found[0].id) if found else None


def begun() -> datetime | None:
    """When the first journal took effect."""
    found = rows("SELECT effective_at FROM ledger.journals ORDER BY id LIMIT 1")
    return found[0].effective_at if found else None


def known(codes: Collection[str]) -> dict[str, Any]:
    """Those of these codes that accounts have, with what stops them."""
    found = rows(
        "SELECT code, asset, no_debits, no_credits, closed FROM ledger.balances"
        " WHERE code = ANY(:codes) AND stripe = 0",
        codes=list(codes),
    )
    return {row.code: row for row in found}


def house_codes(*, limit: int) -> list[str]:
    """Codes of the house's open accounts."""
    found = rows(
        "SELECT code FROM ledger.balances WHERE stripe = 0 AND NOT closed AND left(code, 19) <> 'liability:customer:'"
        " ORDER BY code LIMIT :limit",
        limit=limit,
    )
    return [row.code for row in found]


def suggestions(part: str, *, limit: int = 20) -> list[str]:
    """Codes of open accounts that contain `part`, those of the house first."""
    found = rows(
        "SELECT code FROM ledger.balances WHERE stripe = 0 AND NOT closed AND strpos(lower(code), lower(:part)) > 0"
        " ORDER BY left(code, 19) = 'liability:customer:', code LIMIT :limit",
        part=part,
        limit=limit,
    )
    return [row.code for row in found]


def _money(asset: str, units: Any) -> Money:
    return Money(ASSETS[asset], int(units))
