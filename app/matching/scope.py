"""What a run looks at: the lines and entries of an account that are in no match, as two temporary tables.

All of them, read from the statements and the books; or, where little is new, what is new and what was left open. Where
very much is open, of that only what may have to do with what is new: the same key, the same amount, or the same ref as
such an entry. Then rules that sum entries of one second have to wait for the next whole run.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, text

from app.matching import explaining

BY_HAND = "by hand"  # the rule of what people put together
NEW_MAX = 20_000  # more is matched as a whole: sets are quicker than looking things up
OPEN_MAX = 50_000


class Kind(StrEnum):
    """How much a run looks at."""

    WHOLE = "whole"  # everything that is in no match
    OPEN = "open"  # the same, found by what was left open and what is new
    NEAR = "near"  # what may have to do with what is new


# (PostgreSQL expects one row where three columns are joined, and would look up each of a million on its own)
_SETS, _LOOK_UP = "SET LOCAL enable_nestloop = off", "SET LOCAL enable_nestloop = on"
# (several may be put together or taken apart, and then a run made, in one transaction)
_FRESH = "DROP TABLE IF EXISTS pg_temp.open_lines, pg_temp.open_entries, pg_temp.book_accounts"
_ACCOUNTS = """
CREATE TEMP TABLE book_accounts ON COMMIT DROP AS
SELECT * FROM matching_books(:account)
"""
# How far there is something, noted before anything is looked at: what comes meanwhile is new to the next run.
_SEEN = """
CREATE TEMP TABLE seen ON COMMIT DROP AS
SELECT 'statements' AS side, a.source_id || '/' || a.asset AS part, l.upto, NULL::timestamptz AS booked_at
  FROM statement_accounts a
 CROSS JOIN LATERAL (SELECT max(l.id) AS upto FROM statement_lines l
                      WHERE l.source_id = a.source_id AND l.asset = a.asset) l
 WHERE a.account = :account AND l.upto IS NOT NULL
UNION ALL
SELECT 'books', a.code || '/' || b.stripe, b.seq, b.booked_at
  FROM book_accounts a JOIN ledger.balances b ON b.account_id = a.id WHERE b.seq > 0
"""
_NEW = (
    _SEEN,
    # (the last run did not look at what was of a time to come, or booked between its time and its first look)
    """
CREATE TEMP TABLE looked_to ON COMMIT DROP AS
SELECT max(r.as_of) AS at FROM matching_runs r WHERE r.account = :account AND r.kind <> 'hand'
""",
    """
CREATE TEMP TABLE new_lines ON COMMIT DROP AS
(SELECT l.id, a.source_id
  FROM statement_accounts a
  JOIN seen s ON s.side = 'statements' AND s.part = a.source_id || '/' || a.asset
  LEFT JOIN matching_marks m ON m.account = :account AND m.side = 'statements' AND m.part = s.part
  JOIN statement_lines l ON l.source_id = a.source_id AND l.asset = a.asset AND l.id > coalesce(m.upto, 0)
   AND l.id <= s.upto
 WHERE a.account = :account
 LIMIT :limit)
UNION ALL
SELECT l.id, a.source_id
  FROM looked_to t JOIN statement_accounts a ON a.account = :account
 CROSS JOIN LATERAL (SELECT n.id FROM statement_lines n
                      WHERE n.source_id = a.source_id AND n.asset = a.asset AND n.at >= t.at AND n.at < :as_of
                      ORDER BY n.at LIMIT :limit) l
""",
    # (a stripe gives places in its history under its lock, so whoever has the first n of them has all that were booked)
    """
CREATE TEMP TABLE new_entries ON COMMIT DROP AS
(SELECT e.journal_id, e.leg
  FROM book_accounts a JOIN ledger.balances b ON b.account_id = a.id
  JOIN seen s ON s.side = 'books' AND s.part = a.code || '/' || b.stripe
  LEFT JOIN matching_marks m ON m.account = :account AND m.side = 'books' AND m.part = s.part
 CROSS JOIN LATERAL (SELECT n.journal_id, n.leg FROM ledger.entries n
                      WHERE n.account_id = a.id AND n.stripe = b.stripe AND n.seq > coalesce(m.upto, 0)
                        AND n.seq <= s.upto AND n.booked_at >= coalesce(m.booked_at, '-infinity') LIMIT :limit) e
 WHERE s.upto > coalesce(m.upto, 0)
 LIMIT :limit)
UNION ALL
SELECT e.journal_id, e.leg
  FROM looked_to t CROSS JOIN book_accounts a
  JOIN ledger.entries e ON e.account_id = a.id AND e.effective_at <> e.booked_at
   AND e.effective_at >= t.at AND e.effective_at < :as_of
UNION ALL
(SELECT e.journal_id, e.leg
  FROM looked_to t CROSS JOIN book_accounts a JOIN ledger.balances b ON b.account_id = a.id
  JOIN matching_marks m ON m.account = :account AND m.side = 'books' AND m.part = a.code || '/' || b.stripe
 CROSS JOIN LATERAL (SELECT n.journal_id, n.leg FROM ledger.entries n
                      WHERE n.account_id = a.id AND n.stripe = b.stripe AND n.booked_at >= t.at AND n.booked_at < :as_of
                        AND n.seq <= m.upto AND n.effective_at = n.booked_at
                      ORDER BY n.booked_at, n.seq LIMIT :limit) e)
""",
    "ANALYZE new_lines",
    "ANALYZE new_entries",
)
# An opening balance moved: what was put together with that of the same account before is looked at anew. (Of very many
# new lines not all are in sight.)
_BEGINS_ANEW = """
SELECT DISTINCT concat_ws('/', l.source_id, l.asset, l.account) AS beginning
  FROM statement_accounts a
  JOIN seen s ON s.side = 'statements' AND s.part = a.source_id || '/' || a.asset
  LEFT JOIN matching_marks m ON m.account = :account AND m.side = 'statements' AND m.part = s.part
  JOIN statement_lines l ON l.source_id = a.source_id AND l.asset = a.asset AND l.basis = 'opening'
   AND l.id > coalesce(m.upto, 0) AND l.id <= s.upto
 WHERE a.account = :account
"""
_FREED = """
SELECT DISTINCT m.group_id
  FROM statement_accounts a
  JOIN statement_lines l ON l.source_id = a.source_id AND l.asset = a.asset AND l.basis = 'opening'
  JOIN matches m ON m.line_id = l.id AND m.ended_by IS NULL AND m.rule <> :by_hand
 WHERE a.account = :account AND concat_ws('/', l.source_id, l.asset, l.account) = ANY(:beginnings)
"""
# What rules put together although it differs, or as lines that take each other back, while what has a key of theirs was
# still to come: had all been there, it might be another answer. (Looked at together they are of one run, and rest.)
_OVERTAKEN = """
WITH late AS MATERIALIZED (
    SELECT k.key, b.opened_by
      FROM breaks b JOIN statement_lines l ON l.id = b.line_id
     CROSS JOIN LATERAL unnest(l.refs || ARRAY[l.external_id, l.group_key]) k (key)
     WHERE b.account = :account AND b.closed_by IS NULL
    UNION ALL
    SELECT k.key, b.opened_by
      FROM breaks b JOIN ledger.journals j ON j.id = b.journal_id
     CROSS JOIN LATERAL (VALUES (j.ref), (j.memo->>'told')) k (key)
     WHERE b.account = :account AND b.closed_by IS NULL
), made AS (
    SELECT m.group_id, m.run_id, m.line_id, m.journal_id
      FROM breaks b JOIN matches m ON m.group_id = b.group_id AND m.ended_by IS NULL AND m.rule <> :by_hand
     WHERE b.account = :account AND b.closed_by IS NULL
    UNION ALL
    SELECT m.group_id, m.run_id, m.line_id, NULL
      FROM late o JOIN statement_lines l ON l.group_key = o.key
      JOIN statement_accounts a ON a.source_id = l.source_id AND a.asset = l.asset AND a.account = :account
      JOIN matches m ON m.line_id = l.id AND m.ended_by IS NULL AND m.rule <> :by_hand
     WHERE NOT EXISTS (SELECT FROM matches e WHERE e.group_id = m.group_id AND e.journal_id IS NOT NULL)
), own AS (
    SELECT m.group_id, m.run_id, k.key
      FROM made m JOIN statement_lines l ON l.id = m.line_id
     CROSS JOIN LATERAL unnest(l.refs || ARRAY[l.external_id, l.group_key]) k (key)
    UNION ALL
    SELECT m.group_id, m.run_id, k.key
      FROM made m JOIN ledger.journals j ON j.id = m.journal_id
     CROSS JOIN LATERAL (VALUES (j.ref), (j.memo->>'told')) k (key)
)
SELECT DISTINCT w.group_id FROM own w JOIN late o ON o.key = w.key AND o.opened_by > w.run_id
"""
_END = (
    "UPDATE matches SET ended_by = :run WHERE group_id = ANY(:groups) AND ended_by IS NULL",
    "UPDATE breaks SET closed_by = :run WHERE group_id = ANY(:groups) AND closed_by IS NULL",
)
_COUNTS = """
SELECT (SELECT count(*) FROM new_lines) + (SELECT count(*) FROM new_entries) AS new,
       (SELECT count(*) FROM (SELECT FROM breaks WHERE account = :account AND closed_by IS NULL LIMIT :limit) b) AS open
"""
_MARK = """
INSERT INTO matching_marks (account, side, part, upto, booked_at)
SELECT :account, s.side, s.part, s.upto, s.booked_at FROM seen s
ON CONFLICT (account, side, part) DO UPDATE SET upto = excluded.upto, booked_at = excluded.booked_at
"""
# Everything as it is now, before it is copied: most of it may belong together at first sight.
_ALL = (
    """
CREATE TEMP VIEW all_lines AS
SELECT l.id, l.external_id, l.refs, l.group_key, l.narration, l.at, l.delta AS amount,
       CASE WHEN l.basis = 'opening' THEN concat_ws('/', l.source_id, l.asset, l.account) END AS beginning
  FROM statement_accounts a JOIN statement_lines l ON l.source_id = a.source_id AND l.asset = a.asset
 WHERE a.account = :account AND l.at < :as_of
   AND NOT EXISTS (SELECT FROM matches m WHERE m.line_id = l.id AND m.ended_by IS NULL)
""",
    """
CREATE TEMP VIEW bare_entries AS
SELECT e.journal_id, e.leg, e.effective_at AS at, e.amount * a.unit AS amount
  FROM unnest(CAST(:accounts AS bigint[]), CAST(:units AS numeric[])) a (id, unit)
  JOIN ledger.entries e ON e.account_id = a.id
 WHERE e.effective_at < :as_of
   AND NOT EXISTS (SELECT FROM matches m WHERE m.journal_id = e.journal_id AND m.leg = e.leg AND m.ended_by IS NULL)
""",
    """
CREATE TEMP VIEW all_entries AS
SELECT e.journal_id, e.leg, j.ref, j.memo->>'told' AS told, e.at, e.amount
  FROM bare_entries e JOIN ledger.journals j ON j.id = e.journal_id
""",
)
# (the few that are left look for their journals, not all journals for them)
_WHOLE = (
    "CREATE TEMP TABLE open_lines ON COMMIT DROP AS SELECT * FROM all_lines",
    "ANALYZE open_lines",
    "CREATE TEMP TABLE left_entries ON COMMIT DROP AS SELECT * FROM bare_entries",
    "ANALYZE left_entries (journal_id)",
    """
CREATE TEMP TABLE open_entries ON COMMIT DROP AS
SELECT e.journal_id, e.leg, j.ref, j.memo->>'told' AS told, e.at, e.amount
  FROM left_entries e JOIN ledger.journals j ON j.id = e.journal_id
""",
    "DROP TABLE left_entries",
    "DROP VIEW all_lines, all_entries, bare_entries",
)
_LINES = """
CREATE TEMP TABLE open_lines ON COMMIT DROP AS
SELECT l.id, l.external_id, l.refs, l.group_key, l.narration, l.at, l.delta AS amount,
       CASE WHEN l.basis = 'opening' THEN concat_ws('/', l.source_id, l.asset, l.account) END AS beginning
  FROM (SELECT n.id FROM new_lines n
         UNION SELECT b.line_id FROM breaks b
          WHERE b.account = :account AND b.closed_by IS NULL AND b.line_id IS NOT NULL) o
  JOIN statement_lines l ON l.id = o.id
 WHERE l.at < :as_of AND NOT EXISTS (SELECT FROM matches m WHERE m.line_id = l.id AND m.ended_by IS NULL)
"""
_ENTRIES = {
    Kind.OPEN: """
CREATE TEMP TABLE open_entries ON COMMIT DROP AS
SELECT e.journal_id, e.leg, j.ref, j.memo->>'told' AS told, e.effective_at AS at, e.amount * a.unit AS amount
  FROM (SELECT n.journal_id, n.leg FROM new_entries n
         UNION SELECT b.journal_id, b.leg FROM breaks b
          WHERE b.account = :account AND b.closed_by IS NULL AND b.journal_id IS NOT NULL) o
  JOIN ledger.entries e ON e.journal_id = o.journal_id AND e.leg = o.leg
  JOIN book_accounts a ON a.id = e.account_id JOIN ledger.journals j ON j.id = e.journal_id
 WHERE e.effective_at < :as_of
   AND NOT EXISTS (SELECT FROM matches m WHERE m.journal_id = e.journal_id AND m.leg = e.leg AND m.ended_by IS NULL)
""",
    # (One at a time by the index, offset 0: how often a key is told PostgreSQL guesses badly.)
    Kind.NEAR: """
CREATE TEMP TABLE open_entries ON COMMIT DROP AS
WITH keys AS (
    SELECT external_id AS key FROM open_lines UNION SELECT unnest(refs) FROM open_lines
     UNION SELECT group_key FROM open_lines),
near AS (
    SELECT j.id, j.ref FROM keys k JOIN ledger.journals j ON j.ref = k.key
     UNION ALL SELECT j.id, j.ref FROM keys k
             CROSS JOIN LATERAL (SELECT t.id, t.ref FROM ledger.journals t
                                  WHERE t.memo->>'told' = k.key AND t.memo ? 'told' OFFSET 0) j
     UNION ALL SELECT j.id, j.ref FROM open_lines l
              JOIN breaks b ON b.account = :account AND b.amount = -l.amount AND b.closed_by IS NULL
              JOIN ledger.journals j ON j.id = b.journal_id
     UNION ALL SELECT j.id, j.ref FROM new_entries n JOIN ledger.journals j ON j.id = n.journal_id)
SELECT e.journal_id, e.leg, j.ref, j.memo->>'told' AS told, e.effective_at AS at, e.amount * a.unit AS amount
  FROM (SELECT DISTINCT ref FROM near) r JOIN ledger.journals j ON j.ref = r.ref
 CROSS JOIN LATERAL (SELECT * FROM ledger.entries o WHERE o.journal_id = j.id OFFSET 0) e
  JOIN book_accounts a ON a.id = e.account_id
 WHERE e.effective_at < :as_of
   AND NOT EXISTS (SELECT FROM matches m WHERE m.journal_id = e.journal_id AND m.leg = e.leg AND m.ended_by IS NULL)
""",
}


def name_accounts(connection: Connection, account: str) -> None:
    """Make the table of the accounts of the books that are counted together."""
    connection.execute(text(_FRESH))
    connection.execute(text(_ACCOUNTS), {"account": account})
    connection.execute(text("ANALYZE book_accounts"))


def news(connection: Connection, account: str, *, as_of: datetime) -> Kind | None:
    """Note what is new in an account since the last run: how much there is to look at, None where nothing is."""
    place = {"account": account, "as_of": as_of, "limit": max(NEW_MAX, OPEN_MAX) + 1}
    name_accounts(connection, account)
    for statement in _NEW:
        connection.execute(text(statement), place)
    counts = connection.execute(text(_COUNTS), place).one()
    if not counts.new:
        return None
    if counts.new > NEW_MAX or beginnings(connection, account):
        return Kind.WHOLE
    return Kind.OPEN if counts.open <= OPEN_MAX else Kind.NEAR


def beginnings(connection: Connection, account: str) -> list[str]:
    """The accounts of tellers whose opening balance is new, or another than before."""
    return list(connection.execute(text(_BEGINS_ANEW), {"account": account}).scalars())


def free(connection: Connection, account: str, *, run_id: int) -> None:
    """Take apart what rules put together with an opening balance that moved, or before all of it had come."""
    place = {"account": account, "by_hand": BY_HAND, "beginnings": beginnings(connection, account)}
    look_up(connection, few=False)
    found = {
        group for statement in (_FREED, _OVERTAKEN) for group in connection.execute(text(statement), place).scalars()
    }
    if found:
        end(connection, sorted(found), run_id=run_id)


def look_up(connection: Connection, *, few: bool) -> None:
    """Let PostgreSQL look up few rows one by one; sets are quicker for many."""
    connection.execute(text(_LOOK_UP if few else _SETS))


def end(connection: Connection, groups: list[int], *, run_id: int) -> None:
    """End matches, and the breaks of what they differ by; since when what was in them is known to differ is kept."""
    explaining.remember(connection, groups)
    for statement in _END:
        connection.execute(text(statement), {"run": run_id, "groups": groups})


def look_at_all(connection: Connection, account: str, *, as_of: datetime) -> None:
    """Name everything that is in no match, as views of the statements and the books; `open_up` ends them."""
    own = connection.execute(text("SELECT id, unit FROM book_accounts")).all()
    place = {"accounts": [one.id for one in own], "units": [one.unit for one in own]}
    for statement in (_SETS, *_ALL):
        connection.execute(text(statement), {**place, "account": account, "as_of": as_of})


def open_up(connection: Connection, account: str, *, kind: Kind, as_of: datetime, mark: bool = True) -> None:
    """Make the tables of what is open; with `mark`, what is new is seen from now on."""
    place = {"account": account, "as_of": as_of}
    look_up(connection, few=kind is not Kind.WHOLE)
    made = _WHOLE if kind is Kind.WHOLE else (_LINES, "ANALYZE open_lines", _ENTRIES[kind])
    for statement in (*made, "ANALYZE open_entries"):
        connection.execute(text(statement), place)
    if mark:
        connection.execute(text(_MARK), place)
