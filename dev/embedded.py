"""The two servers the product stands on, for as long as a `with` lasts: our own, or those whose URLs are given.

    with servers(Path("var/dev"), durable=True) as given:
        given.database_url, given.redis_url

DATABASE_URL or REDIS_URL in the environment replaces the server of its kind. A home belongs to one process at a time:
its lock falls with the process, so that nothing has to be cleaned up by hand after a kill.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import redis
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from dev import sockets
from dev.children import Unavailable, end_leftovers
from dev.postgres import Postgres
from dev.roles import connect
from dev.valkey import PROGRAMS, Valkey


@dataclass(frozen=True)
class Servers:
    """Where they answer. `database_url` is the owner's, for migrations; the product gets `dev.roles.app_url` of it."""

    database_url: str
    redis_url: str
    postgres: Postgres | None
    valkey: Valkey | None

    @property
    def own(self) -> list[Postgres | Valkey]:
        """Those that we started ourselves."""
        return [server for server in (self.postgres, self.valkey) if server]


@contextmanager
def servers(home: Path, *, durable: bool, logs: Path | None = None) -> Iterator[Servers]:
    """Start what no URL replaces, below `home`; stop it at the end. Raises Unavailable with one sentence.

    `durable` keeps every commit through a power cut; without it the servers only survive being killed.
    """
    home.mkdir(parents=True, exist_ok=True)
    home = home.resolve()
    logs = logs or home / "log"
    database_url = os.environ.get("MIGRATIONS_DATABASE_URL") or os.environ.get("DATABASE_URL")
    redis_url = os.environ.get("REDIS_URL")
    with ExitStack() as stack:
        stack.enter_context(_locked(home))
        postgres = None if database_url else Postgres(home, durable=durable, log=logs / "postgres.log")
        valkey = None if redis_url else Valkey(home, durable=durable, log=logs / "valkey.log")
        _answer(database_url, redis_url)
        for server in (postgres, valkey):
            if server:
                stack.callback(server.stop)  # before the start: one that hangs halfway is stopped too
                server.start()
        yield Servers(
            database_url=postgres.url if postgres else with_driver(database_url or ""),
            redis_url=valkey.url if valkey else redis_url or "",
            postgres=postgres,
            valkey=valkey,
        )


def _answer(database_url: str | None, redis_url: str | None) -> None:
    """Try the servers that were given, before anything is built on them."""
    try:
        if database_url:
            connect(make_url(with_driver(database_url))).close()
        if redis_url:
            with redis.Redis.from_url(redis_url) as client:
                client.ping()
    except (ArgumentError, psycopg2.Error, redis.RedisError, ValueError) as error:
        which = "REDIS_URL" if isinstance(error, redis.RedisError | ValueError) else "the database URL"
        raise Unavailable(f"The server of {which} does not answer: {' '.join(str(error).split())}") from error


@contextmanager
def temporary_home(var: Path) -> Iterator[Path]:
    """A home of this process alone, below `var`, removed at the end; so are those of processes that were killed."""
    var.mkdir(parents=True, exist_ok=True)
    var = var.resolve()
    with ExitStack() as stack:
        with _locked(var, name="test-homes.lock", wait=True):  # a home that is not yet held must not be swept
            for stale in var.glob("test-*-*"):
                _sweep(stale)
            home = Path(tempfile.mkdtemp(prefix=f"test-{os.getpid()}-", dir=var))
            stack.callback(_remove, home)
            stack.enter_context(_locked(home, name="owner"))
        yield home


def forget(home: Path) -> None:
    """Remove what the servers of a home keep, after ending what a killed process left running there."""
    home = home.resolve()
    end_leftovers(home / "postgres", ["postgres"])
    end_leftovers(home / "valkey", PROGRAMS)
    for part in ("postgres", "valkey"):
        shutil.rmtree(home / part, ignore_errors=True)


def in_use(home: Path) -> bool:
    """Whether a process holds this home."""
    try:
        with _locked(home):
            return False
    except Unavailable:
        return True


@contextmanager
def _locked(home: Path, *, name: str = "lock", wait: bool = False) -> Iterator[None]:
    with (home / name).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Unavailable(f"Another process is using {home}: stop it first.") from None
        yield


def _sweep(home: Path) -> None:
    """Remove a home whose process is gone: its lock is free."""
    try:
        with _locked(home, name="owner"):
            forget(home)
            _remove(home)
    except (Unavailable, OSError):
        return  # in use, or not ours to remove


def _remove(home: Path) -> None:
    sockets.forget(home)
    shutil.rmtree(home, ignore_errors=True)


def with_driver(url: str) -> str:
    """Name our driver in a URL that leaves it open, as the ones that hosts hand out do."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg2://{rest}" if separator and scheme in {"postgres", "postgresql"} else url
