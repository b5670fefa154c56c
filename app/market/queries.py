"""Reads of the market. Nothing here is anybody's: prices are the same for all."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from app.core import clock
from app.core.db import db, rows
from app.market import rules
from app.market.models import Candle, Feed, FeedAnswer, FeedPair, Pair, PairPrice
from app.market.rules import PRICES_KEPT, Made, Verdict, Why, Word, value_of

_LATEST = """
SELECT p.code, m.made_at, m.mid, m.told_at, m.feeds, m.legs, m.verdicts, m.why
  FROM pairs p
 CROSS JOIN LATERAL (SELECT * FROM pair_prices x
                      WHERE x.pair = p.code AND x.made_at <= :at AND x.made_at > :since
                      ORDER BY x.made_at DESC LIMIT 1) m
"""
_CLOSES = """
SELECT pair, date_bin(make_interval(secs => :step), starts_at, :since) AS slot,
       (array_agg(close ORDER BY starts_at DESC))[1] AS close
  FROM candles WHERE pair = ANY(:pairs) AND span = :span AND starts_at >= :since AND starts_at <= :until
 GROUP BY pair, slot ORDER BY pair, slot
"""
_WORDS = """
SELECT fp.feed, fp.pair, f.weight, f.age_max_seconds, f.every_seconds, t.bid, t.ask, t.last, t.told_at, t.received_at
  FROM feed_pairs fp JOIN feeds f ON f.id = fp.feed AND f.active
  LEFT JOIN LATERAL (SELECT * FROM ticks x
                      WHERE x.pair = fp.pair AND x.feed = fp.feed AND x.received_at <= :at AND x.received_at > :since
                      ORDER BY x.received_at DESC, x.id DESC LIMIT 1) t ON true
 ORDER BY fp.pair, fp.feed
"""
_UNTOLD = """
SELECT fp.feed, fp.pair FROM feed_pairs fp JOIN feed_answers a ON a.feed = fp.feed
 WHERE a.fault = '' AND a.answered_at > :since
   AND NOT EXISTS (SELECT FROM ticks t WHERE t.pair = fp.pair AND t.feed = fp.feed AND t.received_at >= a.answered_at)
 ORDER BY fp.pair
"""


@dataclass(frozen=True)
class Latest:
    """The newest price of a pair, or why there is none, and when it was made."""

    pair: str
    made_at: datetime
    made: Made


@dataclass(frozen=True)
class Standing:
    """A feed with how it answered last; None: it was never asked. `untold`: the pairs of which that answer had nothing.

    What a vendor lists changes from month to month; it tells of the others all the same.
    """

    feed: Feed
    answer: FeedAnswer | None
    pairs: tuple[str, ...]
    untold: tuple[str, ...] = ()


def pairs() -> list[Pair]:
    """All pairs, those that feeds tell first."""
    return list(db.session.scalars(select(Pair).order_by(Pair.crossed, Pair.code)))


def latest(*, at: datetime | None = None) -> dict[str, Latest]:
    """The newest of each pair that has any, as it was at a time, by the pair's code."""
    moment = at or clock.now()
    found = rows(_LATEST, at=moment, since=moment - PRICES_KEPT)
    return {row.code: Latest(row.code, row.made_at, _made(row)) for row in found}


def mids(pair: str, *, since: datetime, until: datetime, last: int | None = None) -> list[Decimal]:
    """The prices of a pair made after one time and before another, the newest first; so many at most."""
    wanted = select(PairPrice.mid).where(
        PairPrice.pair == pair, PairPrice.made_at > since, PairPrice.made_at < until, PairPrice.mid.is_not(None)
    )
    newest = wanted.order_by(PairPrice.made_at.desc()).limit(last)
    return [mid for mid in db.session.scalars(newest) if mid is not None]


def feeds() -> list[Standing]:
    """All feeds by name, with how they stand."""
    told: dict[str, list[str]] = {}
    for one in db.session.scalars(select(FeedPair).order_by(FeedPair.pair)):
        told.setdefault(one.feed, []).append(one.pair)
    untold: dict[str, list[str]] = {}
    for row in rows(_UNTOLD, since=clock.now() - PRICES_KEPT):
        untold.setdefault(row.feed, []).append(row.pair)
    wanted = select(Feed, FeedAnswer).outerjoin(FeedAnswer, FeedAnswer.feed == Feed.id).order_by(Feed.name)
    return [
        Standing(feed, answer, tuple(told.get(feed.id, ())), tuple(untold.get(feed.id, ())))
        for feed, answer in db.session.execute(wanted)
    ]


def feed(feed_id: str) -> Feed | None:
    """One feed."""
    return db.session.get(Feed, feed_id)


def asked(*, at: datetime | None = None) -> dict[str, list[FeedPair]]:
    """What each feed that is on is asked for; at a time, of those whose turn it is then."""
    wanted = select(FeedPair, Feed.every_seconds, FeedAnswer.asked_at).join(Feed, Feed.id == FeedPair.feed)
    wanted = wanted.outerjoin(FeedAnswer, FeedAnswer.feed == Feed.id).where(Feed.active).order_by(FeedPair.pair)
    found: dict[str, list[FeedPair]] = {}
    for one, every_seconds, asked_at in db.session.execute(wanted):
        if at is None or rules.is_its_turn(asked_at, every_seconds=every_seconds, at=at):
            found.setdefault(one.feed, []).append(one)
    return found


def words(*, at: datetime) -> dict[str, list[Word]]:
    """The last word of each feed that is on about each of its pairs, received by that time and not two days before."""
    found: dict[str, list[Word]] = {}
    for row in rows(_WORDS, at=at, since=at - PRICES_KEPT):
        value = value_of(row.bid, row.ask, row.last)
        age_max = timedelta(seconds=row.age_max_seconds)
        heard = rules.heard_within(row.every_seconds)
        word = Word(row.feed, value, row.told_at, row.received_at, row.weight, age_max, heard)
        found.setdefault(row.pair, []).append(word)
    return found


def candles(pair: str, *, span: str, since: datetime, until: datetime, limit: int) -> list[Candle]:
    """The last `limit` candles of a span that begin between two times, oldest first."""
    wanted = select(Candle).where(Candle.pair == pair, Candle.span == span)
    wanted = wanted.where(Candle.starts_at >= since, Candle.starts_at <= until)
    return list(db.session.scalars(wanted.order_by(Candle.starts_at.desc()).limit(limit)))[::-1]


def last_close(pair: str, *, since: datetime | None, until: datetime) -> Decimal | None:
    """What a pair cost at the end of the last hour with a price, of those that began between two times."""
    wanted = select(Candle.close).where(Candle.pair == pair, Candle.span == "1h", Candle.starts_at < until)
    if since is not None:
        wanted = wanted.where(Candle.starts_at >= since)
    return db.session.scalar(wanted.order_by(Candle.starts_at.desc()).limit(1))


def closes(pairs: Collection[str], *, until: datetime, hours: int, points: int) -> dict[str, list[Decimal]]:
    """The closing prices of so many equal parts of the last hours, oldest first; parts without a price are left out."""
    length = timedelta(hours=hours)
    span = "5m" if length <= timedelta(days=2) else "1h"
    step = max(int(length.total_seconds()) // points, rules.SPANS[span])
    found: dict[str, list[Decimal]] = {}
    for row in rows(_CLOSES, pairs=list(pairs), span=span, step=step, since=until - length, until=until):
        found.setdefault(row.pair, []).append(row.close)
    return found


def _made(row: object) -> Made:
    verdicts = {feed: Verdict(word) for feed, word in row.verdicts.items()}  # type: ignore[attr-defined]
    why = Why(row.why) if row.why else None  # type: ignore[attr-defined]
    return Made(row.mid, row.told_at, tuple(row.feeds), verdicts, why, tuple(row.legs))  # type: ignore[attr-defined]
