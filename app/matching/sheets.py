"""What is wrong with a statement itself: it contradicts itself or the one before, or a row of it.

Breaks in the same queue, which move nothing: only lines are counted as told. `as_told` says by how much. Each ends by
itself when what was wrong is mended: the missing file comes, a sound one of the same days, the row again in a file of
which it is a line, or somebody takes a line as it was told later, or says that an account is another one.
"""

from sqlalchemy import Connection, text

from app.matching.models import Run

# One sheet is what a file tells of one account and period. What another covers whole is not the next of anything; and
# sheets of one day in one file follow in its order. (One without any line may say no days: its balances know it again.)
_LOOK = """
CREATE TEMP TABLE wrong_sheets ON COMMIT DROP AS
WITH own AS (
    SELECT p.import_id, p.part, p.account, a.asset, i.source_id, p.opening, p.closing, p.untied, p.gaps, i.imported_at,
           least(p.period_from, p.period_to) AS first, greatest(p.period_from, p.period_to) AS last,
           CASE WHEN p.untied = '' THEN p.closing - p.opening - p.moved END AS off,
           coalesce(nullif(s.settings->>'zone', ''), 'UTC') AS zone
      FROM statement_accounts a JOIN statement_sources s ON s.id = a.source_id
      JOIN statement_imports i ON i.source_id = a.source_id
      JOIN statement_parts p ON p.import_id = i.id AND p.asset = a.asset
     WHERE a.account = :account
), wrong AS (
    SELECT o.*, CASE WHEN o.untied <> '' OR o.off <> 0 THEN 'statement_does_not_tie' ELSE 'sequence_gap' END AS reason
      FROM own o
     WHERE (o.untied <> '' OR o.off <> 0 OR o.gaps <> '{}')
       AND NOT EXISTS (SELECT FROM own x
                        WHERE (x.source_id, x.account, x.asset) = (o.source_id, o.account, o.asset)
                          AND (x.first <= o.first AND x.last >= o.last
                               OR o.first IS NULL AND (x.opening, x.closing) = (o.opening, o.closing))
                          AND x.import_id > o.import_id AND x.off = 0 AND x.gaps = '{}')
), sheets AS (
    SELECT o.source_id, o.account, o.asset, o.import_id, o.first, o.last, min(o.part) AS part, min(o.zone) AS zone,
           (array_agg(o.opening ORDER BY o.part))[1] AS opening,
           (array_agg(o.closing ORDER BY o.part DESC))[1] AS closing
      FROM own o WHERE o.first IS NOT NULL AND o.untied = '' GROUP BY 1, 2, 3, 4, 5, 6
), outer_most AS (
    SELECT s.*, max(s.last) OVER (PARTITION BY s.source_id, s.account, s.asset
                                  ORDER BY s.first, s.last DESC, s.import_id DESC
                                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS told_to
      FROM sheets s
), following AS (
    SELECT s.*, lag(s.closing) OVER own AS closed, lag(s.last) OVER own AS before
      FROM outer_most s WHERE s.told_to IS NULL OR s.last > s.told_to
    WINDOW own AS (PARTITION BY s.source_id, s.account, s.asset ORDER BY s.first)
)
SELECT w.import_id, w.part, w.reason, CASE WHEN w.reason = 'statement_does_not_tie' THEN w.off END AS as_told,
       coalesce(w.first::timestamp AT TIME ZONE w.zone, w.imported_at) AS at
  FROM wrong w
UNION ALL
SELECT f.import_id, f.part, 'sequence_gap', f.opening - f.closed, f.first::timestamp AT TIME ZONE f.zone
  FROM following f
 WHERE f.first > f.before AND f.opening <> f.closed
   AND NOT EXISTS (SELECT FROM wrong w
                    WHERE (w.import_id, w.part) = (f.import_id, f.part) AND w.reason = 'sequence_gap')
UNION ALL
SELECT b.import_id, b.part, 'another_account', b.amount, b.at
  FROM statement_accounts a JOIN statement_sources s ON s.id = a.source_id AND s.retired_at IS NULL
 CROSS JOIN LATERAL statement_beginnings(a.source_id, NULL) b
 WHERE a.account = :account AND b.asset = a.asset AND b.waits AND b.amount <> 0
"""
_OPEN = """
INSERT INTO breaks (account, reason, import_id, part, amount, as_told, at, found_at, opened_by)
SELECT :account, w.reason, w.import_id, w.part, 0, w.as_told, w.at, coalesce(w.found_at, :now), :run
  FROM wrong_sheets w
ON CONFLICT DO NOTHING
"""
# What is wrong by another amount than before is another break, known since then.
_KNOWN = (
    "ALTER TABLE wrong_sheets ADD found_at timestamptz",
    """
UPDATE wrong_sheets w SET found_at = b.found_at FROM breaks b
 WHERE (b.import_id, b.part, b.reason) = (w.import_id, w.part, w.reason) AND b.account = :account
   AND b.part IS NOT NULL AND b.closed_by IS NULL
""",
)
_CLOSE = """
UPDATE breaks b SET closed_by = :run
 WHERE b.account = :account AND b.part IS NOT NULL AND b.closed_by IS NULL
   AND NOT EXISTS (SELECT FROM wrong_sheets w
                    WHERE (w.import_id, w.part, w.reason) = (b.import_id, b.part, b.reason)
                      AND w.as_told IS NOT DISTINCT FROM b.as_told)
"""
# A row that is no line names no asset: it is told of beside the account whose asset stands in it, else the first.
_LOOK_ROWS = """
CREATE TEMP TABLE wrong_rows ON COMMIT DROP AS
SELECT w.* FROM (
    SELECT r.id, r.import_id, NULL::numeric AS as_told, i.imported_at AS at, 'unknown_type' AS reason
      FROM statement_accounts a
      JOIN statement_imports i ON i.source_id = a.source_id AND i.rows_rejected > 0
            AND i.reads_again IS NULL  -- (of the same row there is a break from when it was read first)
      JOIN statement_rows r ON r.import_id = i.id AND r.outcome = 'rejected'
     WHERE a.account = :account AND a.asset = (
           SELECT o.asset FROM statement_accounts o WHERE o.source_id = a.source_id
            ORDER BY EXISTS (SELECT FROM json_each_text(r.raw) cell WHERE cell.value = o.asset) DESC, o.asset LIMIT 1)
     UNION ALL
    SELECT s.row_id, s.import_id, s.as_told, s.at, 'restated' FROM restated_lines(:account) s) w
 WHERE NOT EXISTS (SELECT FROM breaks b WHERE b.row_id = w.id)
"""
_OPEN_ROWS = """
INSERT INTO breaks (account, reason, import_id, row_id, amount, as_told, at, found_at, opened_by)
SELECT :account, w.reason, w.import_id, w.id, 0, w.as_told, w.at, :now, :run FROM wrong_rows w
"""
_UNREAD = """
SELECT 1 FROM breaks WHERE account = :account AND reason = 'unknown_type' AND closed_by IS NULL LIMIT 1
"""
# (What is new is read once, of any asset of the source, and its cells only where it is of a later file.)
_CLOSE_READ = """
WITH unread AS MATERIALIZED (
    SELECT b.id, i.source_id, r.import_id, r.raw::text AS raw
      FROM breaks b JOIN statement_rows r ON r.id = b.row_id JOIN statement_imports i ON i.id = r.import_id
     WHERE b.account = :account AND b.reason = 'unknown_type' AND b.closed_by IS NULL),
later AS MATERIALIZED (
    SELECT l.source_id, l.import_id, l.raw::text AS raw FROM statement_lines l
     WHERE l.id > (SELECT coalesce(min(m.upto), 0) FROM matching_marks m
                    WHERE m.account = :account AND m.side = 'statements')
       AND l.source_id IN (SELECT u.source_id FROM unread u)
       AND l.import_id > (SELECT min(u.import_id) FROM unread u))
UPDATE breaks b SET closed_by = :run
  FROM unread u
 WHERE b.id = u.id
   AND EXISTS (SELECT FROM later l WHERE l.source_id = u.source_id AND l.raw = u.raw AND l.import_id > u.import_id)
"""
# Where the file's own rows were read again, what is not rejected any more may be known, or move nothing: no new line.
_CLOSE_READ_AGAIN = """
UPDATE breaks b SET closed_by = :run
  FROM statement_rows r JOIN statement_imports n ON n.reads_again = r.import_id
 WHERE r.id = b.row_id AND b.account = :account AND b.reason = 'unknown_type' AND b.closed_by IS NULL
   AND NOT EXISTS (SELECT FROM statement_rows s
                    WHERE (s.import_id, s.outcome, s.row_no) = (n.id, 'rejected', r.row_no))
"""
_CLOSE_RESTATED = """
UPDATE breaks b SET closed_by = :run
 WHERE b.account = :account AND b.reason = 'restated' AND b.closed_by IS NULL
   AND b.row_id NOT IN (SELECT s.row_id FROM restated_lines(:account) s)
"""
_CLOSE_BEGUN = """
UPDATE breaks b SET closed_by = :run
  FROM statement_parts p JOIN statement_imports i ON i.id = p.import_id
 WHERE b.account = :account AND b.reason = 'another_account' AND b.closed_by IS NULL
   AND (p.import_id, p.part) = (b.import_id, b.part)
   AND EXISTS (SELECT FROM statement_lines l WHERE l.source_id = i.source_id AND l.basis = 'opening'
                  AND (l.account, l.asset) = (p.account, p.asset))
"""
_ANY = """
SELECT 1 FROM wrong_rows
UNION ALL
SELECT 1 FROM wrong_sheets w
 WHERE NOT EXISTS (SELECT FROM breaks b
                    WHERE (b.import_id, b.part, b.reason) = (w.import_id, w.part, w.reason) AND b.closed_by IS NULL)
UNION ALL
SELECT 1 FROM breaks b JOIN statement_rows r ON r.id = b.row_id JOIN statement_imports n ON n.reads_again = r.import_id
 WHERE b.account = :account AND b.reason = 'unknown_type' AND b.closed_by IS NULL
   AND NOT EXISTS (SELECT FROM statement_rows s
                    WHERE (s.import_id, s.outcome, s.row_no) = (n.id, 'rejected', r.row_no))
UNION ALL
SELECT 1 FROM breaks b
 WHERE b.account = :account AND b.part IS NOT NULL AND b.closed_by IS NULL
   AND NOT EXISTS (SELECT FROM wrong_sheets w
                    WHERE (w.import_id, w.part, w.reason) = (b.import_id, b.part, b.reason)
                      AND w.as_told IS NOT DISTINCT FROM b.as_told)
 LIMIT 1
"""


def look(connection: Connection, account: str) -> bool:
    """Note what is wrong with the statements of an account now: whether that is otherwise than before."""
    place = {"account": account}
    for statement in (_LOOK, _LOOK_ROWS):
        connection.execute(text(statement), place)
    return connection.execute(text(_ANY), place).first() is not None


def explain(connection: Connection, told: Run) -> dict[str, int]:
    """Open a break for what is wrong, and close those of what was mended, before new lines are marked as seen."""
    place = {"account": told.account, "run": told.id, "now": told.begun_at}
    for each in _KNOWN:
        connection.execute(text(each), place)
    closed = sum(connection.execute(text(each), place).rowcount for each in (_CLOSE, _CLOSE_RESTATED))
    opened = sum(connection.execute(text(each), place).rowcount for each in (_OPEN, _OPEN_ROWS))
    if connection.execute(text(_UNREAD), place).first() is not None:
        closed += sum(connection.execute(text(each), place).rowcount for each in (_CLOSE_READ, _CLOSE_READ_AGAIN))
    return {"closed": closed, "opened": opened}


def close_decided(connection: Connection, told: Run) -> None:
    """Close the breaks of lines that were told otherwise and count so now, and of accounts whose beginning counts."""
    for statement in (_CLOSE_RESTATED, _CLOSE_BEGUN):
        connection.execute(text(statement), {"account": told.account, "run": told.id})
