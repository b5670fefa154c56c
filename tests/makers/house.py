"""The whole product beside a test: web, workers and clock as real processes, with a vendor and a database of its own.

The port is chosen before anything starts, because each side must know the other's address.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode

from flask import Flask

from app import assembly
from app.core.db import db, leave
from config import Settings
from dev import programs
from dev.children import Child, wait_until
from dev.environment import Addresses
from tests.makers import floated
from tests.makers.databases import Database, owner_does
from tests.makers.exchange import ExchangeProcess
from tests.makers.sandbox import SandboxProcess

START_SECONDS = 300.0  # (one that has ended is noticed at once; one that is slow is waited for)
STOP_SECONDS = 10.0
# One process of the web is enough for two people; later words win over those that `make run` uses.
ONE_WORKER = ("--workers", "1", "--threads", "4")
_OLDER_PRICES = (
    "UPDATE quotes SET created_at = created_at - CAST(:by AS interval), expires_at = expires_at - CAST(:by AS interval)"
    " WHERE used_at IS NULL"
)


class Running:
    """The product's processes for as long as a `with` lasts. Without `background` nothing works off what is asked."""

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        vendor: SandboxProcess,
        exchange: ExchangeProcess,
        database: Database,
        port: int,
        home: Path,
        background: bool = True,
    ) -> None:
        self.vendor, self.exchange, self._database = vendor, exchange, database
        self.url = f"http://localhost:{port}"
        self._where = Addresses("127.0.0.1", port, None)
        self._env = {**env, "PUBLIC_URL": self.url, "PORT": str(port), "LOG_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1"}
        bind = ("--bind", f"127.0.0.1:{port}")
        commands: dict[str, tuple[str, ...]] = {
            "web": ("-m", "gunicorn", "wsgi:app", *programs.GUNICORN, *ONE_WORKER, *bind),
            **(programs.COMMANDS if background else {}),
        }
        self._children = [
            Child(name, programs.python(*command), log=home / f"{name}.log", env={**os.environ, **self._env})
            for name, command in commands.items()
        ]

    def start(self) -> Self:
        """Start everything and wait until the web is ready."""
        try:
            for child in self._children:
                child.start()
            wait_until(lambda: programs.serves(self._where, "/readyz"), self._children[0], seconds=START_SECONDS)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """SIGTERM to all at once, then SIGKILL to the groups of those that stay."""
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.stop(patience=STOP_SECONDS)

    def dead(self) -> list[str]:
        """Processes that ended by themselves, with their last words."""
        return [f"{child.name}:\n{child.last_lines()}" for child in self._children if not child.running]

    def let_a_day_pass_over_accounts(self) -> None:
        """Factors and bank accounts are a day older than they were: money may leave by them."""
        for statement in (
            "UPDATE bank_accounts SET created_at = created_at - interval '25 hours'",
            "ALTER TABLE totp_apps DISABLE TRIGGER marks_stay",
            "UPDATE totp_apps SET confirmed_at = confirmed_at - interval '25 hours'",
            "ALTER TABLE totp_apps ENABLE ALWAYS TRIGGER marks_stay",
        ):
            owner_does(self._database, statement)

    def let_its_time_come(self, name: str, *, kind: str) -> None:
        """The clock takes the present slot of a periodic job once more, at its next look and not in a minute."""
        owner_does(self._database, "DELETE FROM tasks WHERE kind = :kind AND status = 'done'", kind=kind)
        owner_does(self._database, "DELETE FROM slots WHERE name = :name", name=name)

    def let_prices_age(self, seconds: int) -> None:
        """Prices that were made for somebody, and not used yet, hold so many seconds less."""
        owner_does(self._database, "ALTER TABLE quotes DISABLE TRIGGER marks_stay")
        owner_does(self._database, _OLDER_PRICES, by=f"{seconds} seconds")
        owner_does(self._database, "ALTER TABLE quotes ENABLE ALWAYS TRIGGER marks_stay")

    @cached_property
    def _app(self) -> Flask:
        return assembly.assemble(Settings.from_env({**self._env, "LOG_LEVEL": "ERROR"}))

    @contextmanager
    def inside(self) -> Iterator[Flask]:
        """The application without its doors, in this process: to hire people, and to live through a demo business."""
        with self._app.app_context():
            try:
                yield self._app
            finally:
                leave()
                db.engine.dispose()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@contextmanager
def vendor_for(port: int, *, book: Path) -> Iterator[SandboxProcess]:
    """A sandbox vendor that tells the house at this port what happens."""
    told = f"http://localhost:{port}/callbacks/paystack"
    with ExitStack() as stack:
        process = stack.enter_context(SandboxProcess(book, webhook_url=told))
        process.knobs(transfer_delay_seconds=0.5, opening_balance=floated.UNITS)  # (what the books begin with too)
        yield process


def redis_database(url: str, number: int) -> str:
    """Another logical database of the same Redis: wake-ups of one house must not reach another's workers."""
    address, _, query = url.partition("?")
    return f"{address}?{urlencode({**dict(parse_qsl(query)), 'db': number})}"
