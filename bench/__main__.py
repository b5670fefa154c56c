"""`python -m bench`: start servers of its own, durable as in production, migrate, measure, print the table."""

import os
import sys
from pathlib import Path

from sqlalchemy.engine import make_url

from bench import posting
from dev.embedded import servers, temporary_home
from migrations import migrate

CALLS = 2000
THREADS = 4


def main() -> int:
    """Print the figures with what they were measured on."""
    with temporary_home(Path(__file__).resolve().parents[1] / "var") as home, servers(home, durable=True) as given:
        migrate.upgrade(given.database_url)
        url = make_url(given.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        print(f"{os.cpu_count()} CPUs, PostgreSQL with fsync and synchronous_commit on, {CALLS} calls per session")
        for figure in posting.run(url, calls=CALLS, threads=THREADS):
            print(figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
