"""Tables of risk."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, Numeric, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.risk.rules import Band, Bounds, Scope

KOBO = Numeric(38)


class Limit(Model):
    """What a tier may do in one scope from a time on; a later row of the same tier and scope takes its place."""

    __tablename__ = "limits"
    __table_args__ = (
        UniqueConstraint("tier", "rail", "direction", "asset", "starts_at"),
        CheckConstraint("tier IN ('t0', 't1', 't2', 't3', 't3_plus')", name="tier_known"),
        CheckConstraint("rail IN ('bank', 'chain', 'inside', '*')", name="rail_known"),
        CheckConstraint("direction IN ('in', 'out', '*')", name="direction_known"),
        CheckConstraint(
            "single_units >= 0 AND day_units >= 0 AND month_units >= 0 AND balance_units >= 0", name="not_negative"
        ),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    tier: Mapped[str] = mapped_column(Text)
    rail: Mapped[str] = mapped_column(Text)
    direction: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    single_units: Mapped[Decimal | None] = mapped_column(KOBO)
    day_units: Mapped[Decimal | None] = mapped_column(KOBO)
    month_units: Mapped[Decimal | None] = mapped_column(KOBO)
    balance_units: Mapped[Decimal | None] = mapped_column(KOBO)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))

    @property
    def scope(self) -> Scope:
        """What it counts."""
        return Scope(self.rail, self.direction, self.asset)

    @property
    def bounds(self) -> Bounds:
        """How much of it."""
        stated = (self.single_units, self.day_units, self.month_units, self.balance_units)
        return Bounds(*(None if value is None else int(value) for value in stated))


class LimitUse(Model):
    """What one command of a customer counts against their limits.

    Settled, its money is in the books; released, nothing came of it, and it counts no more. `over` is the bound that
    money which came all the same is over.
    """

    __tablename__ = "limit_uses"
    __table_args__ = (
        Index(None, "customer_id", "used_at", postgresql_where=text("released_at IS NULL")),
        Index("ix_limit_uses_over", "used_at", postgresql_where=text("over <> ''")),
        CheckConstraint("over IN ('', 'blocked', 'single', 'day', 'month', 'balance')", name="over_known"),
        CheckConstraint("units > 0", name="units_positive"),
        CheckConstraint(
            "settled_at IS NULL OR released_at IS NULL OR direction = 'out'", name="only_what_left_comes_back"
        ),
        CheckConstraint("rail IN ('bank', 'chain', 'inside')", name="rail_known"),
        CheckConstraint("direction IN ('in', 'out')", name="direction_known"),
    )
    ref: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    rail: Mapped[str] = mapped_column(Text)
    direction: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    units: Mapped[Decimal] = mapped_column(KOBO)
    used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    over: Mapped[str] = mapped_column(Text, default="")


class Fee(Model):
    """One band of a schedule of fees. Those of one scope and time are the schedule; a later one replaces it whole."""

    __tablename__ = "fees"
    __table_args__ = (
        UniqueConstraint("rail", "direction", "asset", "starts_at", "over_units"),
        CheckConstraint("rail IN ('bank', 'chain', 'inside')", name="rail_known"),
        CheckConstraint("direction IN ('in', 'out')", name="direction_known"),
        CheckConstraint("bps BETWEEN 0 AND 10000", name="bps"),
        CheckConstraint(
            "over_units >= 0 AND flat_units >= 0 AND floor_units >= 0 AND cap_units >= coalesce(floor_units, 0)",
            name="not_negative",
        ),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    rail: Mapped[str] = mapped_column(Text)
    direction: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    over_units: Mapped[Decimal] = mapped_column(KOBO)
    flat_units: Mapped[Decimal] = mapped_column(KOBO)
    bps: Mapped[int] = mapped_column(Integer)
    floor_units: Mapped[Decimal | None] = mapped_column(KOBO)
    cap_units: Mapped[Decimal | None] = mapped_column(KOBO)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))

    @property
    def band(self) -> Band:
        """What it asks for."""
        floor, cap = (None if value is None else int(value) for value in (self.floor_units, self.cap_units))
        return Band(int(self.over_units), int(self.flat_units), self.bps, floor, cap)


class Threshold(Model):
    """What checks and breakers measure against, from a time on; a later row of the same name takes its place."""

    __tablename__ = "risk_thresholds"
    __table_args__ = (
        UniqueConstraint("name", "starts_at"),
        CheckConstraint("value >= 0", name="not_negative"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    value: Mapped[Decimal] = mapped_column(KOBO)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))
