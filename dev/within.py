"""Run one command with the product's environment: `python -m dev.within <command>`.

On the servers of the floor that runs, when one does; else on its servers, started and migrated for this command alone.
The words `psql` and `python` mean the wheel's psql on the owner's URL, and the Python of the environment.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

from dev import environment, programs, running
from dev.children import Unavailable
from dev.embedded import servers
from dev.environment import HOME, LOGS, ROOT, Addresses
from dev.postgres import binaries
from dev.run import once


@contextlib.contextmanager
def product_environment() -> Iterator[dict[str, str]]:
    """The environment of the product's processes, with servers behind it for as long as the `with` lasts."""
    if floor := running.found():
        if not floor.environment:
            raise Unavailable("Bursar is just starting or stopping here: wait a moment and try again.")
        yield floor.environment
        return
    with servers(HOME, durable=True, logs=LOGS) as given:
        # Nothing answers over HTTP now; the URLs only have to be the ones that `make run` would use.
        env = environment.product(given, Addresses("127.0.0.1", int(os.environ.get("PORT", "8000")), 8001, 8002))
        once(programs.python("-m", "migrations.migrate"), env)
        yield env | {"DATABASE_URL": environment.product_database_url(given)}


def main(command: list[str]) -> int:
    """The command's exit code; 1 with one sentence when there is no floor for it."""
    os.chdir(ROOT)
    try:
        with product_environment() as env:
            if command[0] == "psql":
                url = env["MIGRATIONS_DATABASE_URL"].replace("+psycopg2", "", 1)
                command = [str(binaries() / "psql"), url, *command[1:]]
            elif command[0] == "python":
                command = programs.python(*command[1:])
            # psql uses Ctrl-C to cancel a query: it is the command's affair, and exec gives it the default back.
            signal.signal(signal.SIGINT, lambda *_: None)
            return subprocess.run(command, check=False, env={**os.environ, **env}).returncode
    except Unavailable as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
