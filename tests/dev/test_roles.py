"""The product signs in as a role that may do what it needs and owns nothing."""

from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from dev.embedded import servers, temporary_home
from dev.roles import LIMITS, app_url
from tests.dev.conftest import ask


@pytest.fixture(scope="module")
def admin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the group role that migrations make."""
    with (
        pytest.MonkeyPatch.context() as patch,
        temporary_home(tmp_path_factory.mktemp("roles")) as home,
    ):
        for name in ("DATABASE_URL", "MIGRATIONS_DATABASE_URL", "REDIS_URL"):
            patch.delenv(name, raising=False)
        with servers(home, durable=False) as given:
            ask(given.database_url, "CREATE ROLE bursar_app NOLOGIN")
            ask(given.database_url, "CREATE TABLE kept (number int); GRANT SELECT ON kept TO bursar_app")
            yield given.database_url


@pytest.fixture
def product_url(admin_url: str, tmp_path: Path) -> str:
    """What the product is given."""
    return app_url(admin_url, kept=tmp_path / "password")


def test_reads_what_the_group_may(product_url: str) -> None:
    assert ask(product_url, "SELECT * FROM kept") == []


@pytest.mark.parametrize("act", ["DROP TABLE kept", "DELETE FROM kept", "CREATE TABLE own ()", "CREATE ROLE another"])
def test_may_nothing_else(product_url: str, act: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(product_url, act)


def test_works_under_limits(product_url: str) -> None:
    for setting, limit in LIMITS.items():
        assert ask(product_url, f"SHOW {setting}") == [(limit,)]


def test_keeps_its_password_to_itself_and_from_run_to_run(admin_url: str, tmp_path: Path) -> None:
    kept = tmp_path / "password"
    first = app_url(admin_url, kept=kept)
    assert app_url(admin_url, kept=kept) == first
    assert kept.stat().st_mode & 0o077 == 0
    assert make_url(first).password == kept.read_text()
