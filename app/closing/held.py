"""What is held: as much as customers are owed, and in our own wallets what our node says.

All places are in the books (hot and cold wallets, venues, banks), so what is held is summed there; a wallet on a chain
is held against the balance that a node told of it, at the moment of that block.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from app.closing import figures
from app.closing.results import COVER, NODE, Asked, Result, absent, compared, file_of
from app.closing.rules import Span, month_of, written
from app.core.clock import WAT
from app.core.db import rows
from app.core.money import ASSETS
from app.ledger import chart

_TITLES = ("A wallet holds what the books have", "told by our node", "by the books at that moment")
_WALLETS = chart.WALLET.partition("{")[0]
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
       string_agg(t.account || ' at ' || t.ref, ', ' ORDER BY t.account) AS wallets,
       (SELECT string_agg(DISTINCT w.account, ', ' ORDER BY w.account) FROM told w
         WHERE w.account <> ALL(array_agg(t.account))) AS silent
  FROM told t GROUP BY t.closes_at ORDER BY whole DESC, t.closes_at DESC LIMIT 1
"""
# A node that told of it once is to go on, until nobody tells of it by that source any more.
_BY_NODE = """
SELECT EXISTS (
    SELECT FROM statement_accounts a JOIN statement_sources s ON s.id = a.source_id
      JOIN statement_imports i ON i.source_id = s.id
      JOIN statement_parts p ON p.import_id = i.id AND p.asset = a.asset
     WHERE a.account = :account AND p.closes_at <= :until
       AND (s.retired_at IS NULL OR s.retired_at >= :until)) AS is_so
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

    `whole`: each of them was told of at that moment; else `silent` names the others.
    """
    return next(iter(rows(_NODE, account=account, since=since, until=until)), None)


def node(asked: Asked) -> Result:
    """Of one wallet on a chain, or of several that one account stands for.

    In a month each must be told of at one moment; in fewer days it may be that none is.
    """
    account, span = asked.account, asked.span
    row = told_by_node(account, since=span.since, until=span.until)
    if row is not None and row.whole:
        booked = figures.booked_at(account, row.closes_at)
        return compared(NODE, _TITLES, row.told, booked, said=f"at {row.closes_at.astimezone(WAT):%-d %B %Y, %H:%M}",
                        first=row.told != booked and row.wallets, place=file_of(row.import_id))  # fmt: skip
    why = "its wallets were told of at different moments" if row else "no node told a balance in these days"
    if not _has_a_month(span) or (row is None and not _needs_a_node(account, span)):
        return absent(NODE, _TITLES[0], why)
    if row is None:
        return Result(NODE, _TITLES[0], "", "", "", "", False, why, "no node told of it")
    first = f"{row.silent} not told of at {row.closes_at.astimezone(WAT):%-d %B %Y, %H:%M}, as {row.wallets} was"
    return Result(NODE, _TITLES[0], "", "", "", "", False, why, first, file_of(row.import_id))


def _has_a_month(span: Span) -> bool:
    """Whether a whole month lies in it."""
    begun = month_of(span.first)
    return month_of(span.first if span.first == begun.first else begun.until.date()).last <= span.last


def _needs_a_node(account: str, span: Span) -> bool:
    return account.startswith(_WALLETS) or rows(_BY_NODE, account=account, until=span.until)[0].is_so
