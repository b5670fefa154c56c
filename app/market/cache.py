"""The newest prices in Redis, for pages that look every few seconds. What is dealt at is never read from here.

A price leaves it after a minute, and carries when it was made and told: it never looks younger than it is. While Redis
is away everything is read from PostgreSQL.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from redis import Redis
from redis.exceptions import RedisError

from app.core import clock, logs
from app.market.queries import Latest
from app.market.rules import Made, Verdict, Why

LIFE_SECONDS = 60
_NAME = "market:latest"
_REDIS: list[Redis] = []

log = logs.get("market")


def use(redis: Redis | None) -> None:
    """Say where it is; None for nowhere. Called by the assembly."""
    _REDIS[:] = [redis] if redis is not None else []


def keep(latest: Mapping[str, Latest]) -> None:
    """Put the newest prices there, once what they are was committed. A Redis that is away is noted in the log."""
    written = json.dumps({pair: _written(one) for pair, one in latest.items()})
    for redis in _REDIS:
        try:
            redis.set(_NAME, written, ex=LIFE_SECONDS)
        except RedisError as error:
            log.warning("prices are not cached", extra={"facts": {"error": type(error).__name__}})


def forget() -> None:
    """Take them away: what was changed shows at once."""
    for redis in _REDIS:
        try:
            redis.delete(_NAME)
        except RedisError as error:
            log.warning("prices are not forgotten", extra={"facts": {"error": type(error).__name__}})


def read() -> dict[str, Latest] | None:
    """The newest prices, none of them made more than a minute ago; None when there are none here."""
    for redis in _REDIS:
        try:
            held = redis.get(_NAME)
        except RedisError as error:
            log.warning("prices are read from the database", extra={"facts": {"error": type(error).__name__}})
            return None
        found = _opened(held) if isinstance(held, bytes) else {}
        ages = [(clock.now() - one.made_at).total_seconds() for one in found.values()]
        return found if ages and min(ages) >= 0 and max(ages) <= LIFE_SECONDS else None
    return None


def _opened(held: bytes) -> dict[str, Latest]:
    """What is written there; nothing where another version of us wrote it otherwise."""
    try:
        return {pair: _read(pair, one) for pair, one in json.loads(held).items()}
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        return {}


def _written(one: Latest) -> dict[str, object]:
    made = one.made
    return {
        "made_at": one.made_at.isoformat(),
        "mid": None if made.mid is None else str(made.mid),
        "told_at": None if made.told_at is None else made.told_at.isoformat(),
        "feeds": made.feeds,
        "legs": made.legs,
        "verdicts": made.verdicts,
        "why": made.why,
    }


def _read(pair: str, one: dict[str, object]) -> Latest:
    mid, told_at, why = one["mid"], one["told_at"], one["why"]
    verdicts = {feed: Verdict(word) for feed, word in one["verdicts"].items()}  # type: ignore[attr-defined]
    made = Made(
        None if mid is None else Decimal(str(mid)),
        None if told_at is None else datetime.fromisoformat(str(told_at)),
        tuple(one["feeds"]),  # type: ignore[arg-type]
        verdicts,
        Why(str(why)) if why else None,
        tuple(one["legs"]),  # type: ignore[arg-type]
    )
    return Latest(pair, datetime.fromisoformat(str(one["made_at"])), made)
