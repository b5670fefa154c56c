"""Several processes call the venue under one key at once: each in its turn, and none is refused for its number."""

import subprocess
import sys
import time
from pathlib import Path

from redis import Redis

from app.clients.turns import Turns
from dev.embedded import Servers
from tests.makers.books import fresh
from tests.makers.exchange import ExchangeProcess

ROOT = Path(__file__).resolve().parents[2]
PROCESSES, CALLS = 4, 15
NONCE = "EAPI:Invalid nonce"
# What each of them does: sees what is there, so often, with nobody waiting for anybody but at the venue's door.
PROGRAM = """
import sys
from redis import Redis
from app.clients.venue_orders import VenueOrders
url, key, secret, redis, calls = sys.argv[1:]
venue = VenueOrders("kraken", url, key=key, secret=secret, seconds=5, turns=Redis.from_url(redis))
for _ in range(int(calls)):
    venue.balances()
"""


def test_none_is_refused_for_its_number(given: Servers, exchange: ExchangeProcess) -> None:
    told = (exchange.url, exchange.key, exchange.secret, given.redis_url, str(CALLS))
    command = [sys.executable, "-c", PROGRAM, *told]
    started = [subprocess.Popen(command, cwd=ROOT) for _ in range(PROCESSES)]  # noqa: S603 (ours)
    assert [each.wait(timeout=120) for each in started] == [0] * PROCESSES
    assert exchange.calls() == PROCESSES * CALLS
    assert exchange.refused(NONCE) == 0
    # The venue looks at numbers, as it says: one that does not rise is refused, by a key that allows no window.
    assert exchange.knobs()["nonce_window"] == 0


def microseconds() -> int:
    """The time."""
    return time.time_ns() // 1_000


def turns(given: Servers, key: str, *, seconds: float = 5) -> Turns:
    """Of one key."""
    return Turns(Redis.from_url(given.redis_url), venue="kraken", key=key, seconds=seconds)


def test_a_number_is_above_all_before_it_whatever_the_clock_says(given: Servers) -> None:
    key = fresh()
    one, other = turns(given, key), turns(given, key)
    with one.take(microseconds) as first:
        pass
    Redis.from_url(given.redis_url).set(f"{one._name}:last", first + 10**12)  # (of a process whose clock is ahead)
    with other.take(microseconds) as second:
        assert second == first + 10**12 + 1
    with one.take(microseconds) as third:
        assert third == second + 1
    with turns(given, fresh()).take(microseconds) as other_key:
        assert other_key < second


def test_nobody_waits_for_ever_for_who_died_in_their_turn(given: Servers) -> None:
    key = fresh()
    died, waits = turns(given, key, seconds=0.2), turns(given, key, seconds=0.2)
    never_given_back = died.take(microseconds)
    first, began = never_given_back.__enter__(), time.monotonic()
    with waits.take(microseconds) as second:
        assert second > first
    assert 0.15 < time.monotonic() - began < 2


def test_without_redis_calls_go_on() -> None:
    away = Turns(Redis.from_url("redis://127.0.0.1:1/0"), venue="kraken", key="k", seconds=1)
    with away.take(microseconds) as first:
        pass
    with away.take(microseconds) as second:
        assert second > first
