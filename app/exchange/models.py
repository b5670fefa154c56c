"""Tables of our own position. Units are whole ones of the asset named beside them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.core.money import ASSETS, NGN, Money
from app.exchange.rules import Policy

UNITS = Numeric(38)
PRICE = Numeric(38, 18)


class VenueAsset(Model):
    """As which asset of ours a venue's currency is booked."""

    __tablename__ = "venue_assets"
    __table_args__ = (PrimaryKeyConstraint("venue", "currency"), UniqueConstraint("venue", "asset"))
    venue: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)


class HedgePolicy(Model):
    """How much of our own we want to have of a ticker from a time on, and what is done about more or less."""

    __tablename__ = "hedge_policies"
    __table_args__ = (
        UniqueConstraint("asset", "starts_at"),
        CheckConstraint("slippage_bps BETWEEN 1 AND 1000", name="slippage"),
        CheckConstraint("apart_bps BETWEEN 1 AND 5000", name="apart"),
        CheckConstraint(
            "target_units >= 0 AND threshold_units >= 0 AND soft_units > threshold_units AND hard_units >= soft_units",
            name="in_order",
        ),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    asset: Mapped[str] = mapped_column(Text)
    pair: Mapped[str | None] = mapped_column(Text)
    target_units: Mapped[Decimal] = mapped_column(UNITS)
    threshold_units: Mapped[Decimal] = mapped_column(UNITS)
    soft_units: Mapped[Decimal] = mapped_column(UNITS)
    hard_units: Mapped[Decimal] = mapped_column(UNITS)
    slippage_bps: Mapped[int] = mapped_column(Integer)
    apart_bps: Mapped[int] = mapped_column(Integer)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))

    @property
    def policy(self) -> Policy:
        """What it says."""
        sizes = (self.target_units, self.threshold_units, self.soft_units, self.hard_units)
        target, threshold, soft, hard = map(int, sizes)
        return Policy(self.asset, self.pair or "", target, threshold, soft, hard, self.slippage_bps, self.apart_bps)


class Hedge(Model):
    """One order of ours at a venue."""

    __tablename__ = "hedges"
    __table_args__ = (
        Index("ix_hedges_open", "asset", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index(None, "state", "id"),
        Index(None, "planned_at"),
        CheckConstraint("side IN ('buy', 'sell')", name="side_known"),
        CheckConstraint("volume_units > 0", name="volume_positive"),
        CheckConstraint("limit_price > 0", name="limit_positive"),
        CheckConstraint("held_units > 0", name="held_positive"),
        CheckConstraint("filled_units BETWEEN 0 AND volume_units", name="filled"),
        CheckConstraint(
            "state IN ('planned', 'sending', 'unknown', 'sent', 'partly_filled', 'filled', 'cancelled', 'refused')",
            name="state_known",
        ),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cl_ord_id: Mapped[str] = mapped_column(Text, unique=True)
    venue: Mapped[str] = mapped_column(Text)
    pair: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    quote: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(Text)
    volume_units: Mapped[Decimal] = mapped_column(UNITS)
    limit_price: Mapped[Decimal] = mapped_column(PRICE)
    seen_price: Mapped[Decimal] = mapped_column(PRICE)
    exposure_units: Mapped[Decimal] = mapped_column(UNITS)
    held_units: Mapped[Decimal] = mapped_column(UNITS)
    hold_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    state: Mapped[str] = mapped_column(Text)
    venue_order: Mapped[str | None] = mapped_column(Text, unique=True)
    filled_units: Mapped[Decimal] = mapped_column(UNITS, default=Decimal(0))
    words: Mapped[str] = mapped_column(Text, default="")
    planned_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    deadline_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def volume(self) -> Money:
        """How much is bought or sold."""
        return Money(ASSETS[self.asset], int(self.volume_units))

    @property
    def filled(self) -> Money:
        """How much of it has been."""
        return Money(ASSETS[self.asset], int(self.filled_units))

    @property
    def exposure(self) -> Money:
        """What it answers: beyond what we want to have, or below zero short of it."""
        return Money(ASSETS[self.asset], int(self.exposure_units))

    @property
    def held(self) -> Money:
        """The most that it may take at the venue, of what is given."""
        return Money(ASSETS[self.quote if self.side == "buy" else self.asset], int(self.held_units))


class Fill(Model):
    """One trade of the venue's for a hedge; booked once."""

    __tablename__ = "hedge_fills"
    __table_args__ = (Index(None, "hedge_id", "trade_id"),)
    trade_id: Mapped[str] = mapped_column(Text, primary_key=True)
    hedge_id: Mapped[str] = mapped_column(Text, ForeignKey("hedges.id"))
    base_units: Mapped[Decimal] = mapped_column(UNITS)
    quote_units: Mapped[Decimal] = mapped_column(UNITS)
    fee_asset: Mapped[str] = mapped_column(Text)
    fee_units: Mapped[Decimal] = mapped_column(UNITS)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    journal_id: Mapped[int] = mapped_column(BigInteger)
    traded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    booked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @property
    def fee(self) -> Money:
        """What the venue kept, whole units, upwards."""
        return Money(ASSETS[self.fee_asset], int(self.fee_units))


class VenuePart(Model):
    """What a venue has of ours beyond whole units."""

    __tablename__ = "venue_parts"
    __table_args__ = (PrimaryKeyConstraint("venue", "asset"), CheckConstraint("part >= 0 AND part < 1", name="part"))
    venue: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    part: Mapped[Decimal] = mapped_column(PRICE)


class ExposureAlert(Model):
    """That a position passed a limit, until it was back inside."""

    __tablename__ = "exposure_alerts"
    __table_args__ = (
        Index("ix_exposure_alerts_standing", "asset", "level", unique=True, postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("level IN ('soft', 'hard')", name="level_known"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    asset: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    units: Mapped[Decimal] = mapped_column(UNITS)
    noted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def exposure(self) -> Money:
        """How far beyond what we want it was when it was noted."""
        return Money(ASSETS[self.asset], int(self.units))


class VenueReading(Model):
    """What a venue said that it holds of one currency, beside the books; never changed."""

    __tablename__ = "venue_readings"
    __table_args__ = (Index(None, "venue", "currency", "id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    venue: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    asset: Mapped[str | None] = mapped_column(Text)
    told: Mapped[Decimal] = mapped_column(PRICE)
    theirs_units: Mapped[Decimal] = mapped_column(UNITS)
    ours_units: Mapped[Decimal] = mapped_column(UNITS)
    differs: Mapped[bool] = mapped_column(Boolean)
    read_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @property
    def unexplained(self) -> int:
        """What the venue has more than the books say, in units; of a currency without a name here, all of it."""
        return int(self.theirs_units) - int(self.ours_units)


class Deal(Model):
    """Something bought with naira over the counter, paid from our bank; booked when the venue shows it."""

    __tablename__ = "otc_deals"
    __table_args__ = (
        Index("ix_otc_deals_agreed", "asset", "got_units", unique=True, postgresql_where=text("state = 'agreed'")),
        CheckConstraint("paid_units > 0", name="paid_positive"),
        CheckConstraint("got_units > 0", name="got_positive"),
        CheckConstraint("counterparty <> ''", name="counterparty_given"),
        CheckConstraint("state IN ('agreed', 'arrived', 'abandoned')", name="state_known"),
        CheckConstraint(
            "(state = 'arrived') = (journal_id IS NOT NULL) AND (journal_id IS NULL) = (venue_line IS NULL)",
            name="arrived_when",
        ),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    paid_units: Mapped[Decimal] = mapped_column(UNITS)
    asset: Mapped[str] = mapped_column(Text)
    got_units: Mapped[Decimal] = mapped_column(UNITS)
    counterparty: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text, ForeignKey("approval_requests.id"), unique=True)
    state: Mapped[str] = mapped_column(Text)
    venue_line: Mapped[str | None] = mapped_column(Text, unique=True)
    journal_id: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def paid(self) -> Money:
        """What leaves our bank."""
        return Money(NGN, int(self.paid_units))

    @property
    def got(self) -> Money:
        """What comes to the venue for it."""
        return Money(ASSETS[self.asset], int(self.got_units))


class ResultDay(Model):
    """What a day came to, and positions at its end: nothing but what the books say, kept so that it is counted once."""

    __tablename__ = "result_days"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    sealed_to: Mapped[int] = mapped_column(BigInteger)
    later_from: Mapped[int] = mapped_column(BigInteger)
    positions: Mapped[dict[str, list[str]]] = mapped_column(JSONB)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
