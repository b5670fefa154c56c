"""The market of the demo business: what feeds told and what was made of it, asked for by the product's own jobs.

The simulated exchange's prices are a function of time and its clock can be held: so every price of the story is the one
that would have been heard then. Of long ago there are few, of the last day many, as the charts show them.
"""

from collections.abc import Callable, Iterator, Mapping
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
from app.market import cache, flows
from app.market.queries import Latest
from jobs import market, runtime, trading
from jobs.work import Work

WEEK, DAY = timedelta(days=7), timedelta(days=1)
TRIES = tuple(timedelta(seconds=seconds) for seconds in (4, 3, 2, 1))
# How far apart prices are, from so long before the end on.
STEPS = ((timedelta(hours=8), None), (timedelta(hours=1), WEEK), (timedelta(minutes=12), DAY))
FEW_STEPS = (
    (timedelta(hours=4), None),
    (timedelta(hours=2), DAY),
)  # for a story of a few days, which tests live through
# The books are told less often: that is what a portfolio over weeks is drawn of, and one over the last day.
WORTH_EVERY, WORTH_EVERY_OF_THE_LAST_DAY = timedelta(hours=5), timedelta(hours=1)


class Market:
    """Prices as time goes on, and what comes by the clock with them: recurring orders and alerts."""

    def __init__(self, app: Flask, exchange_url: str, *, began: datetime, ended: datetime) -> None:
        self._app, self._url = app, exchange_url
        self._ended, self._due, self._worth_from = ended, _times(began, ended), began

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
            at = self._due.pop(0)
            with self.held(at):
                self._poll()
                self._do(trading.begin_recurring, trading.look_at_prices)
                runtime.drain(self._app)
                if at >= self._worth_from:
                    self._worth_from = at + (WORTH_EVERY_OF_THE_LAST_DAY if self._ended - at < DAY else WORTH_EVERY)
                    self._do(market.value)
        with clock.at(moment):
            self._do(market.roll)

    def hear(self) -> None:
        """Ask all feeds by now, and have the books know what things are worth.

        Again where one was too slow to be in the price: nobody can deal without it.
        """
        for before in TRIES:
            with clock.at(clock.now() - before):
                if all(one.made.mid is not None for one in self._poll().values()):
                    break
        self._do(market.value)

    def draw(self) -> None:
        """Have the charts know all of it."""
        self._do(market.roll)

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

    def _poll(self) -> Mapping[str, Latest]:
        """As every ten seconds in life, but hours apart: no pair is stopped for what it moved meanwhile."""
        feeds = self._app.extensions["clients"].feeds
        return flows.poll(feeds, actor=actor.system("demo"), heed=lambda _latest, _at: None)

    def _do(self, *jobs: Callable[[Work], object]) -> None:
        for job in jobs:
            clients = self._app.extensions["clients"]
            job(Work(f"demo:{job.__name__}", clock.now().isoformat(), {}, clients, actor.system("demo")))
        leave()


def _times(began: datetime, ended: datetime) -> list[datetime]:
    """When prices are heard, beside the moments at which somebody deals."""
    steps = STEPS if ended - began > WEEK else FEW_STEPS
    found, at = [], began
    while at < ended:
        found.append(at)
        at += next(step for step, last in reversed(steps) if last is None or ended - at <= last)
    return found
