"""Table of customers."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class Customer(Model):
    """A person who holds money with us."""

    __tablename__ = "customers"
    __table_args__ = (Index(None, "created_at"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"), unique=True)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
