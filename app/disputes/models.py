"""The table of disputes. Amounts are whole kobo."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Numeric, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.core.money import NGN, Money


class Dispute(Model):
    """A payer's no to a charge. `vendor_id` is Paystack's; `due_at` is theirs too and never worked out here.

    `held_units` was held of its customer's money; `lost_units` is what it took in the end, of which they owe
    `owed_units`. `vendor_status` and `resolution` are Paystack's last words.
    """

    __tablename__ = "disputes"
    __table_args__ = (
        Index(None, "state", "due_at", "id"),
        Index(None, "reference"),
        Index(None, "customer_id", "id"),
        CheckConstraint("amount_units > 0", name="amount_positive"),
        CheckConstraint("state IN ('open', 'answered', 'won', 'lost')", name="state_known"),
        CheckConstraint("warned BETWEEN 0 AND 2", name="warned_counts"),
        CheckConstraint("held_units BETWEEN 0 AND amount_units", name="held_bounds"),
        CheckConstraint("lost_units >= 0", name="lost_not_negative"),
        CheckConstraint("owed_units BETWEEN 0 AND lost_units", name="owed_bounds"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    vendor_id: Mapped[str] = mapped_column(Text, unique=True)
    reference: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[str | None] = mapped_column(Text, ForeignKey("customers.id"))
    deposit_id: Mapped[str | None] = mapped_column(Text, ForeignKey("deposits.id"))
    amount_units: Mapped[Decimal] = mapped_column(Numeric(38))
    category: Mapped[str] = mapped_column(Text)
    vendor_status: Mapped[str] = mapped_column(Text)
    resolution: Mapped[str] = mapped_column(Text)
    messages: Mapped[list[Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    warned: Mapped[int] = mapped_column(SmallInteger)
    hold_id: Mapped[int | None] = mapped_column(BigInteger)
    held_units: Mapped[Decimal] = mapped_column(Numeric(38))
    lost_units: Mapped[Decimal | None] = mapped_column(Numeric(38))
    owed_units: Mapped[Decimal | None] = mapped_column(Numeric(38))
    journal_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money:
        """What the payer wants back."""
        return Money(NGN, int(self.amount_units))

    @property
    def held(self) -> Money:
        """What of it was held."""
        return Money(NGN, int(self.held_units))

    @property
    def lost(self) -> Money:
        """What it took in the end."""
        return Money(NGN, int(self.lost_units or 0))

    @property
    def owed(self) -> Money:
        """What of that its customer owes us."""
        return Money(NGN, int(self.owed_units or 0))
