"""The newest prices in Redis: of their true age, gone after a minute, and not needed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.core import clock
from app.core.db import leave
from app.market import cache, queries
from app.pricing import queries as pricing
from dev.embedded import Servers
from tests.makers import quoted


@pytest.fixture
def redis(market: Flask, given: Servers) -> Iterator[Redis]:
    """The cache is in a Redis."""
    found = Redis.from_url(given.redis_url)
    before = list(cache._REDIS)
    cache.use(found)
    cache.forget()
    yield found
    cache.forget()
    cache._REDIS[:] = before
    found.close()
    leave()


class TestTheCache:
    def test_gives_back_what_was_kept(self, redis: Redis) -> None:
        kept = quoted.tell()
        cache.keep(kept)
        assert cache.read() == kept
        assert 0 < int(redis.ttl("market:latest")) <= cache.LIFE_SECONDS

    def test_does_not_make_a_price_younger(self, redis: Redis) -> None:
        told = clock.now() - timedelta(seconds=20)
        cache.keep(quoted.tell(at=told))
        found = pricing.price("BTC", "NGN")
        assert (found.at, found.made_at) == (told, told)

    def test_is_not_read_when_it_is_older_than_it_lives(self, redis: Redis) -> None:
        cache.keep(quoted.tell())
        with clock.at(clock.now() + timedelta(seconds=61)):
            assert cache.read() is None

    def test_is_what_is_shown_and_never_what_is_dealt_at(self, redis: Redis) -> None:
        before = quoted.tell({"kraken": {"XBTUSDT": "101000"}, "coingecko": {"bitcoin.usd": "101000"}})
        quoted.tell()
        cache.keep(before)
        assert pricing.price("BTC", "USDT").mid == 101_000
        assert pricing.dealing("BTC", "USDT").mid == 100_000
        cache.forget()
        assert pricing.price("BTC", "USDT").mid == 100_000

    @pytest.mark.parametrize("held", ["", "{}", "[]", "nonsense", '{"BTC/USDT": {}}'])
    def test_passes_over_what_it_cannot_read(self, redis: Redis, held: str) -> None:
        quoted.tell()
        redis.set("market:latest", held)
        assert cache.read() is None
        assert pricing.price("BTC", "USDT").mid == 100_000


class TestWithoutARedis:
    @pytest.fixture
    def away(self, market: Flask) -> Iterator[None]:
        """It does not answer."""
        before = list(cache._REDIS)
        cache.use(Redis(host="127.0.0.1", port=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)))
        yield
        cache._REDIS[:] = before
        leave()

    @pytest.mark.usefixtures("away")
    def test_that_is_away_the_database_is_read(self) -> None:
        cache.keep(quoted.tell())
        cache.forget()
        assert cache.read() is None
        assert pricing.price("BTC", "USDT").mid == 100_000

    def test_of_any_kind_too(self, market: Flask) -> None:
        cache.use(None)
        quoted.tell()
        assert cache.read() is None
        assert pricing.price("BTC", "USDT").mid == queries.latest()["BTC/USDT"].made.mid
        leave()
