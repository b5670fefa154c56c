"""The market of the demo business: what feeds told and what was made of it, asked for by the product's own jobs.

The simulated exchange's prices are a function of time and its clock can be held: so every price of the story is the one
that would have been heard then. Of long ago there are few, of the last day many, as the charts show them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import requests as http
from flask import Flask

from app.clients.bundle import Clients
from app.clients.venue_orders import VenueOrders
from app.core import actor, clock
from app.core.db import leave
from app.market import cache
from jobs import market, runtime, trading
from jobs.work import Work

WEEK, DAY = timedelta(days=7), timedelta(days=1)
# How far apart prices are, from so long before the end on.
STEPS = ((timedelta(hours=6), None), (timedelta(hours=1), WEEK), (timedelta(minutes=20), DAY))


class Market:
    """Prices as time goes on, and what comes by the clock with them: recurring orders and alerts."""

    def __init__(self, app: Flask, exchange_url: str, *, began: datetime, ended: datetime) -> None:
        self._app, self._url = app, exchange_url
        self._due = _times(began, ended)

    @property
    def venue(self) -> VenueOrders:
        """The exchange as the product reaches it."""
        clients: Clients = self._app.extensions["clients"]
        return clients.venue

    def control(self, call: str, sent: dict[str, object]) -> dict[str, Any]:
        """Have the simulated exchange do something."""
        answer = http.post(f"{self._url}/_sandbox/exchange/{call}", json=sent, timeout=10)
        answer.raise_for_status()
        return dict(answer.json())

    def costs(self, ticker: str, at: datetime) -> Decimal:
        """What one of it costs in naira at a time."""
        asked = {"pair": f"{ticker}/NGN", "at": at.isoformat()}
        answer = http.get(f"{self._url}/_sandbox/exchange/prices", params=asked, timeout=10)
        answer.raise_for_status()
        return Decimal(answer.json()["mid"]["luno"])

    def go_on_until(self, moment: datetime) -> None:
        """Live through everything that is due by a moment, in the order of time."""
        while self._due and self._due[0] <= moment:
            with self.held(self._due.pop(0)):
                self.hear()
                self._come_by_the_clock()

    def hear(self) -> None:
        """Ask all feeds now, and have the candles and the books know it."""
        for job in (market.poll, market.roll, market.value):
            job(self._work(job.__name__))
        leave()

    @contextmanager
    def held(self, moment: datetime) -> Iterator[None]:
        """The clock of the exchange and ours."""
        self.control("clock", {"now": moment.isoformat()})
        with clock.at(moment):
            yield

    def close(self) -> None:
        """Let the clock of the exchange run again."""
        cache.forget()
        self.control("clock", {"now": None})

    def _come_by_the_clock(self) -> None:
        for job in (trading.begin_recurring, trading.look_at_prices):
            job(self._work(job.__name__))
        leave()
        runtime.drain(self._app)

    def _work(self, name: str) -> Work:
        clients = self._app.extensions["clients"]
        return Work(f"demo:{name}", clock.now().isoformat(), {}, clients, actor.system("demo"))


def _times(began: datetime, ended: datetime) -> list[datetime]:
    """When prices are heard, beside the moments at which somebody deals."""
    found, at = [], began
    while at < ended:
        found.append(at)
        at += next(step for step, last in reversed(STEPS) if last is None or ended - at <= last)
    return found
