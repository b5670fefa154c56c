"""Everything that has to do with prices and trades in the demo business, for each of its days and for its end."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from flask import Flask

from app.core.money import NGN, Money
from dev.market_story import Market
from dev.trading_story import Lead, Someone, Traders
from dev.treasury import Office
from dev.venue_story import Desk

EVENING = timedelta(hours=10)
BEFORE_THE_END = timedelta(minutes=25)
LOST_SIGHT_OF = Money(NGN, 180_000_00)

Deposit = Callable[..., None]


class Dealing:
    """The market, the desk and whoever trades."""

    def __init__(
        self,
        app: Flask,
        exchange_url: str,
        *,
        office: Office,
        people: Sequence[Someone],
        span: tuple[datetime, int],
        moment: Callable[[datetime], AbstractContextManager[None]],
        work_off: Callable[[], None],
        deposit: Deposit,
    ) -> None:
        self._began, self._days = span
        self._ended = self._began + timedelta(days=self._days)
        self.market = Market(app, exchange_url, began=self._began, ended=self._ended)
        self.desk = Desk(office, self.market, work_off)
        self._traders = Traders(people, self.market, self.desk, moment, work_off, deposit)
        self._moment = moment
        self._lead = Lead(self._traders, began=self._began, days=self._days) if self._days > 1 else None

    def open(self) -> None:
        """The exchange holds something of ours."""
        self.desk.found(self._began)

    def day(self, number: int) -> None:
        """One day of it; the first has no trades, because nobody knows yet what anything costs."""
        evening = min(self._began + timedelta(days=number) + EVENING, self._ended - BEFORE_THE_END)
        self.market.go_on_until(evening)
        if number and self._lead:
            with self._moment(evening):
                self.market.hear()
                self._lead.day(number)
            self._traders.day(evening, number=number)

    def end(self) -> None:
        """What stands when the story ends."""
        self.desk.fill_in_parts(parts=1)
        with self._moment(self._ended):
            self.market.hear()
            self.market.draw()
            self.desk.leave_work_for_people()
            self.desk.lose_sight()
            rich = max(self._traders.people[1:], key=lambda one: self._traders.has(one, NGN.code).units)
            self._traders.buy(rich, "TRX", LOST_SIGHT_OF.units // 100)
            self._traders.work_off()
            self.desk.see_again()
