"""Tables of pricing."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, Numeric, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.market.models import PRICE
from app.pricing.rules import Band, HaltState, Scope


class PriceOverride(Model):
    """A price that people set, for a while, in place of the feeds'."""

    __tablename__ = "price_overrides"
    __table_args__ = (
        Index(None, "pair", "ends_at"),
        UniqueConstraint("request_id"),
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("starts_at < ends_at AND ends_at <= starts_at + interval '1 day'", name="at_most_a_day"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_somebody"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    pair: Mapped[str] = mapped_column(Text, ForeignKey("pairs.code"))
    price: Mapped[Decimal] = mapped_column(PRICE)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_by: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text, ForeignKey("approval_requests.id"))


class Spread(Model):
    """One band of a schedule of spreads: those of one scope and time. A later schedule replaces it whole."""

    __tablename__ = "spreads"
    __table_args__ = (
        UniqueConstraint("ticker", "side", "tier", "starts_at", "from_kobo"),
        CheckConstraint("side IN ('buy', 'sell', 'swap', '*')", name="side_known"),
        CheckConstraint("tier IN ('t0', 't1', 't2', 't3', 't3_plus', '*')", name="tier_known"),
        CheckConstraint("from_kobo >= 0", name="from_not_negative"),
        CheckConstraint("bps BETWEEN 0 AND 2000", name="bps"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    ticker: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(Text)
    tier: Mapped[str] = mapped_column(Text)
    from_kobo: Mapped[Decimal] = mapped_column(Numeric(38))
    bps: Mapped[int] = mapped_column(Integer)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))

    @property
    def scope(self) -> Scope:
        """What it covers."""
        return Scope(self.ticker, self.side, self.tier)

    @property
    def band(self) -> Band:
        """What it asks for."""
        return Band(int(self.from_kobo), self.bps)


class PairHalt(Model):
    """That nothing is dealt in a pair: by whom or what, why, and how it went on. Rows are kept."""

    __tablename__ = "pair_halts"
    __table_args__ = (
        Index("ix_pair_halts_standing", "pair", "cause", unique=True, postgresql_where=text("state <> 'ended'")),
        CheckConstraint("state IN ('off', 'moved', 'disagreeing', 'ended')", name="state_known"),
        CheckConstraint("cause IN ('off', 'moved', 'disagreeing')", name="cause_known"),
        CheckConstraint("reason <> ''", name="reason_given"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("state IN (cause, 'ended')", name="stands_for_its_cause"),
        CheckConstraint("state <> 'ended' OR cause = 'disagreeing' OR request_id IS NOT NULL", name="agreed_to"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    pair: Mapped[str] = mapped_column(Text, ForeignKey("pairs.code"))
    state: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text, default=HaltState.OFF)
    reason: Mapped[str] = mapped_column(Text)
    begun_by: Mapped[str] = mapped_column(Text)
    begun_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    agree_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))
