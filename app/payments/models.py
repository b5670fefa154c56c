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
    LargeBinary,
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
    """A customer's bank account, with the name its bank gave, how alike it is to theirs, and a recipient code."""

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
    name_request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SavedCard(Model):
    """A card that a customer chose to keep. What charges it is sealed; the index finds the same one."""

    __tablename__ = "saved_cards"
    __table_args__ = (
        Index(
            "ix_saved_cards_kept", "customer_id", "code_index", unique=True, postgresql_where=text("removed_at IS NULL")
        ),
        CheckConstraint("expires_month BETWEEN 1 AND 12", name="expires_month_real"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    code_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    code_index: Mapped[bytes] = mapped_column(LargeBinary)
    email: Mapped[str] = mapped_column(Text)
    brand: Mapped[str] = mapped_column(Text)
    bank: Mapped[str] = mapped_column(Text)
    last4: Mapped[str] = mapped_column(Text)
    expires_month: Mapped[int | None] = mapped_column(SmallInteger)
    expires_year: Mapped[int | None] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class DedicatedAccount(Model):
    """A customer's own account number: asked for at Paystack, open, refused with its reason, or closed."""

    __tablename__ = "dedicated_accounts"
    __table_args__ = (
        Index("ix_dedicated_accounts_one", "customer_id", unique=True, postgresql_where=text("state <> 'closed'")),
        Index(None, "customer_code"),
        CheckConstraint("state IN ('asked', 'open', 'refused', 'closing', 'closed')", name="state_known"),
        CheckConstraint(
            "state NOT IN ('open', 'closing', 'closed') OR (account_number IS NOT NULL AND opened_at IS NOT NULL)",
            name="open_whole",
        ),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_when"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    state: Mapped[str] = mapped_column(Text)
    customer_code: Mapped[str] = mapped_column(Text, default="")
    vendor_id: Mapped[str] = mapped_column(Text, default="")
    account_number: Mapped[str | None] = mapped_column(Text, unique=True)
    account_name: Mapped[str] = mapped_column(Text, default="")
    bank_name: Mapped[str] = mapped_column(Text, default="")
    bank_slug: Mapped[str] = mapped_column(Text, default="")
    trouble: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    requeried_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Deposit(Model):
    """Money on its way in, and what became of it. `reference` names it at Paystack: ours, where there was an intent.

    `amount_units` is what was asked for, `added_units` what its payer pays on top, `credited_units` what the customer
    got, held until `available_at`.
    """

    __tablename__ = "deposits"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "state", postgresql_where=text("state IN ('started', 'awaiting_payment')")),
        Index("ix_deposits_suspended", "id", postgresql_where=text("state = 'suspended'")),
        CheckConstraint("amount_units > 0", name="amount_positive"),
        CheckConstraint(
            "state IN ('started', 'awaiting_payment', 'credited', 'failed', 'suspended', 'closed')", name="state_known"
        ),
        CheckConstraint(
            "method IN ('checkout', 'card', 'saved_card', 'bank_transfer', 'ussd', 'dedicated_account', 'placed')",
            name="method_known",
        ),
        CheckConstraint("credited_units > 0", name="credited_positive"),
        CheckConstraint("added_units >= 0", name="added_not_negative"),
        CheckConstraint("(method = 'saved_card') = (saved_card_id IS NOT NULL)", name="saved_card_named"),
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
    method: Mapped[str] = mapped_column(Text, default="checkout")
    saved_card_id: Mapped[str | None] = mapped_column(Text, ForeignKey("saved_cards.id"))
    keep_card: Mapped[bool] = mapped_column(default=False)
    pay_number: Mapped[str] = mapped_column(Text, default="")
    pay_name: Mapped[str] = mapped_column(Text, default="")
    pay_bank: Mapped[str] = mapped_column(Text, default="")
    pay_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    dial: Mapped[str] = mapped_column(Text, default="")
    payer: Mapped[str] = mapped_column(Text, default="")
    added_units: Mapped[Decimal] = mapped_column(Numeric(38), default=Decimal(0))
    credited_units: Mapped[Decimal | None] = mapped_column(Numeric(38))
    available_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    hold_id: Mapped[int | None] = mapped_column(BigInteger)
    trouble: Mapped[str] = mapped_column(Text, default="")

    @property
    def amount(self) -> Money:
        """What the customer asked to pay in."""
        return Money(NGN, int(self.amount_units))

    @property
    def added(self) -> Money:
        """What of Paystack's fee its payer bears."""
        return Money(NGN, int(self.added_units))

    @property
    def charged(self) -> Money:
        """What Paystack is to take from them."""
        return self.amount + self.added

    @property
    def credited(self) -> Money:
        """What they got, or are to get where nothing came yet."""
        return Money(NGN, int(self.credited_units or self.amount_units))


class Payout(Model):
    """One attempt to pay out: one transfer. `reference` is its idempotency key at Paystack.

    Of all attempts at one payment (`base_id`) only one may be other than failed: the index says so.
    """

    __tablename__ = "payouts"
    __table_args__ = (
        Index(None, "state", "id", postgresql_where=text("state NOT IN ('paid', 'failed', 'reversed')")),
        Index("ix_payouts_ended", "id", postgresql_where=text("state IN ('failed', 'reversed')")),
        Index("ix_payouts_one_lives", "base_id", unique=True, postgresql_where=text("state <> 'failed'")),
        Index(None, "base_id", "created_at"),
        Index(None, "created_at"),
        Index(None, "transfer_code"),
        Index(None, "taken_up_at", postgresql_where=text("taken_up_at IS NOT NULL")),
        CheckConstraint("amount_units > 0", name="amount_positive"),
        CheckConstraint(
            "state IN ('sending', 'sent', 'awaiting_otp', 'awaiting_float', 'paid', 'failed', 'reversed')",
            name="state_known",
        ),
        CheckConstraint("id = reference", name="id_is_reference"),
        CheckConstraint("kept_units IS NULL OR state IN ('failed', 'reversed')", name="kept_of_unpaid"),
        CheckConstraint("request_id IS NULL OR state IN ('paid', 'failed', 'reversed')", name="marked_when_ended"),
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
    session_id: Mapped[str] = mapped_column(Text, default="")  # the banks' own number of it
    vendor_id: Mapped[str] = mapped_column(Text, default="")  # Paystack's, by which its balance names it
    fee_units: Mapped[Decimal | None] = mapped_column(Numeric(38))
    kept_units: Mapped[Decimal | None] = mapped_column(
        Numeric(38)
    )  # of one that ended unpaid: what it cost all the same
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    taken_up_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))  # of one ended by hand

    @property
    def begun_at(self) -> datetime:
        """When somebody last began to send it."""
        return self.taken_up_at or self.created_at

    @property
    def amount(self) -> Money:
        """What the bank receives."""
        return Money(NGN, int(self.amount_units))

    @property
    def fee(self) -> Money:
        """What Paystack took for it, as far as is known."""
        return Money(NGN, int(self.fee_units or 0))

    @property
    def told(self) -> str:
        """What Paystack's balance calls it; empty while it has not said."""
        return f"transfer/{self.vendor_id}" if self.vendor_id else ""


class SuspenseItem(Model):
    """Something Paystack told us that could not be placed; `journal_id` when money stands in suspense for it."""

    __tablename__ = "suspense_items"
    __table_args__ = (
        Index(None, "state", "id"),
        Index(None, "parent_id"),
        Index(None, "reference"),
        CheckConstraint("state IN ('open', 'resolved')", name="state_known"),
        CheckConstraint(
            "topic IN ('name', 'restricted', 'amount', 'unknown', 'given_back', 'payout', 'news')", name="topic_known"
        ),
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
    payer: Mapped[str] = mapped_column(Text, default="")
    channel: Mapped[str] = mapped_column(Text, default="")
    paid_to: Mapped[str] = mapped_column(Text, default="")
    topic: Mapped[str] = mapped_column(Text, default="news")
    parent_id: Mapped[str | None] = mapped_column(Text, ForeignKey("suspense_items.id"))

    @property
    def amount(self) -> Money | None:
        """The amount it speaks of, when it speaks of one."""
        return None if self.amount_units is None else Money(NGN, int(self.amount_units))


class FloatFloor(Model):
    """What the balance at Paystack should not fall below, and what it is topped up to, from a time on."""

    __tablename__ = "float_floors"
    __table_args__ = (CheckConstraint("floor_units > 0 AND target_units >= floor_units", name="in_order"),)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    floor_units: Mapped[Decimal] = mapped_column(Numeric(38))
    target_units: Mapped[Decimal] = mapped_column(Numeric(38))
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))

    @property
    def floor(self) -> Money:
        """The least."""
        return Money(NGN, int(self.floor_units))

    @property
    def target(self) -> Money:
        """What a top-up brings it to."""
        return Money(NGN, int(self.target_units))


class BalanceLine(Model):
    """A line of Paystack's balance ledger about a refund or a dispute: below nothing is what was taken for it."""

    __tablename__ = "balance_lines"
    __table_args__ = (Index(None, "model", "model_row"),)
    vendor_id: Mapped[str] = mapped_column(Text, primary_key=True)
    model: Mapped[str] = mapped_column(Text)
    model_row: Mapped[str] = mapped_column(Text)
    units: Mapped[Decimal] = mapped_column(Numeric(38))


class BalanceSpan(Model):
    """From when to when Paystack's balance ledger was read, and its lines about refunds and disputes kept: one row."""

    __tablename__ = "balance_spans"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("read_from <= read_until", name="in_order"),
    )
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    read_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    read_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PayoutQuarter(Model):
    """What left within one quarter of an hour, as it was counted last: a sum, so that no month is read anew."""

    __tablename__ = "payout_quarters"
    __table_args__ = (CheckConstraint("units >= 0", name="not_negative"),)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    units: Mapped[Decimal] = mapped_column(Numeric(38))
