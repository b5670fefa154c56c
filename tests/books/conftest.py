"""What a crowd at the books stands on, and books of their own for stories that close months."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from flask import Flask

from app.core import clock
from app.core.db import transaction
from app.ledger import periods
from dev.embedded import Servers
from tests.makers import books
from tests.makers.books import TESTER
from tests.makers.crowd import at_once
from tests.makers.databases import Database, fresh_database

CROWD = 50
FEW = 4
CLOSED_BEFORE = datetime(2015, 1, 1, tzinfo=clock.WAT)


@pytest.fixture(scope="module")
def hall(database: Database) -> Iterator[Flask]:
    """The books with a connection for everybody: a crowd that queues for connections meets nobody at the rows."""
    with books.desk(database.app_url, connections=CROWD) as room:
        yield room


@pytest.fixture(scope="module")
def archive(given: Servers, home: Path) -> Iterator[Flask]:
    """Books of their own, their first months closed, and several connections to them."""
    with fresh_database(given, home) as made, books.desk(made.app_url, connections=FEW) as desk:
        at_once(desk, [lambda: books.wallet(1)] * FEW)  # so that the pool has several to hand out in turn
        with desk.app_context():
            for step in (periods.begin_close, periods.settle, periods.close):
                with transaction(TESTER):
                    step(date(2014, 12, 1))
        yield desk
