"""Tables of payments. Amounts are whole kobo."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
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
from app.core.money import NGN, Money


class BankRow(Model):
    """A bank of Paystack's list."""

    __tablename__ = "banks"
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    fetched_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class BankAccount(Model):
    """A customer's bank account, with the name its bank gave, how alike it is to theirs, and Paystack's recipient code."""

    __tablename__ = "bank_accounts"
    __table_args__ = (
        Index(
            "uq_bank_accounts_customer_id",
            "customer_id",
            "bank_code",
            "account_number",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_bank_accounts_account_number", "account_number", "bank_code"),
        CheckConstraint("account_number ~ '^[0-9]{10}$'", name="account_number_nuban"),
        CheckConstraint("name_score BETWEEN 0 AND 100", name="name_score_percent"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    bank_code: Mapped[str] = mapped_column(Text)
    bank_name: Mapped[str] = mapped_column(Text)
    account_number: Mapped[str] = mapped_column(Text)
    account_name: Mapped[str] = mapped_column(Text)
    recipient_code: Mapped[str] = mapped_column(Text)
    name_score: Mapped[int | None] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Deposit(Model):
    """An intent to pay in, and what became of it. `reference` is ours, at Paystack."""

    __tablename__ = "deposits"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "state", postgresql_where=text("state IN ('started', 'awaiting_payment')")),
        CheckConstraint("amount_units > 0", name="amount_positive"),
        CheckConstraint(
            "state IN ('started', 'awaiting_payment', 'credited', 'failed', 'suspended')", name="state_known"
        ),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    reference: Mapped[str] = mapped_column(Text, unique=True)
    amount_units: Mapped[Decimal] = mapped_column(Numeric(38))
    state: Mapped[str] = mapped_column(Text)
    checkout_url: Mapped[str] = mapped_column(Text, default="")
    fee_units: Mapped[Decimal | None] = mapped_column(Numeric(38))
    channel: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money:
        """What the customer asked to pay in."""
        return Money(NGN, int(self.amount_units))


class Payout(Model):
    """One attempt to pay out: one transfer. `reference` is its idempotency key at Paystack.

    Of all attempts at one payment (`base_id`) only one may be other than failed: the index says so.
    """

    __tablename__ = "payouts"
    __table_args__ = (
        Index(None, "state", "id", postgresql_where=text("state NOT IN ('paid', 'failed', 'reversed')")),
        Index(None, "base_id", unique=True, postgresql_where=text("state <> 'failed'")),
        Index(None, "created_at"),
        CheckConstraint("amount_units > 0", name="amount_positive"),
        CheckConstraint(
            "state IN ('sending', 'sent', 'awaiting_otp', 'awaiting_float', 'paid', 'failed', 'reversed')",
            name="state_known",
        ),
        CheckConstraint("id = reference", name="id_is_reference"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    amount_units: Mapped[Decimal] = mapped_column(Numeric(38))
    recipient_code: Mapped[str] = mapped_column(Text)
    base_id: Mapped[str] = mapped_column(Text, Computed("split_part(id, '-', 1)", persisted=True))
    state: Mapped[str] = mapped_column(Text)
    transfer_code: Mapped[str] = mapped_column(Text, default="")
    vendor_status: Mapped[str] = mapped_column(Text, default="")  # Paystack's own word, as it was told last
    vendor_words: Mapped[str] = mapped_column(Text, default="")  # and why, when it said
    fee_units: Mapped[Decimal | None] = mapped_column(Numeric(38))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money:
        """What the bank receives."""
        return Money(NGN, int(self.amount_units))

    @property
    def fee(self) -> Money:
        """What Paystack took for it, as far as is known."""
        return Money(NGN, int(self.fee_units or 0))


class SuspenseItem(Model):
    """Something Paystack told us that could not be placed; `journal_id` when money stands in suspense for it."""

    __tablename__ = "suspense_items"
    __table_args__ = (
        Index(None, "state", "id"),
        CheckConstraint("state IN ('open', 'resolved')", name="state_known"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cause: Mapped[str] = mapped_column(Text, unique=True)
    inbox_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("inbox.id"))
    event: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    amount_units: Mapped[Decimal | None] = mapped_column(Numeric(38))
    reason: Mapped[str] = mapped_column(Text)
    journal_id: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    resolved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money | None:
        """The amount it speaks of, when it speaks of one."""
        return None if self.amount_units is None else Money(NGN, int(self.amount_units))
