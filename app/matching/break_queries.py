"""Reads of breaks: the accounts with what is open in them, and one break with what may belong to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.core import clock
from app.core.clock import WAT
from app.core.db import rows
from app.core.errors import NotFound
from app.matching import rules
from app.matching.covering import covering
from app.matching.queries import Proof

CANDIDATES = 8
NEAR = timedelta(days=3)
_LOOKED_AT = 200  # of those nearest in time, before and after, the nearest in amount are shown
_ACCOUNTS = """
SELECT a.account, a.sources, p.ended_at, p.counts
  FROM (SELECT account, count(*) AS sources FROM statement_accounts GROUP BY account) a
  LEFT JOIN LATERAL (SELECT * FROM matching_runs p WHERE p.account = a.account AND p.counts ? 'told'
                      ORDER BY p.id DESC LIMIT 1) p ON true
 ORDER BY a.account
"""
_SHOWN = """
SELECT b.id, b.account, b.line_id, b.journal_id, b.leg, b.group_id, b.import_id, b.part, b.row_id, b.amount, b.as_told,
       b.at, b.found_at, b.opened_by, b.closed_by, break_reason(b.reason, b.at, c.until, c.covered) AS reason,
       l.narration, l.counterparty, l.external_id, l.refs, l.kind AS line_kind,
       coalesce(l.source_id, i.source_id) AS source_id,
       j.ref, j.kind AS journal_kind, f.id AS file_id, f.name AS file_name, o.row_no, o.reason AS row_reason,
       o.delta AS told_now, o.booked_on AS told_on,
       -- (in which of them its entries lie, where several are counted together, or were; of very many the first say so)
       CASE WHEN EXISTS (SELECT FROM matching_joined w WHERE w.joins = b.account) THEN (
            SELECT string_agg(DISTINCT a.code, ', ')
              FROM (SELECT b.journal_id, b.leg
                     UNION ALL
                    (SELECT m.journal_id, m.leg FROM matches m
                      WHERE m.group_id = b.group_id AND m.journal_id IS NOT NULL LIMIT 1000)) s
              JOIN ledger.entries e ON e.journal_id = s.journal_id AND e.leg = s.leg
              JOIN ledger.accounts a ON a.id = e.account_id) END AS booked_in
  FROM breaks b
  JOIN (SELECT a.account, v.* FROM (SELECT DISTINCT account FROM breaks WHERE id = ANY(:ids)) a
         CROSS JOIN LATERAL matching_coverage(a.account, :now) v) c ON c.account = b.account
  LEFT JOIN statement_lines l ON l.id = coalesce(b.line_id, (SELECT m.line_id FROM matches m
                                   WHERE m.group_id = b.group_id AND m.line_id IS NOT NULL ORDER BY m.line_id LIMIT 1))
  LEFT JOIN statement_imports i ON i.id = b.import_id
  LEFT JOIN statement_files f ON f.import_id = b.import_id
  LEFT JOIN statement_rows o ON o.id = b.row_id
  LEFT JOIN ledger.journals j ON j.id = coalesce(b.journal_id, (SELECT m.journal_id FROM matches m
                                   WHERE m.group_id = b.group_id AND m.journal_id IS NOT NULL ORDER BY 1 LIMIT 1))
 WHERE b.id = ANY(:ids) ORDER BY array_position(:ids, b.id)
"""
# The same amount, nearest in time first (each side by the index); then those about that time, nearest in amount first.
_OTHER_SIDE = """
SELECT o.id FROM (
    (SELECT b.id, b.amount, b.at FROM breaks b
      WHERE b.account = :account AND b.closed_by IS NULL AND b.amount = -:amount AND (b.line_id IS NULL) = :of_lines
        AND b.group_id IS NULL AND b.import_id IS NULL AND b.at >= :at ORDER BY b.at, b.id LIMIT :limit)
    UNION
    (SELECT b.id, b.amount, b.at FROM breaks b
      WHERE b.account = :account AND b.closed_by IS NULL AND b.amount = -:amount AND (b.line_id IS NULL) = :of_lines
        AND b.group_id IS NULL AND b.import_id IS NULL AND b.at < :at ORDER BY b.at DESC, b.id DESC LIMIT :limit)
    UNION
    (SELECT b.id, b.amount, b.at FROM breaks b
      WHERE b.account = :account AND b.closed_by IS NULL AND (b.line_id IS NULL) = :of_lines AND b.group_id IS NULL
        AND b.import_id IS NULL AND b.at BETWEEN :at AND :upto ORDER BY b.at, b.id LIMIT :looked_at)
    UNION
    (SELECT b.id, b.amount, b.at FROM breaks b
      WHERE b.account = :account AND b.closed_by IS NULL AND (b.line_id IS NULL) = :of_lines AND b.group_id IS NULL
        AND b.import_id IS NULL AND b.at BETWEEN :since AND :at ORDER BY b.at DESC, b.id DESC LIMIT :looked_at)) o
 ORDER BY abs(o.amount + :amount), abs(extract(epoch FROM o.at - :at)), o.id LIMIT :limit
"""
# Whatever takes back exactly what a match differs by, on either side or another match.
_TAKES_BACK = """
SELECT o.id FROM (
    (SELECT b.id, b.at FROM breaks b
      WHERE b.account = :account AND b.closed_by IS NULL AND b.amount = -:amount AND b.import_id IS NULL
        AND b.at >= :at ORDER BY b.at, b.id LIMIT :limit)
    UNION ALL
    (SELECT b.id, b.at FROM breaks b
      WHERE b.account = :account AND b.closed_by IS NULL AND b.amount = -:amount AND b.import_id IS NULL
        AND b.at < :at ORDER BY b.at DESC, b.id DESC LIMIT :limit)) o
 ORDER BY abs(extract(epoch FROM o.at - :at)), o.id LIMIT :limit
"""
# Of the other side and the same day; lines of one counterparty alone where there are several.
_SAME_DAY = """
SELECT b.id, b.amount, coalesce(l.counterparty, '') AS counterparty
  FROM breaks b LEFT JOIN statement_lines l ON l.id = b.line_id
 WHERE b.account = :account AND b.closed_by IS NULL AND (b.line_id IS NULL) = :of_lines AND b.group_id IS NULL
   AND b.import_id IS NULL AND b.at >= :since AND b.at < :upto
 ORDER BY b.at, b.id LIMIT :limit
"""
# (The first by their numbers, of what may be a million; then as they happened.)
_LINES = """
SELECT l.*, s.title
  FROM (SELECT line_id FROM matches WHERE group_id = :group AND line_id IS NOT NULL ORDER BY line_id LIMIT :limit) m
  JOIN statement_lines l ON l.id = m.line_id JOIN statement_sources s ON s.id = l.source_id ORDER BY l.at, l.id
"""
_ENTRIES = """
SELECT e.journal_id, e.leg, e.amount * ('1e-' || a.decimals)::numeric AS amount, e.effective_at AS at, j.ref, j.kind,
       c.code AS booked_in
  FROM (SELECT journal_id, leg FROM matches
         WHERE group_id = :group AND journal_id IS NOT NULL ORDER BY journal_id, leg LIMIT :limit) m
  JOIN ledger.entries e ON e.journal_id = m.journal_id AND e.leg = m.leg
  JOIN ledger.assets a ON a.code = e.asset JOIN ledger.journals j ON j.id = e.journal_id
  JOIN ledger.accounts c ON c.id = e.account_id
 ORDER BY e.effective_at, e.journal_id, e.leg
"""
_SUMS = """
SELECT count(m.line_id) AS lines, coalesce(sum(l.delta), 0) AS told, count(m.journal_id) AS entries,
       coalesce(sum(e.amount * ('1e-' || a.decimals)::numeric), 0) AS booked
  FROM matches m LEFT JOIN statement_lines l ON l.id = m.line_id
  LEFT JOIN ledger.entries e ON e.journal_id = m.journal_id AND e.leg = m.leg
  LEFT JOIN ledger.assets a ON a.code = e.asset WHERE m.group_id = :group
"""
_OF_ENTRY = "SELECT group_id FROM matches WHERE journal_id = :journal AND leg = :leg AND ended_by IS NULL"
# (Of a match of many two entries are enough to know that there are several.)
_PLACES = """
SELECT m.line_id AS id, m.group_id, NULL::bigint AS break_id, count(e.journal_id) AS entries,
       min(j.ref) AS ref, min(e.amount * ('1e-' || a.decimals)::numeric) AS amount,
       nullif(min(c.code), min(r.account)) AS elsewhere
  FROM matches m JOIN matching_runs r ON r.id = m.run_id
  LEFT JOIN LATERAL (SELECT o.journal_id, o.leg FROM matches o
                      WHERE o.group_id = m.group_id AND o.journal_id IS NOT NULL LIMIT 2) s ON true
  LEFT JOIN ledger.entries e ON e.journal_id = s.journal_id AND e.leg = s.leg
  LEFT JOIN ledger.journals j ON j.id = e.journal_id LEFT JOIN ledger.assets a ON a.code = e.asset
  LEFT JOIN ledger.accounts c ON c.id = e.account_id
 WHERE m.line_id = ANY(:lines) AND m.ended_by IS NULL
 GROUP BY m.line_id, m.group_id
UNION ALL
SELECT b.line_id, NULL, b.id, 0, NULL, NULL, NULL FROM breaks b WHERE b.line_id = ANY(:lines) AND b.closed_by IS NULL
"""
_UNDER_WAY = """
SELECT application_name FROM pg_stat_activity
 WHERE datname = current_database() AND application_name LIKE :told
"""
_SIZE = "SELECT count(*) AS n FROM (SELECT FROM matches WHERE group_id = :group LIMIT :limit) m"
_MATCH = """
SELECT m.group_id, m.rule, m.confidence, m.ended_by, r.account, r.made_by, r.begun_at, r.why,
       x.made_by AS ended_who, x.begun_at AS ended_at, x.why AS ended_why, b.id AS break_id
  FROM matches m JOIN matching_runs r ON r.id = m.run_id LEFT JOIN matching_runs x ON x.id = m.ended_by
  LEFT JOIN breaks b ON b.group_id = m.group_id AND b.closed_by IS NULL
 WHERE m.group_id = :group LIMIT 1
"""


@dataclass(frozen=True)
class Account:
    """An account that statements tell of: how many sources, when it was matched last, and what both sides said then."""

    account: str
    sources: int
    matched_at: datetime | None
    proof: Proof | None
    lines: int = 0
    open_lines: int = 0

    @property
    def permille(self) -> int | None:
        """Lines in a match of a thousand, rounded down; None where none was counted."""
        return 1_000 * (self.lines - self.open_lines) // self.lines if self.lines else None


def accounts_for_operators() -> list[Account]:
    """Accounts that statements tell of, with their last run."""
    return [_account(row) for row in rows(_ACCOUNTS)]


def account_for_operators(account: str) -> Account:
    """One of them. Raises NotFound."""
    found = [one for one in accounts_for_operators() if one.account == account]
    if not found:
        raise NotFound
    return found[0]


def shown_for_operators(ids: list[int]) -> list[Any]:
    """These, in this order, each with what it is about."""
    return _shown(ids)


def one_for_operators(break_id: int) -> Any:
    """One, with what it is about. Raises NotFound."""
    found = _shown([break_id])
    if not found:
        raise NotFound
    return found[0]


def candidates_for_operators(one: Any) -> list[Any]:
    """Open breaks of the other side that may belong to this one: the same amount, or about it at about the time.

    For a match that differs whatever takes its difference back; none for what is about a statement itself.
    """
    if one.import_id is not None:
        return []
    if one.group_id is not None:
        found = rows(_TAKES_BACK, account=one.account, amount=Decimal(one.amount), at=one.at, limit=CANDIDATES)
        return _shown([row.id for row in found])
    found = rows(
        _OTHER_SIDE,
        account=one.account,
        amount=Decimal(one.amount),
        of_lines=one.line_id is not None,
        at=one.at,
        since=one.at - NEAR,
        upto=one.at + NEAR,
        looked_at=_LOOKED_AT,
        limit=CANDIDATES,
    )
    return _shown([row.id for row in found])


def covering_for_operators(one: Any) -> list[Any]:
    """Those of the other side on its day in Lagos that add up to it, where only one small set does. A proposal."""
    if one.group_id is not None or one.import_id is not None:
        return []
    day = one.at.astimezone(WAT).replace(hour=0, minute=0, second=0, microsecond=0)
    found = rows(
        _SAME_DAY,
        account=one.account,
        of_lines=one.line_id is not None,
        since=day,
        upto=day + timedelta(days=1),
        limit=_LOOKED_AT,
    )
    by_name: dict[str, dict[int, Decimal]] = {}
    for row in found:
        by_name.setdefault(row.counterparty, {})[row.id] = row.amount
    sets = [names for own in by_name.values() if (names := covering(-one.amount, own))]
    return _shown(list(sets[0])) if len(sets) == 1 else []


def match_for_operators(group_id: int) -> Any:
    """A match: who made it and ended it. Raises NotFound."""
    found = rows(_MATCH, group=group_id)
    if not found:
        raise NotFound
    return found[0]


def match_sides_for_operators(group_id: int, *, limit: int) -> tuple[list[Any], list[Any]]:
    """The first so many lines of a match, and entries."""
    place = {"group": group_id, "limit": limit}
    return rows(_LINES, **place), rows(_ENTRIES, **place)


def size_for_operators(group_id: int, *, limit: int) -> int:
    """How many rows a match has: at most so many are counted."""
    found: int = rows(_SIZE, group=group_id, limit=limit)[0].n
    return found


def steps_for_operators(group_id: int) -> int | None:
    """How many steps of taking a match apart were taken; None when nobody takes it apart now."""
    found = rows(_UNDER_WAY, told=f"{rules.step_of(group_id, 0)[:-1]}%")
    return max((int(row.application_name.rpartition(" ")[2]) for row in found), default=None)


def match_sums_for_operators(group_id: int) -> Any:
    """How many lines and entries are in a match, and what each side comes to in whole coins."""
    return rows(_SUMS, group=group_id)[0]


def match_of_line_for_operators(line_id: int) -> int | None:
    """The match that a line is in, if any."""
    place = places_for_operators([line_id]).get(line_id)
    return place.group_id if place else None


def match_of_for_operators(one: Any) -> int | None:
    """The match that the line or the entry of a break is in now, if any."""
    if one.line_id is not None:
        return match_of_line_for_operators(one.line_id)
    found = rows(_OF_ENTRY, journal=one.journal_id, leg=one.leg)
    return found[0].group_id if found else None


def places_for_operators(lines: list[int]) -> dict[int, Any]:
    """The match that each line is in, or else its open break; none of those that were not looked at yet.

    Where it is with one entry, that one's `ref` and `amount` in whole coins, and its account if that is `elsewhere`,
    one that is counted with the line's; `entries` counts to two.
    """
    return {row.id: row for row in rows(_PLACES, lines=lines)}


def _account(row: Any) -> Account:
    told = row.counts and Proof(*(Decimal(row.counts[name]) for name in ("told", "booked", "breaks")))
    counted = [(row.counts or {}).get(name, 0) for name in ("lines", "open_lines")]
    return Account(row.account, row.sources, row.ended_at, told, *counted)


def _shown(ids: list[int]) -> list[Any]:
    return rows(_SHOWN, ids=ids, now=clock.now()) if ids else []
