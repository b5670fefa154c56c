"""`python -m bench.break_queue`: the page of open breaks of one account, where nearly a million are open.

As bench/queue.py does: whole requests through the doors, as somebody of finance who is signed in. Statements cover
some of the days, so that each reason that is found by looking has its many; and each was found a day after it happened.
"""

import argparse
import os
import platform
import sys
import time
from contextlib import ExitStack, closing

from app.breaks import service as breaks
from app.core import clock
from app.core.db import for_everyone, leave, rows, transaction
from app.core.permissions import Role
from app.factory import create_app
from app.matching import service
from app.matching.rules import STANDARD
from bench import queue, world
from bench.servers import SETTINGS, Database
from dev import postgres, roles
from dev.embedded import servers, temporary_home
from migrations import migrate

PLACE = f"/console/breaks/of/{world.ACCOUNT}"
# Two thirds of the month are told of, in two pieces; and nobody told of any movement but one.
_COVERED = (
    "SET session_replication_role = replica",
    "DELETE FROM statement_lines WHERE row_no > 0",
    "UPDATE statement_parts SET period_from = '2026-01-01', period_to = '2026-01-10'",
    """
INSERT INTO statement_parts (import_id, part, ref, account, asset, moved, period_from, period_to, gaps, untied)
VALUES ('imp_bench', 2, '', 'bench', 'NGN', 0, '2026-01-15', '2026-01-24', '{}', '')
""",
    "RESET session_replication_role",
)
_FOUND = "UPDATE breaks SET found_at = at + interval '1 day' WHERE found_at IS NOT NULL"
QUERIES = (
    *("age=4", "age=2", "least=10000", "least=1000000", "least=999999999", "owner=none"),
    *("view=late", "view=proposed", "view=accepted", "view=all"),
)
_PLACES = """
SELECT id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') AS at
  FROM breaks WHERE account = :account AND closed_by IS NULL ORDER BY at DESC, id DESC OFFSET :deep LIMIT 1
"""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.break_queue", description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000, help="open breaks, about (%(default)s)")
    parser.add_argument("--calls", type=int, default=40, help="of each page (%(default)s)")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        home = stack.enter_context(temporary_home(queue.VAR))
        postgres.SETTINGS.update(SETTINGS)
        given = stack.enter_context(servers(home, durable=True))
        migrate.upgrade(given.database_url)
        database = Database(given.database_url, roles.app_url(given.database_url, kept=home / "app-role-password"))
        world.build(database, size=chosen.size)
        with closing(database.connect()) as session, session.cursor() as cursor:
            for statement in _COVERED:
                cursor.execute(statement)
        app = create_app(queue.settings(database, given))
        with app.app_context(), for_everyone():
            with transaction(queue.BENCH):
                service.run(
                    world.ACCOUNT, rules=STANDARD, version=0, as_of=clock.now(), whole=True, why="", actor=queue.BENCH
                )
            with transaction(queue.BENCH):
                breaks.count(world.ACCOUNT)
            open_ = rows("SELECT count(*) AS n FROM breaks WHERE closed_by IS NULL")[0].n
            deep = rows(_PLACES, account=world.ACCOUNT, deep=open_ // 2)[0]
            leave()
        with closing(database.connect()) as session, session.cursor() as cursor:
            cursor.execute(_FOUND)
            cursor.execute("VACUUM ANALYZE")
        reasons = ("timing", "not_covered", "missing_in_statement", "missing_in_ledger", "duplicate_entry")
        pages = (
            PLACE,
            *(f"{PLACE}?reason={reason}" for reason in reasons),
            *(f"{PLACE}?{query}" for query in QUERIES),
            *(f"{PLACE}?{view}after={deep.at.replace('+', '%2B')}|{deep.id}" for view in ("", "view=late&")),
            f"/console/breaks/{deep.id}",
            "/console/breaks",
        )
        _, client = queue.hired(app, Role.FINANCE)
        began = time.monotonic()
        found = queue.measure(client, pages, calls=chosen.calls)
        print(f"measured in {time.monotonic() - began:.0f} s", file=sys.stderr)
        app.extensions["redis"].close()
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()
    print(f"{os.cpu_count()} CPUs, {platform.machine()}; {open_:,} open breaks, {chosen.calls} calls")
    queue.tell(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
