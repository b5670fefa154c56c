"""Tables of customers."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.customers.rules import State, Tier


class Customer(Model):
    """A person who holds money with us."""

    __tablename__ = "customers"
    __table_args__ = (
        Index(None, "created_at"),
        Index("ix_customers_locked", "id", postgresql_where=text("state = 'locked'")),
        CheckConstraint("state IN ('active', 'locked')", name="state_known"),
        CheckConstraint("locked_until IS NULL OR state = 'locked'", name="locked_until_while_locked"),
        CheckConstraint("tier IN ('t0', 't1', 't2', 't3', 't3_plus')", name="tier_known"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"), unique=True)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default=State.ACTIVE)
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # of a safety lock
    tier: Mapped[str] = mapped_column(Text, default=Tier.T0)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TierChange(Model):
    """One change of a customer's tier. `id` is the order."""

    __tablename__ = "tier_changes"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        CheckConstraint("was IN ('t0', 't1', 't2', 't3', 't3_plus')", name="was_known"),
        CheckConstraint("became IN ('t0', 't1', 't2', 't3', 't3_plus')", name="became_known"),
        CheckConstraint("reason <> ''", name="reason_given"),
        CheckConstraint("was <> became", name="changed"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    was: Mapped[str] = mapped_column(Text)
    became: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    application_id: Mapped[str | None] = mapped_column(Text, unique=True)  # by which it changed


class Viewing(Model):
    """A member of staff who looks, or looked, at a customer's pages as that customer sees them."""

    __tablename__ = "viewings"
    __table_args__ = (
        Index(None, "customer_id", "began_at"),
        Index(None, "expires_at", postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("reason <> ''", name="reason_given"),
        CheckConstraint("ticket <> ''", name="ticket_given"),
        CheckConstraint("expires_at <= began_at + interval '15 minutes'", name="short"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    session_id: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    reason: Mapped[str] = mapped_column(Text)
    ticket: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ClosureRequest(Model):
    """A customer's wish to leave; one at a time."""

    __tablename__ = "closure_requests"
    __table_args__ = (
        Index("uq_closure_requests_customer_id", "customer_id", unique=True, postgresql_where=text("state = 'asked'")),
        Index(None, "state", "id"),
        CheckConstraint("state IN ('asked', 'withdrawn')", name="state_known"),
        CheckConstraint("(state = 'asked') = (ended_at IS NULL)", name="ended_in_time"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
