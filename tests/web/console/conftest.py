"""Operators who are signed in, and a house of its own for acts that would stand in other tests' way."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.db import leave
from app.core.permissions import Role
from app.factory import create_app
from config import Settings
from dev.embedded import Servers
from tests.makers import browse, people
from tests.makers.client import Browser
from tests.makers.databases import Database, fresh_database
from tests.makers.environment import environment
from tests.makers.exchange import ExchangeProcess
from tests.makers.sandbox import SandboxProcess

Visitor = Callable[[Role], FlaskClient]


def enter(app: Flask, role: Role) -> FlaskClient:
    """Somebody of this role, signed in."""
    client = app.test_client()
    _, email = people.operator(role)
    browse.come_in(client, email, console=True)
    leave()
    return client


@pytest.fixture
def visitor(app: Flask, inside: Flask) -> Visitor:
    """Sign somebody in at the house that all tests share."""
    return lambda role: enter(app, role)


@pytest.fixture(scope="module")
def own_database(given: Servers, home: Path) -> Iterator[Database]:
    """A database of this file alone."""
    with fresh_database(given, home) as made:
        yield made


@pytest.fixture(scope="module")
def own_house(
    own_database: Database, given: Servers, vendor: SandboxProcess, venue: ExchangeProcess
) -> Iterator[Flask]:
    """A house of this file alone: here months can be closed and payouts be halted."""
    house = create_app(Settings.from_env(environment(own_database, given, vendor, venue)))
    house.test_client_class = Browser
    with house.app_context():
        yield house
        leave()
        for engine in house.extensions["sqlalchemy"].engines.values():
            engine.dispose()
    house.extensions["redis"].close()
