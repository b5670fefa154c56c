"""Tables of trading. Amounts are whole numbers of an asset's smallest unit, prices are whole money for a whole coin."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.core.money import ASSETS, NGN, Asset, Money
from app.trading.rhythms import Every, Rhythm
from app.trading.rules import Side

UNITS = Numeric(38)
LARGE = text("worth_units > 100000000")


class Dealt:
    """What a quote and the order that is made of it say alike. Fee, spread and rounding are in the money."""

    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    side: Mapped[str] = mapped_column(Text)
    give_asset: Mapped[str] = mapped_column(Text)
    give_units: Mapped[Decimal] = mapped_column(UNITS)
    get_asset: Mapped[str] = mapped_column(Text)
    get_units: Mapped[Decimal] = mapped_column(UNITS)
    spread_units: Mapped[Decimal] = mapped_column(UNITS)
    fee_units: Mapped[Decimal] = mapped_column(UNITS)
    rounding_units: Mapped[Decimal] = mapped_column(UNITS)
    rate: Mapped[Decimal] = mapped_column(Numeric)
    worth_units: Mapped[Decimal] = mapped_column(UNITS)

    @property
    def give(self) -> Money:
        """What the customer gives, the fee in it."""
        return Money(ASSETS[self.give_asset], int(self.give_units))

    @property
    def get(self) -> Money:
        """What the customer gets."""
        return Money(ASSETS[self.get_asset], int(self.get_units))

    @property
    def fee(self) -> Money:
        """What they pay us for it."""
        return self._money(self.fee_units)

    @property
    def spread(self) -> Money:
        """What they pay above our own price, or get below it."""
        return self._money(self.spread_units)

    @property
    def rounding(self) -> Money:
        """What was left between two whole units."""
        return self._money(self.rounding_units)

    @property
    def worth(self) -> Money:
        """How much it is in naira, as limits count it."""
        return Money(NGN, int(self.worth_units))

    @property
    def coin(self) -> str:
        """The code of what is priced."""
        return self.give_asset if self.side == Side.SELL else self.get_asset

    @property
    def money(self) -> str:
        """The code of what it is priced in."""
        return self.get_asset if self.side == Side.SELL else self.give_asset

    def _money(self, units: Decimal) -> Money:
        return Money(ASSETS[self.money], int(units))


class Quote(Dealt, Model):
    """One offer. It is used once, before `expires_at`; `replaces` is the one that it was made anew for."""

    __tablename__ = "quotes"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "replaces", postgresql_where=text("replaces IS NOT NULL")),
        Index("ix_quotes_unused", "expires_at", postgresql_where=text("used_at IS NULL")),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    typed: Mapped[str] = mapped_column(Text)
    value_units: Mapped[Decimal] = mapped_column(UNITS)
    spread_bps: Mapped[int] = mapped_column(Integer)
    mid: Mapped[Decimal] = mapped_column(Numeric)
    priced_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sources: Mapped[list[str]] = mapped_column(ARRAY(Text))
    legs: Mapped[list[str]] = mapped_column(ARRAY(Text))
    replaces: Mapped[str | None] = mapped_column(Text, ForeignKey("quotes.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Order(Dealt, Model):
    """What became of a quote; `run_id` is the day of a recurring order that it is for."""

    __tablename__ = "orders"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index("ix_orders_customer_side", "customer_id", "side", "id"),
        Index(None, "side", "id"),
        Index(None, "give_asset", "id"),
        Index(None, "get_asset", "id"),
        Index("ix_orders_placed", "id", postgresql_where=text("state = 'placed'")),
        Index("ix_orders_large", "id", "side", postgresql_where=LARGE),
        Index("ix_orders_large_give", "give_asset", "id", postgresql_where=LARGE),
        Index("ix_orders_large_get", "get_asset", "id", postgresql_where=LARGE),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    quote_id: Mapped[str] = mapped_column(Text, ForeignKey("quotes.id"), unique=True)
    run_id: Mapped[str | None] = mapped_column(Text, ForeignKey("recurring_runs.id"), unique=True)
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Recurring(Model):
    """So much of one asset for another, every week or month. `next_at` is when it is due next, while it is active."""

    __tablename__ = "recurring_orders"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "next_at", postgresql_where=text("next_at IS NOT NULL")),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    give_asset: Mapped[str] = mapped_column(Text)
    give_units: Mapped[Decimal] = mapped_column(UNITS)
    get_asset: Mapped[str] = mapped_column(Text)
    every: Mapped[str] = mapped_column(Text)
    day: Mapped[int] = mapped_column(SmallInteger)
    hour: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(Text)
    next_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def give(self) -> Money:
        """What is given each time."""
        return Money(ASSETS[self.give_asset], int(self.give_units))

    @property
    def into(self) -> Asset:
        """What it is given for."""
        return ASSETS[self.get_asset]

    @property
    def rhythm(self) -> Rhythm:
        """When it comes."""
        return Rhythm(Every(self.every), self.day, self.hour)


class Run(Model):
    """One time that a recurring order is due; `code` and `why` say what stood in the way at the last try."""

    __tablename__ = "recurring_runs"
    __table_args__ = (
        UniqueConstraint("recurring_id", "due_at"),
        Index(None, "customer_id", "id"),
        Index("ix_recurring_runs_due", "id", postgresql_where=text("state = 'due'")),
        CheckConstraint("tries >= 0", name="tries_not_negative"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    recurring_id: Mapped[str] = mapped_column(Text, ForeignKey("recurring_orders.id"))
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(SmallInteger)
    code: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Alert(Model):
    """A price that somebody waits for. `fired_at` and `fired_price` are of the last time."""

    __tablename__ = "price_alerts"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index("ix_price_alerts_armed", "base", "quote", "beyond", "price", postgresql_where=text("state = 'armed'")),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    base: Mapped[str] = mapped_column(Text)
    quote: Mapped[str] = mapped_column(Text)
    beyond: Mapped[str] = mapped_column(Text)
    price: Mapped[Decimal] = mapped_column(Numeric)
    state: Mapped[str] = mapped_column(Text)
    armed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    fired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    fired_price: Mapped[Decimal | None] = mapped_column(Numeric)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
