"""The clock's work for the market: polled in its time, rolled, told to the books, forgotten; and who is told."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.clients import venues
from app.core import clock, tasks
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.ledger import prices as ledger
from app.market import queries
from app.notifications.queries import Letter
from app.pricing import queries as pricing
from jobs import schedule
from jobs.handlers import HANDLERS
from tests.makers import mailbox, people, quoted, rated
from tests.makers.exchange import ExchangeProcess

KINDS = ("market.poll", "market.roll", "market.value")


@pytest.fixture(autouse=True)
def market(inside: Flask, owner_engine: Engine, exchange: ExchangeProcess) -> Iterator[None]:
    """An empty market before the sandbox's feeds."""
    venues.load()
    quoted.emptied(owner_engine)
    yield
    leave()
    quoted.emptied(owner_engine)


def ask(kind: str, *, ref: str = "") -> None:
    """The clock asks for this work now."""
    moment = clock.now()
    slot = schedule.slot_of(moment, every_seconds=10).isoformat()
    with transaction(quoted.SYSTEM):
        tasks.add(kind, ref=f"{ref or slot}", queue=HANDLERS[kind].queue)
    leave()


def about(email: str, subject: str) -> Letter:
    """The one mail to somebody about this."""
    (letter,) = [letter for letter in mailbox.letters_to(email) if letter.subject == subject]
    return letter


class TestTheClock:
    def test_polls_rolls_and_values(self, work_off: Callable[..., int]) -> None:
        for kind in KINDS:
            ask(kind)
            work_off()
        leave()
        assert pricing.dealing("BTC", "NGN").mid > 0
        hour = clock.now() - timedelta(hours=1)
        assert len(queries.candles("BTC/NGN", span="1m", since=hour, until=clock.now(), limit=9)) == 1
        worth = ledger.as_of(clock.now())
        assert worth["BTC"].at > clock.now() - timedelta(minutes=1)

    def test_makes_up_for_no_poll_that_nobody_did_in_time(self, work_off: Callable[..., int]) -> None:
        ask("market.poll", ref=(clock.now() - timedelta(minutes=1)).isoformat())
        work_off()
        leave()
        assert queries.latest() == {}

    def test_forgets_until_nothing_is_left_to_forget(self, work_off: Callable[..., int]) -> None:
        quoted.told_at(clock.now() - timedelta(days=3), ["100000", "100100"])
        ask("market.sweep")
        work_off()
        left = rows("SELECT (SELECT count(*) FROM ticks) + (SELECT count(*) FROM pair_prices) AS n")
        assert left[0].n == 0

    def test_has_each_of_them_in_its_table(self) -> None:
        every = {periodic.kind: periodic.every_seconds for periodic in schedule.SCHEDULE}
        assert [every[kind] for kind in KINDS] == [10, 60, 60]


class TestTreasury:
    def test_is_told_that_a_pair_stopped(self, work_off: Callable[..., int]) -> None:
        _, email = people.operator(Role.TREASURY)
        quoted.tell({"luno": {"USDTNGN": "15000"}}, silent=("bank",))
        work_off()
        letter = about(email, "Stopped: trading in USDT/NGN")
        assert "stopped by itself" in letter.body
        assert "Its feeds disagree" in letter.body
        assert "/console/rates" in letter.body

    def test_is_told_who_stopped_it(self, work_off: Callable[..., int]) -> None:
        operator, email = people.operator(Role.TREASURY)
        rated.off("TRX/USDT", by=operator, reason="It looks odd.")
        work_off()
        letter = about(email, "Stopped: trading in TRX/USDT")
        assert "Reason: It looks odd." in letter.body
        assert "stopped by itself" not in letter.body

    def test_is_told_once_that_there_is_no_price(self, work_off: Callable[..., int]) -> None:
        _, email = people.operator(Role.TREASURY)
        begin = clock.now()
        quoted.tell(at=begin)
        for seconds in range(10, 150, 10):
            with clock.at(begin + timedelta(seconds=seconds)):
                quoted.tell(silent=("kraken",), at=clock.now())
        work_off(timedelta(minutes=3))
        assert "Too few of its feeds" in about(email, "No price for BNB/USDT").body
