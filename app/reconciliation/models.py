"""Tables of reconciliation. Amounts are whole kobo."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Numeric, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.core.money import NGN, Money


class Reconciliation(Model):
    """One run: our account's balance, theirs, and how the comparison ended."""

    __tablename__ = "reconciliations"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'done', 'failed')", name="state_known"),
        Index("uq_reconciliations_running", "state", unique=True, postgresql_where=text("state = 'running'")),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    error: Mapped[str] = mapped_column(Text, default="")
    ours_units: Mapped[Decimal | None] = mapped_column(Numeric(38))
    theirs_units: Mapped[Decimal | None] = mapped_column(Numeric(38))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def ours(self) -> Money:
        """Our account's balance when the run ended."""
        return Money(NGN, int(self.ours_units or 0))

    @property
    def theirs(self) -> Money:
        """The vendor's balance as they told it."""
        return Money(NGN, int(self.theirs_units or 0))


class ReconciliationLine(Model):
    """One compared line; never changed."""

    __tablename__ = "reconciliation_lines"
    __table_args__ = (
        Index(None, "reconciliation_id", "verdict", "id"),
        CheckConstraint(
            "verdict IN ('matched', 'amount_differs', 'missing_here', 'missing_there', 'in_flight')",
            name="verdict_known",
        ),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    reconciliation_id: Mapped[str] = mapped_column(Text, ForeignKey("reconciliations.id"))
    kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    ours_units: Mapped[Decimal | None] = mapped_column(Numeric(38))
    theirs_units: Mapped[Decimal | None] = mapped_column(Numeric(38))
    journal_id: Mapped[int | None] = mapped_column(BigInteger)
    happened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def ours(self) -> Money | None:
        """What we booked, if anything."""
        return None if self.ours_units is None else Money(NGN, int(self.ours_units))

    @property
    def theirs(self) -> Money | None:
        """What they list, if anything."""
        return None if self.theirs_units is None else Money(NGN, int(self.theirs_units))
