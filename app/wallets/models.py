"""Table of wallets."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class Wallet(Model):
    """A customer's account in one asset. `closed_at` is when they closed it; opened again, it has none."""

    __tablename__ = "wallets"
    __table_args__ = (UniqueConstraint("customer_id", "asset"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    asset: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
