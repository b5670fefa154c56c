"""Tables of settlement. Amounts are whole kobo."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.core.money import NGN, Money
from app.risk.rules import Band
from app.settlement.rules import Told

KOBO = Numeric(38)


class Settlement(Model):
    """One payment of Paystack's to our bank, as it was told last and as we booked it."""

    __tablename__ = "settlements"
    __table_args__ = (
        Index(None, "state", "id"),
        Index(None, "settled_on"),
        CheckConstraint("state IN ('announced', 'differs', 'failed', 'posted', 'closed')", name="state_known"),
        CheckConstraint("(state = 'posted') = (journal_id IS NOT NULL)", name="posted_when"),
        CheckConstraint("booked_by IS NULL OR state = 'closed'", name="by_hand_when"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    vendor_id: Mapped[str] = mapped_column(Text, unique=True)
    vendor_status: Mapped[str] = mapped_column(Text)
    settled_on: Mapped[date] = mapped_column(Date)
    gross_units: Mapped[Decimal] = mapped_column(KOBO)
    fees_units: Mapped[Decimal] = mapped_column(KOBO)
    total_units: Mapped[Decimal] = mapped_column(KOBO)
    deducted_units: Mapped[Decimal] = mapped_column(KOBO)
    effective_units: Mapped[Decimal] = mapped_column(KOBO)
    state: Mapped[str] = mapped_column(Text)
    trouble: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    journal_id: Mapped[int | None] = mapped_column(BigInteger)
    booked_by: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def gross(self) -> Money:
        """What payers paid."""
        return Money(NGN, int(self.gross_units))

    @property
    def fees(self) -> Money:
        """What Paystack kept for its work."""
        return Money(NGN, int(self.fees_units))

    @property
    def deducted(self) -> Money:
        """What it kept for refunds and disputes."""
        return Money(NGN, int(self.deducted_units))

    @property
    def effective(self) -> Money:
        """What our bank was paid."""
        return Money(NGN, int(self.effective_units))

    @property
    def amounts(self) -> Told:
        """All that was told of it."""
        units = (self.gross_units, self.fees_units, self.total_units, self.deducted_units, self.effective_units)
        return Told(*map(int, units))


class SettledCharge(Model):
    """A charge that was settled; once, whatever is told of it later."""

    __tablename__ = "settled_charges"
    __table_args__ = (Index(None, "settlement_id", "reference"), Index(None, "paid_at"))
    reference: Mapped[str] = mapped_column(Text, primary_key=True)
    settlement_id: Mapped[str] = mapped_column(Text, ForeignKey("settlements.id"))
    amount_units: Mapped[Decimal] = mapped_column(KOBO)
    fees_units: Mapped[Decimal] = mapped_column(KOBO)
    booked_units: Mapped[Decimal | None] = mapped_column(KOBO)
    service: Mapped[str] = mapped_column(Text)
    paid_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money:
        """What the payer paid."""
        return Money(NGN, int(self.amount_units))

    @property
    def fees(self) -> Money:
        """What Paystack kept of it."""
        return Money(NGN, int(self.fees_units))


class LateDay(Model):
    """A day on which we were to be paid and were not: noted once, closed when nothing of it is owed any more."""

    __tablename__ = "late_settlements"
    due_on: Mapped[date] = mapped_column(Date, primary_key=True)
    owed_units: Mapped[Decimal] = mapped_column(KOBO)
    noted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def owed(self) -> Money:
        """What was owed when it was noted."""
        return Money(NGN, int(self.owed_units))


class PartnerFee(Model):
    """One band of Paystack's price list. Those of one service and time are its list; a later one replaces it whole."""

    __tablename__ = "partner_fees"
    __table_args__ = (
        UniqueConstraint("service", "starts_at", "over_units"),
        CheckConstraint(
            "service IN ('card', 'foreign_card', 'dedicated', 'direct_debit', 'transfer')", name="service_known"
        ),
        CheckConstraint("bps BETWEEN 0 AND 9999", name="bps"),
        CheckConstraint("over_units >= 0 AND flat_units >= 0 AND cap_units >= 0", name="not_negative"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    service: Mapped[str] = mapped_column(Text)
    over_units: Mapped[Decimal] = mapped_column(KOBO)
    flat_units: Mapped[Decimal] = mapped_column(KOBO)
    bps: Mapped[int] = mapped_column(Integer)
    cap_units: Mapped[Decimal | None] = mapped_column(KOBO)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))

    @property
    def band(self) -> Band:
        """What it asks for."""
        cap = None if self.cap_units is None else int(self.cap_units)
        return Band(int(self.over_units), int(self.flat_units), self.bps, cap=cap)


class FloatReading(Model):
    """The balance as Paystack told it beside the books, at one moment; never changed."""

    __tablename__ = "float_readings"
    __table_args__ = (Index(None, "read_at"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    theirs_units: Mapped[Decimal] = mapped_column(KOBO)
    ours_units: Mapped[Decimal] = mapped_column(KOBO)
    in_flight_units: Mapped[Decimal] = mapped_column(KOBO)
    floor_units: Mapped[Decimal] = mapped_column(KOBO)
    low: Mapped[bool] = mapped_column(Boolean)
    differs: Mapped[bool] = mapped_column(Boolean)
    read_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @property
    def theirs(self) -> Money:
        """What Paystack holds for transfers."""
        return Money(NGN, int(self.theirs_units))

    @property
    def ours(self) -> Money:
        """What the books say of it."""
        return Money(NGN, int(self.ours_units))

    @property
    def in_flight(self) -> Money:
        """What transfers under way, by our price list, and refunds have taken there and not yet here."""
        return Money(NGN, int(self.in_flight_units))

    @property
    def floor(self) -> Money:
        """The floor that counted."""
        return Money(NGN, int(self.floor_units))

    @property
    def unexplained(self) -> Money:
        """What Paystack has more than the books and what is under way say."""
        return self.theirs - (self.ours - self.in_flight)


class TopUp(Model):
    """Money that two people agreed to send from our bank into the balance; booked when Paystack shows it."""

    __tablename__ = "top_ups"
    __table_args__ = (
        Index("uq_top_ups_agreed", "amount_units", unique=True, postgresql_where=text("state = 'agreed'")),
        CheckConstraint("amount_units > 0", name="amount_positive"),
        CheckConstraint("state IN ('agreed', 'arrived', 'abandoned')", name="state_known"),
        CheckConstraint(
            "(state = 'arrived') = (journal_id IS NOT NULL) AND (journal_id IS NULL) = (vendor_line IS NULL)",
            name="arrived_when",
        ),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    amount_units: Mapped[Decimal] = mapped_column(KOBO)
    request_id: Mapped[str] = mapped_column(Text, ForeignKey("approval_requests.id"), unique=True)
    state: Mapped[str] = mapped_column(Text)
    vendor_line: Mapped[str | None] = mapped_column(Text, unique=True)
    journal_id: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def amount(self) -> Money:
        """What is sent."""
        return Money(NGN, int(self.amount_units))
