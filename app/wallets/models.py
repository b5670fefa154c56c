"""Tables of wallets."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, DateTime, ForeignKey, Numeric, Text, UniqueConstraint
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


class WalletCost(Model):
    """What a wallet's content cost, up to the entry with this `seq`: its units, and kobo of cost and of gains made.

    `known` is False once something came in at a price that nobody knew.
    """

    __tablename__ = "wallet_costs"
    wallet_id: Mapped[str] = mapped_column(Text, ForeignKey("wallets.id"), primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    seq: Mapped[int] = mapped_column(BigInteger)
    booked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    units: Mapped[Decimal] = mapped_column(Numeric)
    cost_kobo: Mapped[Decimal] = mapped_column(Numeric)
    realised_kobo: Mapped[Decimal] = mapped_column(Numeric)
    known: Mapped[bool]
