"""Writing down what feeds tell, and saying once that there is no price."""

from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.db import db, leave, rows, sqlstate, transaction
from app.market import errors, queries, rules, service
from app.market.models import Tick
from app.market.rules import Verdict
from app.market.service import Heard, Number
from tests.makers import quoted

BTC = "BTC/USDT"
pytestmark = pytest.mark.usefixtures("market")


def note(feed: str, numbers: dict[str, Number] | None, *, fault: str = "") -> int:
    """One feed told this just now."""
    moment = clock.now()
    with transaction(quoted.SYSTEM):
        noted = service.note([Heard(feed, moment, moment, numbers, fault)], wanted=queries.asked())
    leave()
    return noted


def number(last: str, *, bid: str | None = None, ask: str | None = None, timed: bool = True) -> Number:
    """A number of a feed."""
    sides = [None if text is None else Decimal(text) for text in (bid, ask)]
    return Number(sides[0], sides[1], Decimal(last), clock.now() if timed else None)


def ticks(feed: str) -> dict[str, Tick]:
    """The last tick of each pair from a feed."""
    found = db.session.query(Tick).filter_by(feed=feed).order_by(Tick.id)
    return {tick.pair: tick for tick in found}


class TestNoting:
    def test_numbers_are_kept_as_told(self) -> None:
        note("kraken", {"XBTUSDT": number("97500.1", bid="97500.05", ask="97500.15")})
        tick = ticks("kraken")[BTC]
        assert (tick.bid, tick.ask, tick.last) == (Decimal("97500.05"), Decimal("97500.15"), Decimal("97500.1"))

    def test_one_divided_by_another_is_as_old_as_the_older(self) -> None:
        old = Number(None, None, Decimal(1500), clock.now() - timedelta(seconds=40))
        note("luno", {"XBTNGN": number("150000000"), "USDTNGN": old})
        tick = ticks("luno")[BTC]
        assert (tick.last, tick.told_at) == (Decimal(100_000), old.at)

    def test_what_a_feed_does_not_know_is_no_tick(self) -> None:
        assert note("luno", {"XBTNGN": number("150000000")}) == 0  # nothing to divide it by

    @pytest.mark.parametrize("odd", ["0", "-5", "1e40"])
    def test_an_odd_number_makes_no_price(self, odd: str) -> None:
        note("kraken", {"XBTUSDT": number(odd)})
        word = next(one for one in queries.words(at=clock.now())[BTC] if one.feed == "kraken")
        assert rules.make([word], bounds=rules.Bounds(1, 200, 200), at=clock.now()).verdicts["kraken"] is Verdict.ZERO

    def test_a_fault_is_kept_and_the_last_answer_too(self) -> None:
        note("kraken", {"XBTUSDT": number("97500")})
        note("kraken", None, fault="no answer")
        answer = next(one.answer for one in queries.feeds() if one.feed.id == "kraken")
        assert answer is not None
        assert answer.fault == "no answer"
        assert answer.answered_at is not None
        assert answer.answered_at < answer.asked_at

    def test_without_a_time_a_word_is_as_old_as_its_last_change(self) -> None:
        begin = clock.now()
        for seconds, price in ((0, "97500"), (10, "97500"), (20, "97501"), (30, "97501")):
            with clock.at(begin + timedelta(seconds=seconds)):
                note("kraken", {"XBTUSDT": number(price, timed=False)})
        assert ticks("kraken")[BTC].told_at == begin + timedelta(seconds=20)


class TestMaking:
    def test_twice_for_one_moment_the_first_stands(self) -> None:
        moment = clock.now()
        quoted.tell(at=moment)
        quoted.tell({"kraken": {"XBTUSDT": "100900"}}, at=moment)
        made = rows("SELECT count(*) AS n FROM pair_prices WHERE pair = :pair", pair=BTC)
        assert made[0].n == 1

    def test_a_feed_that_is_off_is_not_asked(self, owner_engine: Engine) -> None:
        with owner_engine.begin() as connection:
            connection.execute(text("ALTER TABLE feeds DISABLE TRIGGER approved"))
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            connection.execute(text("UPDATE feeds SET active = false WHERE id = 'luno'"))
        try:
            assert "luno" not in queries.asked()
            assert "luno" not in quoted.tell(silent=("luno",))[BTC].made.verdicts
        finally:
            with owner_engine.begin() as connection:
                connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
                connection.execute(text("UPDATE feeds SET active = true WHERE id = 'luno'"))
                connection.execute(text("ALTER TABLE feeds ENABLE ALWAYS TRIGGER approved"))

    def test_the_pairs_that_feeds_tell_are_a_tree(self) -> None:
        assert rules.is_tree([(pair.base, pair.quote) for pair in queries.pairs() if not pair.crossed])

    def test_the_weights_of_every_pair_are_sound(self) -> None:
        standing = queries.feeds()
        for pair in queries.pairs():
            told = {one.feed.id: one.feed.weight for one in standing if pair.code in one.pairs}
            assert pair.crossed or len(told) >= pair.feeds_min, pair.code
            assert rules.fault_of_weights(told) == "", pair.code


class TestTelling:
    def test_a_minute_without_a_price_is_told_once(self) -> None:
        begin = clock.now()
        quoted.tell(at=begin)
        told = []
        for seconds in range(10, 150, 10):
            with clock.at(begin + timedelta(seconds=seconds)):
                quoted.tell(silent=("kraken",), at=clock.now())
            told.append(_told("TRX/USDT"))
        assert told == [0] * 11 + [1] * 3  # heard for a minute, and then none for a minute
        assert _told("BTC/NGN") == 0  # its legs say it


class TestChangingAFeed:
    def test_there_must_be_one(self) -> None:
        with pytest.raises(errors.NoSuchFeed), transaction(quoted.SYSTEM):
            service.change_feed("nobody", weight=1, age_max_seconds=60, active=True, request_id="req_x")
        leave()

    def test_the_database_asks_for_the_request(self) -> None:
        with pytest.raises(DBAPIError) as refused, transaction(quoted.SYSTEM):
            service.change_feed("luno", weight=9, age_max_seconds=60, active=True, request_id="req_x")
        assert sqlstate(refused.value) == "BU005"
        leave()


def _told(pair: str) -> int:
    found = rows(
        "SELECT count(*) AS n FROM outbox WHERE name = 'market.price_unavailable' AND facts ->> 'pair' = :pair"
        " AND id > :since",
        pair=pair, since=_SINCE[-1],
    )  # fmt: skip
    leave()
    return int(found[0].n)


_SINCE: list[int] = [0]


@pytest.fixture(autouse=True)
def only_new_events(market: Flask) -> None:
    """Count what this test told of."""
    _SINCE[:] = [int(rows("SELECT coalesce(max(id), 0) AS n FROM outbox")[0].n)]
    leave()
