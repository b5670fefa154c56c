"""`python -m bench.breaks`: the page of an account's breaks where about a million are open.

A world of bench/world.py is matched by no rule at all, so that every line and every entry is a break. Whole requests
are measured as in bench/queue.py.
"""

import argparse
import os
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

from app.breaks import service
from app.core import actor, clock
from app.core.db import for_everyone, transaction
from app.core.permissions import Role
from app.factory import create_app
from app.matching import service as matching
from bench import queue, world
from bench.servers import Database
from dev import roles
from dev.embedded import servers, temporary_home
from migrations import migrate

VAR = Path(__file__).resolve().parents[1] / "var"
BENCH = actor.system("bench")
QUERIES = (
    "",
    "reason=missing_in_ledger",
    "reason=missing_in_statement",
    "reason=timing",
    "reason=fee_variance",
    "age=4",
    "age=2",
    "least=10000",
    "least=1000000",
    "owner=none",
    "view=proposed",
    "view=accepted",
    "view=all",
    "after=2026-03-10T00:00:00%2B00:00|1",
)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.breaks", description="Measure the queue of breaks.")
    parser.add_argument("--size", type=int, default=500_000, help="of either side (%(default)s)")
    parser.add_argument("--calls", type=int, default=20, help="of each view (%(default)s)")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        home = stack.enter_context(temporary_home(VAR))
        given = stack.enter_context(servers(home, durable=True))
        migrate.upgrade(given.database_url)
        database = Database(given.database_url, roles.app_url(given.database_url, kept=home / "app-role-password"))
        app = create_app(queue.settings(database, given))
        _, client = queue.hired(app, Role.FINANCE)
        world.build(database, size=chosen.size)
        with app.app_context(), for_everyone():
            with transaction(BENCH):
                run = matching.run(
                    world.ACCOUNT, rules=(), version=0, as_of=clock.now(), whole=True, why="", actor=BENCH
                )
                opened = run.counts["opened"] if run else 0
            began = time.perf_counter()
            with transaction(BENCH):
                service.count(world.ACCOUNT)
            counted = time.perf_counter() - began
        with closing(database.connect()) as session, session.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        found = queue.measure(client, calls=chosen.calls, place=f"/console/breaks/of/{world.ACCOUNT}", queries=QUERIES)
        app.extensions["redis"].close()
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()
    print(f"{opened:,} open breaks, counted in {counted:.1f} s; {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    print(f"{'p50':>8} {'p95':>8}  (ms; goal: p95 <= {queue.GOAL_MS})")
    for query, times in found.items():
        percents = "".join(f"{queue.percentile(times, each):8.1f} " for each in (50, 95))
        print(f"{percents} {query or 'all that is to be done'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
