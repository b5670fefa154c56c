"""What tests stand on: PostgreSQL and Valkey of this process alone, a migrated database, the sandbox vendor, the app.

Nothing is rolled back between tests: journals cannot be. Each test makes people of its own and looks only at theirs.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import hypothesis.configuration
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, pool, text

from app.core.db import for_everyone
from app.factory import create_app
from app.ledger import proof
from config import Settings
from dev.embedded import Servers, servers, temporary_home
from jobs import runtime
from tests.makers import governed
from tests.makers.client import Browser
from tests.makers.databases import Database, fresh_database
from tests.makers.environment import environment
from tests.makers.exchange import ExchangeProcess
from tests.makers.sandbox import SandboxProcess

pytest_plugins = ["tests.makers.pace", "tests.makers.venue"]
ROOT = Path(__file__).resolve().parents[1]
hypothesis.configuration.set_hypothesis_home_dir(ROOT / "var" / "cache" / "hypothesis")


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
        yield found


@pytest.fixture(scope="session")
def database(given: Servers, home: Path) -> Iterator[Database]:
    """A database of its own, also on a server that was there before, brought up by the migrations."""
    with fresh_database(given, home) as made:
        yield made


@pytest.fixture(scope="session")
def owner_engine(database: Database) -> Iterator[Engine]:
    """The owner's connection: for looking behind the curtain, and for trying the database's own guards."""
    engine = create_engine(database.owner_url, poolclass=pool.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def vendor(home: Path) -> Iterator[SandboxProcess]:
    """The sandbox vendor, one process for the session, with a float, its webhooks kept back."""
    with SandboxProcess(home / "sandbox.sqlite3") as process:
        process.knobs(transfer_delay_seconds=0, webhooks=False)
        yield process


@pytest.fixture
def sandbox(vendor: SandboxProcess) -> Iterator[SandboxProcess]:
    """The sandbox vendor with its knobs as they were, before and after."""
    before = vendor.knobs()
    yield vendor
    vendor.knobs(**before)
    vendor.clock(None)


@pytest.fixture(scope="session")
def settings(database: Database, given: Servers, vendor: SandboxProcess, venue: ExchangeProcess) -> Settings:
    """The product's settings for this session."""
    return Settings.from_env(environment(database, given, vendor, venue))


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """The whole house."""
    house = create_app(settings)
    house.test_client_class = Browser
    yield house
    house.extensions["redis"].close()
    with house.app_context():
        broken = proof.broken()
        for engine in house.extensions["sqlalchemy"].engines.values():
            engine.dispose()
    assert not broken, f"after all these tests the books do not hold: {broken}"


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


@pytest.fixture(scope="module")
def few_to_tell(owner_engine: Engine) -> Iterator[None]:
    """Nobody of earlier files is told of what happens in this one: a mail to each of hundreds takes its time."""
    with governed.nobody_else(owner_engine):
        yield


@pytest.fixture
def work_off(app: Flask) -> Callable[..., int]:
    """Do what is due, here and now, as a worker would; `horizon` looks ahead."""

    def run(horizon: timedelta = timedelta(0)) -> int:
        with app.app_context():
            return runtime.drain(app, horizon=horizon)

    return run
