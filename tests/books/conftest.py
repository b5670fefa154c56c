"""What a crowd at the books stands on."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.conftest import Database
from tests.makers import books

CROWD = 50


@pytest.fixture(scope="module")
def hall(database: Database) -> Iterator[Flask]:
    """The books with a connection for everybody: a crowd that queues for connections meets nobody at the rows."""
    with books.desk(database.app_url, connections=CROWD) as room:
        yield room
