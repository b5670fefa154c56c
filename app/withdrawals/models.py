"""Tables of withdrawals. Amounts are whole kobo."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.core.money import NGN, Money


class Withdrawal(Model):
    """One request for money out. `content_hash` is what approvals are bound to."""

    __tablename__ = "withdrawals"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "state", "id"),
        CheckConstraint("amount_units > 0", name="amount_positive"),
        CheckConstraint("fee_units >= 0", name="fee_not_negative"),
        CheckConstraint("approvals_needed BETWEEN 1 AND 2", name="approvals_needed"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    bank_account_id: Mapped[str] = mapped_column(Text, ForeignKey("bank_accounts.id"))
    payout_id: Mapped[str] = mapped_column(Text, unique=True)
    amount_units: Mapped[Decimal] = mapped_column(Numeric(38))
    fee_units: Mapped[Decimal] = mapped_column(Numeric(38))
    hold_id: Mapped[int] = mapped_column(BigInteger)
    approvals_needed: Mapped[int] = mapped_column(SmallInteger)
    content_hash: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money:
        """What the bank account receives."""
        return Money(NGN, int(self.amount_units))

    @property
    def fee(self) -> Money:
        """What the customer pays for it."""
        return Money(NGN, int(self.fee_units))


class Approval(Model):
    """One operator's yes to exactly this content. Never changed."""

    __tablename__ = "withdrawal_approvals"
    __table_args__ = (UniqueConstraint("withdrawal_id", "operator_id"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    withdrawal_id: Mapped[str] = mapped_column(Text, ForeignKey("withdrawals.id"))
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    content_hash: Mapped[str] = mapped_column(Text)
    approved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
