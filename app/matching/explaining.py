"""What is left after matching, one by one: why the two sides differ in it, and by how much."""

from sqlalchemy import Connection, text

from app.matching.models import Run
from app.matching.scope import Kind

FEW = 100_000
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
INSERT INTO breaks (account, reason, group_id, amount, at, opened_by)
SELECT :account,
       CASE WHEN abs(d.total) <= (SELECT coalesce(max(a.tolerance), 0) FROM statement_accounts a
                                    WHERE a.account = :account) THEN 'fx_rounding'
            WHEN d.fee <> 0 AND d.principal IN (d.least, d.greatest) THEN 'fee_variance'
            ELSE 'amount_mismatch' END,
       d.group_id, d.total, d.at, :run
  FROM (SELECT m.group_id, sum(coalesce(l.delta, -e.amount * a.unit)) AS total,
               coalesce(min(l.at), min(e.effective_at)) AS at,
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
# In the order of the indexes of the queue: a million come in a third less time.
# (What is told of a closed month after its closing is open from its end on: the month stays as it was closed.)
_LEFT = (
    """
INSERT INTO breaks (account, reason, line_id, amount, at, opened_by)
SELECT :account, CASE WHEN t.id IS NULL THEN 'missing_in_ledger' ELSE 'duplicate_line' END, l.id, l.amount,
       greatest(l.at, (SELECT max(c.ends_at) FROM period_cuts c WHERE l.id > c.lines_upto AND l.at < c.ends_at)), :run
  FROM open_lines l LEFT JOIN lines_twice t ON t.id = l.id
 WHERE NOT EXISTS (SELECT FROM breaks b WHERE b.line_id = l.id AND b.closed_by IS NULL)
 ORDER BY l.at, l.id
""",
    """
INSERT INTO breaks (account, reason, journal_id, leg, amount, at, opened_by)
SELECT :account, CASE WHEN t.leg IS NULL THEN 'missing_in_statement' ELSE 'duplicate_entry' END,
       e.journal_id, e.leg, -e.amount, e.at, :run
  FROM open_entries e LEFT JOIN entries_twice t ON t.journal_id = e.journal_id AND t.leg = e.leg
 WHERE NOT EXISTS (SELECT FROM breaks b
                    WHERE b.journal_id = e.journal_id AND b.leg = e.leg AND b.closed_by IS NULL)
 ORDER BY e.at, e.journal_id, e.leg
""",
)


def explain(connection: Connection, told: Run, *, first: int, differing: int) -> dict[str, int]:
    """Close the breaks of what is matched now, and open one for whatever is not: how many of both."""
    _look_up(connection, few=told.kind in {Kind.OPEN, Kind.NEAR})
    closed = close_matched(connection, told, first=first)
    opened = explain_differing(connection, told, since=differing) + explain_left(connection, told)
    return {"closed": closed, "opened": opened}


def close_matched(connection: Connection, told: Run, *, first: int) -> int:
    """End the breaks of lines and entries that this run matched in groups after the `first`: how many."""
    place = {"account": told.account, "run": told.id, "first": first}
    return sum(connection.execute(text(each), place).rowcount for each in _CLOSE)


def explain_differing(connection: Connection, told: Run, *, since: int) -> int:
    """Open a break for each group of this run after `since` that does not add up: how many."""
    place = {"account": told.account, "run": told.id, "differing": since}
    return connection.execute(text(_DIFFERING), place).rowcount


def explain_left(connection: Connection, told: Run) -> int:
    """Open a break for each open line and entry that has none: how many."""
    place = {"account": told.account, "run": told.id}
    few = connection.execute(text("SELECT count(*) < :few FROM open_entries"), {"few": FEW}).scalar_one()
    _look_up(connection, few=few)
    for statement in (*(_TWICE_FEW if few else _TWICE_MANY), *_TWICE_NOW):
        connection.execute(text(statement), place)
    opened = sum(connection.execute(text(statement), place).rowcount for statement in _LEFT)
    connection.execute(text("DROP TABLE lines_twice, entries_twice"))
    return opened


def _look_up(connection: Connection, *, few: bool) -> None:
    """Few are looked up one by one; of many sets are joined."""
    connection.execute(text("SELECT set_config('enable_nestloop', :on, true)"), {"on": "on" if few else "off"})
