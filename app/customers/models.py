"""Table of customers."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.customers.rules import State


class Customer(Model):
    """A person who holds money with us."""

    __tablename__ = "customers"
    __table_args__ = (
        Index(None, "created_at"),
        CheckConstraint("state IN ('active', 'locked')", name="state_known"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"), unique=True)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default=State.ACTIVE)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
