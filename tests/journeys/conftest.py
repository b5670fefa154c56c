"""The stage of the stories: houses that really run, a browser, and people who sit before it."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from dev import chromium as debian
from dev.business import Business
from dev.embedded import Servers
from tests.makers.browser import Visit
from tests.makers.databases import fresh_database
from tests.makers.environment import environment
from tests.makers.exchange import ExchangeProcess
from tests.makers.house import Running, redis_database, vendor_for
from tests.makers.sandbox import free_port

DAYS, CUSTOMERS = 6, 8  # (a weekend and some days before it: on those nothing is settled)
# Test processes side by side may share a Redis that was given: each takes two of its logical databases.
FIRST_REDIS = 1 + 2 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

Visiting = Callable[..., Visit]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser, started once."""
    if debian.found() is None:
        pytest.skip("no Chromium on this machine: `make browser` installs it")
    with debian.chromium() as browser:
        yield browser


@contextmanager
def house(given: Servers, home: Path, *, name: str, number: int, background: bool) -> Iterator[Running]:
    """A migrated house with its vendors, not yet started."""
    port = free_port()
    with ExitStack() as stack:
        vendor = stack.enter_context(vendor_for(port, book=home / name / "sandbox.sqlite3"))
        database = stack.enter_context(fresh_database(given, home))
        exchange = stack.enter_context(ExchangeProcess(home / name / "exchange.sqlite3"))
        env = environment(database, given, vendor, exchange) | {"REDIS_URL": redis_database(given.redis_url, number)}
        yield Running(
            env,
            vendor=vendor,
            exchange=exchange,
            database=database,
            port=port,
            home=home / name,
            background=background,
        )


@pytest.fixture(scope="session")
def running(given: Servers, home: Path, chromium: Browser) -> Iterator[Running]:
    """A house that opened today, with workers and clock, at a vendor who repeats himself and mixes up the order."""
    with house(given, home, name="journeys", number=FIRST_REDIS, background=True) as made:
        made.vendor.knobs(repeat=2, reorder=True, delay_ms=100)
        with made:
            yield made
            assert not made.dead()


@pytest.fixture(scope="session")
def lived_in(given: Servers, home: Path, chromium: Browser) -> Iterator[Running]:
    """A house with a few days of business behind it, to be looked at: nothing works in the background."""
    with house(given, home, name="lived-in", number=FIRST_REDIS + 1, background=False) as made:
        with made.inside() as app:
            addresses = {"vendor_url": made.vendor.url, "exchange_url": made.exchange.url}
            for _ in Business(app, **addresses, days=DAYS, customers=CUSTOMERS).live():
                pass
        with made:
            yield made
            assert not made.dead()


@pytest.fixture
def visiting(chromium: Browser) -> Iterator[Visiting]:
    """Open a browser window at a house; every window must have stayed without a fault."""
    with ExitStack() as stack:

        def open_window(at: Running, **how: Any) -> Visit:
            return stack.enter_context(Visit(chromium, at.url, **how))

        yield open_window
