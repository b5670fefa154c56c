"""Where it is measured: a durable server of our own, and on it a database per subject, copied from migrated books."""

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg2 import extensions, sql
from sqlalchemy.engine import make_url

from config import Settings
from dev import postgres, roles
from dev.embedded import temporary_home
from migrations import migrate

# On top of what the development floor sets: so much memory that a checkpoint or a cold page is not what is measured.
SETTINGS = {"shared_buffers": "2GB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}
TOLD = ("server_version", "fsync", "synchronous_commit", "full_page_writes", *SETTINGS)
ACTOR = "system:bench"


@dataclass(frozen=True)
class Database:
    """One database: the owner's URL and the app's."""

    owner_url: str
    app_url: str

    def connect(self) -> extensions.connection:
        """A session of the owner, each statement a transaction, in the bench's name."""
        session = roles.connect(make_url(self.owner_url))
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute("SELECT set_config('bursar.actor', %s, false)", (ACTOR,))
        return session

    @property
    def environment(self) -> dict[str, str]:
        """What tells libpq's programs (pgbench, a peer) to work here as the app's role, and the books who acts."""
        url = make_url(self.app_url)
        told: dict[str, Any] = url.translate_connect_args(username="user", database="database") | dict(url.query)
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
        named = {name: str(told[key]) for key, name in names.items() if key in told}
        return {**os.environ, **named, "PGDATABASE": str(url.database), "PGOPTIONS": f"-c bursar.actor={ACTOR}"}

    @property
    def settings(self) -> Settings:
        """The product's settings over this database; nothing else that they name is there."""
        return Settings.from_env(
            {
                "BURSAR_ENV": "test",
                "DATABASE_URL": self.app_url,
                "REDIS_URL": "redis://localhost:1",
                "PAYSTACK_SECRET_KEY": "none",
                "SMS_URL": "http://127.0.0.1:1",
                "SMS_TOKEN": "none",
                "REGISTRY_URL": "http://127.0.0.1:1",
                "REGISTRY_TOKEN": "none",
                "SECRET_KEY": "none",
                "DATA_KEY": "A" * 43 + "=",
                "DOCUMENT_KEYS": f"none:{'A' * 43}=",
                "DOCUMENTS_URL": "file:///nowhere",
                "PUBLIC_URL": "http://localhost",
                "LOG_LEVEL": "ERROR",
            }
        )


@dataclass
class Ground:
    """A server, and the databases made on it; all are gone at the end of `with ground(…)`."""

    url: str
    home: Path
    made: list[str] = field(default_factory=list)
    migrated: str = ""  # the owner's URL of the books that are copied

    def empty(self) -> Database:
        """A database without tables, whose sessions are its owner's: pgbench and a peer make their own tables."""
        url = self._make()
        return Database(url, url)

    def books(self) -> Database:
        """Books as the migrations leave them, which are run once and copied."""
        if not self.migrated:
            self.migrated = self._make()
            migrate.upgrade(self.migrated)
        url = self._make(template=str(make_url(self.migrated).database))
        return Database(url, roles.app_url(url, kept=self.home / "app-role-password"))

    def told(self) -> dict[str, str]:
        """The server's settings that matter to a figure."""
        with closing(roles.connect(make_url(self.url))) as session, session.cursor() as cursor:
            cursor.execute("SELECT name, current_setting(name) FROM unnest(%s) name", (list(TOLD),))
            return dict(cursor.fetchall())

    def drop(self) -> None:
        """Remove what was made."""
        for name in self.made:
            self._say("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        self.made.clear()
        self.migrated = ""

    def _make(self, *, template: str = "template1") -> str:
        name = f"bursar_bench_{secrets.token_hex(4)}"
        self._say("CREATE DATABASE {} TEMPLATE {}", name, template)
        self.made.append(name)
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def _say(self, statement: str, *names: str) -> None:
        with closing(roles.connect(make_url(self.url))) as session:
            session.autocommit = True
            with session.cursor() as cursor:
                cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def ground(url: str, home: Path) -> Iterator[Ground]:
    """Measure on the server at the owner's `url`; small things are kept in `home`."""
    made = Ground(url, home)
    try:
        yield made
    finally:
        made.drop()


@contextmanager
def durable_ground(var: Path) -> Iterator[Ground]:
    """A server of this run alone below `var`, that keeps every commit through a power cut."""
    postgres.SETTINGS.update(SETTINGS)  # (they go on its command line, where nothing later can outvote them)
    with temporary_home(var) as home:
        server = postgres.Postgres(home, durable=True, log=home / "log" / "postgres.log")
        try:
            server.start()
            yield Ground(server.url, home)
        finally:
            server.stop()
