"""Migrated databases, each of one test process or one story alone, dropped at the end."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import make_url

from app.core.db import db, leave
from dev import verified
from dev.embedded import Servers
from dev.roles import app_url
from migrations import migrate
from tests.makers import floated


@dataclass(frozen=True)
class Database:
    """One migrated database: the owner's URL and the app's."""

    owner_url: str
    app_url: str


@contextmanager
def fresh_database(given: Servers, home: Path) -> Iterator[Database]:
    """A database of its own, also on a server that was there before, brought up by the migrations."""
    name = f"bursar_test_{secrets.token_hex(4)}"
    _on(given, f'CREATE DATABASE "{name}"')
    owner = _url(given, name)
    migrate.upgrade(owner)
    verified.allow(owner)
    floated.put_in(owner)
    yield Database(owner, app_url(owner, kept=home / "app-role-password"))
    _on(given, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def renewed_database(given: Servers, home: Path) -> Iterator[tuple[Database, Callable[[], None]]]:
    """One that can be made as new again and again under its name, and what does so."""
    with fresh_database(given, home) as pattern:
        name = f"{make_url(pattern.owner_url).database}_copy"
        gone = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'

        def renew() -> None:
            _on(given, gone)
            _on(given, f'CREATE DATABASE "{name}" TEMPLATE "{make_url(pattern.owner_url).database}" STRATEGY file_copy')

        renew()
        owner = _url(given, name)
        yield Database(owner, app_url(owner, kept=home / "app-role-password")), renew
        _on(given, gone)


def _on(given: Servers, statement: str) -> None:
    engine = create_engine(given.database_url, isolation_level="AUTOCOMMIT", poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


def _url(given: Servers, name: str) -> str:
    return make_url(given.database_url).set(database=name).render_as_string(hide_password=False)


def owner_does(database: Database, statement: str, **facts: object) -> None:
    """A change that no door makes, for a door's sake: in the name of the owner of the database."""
    engine = create_engine(database.owner_url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
        connection.execute(text(statement), facts)


def made_by(act: Callable[[], object], table: str) -> str:
    """The id of the one row that this act makes. The newest id need not be it: tests make some in times to come."""
    ids = text(f"SELECT id FROM {table}")  # noqa: S608
    leave()
    before = set(db.session.scalars(ids))
    leave()
    act()
    leave()
    (made,) = set(db.session.scalars(ids)) - before
    leave()
    return str(made)
