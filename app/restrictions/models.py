"""Table of restrictions."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.restrictions.rules import State


class Restriction(Model):
    """What a customer's account may not do, from a time on. It is never changed but for its end."""

    __tablename__ = "restrictions"
    __table_args__ = (
        Index(None, "customer_id", "state"),
        UniqueConstraint("cause"),
        Index(None, "expires_at", postgresql_where=text("state = 'placed'")),
        CheckConstraint("kind IN ('no_debit', 'no_credit', 'no_trade', 'legal_hold')", name="kind_known"),
        CheckConstraint(
            "reason IN ('identity_check', 'documents_expired', 'unusual_activity', 'court_order', 'third_party_claim',"
            " 'customer_wish', 'tier_overrun', 'deceased_owner', 'listed')",
            name="reason_known",
        ),
        CheckConstraint("note <> ''", name="note_given"),
        CheckConstraint("state IN ('placed', 'lifted', 'expired')", name="state_known"),
        CheckConstraint("kind <> 'legal_hold' OR expires_at IS NULL", name="legal_hold_has_no_end"),
        CheckConstraint("expires_at > placed_at", name="expires_later"),
        CheckConstraint("(state = 'placed') = (ended_at IS NULL)", name="ended_when"),
        CheckConstraint("(state = 'lifted') = (lift_request_id IS NOT NULL)", name="lifted_by_request"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)  # for compliance alone
    state: Mapped[str] = mapped_column(Text, default=State.PLACED)
    placed_by: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    cause: Mapped[str | None] = mapped_column(Text)  # of one that nobody placed by hand; for compliance alone
    lift_request_id: Mapped[str | None] = mapped_column(Text, ForeignKey("approval_requests.id"))
