"""The sandbox vendors as fixtures: one process each a session, as new for each file of tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.makers import afresh
from tests.makers.exchange import ExchangeProcess
from tests.makers.sandbox import SandboxProcess


@pytest.fixture(scope="session")
def vendor(home: Path) -> Iterator[SandboxProcess]:
    """The sandbox vendor, one process for the session, with a float, its webhooks kept back."""
    with SandboxProcess(home / "sandbox.sqlite3") as process:

        def open_anew() -> None:
            process.reset()
            process.knobs(transfer_delay_seconds=0, webhooks=False)

        open_anew()
        afresh.begin_with(open_anew)
        yield process


@pytest.fixture
def sandbox(vendor: SandboxProcess) -> Iterator[SandboxProcess]:
    """The sandbox vendor with its knobs as they were, before and after."""
    before = vendor.knobs()
    yield vendor
    vendor.knobs(**before)
    vendor.clock(None)


@pytest.fixture(scope="session")
def venue(home: Path) -> Iterator[ExchangeProcess]:
    """The sandbox exchange with the price feeds beside it, one process for the session."""
    with ExchangeProcess(home / "exchange.sqlite3") as process:
        afresh.begin_with(process.reset)
        yield process


@pytest.fixture
def exchange(venue: ExchangeProcess) -> Iterator[ExchangeProcess]:
    """The sandbox exchange, empty and with every knob at rest."""
    venue.reset()
    yield venue
    venue.reset()
