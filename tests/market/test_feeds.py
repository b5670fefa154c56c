"""What is quoted, and what refused, when feeds are silent, old, nought, wrong or slow: over the exchange's process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.clients import venues
from app.core import clock
from app.core.db import leave
from app.market import queries as market_queries
from app.market.queries import Latest
from app.market.rules import Verdict, Why
from app.pricing import errors, queries
from tests.makers import quoted
from tests.makers.exchange import ExchangeProcess

BTC, NAIRA = "BTC/USDT", "USDT/NGN"
HONEST = Decimal(100_000)
NEAR = Decimal("0.001")


@pytest.fixture
def feeds(market: Flask, exchange: ExchangeProcess) -> Iterator[ExchangeProcess]:
    """Every feed tells the same, to the last digit, and has for an hour."""
    venues.load()  # as a worker does at its start
    exchange.knobs(noise=False)
    exchange.clock((clock.now() - timedelta(hours=1)).isoformat())
    for pair, price in (("BTC/USDT", "100000"), ("USDT/USD", "1"), ("USDT/NGN", "1500"), ("USD/NGN", "1500")):
        exchange.price(pair, price)
    exchange.clock(None)
    yield exchange
    leave()


def near(mid: Decimal | None, wanted: Decimal) -> bool:
    """Whether a price is there and is what it should be, but for what bid and ask are apart."""
    return mid is not None and abs(mid / wanted - 1) < NEAR


def price_of(latest: dict[str, Latest], pair: str = BTC) -> Decimal | None:
    """What was made of a pair."""
    return latest[pair].made.mid


class TestAllIsWell:
    def test_every_pair_has_a_price_of_its_feeds(self, market: Flask, feeds: ExchangeProcess) -> None:
        latest = quoted.poll(market)
        assert {pair: one.made.why for pair, one in latest.items() if one.made.mid is None} == {}
        assert latest[BTC].made.feeds == ("coingecko", "kraken", "luno")
        assert near(price_of(latest), HONEST)
        assert latest["BTC/NGN"].made.legs == (BTC, NAIRA)
        assert queries.dealing("BTC", "NGN").by == ("bank", "coingecko", "kraken", "luno")

    def test_a_price_is_as_old_as_the_oldest_that_tells_it(self, market: Flask, feeds: ExchangeProcess) -> None:
        feeds.feed("coingecko", stale=100)
        latest = quoted.poll(market)[BTC]
        assert latest.made.told_at is not None
        assert 99 < (latest.made_at - latest.made.told_at).total_seconds() < 110

    def test_it_is_asked_once_for_all_its_pairs(self, market: Flask, feeds: ExchangeProcess) -> None:
        quoted.poll(market)
        answers = {one.feed.id: one.answer for one in market_queries.feeds()}
        assert {feed: answer.fault for feed, answer in answers.items() if answer} == dict.fromkeys(quoted.NUMBERS, "")
        told = market_queries.words(at=clock.now())
        assert {word.feed for word in told[BTC]} == {"kraken", "luno", "coingecko"}


class TestWhatOneDoesNotList:
    def test_is_told_by_the_others_and_said(self, market: Flask, feeds: ExchangeProcess, owner_engine: Engine) -> None:
        """Of the six names that Kraken is asked for at once it knows one no more."""
        with _names(owner_engine, "TON/USDT", "GRAMUSD"):
            latest = quoted.poll(market)
            kraken = next(one for one in market_queries.feeds() if one.feed.id == "kraken")
            leave()
        assert kraken.answer is not None
        assert (kraken.answer.fault, kraken.untold) == ("", ("TON/USDT",))
        assert latest["TON/USDT"].made.why is Why.TOO_FEW
        assert {pair for pair, one in latest.items() if "kraken" in one.made.feeds} >= {BTC, "ETH/USDT", "TRX/USDT"}


@contextmanager
def _names(engine: Engine, pair: str, symbol: str) -> Iterator[None]:
    """Kraken is asked for a pair by another name."""
    was = "SELECT symbol FROM feed_pairs WHERE feed = 'kraken' AND pair = :pair"
    with engine.connect() as connection:
        before = connection.execute(text(was), {"pair": pair}).scalar_one()
    _name(engine, pair, symbol)
    try:
        yield
    finally:
        _name(engine, pair, before)


def _name(engine: Engine, pair: str, symbol: str) -> None:
    named = "UPDATE feed_pairs SET symbol = :symbol WHERE feed = 'kraken' AND pair = :pair"
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text(named), {"symbol": symbol, "pair": pair})


class TestTurns:
    def test_who_counts_our_calls_is_asked_less_often(self, market: Flask, feeds: ExchangeProcess) -> None:
        quoted.poll(market)
        begin = clock.now()
        asked = {
            seconds: set(market_queries.asked(at=begin + timedelta(seconds=seconds))) for seconds in (1, 10, 60, 600)
        }
        assert asked == {
            1: set(),
            10: {"kraken", "luno"},
            60: {"kraken", "luno", "coingecko"},
            600: {"kraken", "luno", "coingecko", "bank"},
        }


class TestOneOfThree:
    """Of bitcoin there are three feeds: whatever becomes of one, the price is that of the other two."""

    @pytest.mark.parametrize(
        ("knobs", "verdict"),
        [
            ({"stale": 400}, Verdict.STALE),
            ({"zero": True}, Verdict.ZERO),
            ({"factor": "10"}, Verdict.OUTLIER),
            ({"factor": "0.1"}, Verdict.OUTLIER),
            ({"lie_bps": 300}, Verdict.OUTLIER),
            ({"down": "503"}, Verdict.SILENT),
            ({"down": "cut"}, Verdict.SILENT),
        ],
    )
    @pytest.mark.parametrize("feed", ["luno", "coingecko"])
    def test_is_left_out(
        self, market: Flask, feeds: ExchangeProcess, feed: str, knobs: dict[str, object], verdict: Verdict
    ) -> None:
        if "factor" in knobs or "lie_bps" in knobs or "zero" in knobs:
            # (of one number only: a feed whose numbers are all wrong by the same factor is right about their ratio)
            knobs = {**knobs, "pairs": ["BTC/NGN" if feed == "luno" else "BTC/USD"]}
        feeds.feed(feed, **knobs)
        latest = quoted.poll(market)
        assert latest[BTC].made.verdicts[feed] is verdict
        assert feed not in latest[BTC].made.feeds
        assert near(price_of(latest), HONEST)
        assert near(queries.dealing("BTC", "USDT").mid, HONEST)

    def test_kraken_gives_no_time_and_is_as_old_as_its_last_change(self, market: Flask, feeds: ExchangeProcess) -> None:
        quoted.poll(market)
        moment = clock.now() + timedelta(seconds=130)
        feeds.clock(moment.isoformat())
        with clock.at(moment):
            assert quoted.poll(market)[BTC].made.verdicts["kraken"] is Verdict.STALE
        feeds.price("BTC/USDT", "100100")
        with clock.at(moment):
            assert quoted.poll(market)[BTC].made.verdicts["kraken"] is Verdict.COUNTS

    def test_a_lie_within_the_tolerance_does_not_move_the_price_beyond_the_honest(
        self, market: Flask, feeds: ExchangeProcess
    ) -> None:
        feeds.feed("coingecko", lie_bps=150, pairs=["BTC/USD"])
        latest = quoted.poll(market)
        assert latest[BTC].made.verdicts["coingecko"] is Verdict.COUNTS
        assert near(price_of(latest), HONEST)


class TestTwoAreLeft:
    def test_when_they_disagree_nothing_is_quoted_and_the_pair_stops(
        self, market: Flask, feeds: ExchangeProcess
    ) -> None:
        feeds.feed("bank", down="503")
        feeds.feed("luno", factor="10", pairs=[NAIRA])
        latest = quoted.poll(market)
        assert latest[NAIRA].made.why is Why.DISAGREE
        assert latest["BTC/NGN"].made.why is Why.NO_LEG
        assert [(halt.pair, halt.cause) for halt in queries.halts_standing()] == [(NAIRA, "disagreeing")]
        with pytest.raises(errors.PairHalted):
            queries.dealing("BTC", "NGN")
        with pytest.raises(errors.NoPrice, match="different prices"):
            queries.price("USDT", "NGN", at=clock.now())
        assert near(queries.dealing("BTC", "USDT").mid, HONEST)  # what does not need it goes on

    def test_one_alone_makes_no_price(self, market: Flask, feeds: ExchangeProcess) -> None:
        feeds.feed("coingecko", down="503")
        latest = quoted.poll(market)
        assert latest["TRX/USDT"].made.why is Why.TOO_FEW
        with pytest.raises(errors.NoPrice, match="Too few sources"):
            queries.dealing("TRX", "USDT")
        assert queries.halts_standing() == []  # nothing is wrong with those that tell


class TestAll:
    def test_down_leaves_the_last_words_for_a_while(self, market: Flask, feeds: ExchangeProcess) -> None:
        quoted.poll(market)
        for feed in quoted.NUMBERS:
            feeds.feed(feed, down="503")
        assert near(price_of(quoted.poll(market)), HONEST)
        begin = clock.now()
        with clock.at(begin + timedelta(seconds=61)):
            latest = quoted.poll(market)
            assert latest[BTC].made.why is Why.TOO_FEW  # (of three the one that is asked less often is left)
            with pytest.raises(errors.NoPrice):
                queries.dealing("BTC", "NGN")
        with clock.at(begin + timedelta(seconds=181)):
            latest = quoted.poll(market)
            assert {one.made.why for one in latest.values()} == {Why.TOO_FEW, Why.NO_LEG}
            answers = [one.answer for one in market_queries.feeds()]
        assert {answer.fault for answer in answers if answer} == {"no answer"}

    def test_jump_together_is_shown_and_stops_the_pair(self, market: Flask, feeds: ExchangeProcess) -> None:
        quoted.poll(market)
        feeds.price("BTC/USDT", "1000000")
        latest = quoted.poll(market)
        assert near(price_of(latest), 10 * HONEST)
        assert near(queries.price("BTC", "USDT", at=clock.now()).mid, 10 * HONEST)
        assert [(halt.pair, halt.cause) for halt in queries.halts_standing()] == [(BTC, "moved")]
        with pytest.raises(errors.PairHalted):
            queries.dealing("BTC", "NGN")


class TestOneIsSlow:
    def test_the_others_are_not_delayed_and_its_word_counts_in_the_next(
        self, market: Flask, feeds: ExchangeProcess
    ) -> None:
        feeds.feed("luno", slow_ms=2_000)
        latest = quoted.poll(market)
        assert latest[BTC].made.feeds == ("coingecko", "kraken")
        words = {word.feed: word for word in market_queries.words(at=clock.now())[BTC]}
        assert words["luno"].received_at is not None
        assert latest[BTC].made_at < words["luno"].received_at
        leave()
        assert quoted.poll(market)[BTC].made.feeds == ("coingecko", "kraken", "luno")

    def test_one_that_never_answers_is_not_waited_for(self, market: Flask, feeds: ExchangeProcess) -> None:
        feeds.feed("luno", slow_ms=20_000)
        began = time.monotonic()
        latest = quoted.poll(market)
        assert time.monotonic() - began < 6
        assert latest[BTC].made.verdicts["luno"] is Verdict.SILENT
        luno = next(one for one in market_queries.feeds() if one.feed.id == "luno")
        assert luno.answer is not None
        assert (luno.answer.answered_at, luno.answer.fault) == (None, "no answer")
