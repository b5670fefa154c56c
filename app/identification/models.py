"""Table of identification."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class IdentityCheck(Model):
    """One number, whose it was said to be, and what whoever keeps the register answered.

    `asks` counts how often it was asked, `attempts` the tries of the last asking: together the fence of an answer.
    `shared`: another customer was verified with this number before.
    """

    __tablename__ = "identity_checks"
    __table_args__ = (
        Index(None, "customer_id", "kind", "asked_at"),
        Index(None, "number_index"),
        Index(None, "asked_at", postgresql_where=text("state = 'asked'")),
        Index("ix_identity_checks_unavailable", "id", postgresql_where=text("state = 'unavailable'")),
        Index(None, "vendor_reference", postgresql_where=text("provider = 'paystack'")),
        Index(
            "ix_identity_checks_account",
            "vendor_reference",
            postgresql_where=text("provider = 'paystack_resolve'"),
        ),
        CheckConstraint("subject <> ''", name="subject_named"),
        CheckConstraint("kind IN ('bvn', 'nin', 'bank_account', 'company')", name="kind_known"),
        CheckConstraint("provider IN ('registry', 'paystack', 'paystack_resolve')", name="provider_known"),
        CheckConstraint("state IN ('asked', 'answered', 'unavailable')", name="state_known"),
        CheckConstraint("verdict IN ('match', 'review', 'mismatch', 'not_found')", name="verdict_known"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score_bounded"),
        CheckConstraint("asks > 0", name="asks_positive"),
        CheckConstraint(
            "(state = 'answered') = (answered_at IS NOT NULL) AND (state = 'answered') = (verdict IS NOT NULL)",
            name="answered_whole",
        ),
        CheckConstraint("NOT shared OR verdict IS DISTINCT FROM 'match'", name="shared_never_passes"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    subject: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    provider: Mapped[str] = mapped_column(Text)
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    number_index: Mapped[bytes] = mapped_column(LargeBinary)
    last4: Mapped[str] = mapped_column(Text)
    given_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    found_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    explanation_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str | None] = mapped_column(Text)
    score: Mapped[int | None] = mapped_column(Integer)
    shared: Mapped[bool] = mapped_column(default=False)
    trouble: Mapped[str] = mapped_column(Text, default="")
    vendor_reference: Mapped[str] = mapped_column(Text, default="")
    asks: Mapped[int] = mapped_column(Integer, default=1)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
