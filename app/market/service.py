"""Writing down what feeds told, making prices of it, rolling them into candles, and forgetting what is old."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Result, text
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, outbox
from app.core.db import db, rows
from app.market import errors, events, queries, rules
from app.market.models import Feed, FeedAnswer, FeedPair, Pair, PairPrice, Tick
from app.market.queries import Latest
from app.market.rules import CANDLES_KEPT, PRICES_KEPT, SPANS, Made, Why

TOLD_AFTER = timedelta(seconds=60)  # without a price
LATE_MAX = timedelta(minutes=10)  # what comes later than this after its time is in no candle any more
SWEPT_AT_ONCE = 20_000
ROLLED_AT_ONCE = timedelta(hours=2)  # after a long gap: no statement reads the prices of days
_BOUND = Decimal(10) ** 20  # what is larger is no price, and does not fit the column

_FROM_PRICES = """
INSERT INTO candles (pair, span, starts_at, open, high, low, close, prices)
SELECT pair, '1m', date_bin(interval '1 minute', made_at, timestamptz 'epoch') AS slot,
       (array_agg(mid ORDER BY made_at, id))[1], max(mid), min(mid),
       (array_agg(mid ORDER BY made_at DESC, id DESC))[1], count(*)
  FROM pair_prices
 WHERE made_at >= :since AND made_at < :until AND mid IS NOT NULL
 GROUP BY pair, slot
    ON CONFLICT (pair, span, starts_at) DO UPDATE
   SET open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, prices = excluded.prices
 WHERE (candles.open, candles.high, candles.low, candles.close, candles.prices)
       IS DISTINCT FROM (excluded.open, excluded.high, excluded.low, excluded.close, excluded.prices)
"""
_FROM_CANDLES = """
INSERT INTO candles (pair, span, starts_at, open, high, low, close, prices)
SELECT pair, :span, date_bin(make_interval(secs => :seconds), starts_at, timestamptz 'epoch') AS slot,
       (array_agg(open ORDER BY starts_at))[1], max(high), min(low),
       (array_agg(close ORDER BY starts_at DESC))[1], sum(prices)
  FROM candles
 WHERE span = :below AND starts_at >= :since AND starts_at < :until
 GROUP BY pair, slot
    ON CONFLICT (pair, span, starts_at) DO UPDATE
   SET open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, prices = excluded.prices
 WHERE (candles.open, candles.high, candles.low, candles.close, candles.prices)
       IS DISTINCT FROM (excluded.open, excluded.high, excluded.low, excluded.close, excluded.prices)
"""
_LAST_CANDLE = "SELECT max(starts_at) AS at FROM candles WHERE span = '1m'"
_LAST_TICKS = """
SELECT t.* FROM feed_pairs fp
 CROSS JOIN LATERAL (SELECT * FROM ticks x WHERE x.pair = fp.pair AND x.feed = fp.feed AND x.received_at > :since
                      ORDER BY x.received_at DESC, x.id DESC LIMIT 1) t
"""
_LAST_MID = "SELECT max(made_at) AS at FROM pair_prices WHERE pair = :pair AND mid IS NOT NULL AND made_at > :since"
_FORGET_TICKS = """
DELETE FROM ticks WHERE id IN (SELECT id FROM ticks WHERE received_at < :before ORDER BY received_at LIMIT :most)
"""
_FORGET_PRICES = """
DELETE FROM pair_prices WHERE id IN (SELECT id FROM pair_prices WHERE made_at < :before ORDER BY made_at LIMIT :most)
"""
_FORGET_CANDLES = """
DELETE FROM candles WHERE (pair, span, starts_at) IN
    (SELECT pair, span, starts_at FROM candles
      WHERE span = :span AND starts_at < :before ORDER BY starts_at LIMIT :most)
"""


@dataclass(frozen=True)
class Number:
    """What a feed told by one of its own names: `at` by its clock, None where it gives no time."""

    bid: Decimal | None
    ask: Decimal | None
    last: Decimal | None
    at: datetime | None


@dataclass(frozen=True)
class Heard:
    """What came of asking a feed: its numbers by its own names, or None and the fault."""

    feed: str
    asked_at: datetime
    received_at: datetime
    numbers: Mapping[str, Number] | None
    fault: str = ""


def note(heard: Sequence[Heard], *, wanted: Mapping[str, Sequence[FeedPair]]) -> int:
    """Write down what feeds told and how they answered: how many ticks."""
    if not heard:
        return 0
    before = {(row.feed, row.pair): row for row in rows(_LAST_TICKS, since=clock.now() - PRICES_KEPT)}
    ticks = []
    for one in heard:
        _note_answer(one)
        for asked in wanted.get(one.feed, ()) if one.numbers is not None else ():
            tick = _tick(one, asked)
            if tick is not None:
                ticks.append(_dated(tick, before.get((tick.feed, tick.pair)), given=_given_time(one, asked)))
    db.session.add_all(ticks)
    db.session.flush()
    return len(ticks)


def make(*, at: datetime) -> dict[str, Latest]:
    """Make the price of every pair of what feeds told last, write it down, and say where there has been none."""
    before, words = queries.latest(at=at), queries.words(at=at)
    pairs = queries.pairs()
    made = {one.code: rules.make(words.get(one.code, ()), bounds=one.bounds, at=at) for one in pairs if not one.crossed}
    told = [(one.base, one.quote) for one in pairs if not one.crossed]
    made |= {one.code: _crossed(one, told, made) for one in pairs if one.crossed}
    for code, one in made.items():
        statement = insert(PairPrice).values(
            pair=code,
            made_at=at,
            mid=one.mid,
            told_at=one.told_at,
            feeds=list(one.feeds),
            legs=list(one.legs),
            verdicts={feed: str(verdict) for feed, verdict in one.verdicts.items()},
            why=str(one.why or ""),
        )
        db.session.execute(statement.on_conflict_do_nothing())  # (made for this moment already: that one stands)
        if one.mid is None and not one.legs:
            _tell_of_none(code, one, before.get(code), at)
    return {code: Latest(code, at, one) for code, one in made.items()}


def roll_from(*, at: datetime) -> datetime:
    """The beginning of the first minute whose candle is to be made, at a time: what is late is in one yet."""
    last = rows(_LAST_CANDLE)[0].at
    oldest = rules.begins(at - PRICES_KEPT, span="1m") + timedelta(seconds=SPANS["1m"])  # before, some may be forgotten
    return max(oldest, last - LATE_MAX) if last else oldest


def roll(*, since: datetime, at: datetime) -> datetime:
    """Bring the candles of all spans a step further: from the beginning of a minute on, and not beyond `at`.

    Where the next step begins; that is after `at` when there is none. Each candle is made anew from all that is in it,
    so that repeats change nothing, and what comes up to ten minutes late is in it.
    """
    until = min(since + ROLLED_AT_ONCE, at + timedelta(seconds=1))
    db.session.execute(text(_FROM_PRICES), {"since": since, "until": until})
    for below, span in (("1m", "5m"), ("5m", "1h"), ("1h", "1d")):
        since = rules.begins(since, span=span)
        bounds = {"span": span, "below": below, "seconds": SPANS[span], "since": since, "until": until}
        db.session.execute(text(_FROM_CANDLES), bounds)
    return until


def sweep(*, at: datetime) -> int:
    """Forget some of what is older than it is kept for: how many rows. Nought when nothing is left to forget."""
    before = {"before": at - PRICES_KEPT, "most": SWEPT_AT_ONCE}
    gone = _count(db.session.execute(text(_FORGET_TICKS), before))
    gone += _count(db.session.execute(text(_FORGET_PRICES), before))
    for span, kept in CANDLES_KEPT.items():
        if kept is not None:
            bounds = {"span": span, "before": at - kept, "most": SWEPT_AT_ONCE}
            gone += _count(db.session.execute(text(_FORGET_CANDLES), bounds))
    return gone


def change_feed(feed_id: str, *, weight: int, age_max_seconds: int, active: bool, request_id: str) -> Feed:
    """Change what counts of a feed, as a request that was approved says; the database looks at it too.

    Raises NoSuchFeed.
    """
    feed = queries.feed(feed_id)
    if feed is None:
        raise errors.NoSuchFeed
    feed.weight, feed.age_max_seconds, feed.active, feed.request_id = weight, age_max_seconds, active, request_id
    db.session.flush()
    return feed


def _note_answer(one: Heard) -> None:
    took = int((one.received_at - one.asked_at).total_seconds() * 1_000)
    answered = {} if one.numbers is None else {"answered_at": one.received_at}
    told = {"asked_at": one.asked_at, "took_ms": max(took, 0), "fault": one.fault, **answered}
    statement = insert(FeedAnswer).values(feed=one.feed, **told)
    db.session.execute(statement.on_conflict_do_update(index_elements=["feed"], set_=told))


def _tick(one: Heard, asked: FeedPair) -> Tick | None:
    """A tick of what was told; None where the feed does not know what it was asked for."""
    numbers = one.numbers or {}
    number, over = numbers.get(asked.symbol), numbers.get(asked.over)
    if number is None or (asked.over and over is None):
        return None
    told = (number.bid, number.ask, number.last)
    if over is not None:
        divisor = rules.value_of(over.bid, over.ask, over.last)
        told = (None, None, rules.divided(rules.value_of(*told), divisor) or Decimal(0))
    bid, ask, last = (None if value is None or abs(value) >= _BOUND else value for value in told)
    return Tick(
        feed=one.feed,
        pair=asked.pair,
        bid=bid,
        ask=ask,
        last=last,
        told_at=_given_time(one, asked) or one.received_at,
        received_at=one.received_at,
    )


def _given_time(one: Heard, asked: FeedPair) -> datetime | None:
    """When the vendor says that it is of: the older of the two numbers that it is made of."""
    numbers = one.numbers or {}
    of = [numbers[name].at for name in (asked.symbol, asked.over) if name in numbers]
    return None if None in of else min((moment for moment in of if moment is not None), default=None)


def _dated(tick: Tick, before: Tick | None, *, given: datetime | None) -> Tick:
    """Where a vendor gives no time, a word is as old as its last change: one that stands still grows old."""
    if given is None and before is not None:
        alike = (tick.bid, tick.ask, tick.last) == (before.bid, before.ask, before.last)
        tick.told_at = before.told_at if alike else tick.told_at
    return tick


def _crossed(pair: Pair, told: Sequence[tuple[str, str]], made: Mapping[str, Made]) -> Made:
    steps = rules.way(told, pair.base, pair.quote) or ()
    legs = tuple(step.pair for step in steps)
    parts = [made[leg] for leg in legs]
    times = [one.told_at for one in parts if one.told_at is not None]
    mids = {leg: made[leg].mid for leg in legs}
    known = {leg: mid for leg, mid in mids.items() if mid is not None}
    if not legs or len(known) < len(mids):
        return Made(None, None, (), why=Why.NO_LEG, legs=legs)
    feeds = sorted({feed for one in parts for feed in one.feeds})
    return Made(rules.crossed(steps, known), min(times), tuple(feeds), legs=legs)


def _tell_of_none(pair: str, made: Made, before: Latest | None, at: datetime) -> None:
    """Once, when there has been no price for a minute."""
    last = rows(_LAST_MID, pair=pair, since=at - PRICES_KEPT)[0].at
    if last is not None and before is not None and before.made_at - last < TOLD_AFTER <= at - last:
        outbox.emit(events.PriceUnavailable(pair=pair, why=str(made.why)))


def _count(result: Result[tuple[()]]) -> int:
    return int(result.rowcount)  # type: ignore[attr-defined]
