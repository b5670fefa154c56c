"""Tables of transfers."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.core.money import ASSETS, NGN, Money

UNITS = Numeric(38)


class Handle(Model):
    """A name that a customer is found by: theirs for good; the one that counts was not replaced.

    `looks` is what it is taken for: no two share it.
    """

    __tablename__ = "handles"
    __table_args__ = (
        CheckConstraint("handle ~ '^[a-z][a-z0-9_]{2,19}$'", name="handle_is_one"),
        Index("uq_handles_customer_id", "customer_id", unique=True, postgresql_where=text("replaced_at IS NULL")),
    )
    handle: Mapped[str] = mapped_column(Text, primary_key=True)
    looks: Mapped[str] = mapped_column(Text, unique=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    claimed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    replaced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Split(Model):
    """A bill that one customer paid and others are asked to share; `own_units` is what is one's own of it."""

    __tablename__ = "splits"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        CheckConstraint("units > 0", name="units_positive"),
        CheckConstraint("own_units BETWEEN 0 AND units", name="own_units_bounds"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    asset: Mapped[str] = mapped_column(Text)
    units: Mapped[Decimal] = mapped_column(UNITS)
    own_units: Mapped[Decimal] = mapped_column(UNITS)
    note: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money:
        """The whole bill."""
        return Money(ASSETS[self.asset], int(self.units))

    @property
    def own(self) -> Money:
        """What is one's own of it."""
        return Money(ASSETS[self.asset], int(self.own_units))


class MoneyRequest(Model):
    """What `customer_id` asks of `payer_id`."""

    __tablename__ = "money_requests"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "payer_id", "id"),
        Index(None, "expires_at", postgresql_where=text("state = 'asked'")),
        CheckConstraint("units > 0", name="units_positive"),
        CheckConstraint("state IN ('asked', 'paid', 'declined', 'expired', 'cancelled')", name="state_known"),
        CheckConstraint("reminders BETWEEN 0 AND 3", name="reminders_few"),
        CheckConstraint("customer_id <> payer_id", name="of_another"),
        CheckConstraint("(state = 'asked') = (ended_at IS NULL)", name="ended_when"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    payer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    asker_name: Mapped[str] = mapped_column(Text)
    payer_name: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    units: Mapped[Decimal] = mapped_column(UNITS)
    note: Mapped[str] = mapped_column(Text)
    split_id: Mapped[str | None] = mapped_column(Text, ForeignKey("splits.id"))
    state: Mapped[str] = mapped_column(Text)
    reminders: Mapped[int] = mapped_column(SmallInteger, default=0)
    reminded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money:
        """How much is asked for."""
        return Money(ASSETS[self.asset], int(self.units))


class Transfer(Model):
    """What `customer_id` sent to `receiver_id`: it is done when it is written. `worth_units` is kobo at that time."""

    __tablename__ = "transfers"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "receiver_id", "id"),
        CheckConstraint("units > 0", name="units_positive"),
        CheckConstraint("worth_units >= 0", name="worth_not_negative"),
        CheckConstraint("customer_id <> receiver_id", name="to_another"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    receiver_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    sender_name: Mapped[str] = mapped_column(Text)
    receiver_name: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    units: Mapped[Decimal] = mapped_column(UNITS)
    worth_units: Mapped[Decimal] = mapped_column(UNITS)
    note: Mapped[str] = mapped_column(Text)
    proved: Mapped[bool] = mapped_column(Boolean)
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("money_requests.id"), unique=True)
    journal_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money:
        """How much."""
        return Money(ASSETS[self.asset], int(self.units))

    @property
    def worth(self) -> Money:
        """What that was in naira, for limits."""
        return Money(NGN, int(self.worth_units))
