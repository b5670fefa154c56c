"""The same passes over the same rows in DuckDB's memory: the floor that matching is measured against.

It is handed both sides as files, reads them (not measured), and puts together by id and amount, by reference in sums,
by group in sums, then by amount within two days where it is the only pair. Nothing is kept.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

_READ = (
    """
CREATE TABLE lines AS SELECT * FROM read_csv('{lines}', header = true, columns = {{
    'id': 'BIGINT', 'external_id': 'VARCHAR', 'ref': 'VARCHAR', 'group_key': 'VARCHAR', 'at': 'TIMESTAMP',
    'amount': 'DECIMAL(38, 2)'}})
""",
    """
CREATE TABLE entries AS SELECT * FROM read_csv('{entries}', header = true, columns = {{
    'id': 'BIGINT', 'ref': 'VARCHAR', 'told': 'VARCHAR', 'at': 'TIMESTAMP', 'amount': 'DECIMAL(38, 2)'}})
""",
)
_EXACT = """
CREATE TABLE found{n} AS SELECT l.id AS line, e.id AS entry, row_number() OVER (PARTITION BY l.id ORDER BY e.id) AS a,
       row_number() OVER (PARTITION BY e.id ORDER BY l.id) AS b
  FROM lines l JOIN entries e ON l.{line} = e.{entry} AND l.amount = e.amount
"""
_SUMS = """
CREATE TABLE found{n} AS
WITH l AS (SELECT {line} AS key, sum(amount) AS total FROM lines WHERE {line} IS NOT NULL GROUP BY 1),
     e AS (SELECT {entry} AS key, sum(amount) AS total FROM entries WHERE {entry} IS NOT NULL GROUP BY 1),
     k AS (SELECT key FROM l JOIN e USING (key, total))
SELECT id AS line, NULL::BIGINT AS entry, 1 AS a, 1 AS b FROM lines JOIN k ON k.key = {line}
UNION ALL SELECT NULL, id, 1, 1 FROM entries JOIN k ON k.key = {entry}
"""
_REST = (
    """
CREATE OR REPLACE TABLE lines AS
SELECT * FROM lines WHERE id NOT IN (SELECT line FROM found{n} WHERE line IS NOT NULL AND a = 1 AND b = 1)
""",
    """
CREATE OR REPLACE TABLE entries AS
SELECT * FROM entries WHERE id NOT IN (SELECT entry FROM found{n} WHERE entry IS NOT NULL AND a = 1 AND b = 1)
""",
)
_WINDOW = """
CREATE TABLE found{n} AS
SELECT l.id AS line, e.id AS entry, count(*) OVER (PARTITION BY l.id) AS a, count(*) OVER (PARTITION BY e.id) AS b
  FROM lines l JOIN entries e ON l.amount = e.amount AND e.at BETWEEN l.at - INTERVAL 2 DAY AND l.at + INTERVAL 2 DAY
 WHERE l.ref IS NULL AND l.external_id IS NULL
"""
PASSES = (
    (_EXACT, "external_id", "told"),
    (_EXACT, "ref", "told"),
    (_EXACT, "ref", "ref"),
    (_SUMS, "ref", "ref"),
    (_SUMS, "group_key", "ref"),
    (_WINDOW, "", ""),
)


def match(lines: Path, entries: Path) -> dict[str, float]:
    """Match two files: seconds for the passes, and how many of either side are left."""
    with duckdb.connect() as session:
        for statement in _READ:
            session.execute(statement.format(lines=lines, entries=entries))
        begun = time.perf_counter()
        for n, (statement, line, entry) in enumerate(PASSES):
            for each in (statement, *_REST):
                session.execute(each.format(n=n, line=line, entry=entry))
        took = time.perf_counter() - begun
        left = session.execute("SELECT (SELECT count(*) FROM lines), (SELECT count(*) FROM entries)").fetchone()
    return {"seconds": took, "lines": left[0], "entries": left[1]}


if __name__ == "__main__":
    print(json.dumps(match(Path(sys.argv[1]), Path(sys.argv[2]))))
