"""A house of retention's own: what is due is due in all of it, and a run takes everything."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, pool

from tests.makers.databases import Database
from tests.web.console.conftest import own_database, own_house

__all__ = ["own_database", "own_house"]


@pytest.fixture(scope="module")
def app(own_house: Flask) -> Flask:
    """In place of the house that all tests share."""
    return own_house


@pytest.fixture(scope="module")
def owner_engine(own_database: Database) -> Iterator[Engine]:
    """In place of the shared one."""
    engine = create_engine(own_database.owner_url, poolclass=pool.NullPool)
    yield engine
    engine.dispose()
