"""The sandbox exchange as fixtures: one process a session, and a clean one for each test that asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.makers.exchange import ExchangeProcess


@pytest.fixture(scope="session")
def venue(home: Path) -> Iterator[ExchangeProcess]:
    """The sandbox exchange with the price feeds beside it, one process for the session."""
    with ExchangeProcess(home / "exchange.sqlite3") as process:
        yield process


@pytest.fixture
def exchange(venue: ExchangeProcess) -> Iterator[ExchangeProcess]:
    """The sandbox exchange, empty and with every knob at rest."""
    venue.reset()
    yield venue
    venue.reset()
