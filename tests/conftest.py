"""What tests stand on: PostgreSQL and Valkey of this process alone, a migrated database, the sandbox vendor, the app.

Nothing is rolled back between the tests of a file: journals cannot be. Each test makes people of its own and looks only
at theirs. Each file begins with all of it as new.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import hypothesis.configuration
import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import Engine, create_engine, pool, text

from app.core.db import for_everyone
from app.factory import create_app
from app.ledger import assets, proof
from config import Settings
from dev.embedded import Servers, servers, temporary_home
from jobs import runtime
from tests.makers import afresh
from tests.makers.client import Browser
from tests.makers.databases import Database, renewed_database
from tests.makers.environment import environment
from tests.makers.exchange import ExchangeProcess
from tests.makers.sandbox import SandboxProcess

pytest_plugins = ["tests.makers.pace", "tests.makers.vendors"]
ROOT = Path(__file__).resolve().parents[1]
hypothesis.configuration.set_hypothesis_home_dir(ROOT / "var" / "cache" / "hypothesis")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A hook, no fixture: what earlier files made is gone by now, and nothing of this one is made yet."""
    afresh.begin(item)


@pytest.fixture(scope="session", autouse=True)
def everyone() -> Iterator[None]:
    """Tests work for everyone, as jobs do; threads of theirs say so again, and a browser's requests for themselves."""
    with for_everyone():
        yield


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A folder of this process alone, gone at the end."""
    with temporary_home(ROOT / "var") as path:
        yield path


@pytest.fixture(scope="session")
def given(home: Path) -> Iterator[Servers]:
    """Real servers; fsync is off because tests kill processes, not power."""
    with servers(home, durable=False) as found:
        if found.valkey:
            afresh.begin_with(Redis.from_url(found.redis_url).flushdb)
        yield found


@pytest.fixture(scope="session")
def database(given: Servers, home: Path) -> Iterator[Database]:
    """A database of its own, also on a server that was there before, brought up by the migrations."""
    with renewed_database(given, home) as (made, renew):

        def as_new() -> None:
            renew()
            assets._kept.assets = {}  # those of the files before are unknown again

        afresh.begin_with(as_new)
        yield made


@pytest.fixture(scope="session")
def owner_engine(database: Database) -> Iterator[Engine]:
    """The owner's connection: for looking behind the curtain, and for trying the database's own guards."""
    engine = create_engine(database.owner_url, poolclass=pool.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def settings(database: Database, given: Servers, vendor: SandboxProcess, venue: ExchangeProcess) -> Settings:
    """The product's settings for this session."""
    return Settings.from_env(environment(database, given, vendor, venue))


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """The whole house."""
    house = create_app(settings)
    house.test_client_class = Browser

    def prove() -> None:
        with house.app_context():
            broken = proof.broken()
            for engine in house.extensions["sqlalchemy"].engines.values():
                engine.dispose()
        assert not broken, f"after the tests of the file before, the books do not hold: {broken}"

    afresh.begin_with(prove)
    yield house
    house.extensions["redis"].close()
    prove()


@pytest.fixture
def inside(app: Flask) -> Iterator[Flask]:
    """An application context, for calling rooms directly."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a browser."""
    return app.test_client()


@pytest.fixture(autouse=True)
def nothing_left_over(request: pytest.FixtureRequest) -> None:
    """Who works off what is due does the work of this test: what earlier ones left behind is struck off."""
    if not {"work_off", "worker"} & set(request.fixturenames):
        return
    engine: Engine = request.getfixturevalue("owner_engine")
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET relayed_at = now() WHERE relayed_at IS NULL"))
        connection.execute(text("UPDATE tasks SET status = 'done', ended_at = now() WHERE status = 'due'"))


@pytest.fixture
def work_off(app: Flask) -> Callable[..., int]:
    """Do what is due, here and now, as a worker would; `horizon` looks ahead."""

    def run(horizon: timedelta = timedelta(0)) -> int:
        with app.app_context():
            return runtime.drain(app, horizon=horizon)

    return run
