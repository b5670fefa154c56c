"""How long it takes to hold a month of statements against the books: `make bench-matching`.

A world of known truth (bench/world.py) is matched with the standard rules, as the product does it: everything kept, the
breaks opened. Then again, as nothing is new; then everything once more; then a new statement of 1,000 lines. Beside it
the same passes in DuckDB's memory. Every break is held against the truth, and every match that the rules were sure of.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask

from app.assembly import assemble
from app.core import actor, clock
from app.core.db import for_everyone, leave, rows, transaction
from app.matching import queries, service
from app.matching.models import Run
from app.matching.rules import STANDARD
from bench import hordak_peer, world
from bench.servers import Database, Ground, durable_ground

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var"
BENCH = actor.system("bench")
NEW_LINES = 1_000
_BREAKS = """
SELECT break_reason(b.reason, b.at, c.until, c.covered) AS reason,
       mod(coalesce(l.row_no, mod(b.journal_id - 1, :size), g.row_no, o.row_no, b.part)::bigint, 1000) AS k,
       count(*) AS n
  FROM matching_coverage(:account, now()) c, breaks b LEFT JOIN statement_lines l ON l.id = b.line_id
  LEFT JOIN LATERAL (SELECT s.row_no FROM matches m JOIN statement_lines s ON s.id = m.line_id
                      WHERE m.group_id = b.group_id LIMIT 1) g ON true
  LEFT JOIN statement_rows o ON o.id = b.row_id
 WHERE b.closed_by IS NULL GROUP BY 1, 2 ORDER BY 1, 2
"""
# One of each that the rules put together although they are of different numbers.
_WRONG = """
SELECT count(*) AS n FROM matches m JOIN statement_lines l ON l.id = m.line_id
 WHERE m.journal_id IS NOT NULL AND m.ended_by IS NULL AND mod(m.journal_id - 1, :size) <> l.row_no
"""
_FILES = {
    "lines": "SELECT id, external_id, refs[1] AS ref, group_key, at AT TIME ZONE 'UTC' AS at, delta AS amount"
    " FROM statement_lines",
    "entries": "SELECT e.journal_id AS id, j.ref, j.memo->>'told' AS told, e.effective_at AT TIME ZONE 'UTC' AS at,"
    " e.amount * 0.01 AS amount FROM ledger.entries e JOIN ledger.journals j ON j.id = e.journal_id",
}
_MORE = """
INSERT INTO statement_lines (source_id, import_id, part, row_no, external_id, identity, occurrence, at, booked_on,
                             account, asset, delta, fee, fee_asset, kind, group_key, refs, counterparty, narration, raw)
SELECT %(source)s, 'imp_new', 1, g, NULL, sha256(int8send(-g)), 1, j.effective_at, j.effective_at::date, 'bench', 'NGN',
       e.amount * 0.01, 0, 'NGN', 'payment', NULL, ARRAY[j.ref], '', 'NIP TRANSFER', '{}'
  FROM generate_series(1, %(lines)s) g
  JOIN ledger.journals j ON j.id = 1 + g * (%(n)s / %(lines)s) JOIN ledger.entries e ON e.journal_id = j.id
"""


@dataclass
class Measured:
    """Seconds, and what was found."""

    lines: int
    entries: int
    match_seconds: float = 0
    nothing_new_seconds: float = 0
    whole_again_seconds: float = 0
    duckdb_seconds: float = 0
    ratio: float = 0
    new_statement_seconds: float = 0
    breaks: dict[str, int] = field(default_factory=dict)
    false_breaks: int = 0
    missed_breaks: int = 0
    wrong_matches: int = 0
    ties: bool = False
    digest: str = ""
    rss_mib: int = 0
    rules: list[dict[str, Any]] = field(default_factory=list)


def measure(on: Ground, size: int, *, seed: int = 7, floor: bool = True) -> Measured:
    """Match a world of about so many of either side."""
    database = on.books()
    made = world.build(database, size=size, seed=seed)
    found = Measured(made.lines, made.entries)
    app = assemble(database.settings)
    found.match_seconds, run = timed(app, whole=False)
    found.digest, found.rules = run["digest"], run["counts"]["rules"]
    judge(app, found, size)
    found.nothing_new_seconds, _ = timed(app, whole=False)
    found.whole_again_seconds, _ = timed(app, whole=True)
    if floor:
        found.duckdb_seconds = beside(database, on.home)
        found.ratio = found.match_seconds / found.duckdb_seconds
    found.rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found


def measure_new(on: Ground, size: int) -> float:
    """Seconds to match a new statement of 1,000 lines where very many entries are open."""
    database = on.books()
    world.build(database, size=size)
    with closing(database.connect()) as session, session.cursor() as cursor:
        cursor.execute("DELETE FROM statement_lines WHERE row_no > 0")
        cursor.execute("SET session_replication_role = replica")
        app = assemble(database.settings)
        timed(app, whole=True)
        cursor.execute(_MORE, {"source": world.SOURCE, "lines": NEW_LINES, "n": size})
        cursor.execute("VACUUM ANALYZE")
    took, run = timed(app, whole=False)
    matched = sum(one["lines"] for one in run["counts"]["rules"])
    if matched < NEW_LINES // 2:
        raise RuntimeError(f"of {NEW_LINES} new lines {matched} were matched")
    return took


def timed(app: Flask, *, whole: bool) -> tuple[float, dict[str, Any]]:
    """One run as the product makes it: seconds, and what it says of itself."""
    with app.app_context(), for_everyone():
        begun = time.perf_counter()
        with transaction(BENCH):
            run: Run | None = service.run(
                world.ACCOUNT, rules=STANDARD, version=0, as_of=clock.now(), whole=whole, why="", actor=BENCH
            )
            said = {} if run is None else {"counts": run.counts, "digest": (run.digest or b"").hex()}
        took = time.perf_counter() - begun
        leave()
    return took, said


def judge(app: Flask, found: Measured, size: int) -> None:
    """Hold breaks and matches against the truth: each break of a kind stands at the numbers of its kind."""
    with app.app_context(), for_everyone():
        wanted = dict.fromkeys(world.BREAKS, size // 1000)
        for row in rows(_BREAKS, size=size, account=world.ACCOUNT):
            found.breaks[row.reason] = found.breaks.get(row.reason, 0) + row.n
            if row.k != world.BREAKS.get(row.reason):
                found.false_breaks += row.n
            else:
                wanted[row.reason] -= row.n
        found.missed_breaks = sum(wanted.values())
        found.wrong_matches = rows(_WRONG, size=size)[0].n
        found.ties = queries.proof_for_operators(world.ACCOUNT).ties
        leave()


def beside(database: Database, home: Path) -> float:
    """Seconds for the same passes in DuckDB's memory."""
    paths = {name: home / f"{name}.csv" for name in _FILES}
    with closing(database.connect()) as session, session.cursor() as cursor:
        for name, statement in _FILES.items():
            with paths[name].open("w") as file:
                cursor.copy_expert(f"COPY ({statement}) TO STDOUT WITH (FORMAT csv, HEADER)", file)
    peer = [str(hordak_peer.environment()), "-m", "bench.peers.in_memory", str(paths["lines"]), str(paths["entries"])]
    told = json.loads(subprocess.run(peer, cwd=ROOT, check=True, capture_output=True).stdout)
    return float(told["seconds"])


def main() -> int:
    """Measure once, and say it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.matching", description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000, help="entries, about (%(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="(%(default)s)")
    chosen = parser.parse_args()
    with durable_ground(VAR) as on:
        found = measure(on, chosen.size, seed=chosen.seed)
        on.drop()
        found.new_statement_seconds = measure_new(on, chosen.size)
        on.drop()
    json.dump({"cpus": os.cpu_count(), "machine": platform.machine(), **asdict(found)}, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
