"""Tables of the market."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.market.rules import DIGITS, Bounds

PRICE = Numeric(38, DIGITS)


class Feed(Model):
    """Who tells prices: how much its word counts, and how old it may be."""

    __tablename__ = "feeds"
    __table_args__ = (
        CheckConstraint("kind IN ('venue', 'coingecko', 'bank')", name="kind_known"),
        CheckConstraint("weight BETWEEN 1 AND 10", name="weight"),
        CheckConstraint("age_max_seconds BETWEEN 5 AND 604800", name="age_max"),
        CheckConstraint("every_seconds BETWEEN 10 AND 3600", name="every"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    weight: Mapped[int] = mapped_column(SmallInteger)
    age_max_seconds: Mapped[int] = mapped_column(Integer)
    every_seconds: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(Boolean)
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))

    @property
    def age_max(self) -> timedelta:
        """How old its word may be."""
        return timedelta(seconds=self.age_max_seconds)


class Pair(Model):
    """What is priced, with its bounds. A crossed one is made of the others and kept for its history alone."""

    __tablename__ = "pairs"
    __table_args__ = (
        CheckConstraint("code = base || '/' || quote AND base <> quote", name="code_is_its_parts"),
        CheckConstraint("crossed OR feeds_min >= 2", name="feeds_min"),
        CheckConstraint(
            "outlier_bps BETWEEN 1 AND 5000 AND disagree_bps BETWEEN 1 AND 10000 AND move_bps BETWEEN 1 AND 10000"
            " AND move_seconds BETWEEN 10 AND 86400 AND quote_seconds BETWEEN 10 AND 3600",
            name="bounds",
        ),
    )
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    base: Mapped[str] = mapped_column(Text)
    quote: Mapped[str] = mapped_column(Text)
    crossed: Mapped[bool] = mapped_column(Boolean)
    feeds_min: Mapped[int] = mapped_column(SmallInteger)
    outlier_bps: Mapped[int] = mapped_column(Integer)
    disagree_bps: Mapped[int] = mapped_column(Integer)
    move_bps: Mapped[int] = mapped_column(Integer)
    move_seconds: Mapped[int] = mapped_column(Integer)
    quote_seconds: Mapped[int] = mapped_column(Integer)

    @property
    def bounds(self) -> Bounds:
        """What makes its price."""
        return Bounds(self.feeds_min, self.outlier_bps, self.disagree_bps)


class FeedPair(Model):
    """What a feed is asked for to know a pair: a name of its own, divided by another where `over` says one."""

    __tablename__ = "feed_pairs"
    feed: Mapped[str] = mapped_column(Text, ForeignKey("feeds.id"), primary_key=True)
    pair: Mapped[str] = mapped_column(Text, ForeignKey("pairs.code"), primary_key=True)
    symbol: Mapped[str] = mapped_column(Text)
    over: Mapped[str] = mapped_column(Text, default="")


class FeedAnswer(Model):
    """How a feed answered last: `fault` says why that was none."""

    __tablename__ = "feed_answers"
    feed: Mapped[str] = mapped_column(Text, ForeignKey("feeds.id"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    took_ms: Mapped[int] = mapped_column(Integer)
    fault: Mapped[str] = mapped_column(Text, default="")


class Tick(Model):
    """What a feed told of a pair, as it told it."""

    __tablename__ = "ticks"
    __table_args__ = (
        Index("ix_ticks_pair", "pair", "feed", text("received_at DESC")),
        Index(None, "received_at"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    feed: Mapped[str] = mapped_column(Text, ForeignKey("feeds.id"))
    pair: Mapped[str] = mapped_column(Text, ForeignKey("pairs.code"))
    bid: Mapped[Decimal | None] = mapped_column(PRICE)
    ask: Mapped[Decimal | None] = mapped_column(PRICE)
    last: Mapped[Decimal | None] = mapped_column(PRICE)
    told_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PairPrice(Model):
    """The price made of ticks at one time, or why there is none."""

    __tablename__ = "pair_prices"
    __table_args__ = (
        UniqueConstraint("pair", "made_at"),
        Index(None, "made_at"),
        CheckConstraint("mid > 0", name="mid_positive"),
        CheckConstraint("why IN ('', 'too_few', 'disagree', 'no_leg')", name="why_known"),
        CheckConstraint("(mid IS NULL) = (why <> '') AND (mid IS NULL) = (told_at IS NULL)", name="price_or_reason"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    pair: Mapped[str] = mapped_column(Text, ForeignKey("pairs.code"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    mid: Mapped[Decimal | None] = mapped_column(PRICE)
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    feeds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    legs: Mapped[list[str]] = mapped_column(ARRAY(Text))
    verdicts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    why: Mapped[str] = mapped_column(Text, default="")


class Candle(Model):
    """Open, high, low, close of a pair's prices over a span."""

    __tablename__ = "candles"
    __table_args__ = (
        Index("ix_candles_span", "span", "starts_at"),
        CheckConstraint("span IN ('1m', '5m', '1h', '1d')", name="span_known"),
        CheckConstraint("0 < low AND low <= least(open, close) AND greatest(open, close) <= high", name="in_order"),
    )
    pair: Mapped[str] = mapped_column(Text, ForeignKey("pairs.code"), primary_key=True)
    span: Mapped[str] = mapped_column(Text, primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    open: Mapped[Decimal] = mapped_column(PRICE)
    high: Mapped[Decimal] = mapped_column(PRICE)
    low: Mapped[Decimal] = mapped_column(PRICE)
    close: Mapped[Decimal] = mapped_column(PRICE)
    prices: Mapped[int] = mapped_column(Integer)
