"""What is left after matching, one by one: why the two sides differ in it, by how much, and since when that is known.

A break is found by the run that opens it; by an earlier one, where there was a break about the same line or entry, or
about a match that it was in. An entry whose day nobody told of differs from nothing yet: it is found when its day is
told of.
"""

from datetime import UTC, datetime

from sqlalchemy import Connection, text

from app.core import clock
from app.core.db import db
from app.matching.models import Run

FEW = 100_000
FOUND_AT_ONCE = 10_000
Place = tuple[datetime, int]
BEGINNING = (datetime(1, 1, 1, tzinfo=UTC), 0)
_CLOSE = (
    """
UPDATE breaks b SET closed_by = :run FROM matches m
 WHERE m.group_id > :first AND m.run_id = :run AND b.line_id = m.line_id AND b.closed_by IS NULL
   AND b.account = :account
""",
    """
UPDATE breaks b SET closed_by = :run FROM matches m
 WHERE m.group_id > :first AND m.run_id = :run AND b.journal_id = m.journal_id AND b.leg = m.leg
   AND b.closed_by IS NULL AND b.account = :account
""",
)
_DIFFERING = """
INSERT INTO breaks (account, reason, group_id, amount, at, found_at, opened_by)
SELECT :account,
       CASE WHEN abs(d.total) <= (SELECT coalesce(max(a.tolerance), 0) FROM statement_accounts a
                                    WHERE a.account = :account) THEN 'fx_rounding'
            WHEN d.fee <> 0 AND d.principal IN (d.least, d.greatest) THEN 'fee_variance'
            ELSE 'amount_mismatch' END,
       d.group_id, d.total, d.at, least(d.found_at, :now), :run
  FROM (SELECT m.group_id, sum(coalesce(l.delta, -e.amount * a.unit)) AS total,
               -- (as each would stand by itself after a closed month, see below)
               coalesce(min(greatest(l.at, (SELECT max(c.ends_at) FROM period_cuts c
                                             WHERE l.id > c.lines_upto AND l.at < c.ends_at))),
                        min(greatest(e.effective_at, a.since))) AS at,
               -- (one at a time: few matches do not add up)
               min(least((SELECT min(b.found_at) FROM breaks b WHERE b.line_id = m.line_id AND b.closed_by IS NOT NULL),
                         (SELECT min(b.found_at) FROM breaks b
                           WHERE b.journal_id = m.journal_id AND b.leg = m.leg AND b.closed_by IS NOT NULL),
                         (SELECT min(w.found_at) FROM found_before w WHERE w.line_id = m.line_id),
                         (SELECT min(w.found_at) FROM found_before w
                           WHERE w.journal_id = m.journal_id AND w.leg = m.leg))) AS found_at,
               coalesce(sum(l.fee) FILTER (WHERE l.fee_asset = l.asset), 0) AS fee,
               sum(l.delta) + coalesce(sum(l.fee) FILTER (WHERE l.fee_asset = l.asset), 0) AS principal,
               min(e.amount * a.unit) AS least, max(e.amount * a.unit) AS greatest
          FROM matches m
          LEFT JOIN LATERAL (SELECT * FROM statement_lines s WHERE s.id = m.line_id OFFSET 0) l ON true
          LEFT JOIN LATERAL (SELECT * FROM ledger.entries x
                              WHERE x.journal_id = m.journal_id AND x.leg = m.leg OFFSET 0) e ON true
          LEFT JOIN book_accounts a ON a.id = e.account_id
         WHERE m.group_id > :differing AND m.run_id = :run
         GROUP BY m.group_id) d
 WHERE d.total <> 0
"""
# Twice the same, and one of them in a match: which of two alike nobody can say. Few are looked up one by one; of many
# all that is matched is joined.
_TWICE_FEW = (
    """
CREATE TEMP TABLE lines_twice ON COMMIT DROP AS
SELECT l.id FROM open_lines l JOIN statement_lines o ON o.id = l.id AND o.occurrence > 1 AND o.basis = 'row'
 CROSS JOIN LATERAL (SELECT 1 FROM statement_lines t JOIN matches m ON m.line_id = t.id AND m.ended_by IS NULL
                      WHERE t.source_id = o.source_id AND t.identity = o.identity AND t.occurrence < o.occurrence
                      LIMIT 1) x
""",
    """
CREATE TEMP TABLE entries_twice ON COMMIT DROP AS
SELECT e.journal_id, e.leg FROM open_entries e
 CROSS JOIN LATERAL (SELECT 1 FROM ledger.journals j JOIN ledger.entries x ON x.journal_id = j.id
                       JOIN book_accounts a ON a.id = x.account_id
                       JOIN matches m ON m.journal_id = x.journal_id AND m.leg = x.leg AND m.ended_by IS NULL
                      WHERE j.ref = e.ref AND x.amount * a.unit = e.amount LIMIT 1) x
""",
)
_TWICE_MANY = (
    """
CREATE TEMP TABLE lines_twice ON COMMIT DROP AS
SELECT l.id FROM open_lines l JOIN statement_lines o ON o.id = l.id AND o.occurrence > 1 AND o.basis = 'row'
 WHERE EXISTS (SELECT FROM statement_lines t JOIN matches m ON m.line_id = t.id AND m.ended_by IS NULL
                WHERE t.source_id = o.source_id AND t.identity = o.identity AND t.occurrence < o.occurrence)
""",
    """
CREATE TEMP TABLE entries_twice ON COMMIT DROP AS
SELECT e.journal_id, e.leg FROM open_entries e
 WHERE EXISTS (SELECT FROM ledger.journals j JOIN ledger.entries x ON x.journal_id = j.id
                 JOIN book_accounts a ON a.id = x.account_id
                 JOIN matches m ON m.journal_id = x.journal_id AND m.leg = x.leg AND m.ended_by IS NULL
                WHERE j.ref = e.ref AND x.amount * a.unit = e.amount)
""",
)
# Found open by an earlier run, before the other of the two was matched.
_TWICE_NOW = (
    """
UPDATE breaks b SET reason = 'duplicate_line' FROM lines_twice t
 WHERE b.line_id = t.id AND b.closed_by IS NULL AND b.reason = 'missing_in_ledger' AND b.account = :account
""",
    """
UPDATE breaks b SET reason = 'duplicate_entry' FROM entries_twice t
 WHERE b.journal_id = t.journal_id AND b.leg = t.leg AND b.closed_by IS NULL AND b.reason = 'missing_in_statement'
   AND b.account = :account
""",
)
# Since when lines and entries that are taken apart now are known to differ. (The match's own break is open still.)
_BEFORE = (
    """
CREATE TEMP TABLE IF NOT EXISTS found_before (line_id bigint, journal_id bigint, leg integer, found_at timestamptz)
    ON COMMIT DROP;
CREATE INDEX IF NOT EXISTS found_before_line ON found_before (line_id);
CREATE INDEX IF NOT EXISTS found_before_entry ON found_before (journal_id, leg)
""",
    """
INSERT INTO found_before (line_id, found_at)
SELECT o.line_id, min(o.found_at)
  FROM (SELECT m.line_id, b.found_at FROM matches m JOIN breaks b ON b.line_id = m.line_id AND b.closed_by IS NOT NULL
         WHERE m.group_id = ANY(:groups)
         UNION ALL
        SELECT m.line_id, b.found_at FROM matches m JOIN breaks b ON b.group_id = m.group_id AND b.closed_by IS NULL
         WHERE m.group_id = ANY(:groups) AND m.line_id IS NOT NULL) o
 WHERE o.found_at IS NOT NULL GROUP BY o.line_id
""",
    """
INSERT INTO found_before (journal_id, leg, found_at)
SELECT o.journal_id, o.leg, min(o.found_at)
  FROM (SELECT m.journal_id, m.leg, b.found_at
          FROM matches m JOIN breaks b ON b.journal_id = m.journal_id AND b.leg = m.leg AND b.closed_by IS NOT NULL
         WHERE m.group_id = ANY(:groups)
         UNION ALL
        SELECT m.journal_id, m.leg, b.found_at
          FROM matches m JOIN breaks b ON b.group_id = m.group_id AND b.closed_by IS NULL
         WHERE m.group_id = ANY(:groups) AND m.journal_id IS NOT NULL) o
 WHERE o.found_at IS NOT NULL GROUP BY o.journal_id, o.leg
""",
    "ANALYZE found_before",
)
# (What is told of a closed month after its closing is open from its end on, and so is what an account had booked in it
# that is counted with this one only since: the month stays as it was closed.) In the order of the queue's indexes: that
# halves the time of a million.
_LEFT = (
    """
INSERT INTO breaks (account, reason, line_id, amount, at, found_at, opened_by)
SELECT :account, CASE WHEN t.id IS NULL THEN 'missing_in_ledger' ELSE 'duplicate_line' END, l.id, l.amount,
       greatest(l.at, (SELECT max(c.ends_at) FROM period_cuts c WHERE l.id > c.lines_upto AND l.at < c.ends_at)),
       coalesce(w.found_at, :now), :run
  FROM open_lines l LEFT JOIN lines_twice t ON t.id = l.id LEFT JOIN found_before w ON w.line_id = l.id
 WHERE NOT EXISTS (SELECT FROM breaks b WHERE b.line_id = l.id AND b.closed_by IS NULL)
 ORDER BY l.at, l.id
""",
    """
INSERT INTO breaks (account, reason, journal_id, leg, amount, at, found_at, opened_by)
SELECT :account, CASE WHEN t.leg IS NULL THEN 'missing_in_statement' ELSE 'duplicate_entry' END,
       e.journal_id, e.leg, -e.amount, c.at,
       coalesce(w.found_at, CASE WHEN c.at < v.until AND v.covered @> c.at THEN :now END), :run
  FROM matching_coverage(:account, :now) v CROSS JOIN open_entries e
 CROSS JOIN LATERAL (
       SELECT CASE WHEN e.at < (SELECT max(k.since) FROM book_accounts k)
                   THEN (SELECT greatest(e.at, k.since)
                           FROM ledger.entries x JOIN book_accounts k ON k.id = x.account_id
                          WHERE x.journal_id = e.journal_id AND x.leg = e.leg)
                   ELSE e.at END AS at) c
  LEFT JOIN entries_twice t ON t.journal_id = e.journal_id AND t.leg = e.leg
  LEFT JOIN found_before w ON w.journal_id = e.journal_id AND w.leg = e.leg
 WHERE NOT EXISTS (SELECT FROM breaks b
                    WHERE b.journal_id = e.journal_id AND b.leg = e.leg AND b.closed_by IS NULL)
 ORDER BY c.at, e.journal_id, e.leg
""",
)
# Some at a time, from a place on, without waiting for whoever matches there: of a million, each is written once.
_FOUND = """
WITH now_told AS MATERIALIZED (
    SELECT o.id, o.at FROM break_spans(:account, :now, ARRAY['missing_in_statement']) s
     CROSS JOIN LATERAL (SELECT b.id, b.at FROM breaks b
                          WHERE b.account = :account AND b.closed_by IS NULL AND b.found_at IS NULL
                            AND (b.at, b.id) > (greatest(s.since, CAST(:after_at AS timestamptz)),
                                                CASE WHEN :after_at >= s.since THEN :after_id ELSE 0 END)
                            AND b.at < s.until
                          ORDER BY b.at, b.id LIMIT :limit FOR UPDATE SKIP LOCKED) o
     ORDER BY o.at, o.id LIMIT :limit),
found AS (UPDATE breaks SET found_at = :now WHERE id = ANY (ARRAY(SELECT id FROM now_told)))
SELECT at, id FROM now_told ORDER BY at DESC, id DESC LIMIT 1
"""


def explain(connection: Connection, told: Run, *, first: int, differing: int) -> dict[str, int]:
    """Close the breaks of what is matched now, and open one for whatever is not: how many of both."""
    closed = close_matched(connection, told, first=first)
    opened = explain_differing(connection, told, since=differing) + explain_left(connection, told)
    return {"closed": closed, "opened": opened}


def close_matched(connection: Connection, told: Run, *, first: int) -> int:
    """End the breaks of lines and entries that this run matched in groups after the `first`: how many."""
    place = {"account": told.account, "run": told.id, "first": first}
    return sum(connection.execute(text(each), place).rowcount for each in _CLOSE)


def explain_differing(connection: Connection, told: Run, *, since: int) -> int:
    """Open a break for each group of this run after `since` that does not add up: how many."""
    place = {"account": told.account, "run": told.id, "differing": since, "now": _moment(told)}
    connection.execute(text(_BEFORE[0]))
    return connection.execute(text(_DIFFERING), place).rowcount


def explain_left(connection: Connection, told: Run) -> int:
    """Open a break for each open line and entry that has none: how many."""
    place = {"account": told.account, "run": told.id, "now": _moment(told)}
    few = connection.execute(text("SELECT count(*) < :few FROM open_entries"), {"few": FEW}).scalar_one()
    connection.execute(text("SELECT set_config('enable_nestloop', :on, true)"), {"on": "on" if few else "off"})
    for statement in (_BEFORE[0], *(_TWICE_FEW if few else _TWICE_MANY), *_TWICE_NOW):
        connection.execute(text(statement), place)
    opened = sum(connection.execute(text(statement), place).rowcount for statement in _LEFT)
    connection.execute(text("DROP TABLE lines_twice, entries_twice, found_before"))
    return opened


def remember(connection: Connection, groups: list[int]) -> None:
    """Note since when what is in matches is known to differ, before they are taken apart."""
    for statement in _BEFORE:
        connection.execute(text(statement), {"groups": groups})


def find(account: str, *, after: Place = BEGINNING) -> Place | None:
    """Note of some entries that they are found missing whose day was told of since: the last, None where there is none.

    An entry is in its place by when it took effect and the number of its break.
    """
    place = {"account": account, "now": clock.now(), "limit": FOUND_AT_ONCE, "after_at": after[0], "after_id": after[1]}
    last = db.session.connection().execute(text(_FOUND), place).first()
    return None if last is None else (last.at, last.id)


def _moment(told: Run) -> datetime:
    return told.begun_at or clock.now()  # (a trial has no beginning)
