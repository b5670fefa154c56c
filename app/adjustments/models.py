"""The table of adjustments. A leg is kept as account and signed units in text, for numbers of JSON are not exact."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.adjustments.rules import Content
from app.core.db import Model
from app.core.money import ASSETS, Money
from app.ledger.journal import Leg


class JournalRequest(Model):
    """One request for a manual journal. `content_hash` is what an approval is bound to."""

    __tablename__ = "journal_requests"
    __table_args__ = (
        Index(None, "state", "id"),
        CheckConstraint("decided_by <> requested_by OR state = 'withdrawn'", name="decided_by_another"),
        CheckConstraint("(state = 'booked') = (journal_id IS NOT NULL)", name="booked_with_its_journal"),
        CheckConstraint(
            "(state = 'requested') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided_by_somebody",
        ),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    legs: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date | None] = mapped_column(Date)
    corrects: Mapped[int | None] = mapped_column(BigInteger)
    content_hash: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    state: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(Text, ForeignKey("operators.id"))
    journal_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def content(self) -> Content:
        """What is asked for, as it stands in the row."""
        legs = tuple(
            Leg(leg["account"], Money(ASSETS[leg["account"].rpartition(":")[2]], int(leg["units"])))
            for leg in self.legs
        )
        return Content(legs, self.reason, self.effective_on, self.corrects)
