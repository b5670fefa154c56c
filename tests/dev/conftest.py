"""Servers of these tests alone: they are killed here, so the session's own must not be used."""

from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from dev import sockets
from dev.roles import connect


@pytest.fixture(autouse=True)
def no_given_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests start their own, also where the suite runs on servers that were given."""
    for name in ("DATABASE_URL", "MIGRATIONS_DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[Path]:
    """A home in a path with a space, which is too long for a socket as well."""
    home = tmp_path / "a home with spaces"
    home.mkdir()
    yield home
    sockets.forget(home)


def ask(url: str, question: str) -> list[tuple[object, ...]]:
    """Run one statement and return its rows, if it has any."""
    connection = connect(make_url(url))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def refuses(url: str) -> bool:
    """Whether nobody answers there."""
    try:
        ask(url, "SELECT 1")
    except psycopg2.OperationalError:
        return True
    return False
