"""A house, a database and people of the matrix alone: what it does at the doors stands in nobody's way."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask

from app.core.db import leave
from app.factory import create_app
from config import Settings
from dev.embedded import Servers
from tests.makers.client import Browser
from tests.makers.databases import fresh_database
from tests.makers.environment import environment
from tests.makers.sandbox import SandboxProcess
from tests.web.matrix import tables
from tests.web.matrix.actors import Cast
from tests.web.matrix.knock import mark_passage
from tests.web.matrix.tables import Line
from tests.web.matrix.things import Things

WRITE = "MATRIX_WRITE"


@dataclass
class Ground:
    """Where the matrix is tried, and the cells that were found so far."""

    app: Flask
    cast: Cast
    things: Things
    found: dict[tuple[Line, str], str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def ground(given: Servers, home: Path, vendor: SandboxProcess) -> Iterator[Ground]:
    """The house with everybody in it. When asked to, it writes the tables anew from what was found."""
    with fresh_database(given, home) as database:
        house = create_app(Settings.from_env(environment(database, given, vendor)))
        house.test_client_class = Browser
        mark_passage(house)
        with house.app_context():
            cast = Cast(house)
            made = Ground(house, cast, Things(house, cast, database, vendor))
            yield made
            leave()
            for engine in house.extensions["sqlalchemy"].engines.values():
                engine.dispose()
        house.extensions["redis"].close()
    if os.environ.get(WRITE):
        assert {column for _, column in made.found} == set(tables.ACTORS), "not every actor was tried: nothing written"
        for table in tables.COLUMNS:
            tables.write(table, tables.lines(house), made.found)
