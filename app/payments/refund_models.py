"""The table of refunds. Amounts are whole kobo."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.core.money import NGN, Money
from app.payments.postings import Shares


class Refund(Model):
    """Money of one charge that goes back to its payer; `reference` is the charge's, `vendor_id` Paystack's.

    It was taken from `from_account`, less what that did not have, which is owed by the customer, and less what they
    were never credited, which is our cost. `origin` is "told" for one that was made at Paystack and not here.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        Index(None, "state", "id"),
        Index(None, "reference"),
        Index(None, "customer_id", "id"),
        Index(
            "uq_refunds_open",
            "reference",
            unique=True,
            postgresql_where=text("origin = 'asked' AND state IN ('asked', 'sent', 'needs_attention', 'redirecting')"),
        ),
        CheckConstraint("amount_units > 0", name="amount_positive"),
        CheckConstraint("owed_units BETWEEN 0 AND amount_units", name="owed_bounds"),
        CheckConstraint("cost_units BETWEEN 0 AND amount_units - owed_units", name="cost_bounds"),
        CheckConstraint("origin IN ('asked', 'told')", name="origin_known"),
        CheckConstraint(
            "state IN ('asked', 'sent', 'needs_attention', 'redirecting', 'processed', 'failed')", name="state_known"
        ),
        CheckConstraint("vendor_id IS NOT NULL OR state IN ('asked', 'failed')", name="known_there"),
        CheckConstraint("origin = 'asked' OR (vendor_id IS NOT NULL AND state <> 'asked')", name="told_of_one"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    reference: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[str | None] = mapped_column(Text, ForeignKey("customers.id"))
    deposit_id: Mapped[str | None] = mapped_column(Text, ForeignKey("deposits.id"))
    origin: Mapped[str] = mapped_column(Text)
    from_account: Mapped[str] = mapped_column(Text)
    amount_units: Mapped[Decimal] = mapped_column(Numeric(38))
    owed_units: Mapped[Decimal] = mapped_column(Numeric(38))
    cost_units: Mapped[Decimal] = mapped_column(Numeric(38))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    vendor_id: Mapped[str | None] = mapped_column(Text, unique=True)
    tried_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expected_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    to_bank_code: Mapped[str] = mapped_column(Text, default="")
    to_account_number: Mapped[str] = mapped_column(Text, default="")
    to_account_name: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money:
        """What the payer gets back."""
        return Money(NGN, int(self.amount_units))

    @property
    def owed(self) -> Money:
        """What of it the account did not have."""
        return Money(NGN, int(self.owed_units))

    @property
    def shares(self) -> Shares:
        """Who pays for it: the account, its customer later, and we."""
        cost = Money(NGN, int(self.cost_units))
        return Shares(self.amount - self.owed - cost, self.owed, cost)
