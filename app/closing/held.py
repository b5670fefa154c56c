"""What is held: as much as customers are owed, and in our own wallets what our node says.

All places are in the books (hot and cold wallets, venues, banks), so what is held is summed there; a wallet on a chain
is held against the balance that a node told of it, at the moment of that block.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from app.closing import figures
from app.closing.results import COVER, NODE, Asked, Result, absent, compared, file_of
from app.closing.rules import written
from app.core.clock import WAT
from app.core.db import rows
from app.core.money import ASSETS

_COVER = """
SELECT coalesce(sum(b.balance) FILTER (
           WHERE a.class = 'asset' AND a.code NOT LIKE 'asset:owed_by_customers:%'), 0) AS one,
       coalesce(-sum(b.balance) FILTER (WHERE a.code LIKE 'liability:customer:%'), 0) AS other
  FROM ledger.effective_balances(:until) b JOIN ledger.accounts a ON a.id = b.account_id WHERE a.asset = :asset
"""
# The newest moment of these days at which each wallet of the account was told of; of one told twice what came last.
_NODE = """
WITH told AS (
    SELECT DISTINCT ON (p.account, p.closes_at) p.account, p.closes_at, p.closing, p.ref, p.import_id
      FROM statement_accounts a JOIN statement_imports i ON i.source_id = a.source_id
      JOIN statement_parts p ON p.import_id = i.id AND p.asset = a.asset
     WHERE a.account = :account AND p.closes_at > :since AND p.closes_at <= :until
     ORDER BY p.account, p.closes_at, i.imported_at DESC, p.import_id DESC, p.part DESC)
SELECT t.closes_at, sum(t.closing) AS told, min(t.import_id) AS import_id,
       count(*) = (SELECT count(DISTINCT w.account) FROM told w) AS whole,
       string_agg(t.account || ' at ' || t.ref, ', ' ORDER BY t.account) AS wallets
  FROM told t GROUP BY t.closes_at ORDER BY whole DESC, t.closes_at DESC LIMIT 1
"""


def cover(asked: Asked) -> Result:
    """By the books, of the whole asset."""
    (row,) = rows(_COVER, until=asked.span.until, asset=asked.asset)
    unit = Decimal(1).scaleb(-ASSETS[asked.asset].decimals)
    one, other = row.one * unit, row.other * unit
    return Result(COVER, f"At least as much {asked.asset} is held as customers are owed", written(one),
                  "held, wherever", written(other), "owed to customers", one >= other,
                  "by the books at the end of the last day",
                  "" if one >= other else f"{written(other - one)} are lacking",
                  ("console.reserves", {}))  # fmt: skip


def told_by_node(account: str, *, since: datetime, until: datetime) -> Any | None:
    """What a node told last after one moment up to another, of all wallets of an account: `told` in coins, `closes_at`.

    `whole`: each of them was told of at that moment.
    """
    return next(iter(rows(_NODE, account=account, since=since, until=until)), None)


def node(asked: Asked) -> Result:
    """Of one wallet on a chain, or of several that one account stands for."""
    titles = ("A wallet holds what the books have", "told by our node", "by the books at that moment")
    row = told_by_node(asked.account, since=asked.span.since, until=asked.span.until)
    if row is None:
        return absent(NODE, titles[0], "no node told a balance in these days")
    if not row.whole:
        return absent(NODE, titles[0], "its wallets were told of at different moments")
    booked = figures.booked_at(asked.account, row.closes_at)
    return compared(NODE, titles, row.told, booked, said=f"at {row.closes_at.astimezone(WAT):%-d %B %Y, %H:%M}",
                    first=row.told != booked and row.wallets, place=file_of(row.import_id))  # fmt: skip
