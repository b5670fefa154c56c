"""Prices for tests: a market with nothing in it, told numbers, and what the feeds of the sandbox make of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from flask import Flask
from sqlalchemy import Engine, text

from app.core import actor, clock
from app.core.db import db, leave, transaction
from app.market import cache, flows, queries, service
from app.market.queries import Latest
from app.market.service import Heard, Number
from app.pricing import service as pricing

SYSTEM = actor.system("test")
# What each feed's own names cost where everything is in order.
NUMBERS: dict[str, dict[str, str]] = {
    "kraken": {
        "XBTUSDT": "100000", "ETHUSDT": "3500", "TRXUSD": "0.3", "TONUSD": "2.5", "BNBUSD": "900", "USDTZUSD": "1",
    },
    "luno": {"USDTNGN": "1500", "XBTNGN": "150000000", "ETHNGN": "5250000"},
    "coingecko": {
        "bitcoin.usd": "100000", "ethereum.usd": "3500", "tron.usd": "0.3", "the-open-network.usd": "2.5",
        "binancecoin.usd": "900", "tether.usd": "1", "tether.ngn": "1500",
    },
    "bank": {"USDNGN": "1495"},
}  # fmt: skip
_EMPTY = (
    "TRUNCATE ticks, pair_prices, candles, feed_answers;"
    " ALTER TABLE pair_halts DISABLE TRIGGER USER; DELETE FROM pair_halts; ALTER TABLE pair_halts ENABLE TRIGGER USER;"
    " ALTER TABLE pair_halts ENABLE ALWAYS TRIGGER guarded, ENABLE ALWAYS TRIGGER kept,"
    " ENABLE ALWAYS TRIGGER never_emptied, ENABLE ALWAYS TRIGGER audit_row, ENABLE ALWAYS TRIGGER marks_stay;"
    " ALTER TABLE price_overrides DISABLE TRIGGER USER; DELETE FROM price_overrides;"
    " ALTER TABLE price_overrides ENABLE TRIGGER USER; ALTER TABLE price_overrides ENABLE ALWAYS TRIGGER approved,"
    " ENABLE ALWAYS TRIGGER kept, ENABLE ALWAYS TRIGGER never_emptied, ENABLE ALWAYS TRIGGER audit_row,"
    " ENABLE ALWAYS TRIGGER marks_stay"
)


def emptied(engine: Engine) -> None:
    """Nothing was told, nothing is stopped, nobody set a price."""
    with engine.begin() as connection:
        connection.execute(text(_EMPTY))
    cache.forget()


def tell(
    numbers: Mapping[str, Mapping[str, str]] | None = None, *, silent: tuple[str, ...] = (), at: datetime | None = None
) -> dict[str, Latest]:
    """Feeds tell what they usually do, but for `numbers`; those in `silent` nothing; prices are made and heeded."""
    moment = at or clock.now()
    told = {feed: {**usual, **(numbers or {}).get(feed, {})} for feed, usual in NUMBERS.items() if feed not in silent}
    heard = [
        Heard(feed, moment, moment, {name: Number(None, None, Decimal(one), moment) for name, one in some.items()})
        for feed, some in told.items()
    ]
    with transaction(SYSTEM):
        service.note(heard, wanted=queries.asked())
        latest = service.make(at=moment)
        pricing.heed(latest, moment, actor=SYSTEM)
    leave()
    cache.forget()
    return latest


def poll(app: Flask) -> dict[str, Latest]:
    """Ask the feeds of the sandbox now, as the job does; it is every feed's turn."""
    with transaction(SYSTEM):
        db.session.execute(text("UPDATE feed_answers SET asked_at = asked_at - interval '1 day'"))
    leave()

    def heed(latest: Mapping[str, Latest], at: datetime) -> None:
        pricing.heed(latest, at, actor=SYSTEM)

    return flows.poll(app.extensions["clients"].feeds, actor=SYSTEM, heed=heed)


def roll(at: datetime | None = None) -> None:
    """Bring candles up to a time, as the job does."""
    moment = at or clock.now()
    with transaction(SYSTEM):
        since = service.roll_from(at=moment)
    while since <= moment:
        with transaction(SYSTEM):
            since = service.roll(since=since, at=moment)
    leave()


def told_at(start: datetime, prices: list[str], *, every: timedelta = timedelta(seconds=10)) -> datetime:
    """Bitcoin costs these one after the other, at every feed that tells it; when the last was told."""
    moment = start
    for number, price in enumerate(prices):
        moment = start + number * every
        naira = str(Decimal(price) * 1500)
        numbers = {"kraken": {"XBTUSDT": price}, "luno": {"XBTNGN": naira}, "coingecko": {"bitcoin.usd": price}}
        with clock.at(moment):
            tell(numbers, at=moment)
    return moment
