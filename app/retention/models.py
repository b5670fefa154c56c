"""Tables of retention."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class Rule(Model):
    """How long something of a class is kept, counted from what, and what happens then. The newest that began counts."""

    __tablename__ = "retention_rules"
    __table_args__ = (
        UniqueConstraint("data_class", "starts_at"),
        CheckConstraint("keep_months > 0", name="keep_forward"),
        CheckConstraint("action IN ('delete', 'purge', 'pseudonymise', 'keep')", name="action_known"),
        CheckConstraint("keep_months IS NOT NULL OR action = 'keep'", name="acts_after_a_while"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    data_class: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    keep_months: Mapped[int | None] = mapped_column(Integer)
    counted_from: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Run(Model):
    """One forgetting of everything that was due at `up_to`, as two people agreed."""

    __tablename__ = "retention_runs"
    __table_args__ = (
        CheckConstraint("state IN ('begun', 'done')", name="state_known"),
        CheckConstraint("(state = 'done') = (ended_at IS NOT NULL)", name="ended_when"),
        Index("uq_retention_runs_begun", text("(true)"), unique=True, postgresql_where=text("state = 'begun'")),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    request_id: Mapped[str] = mapped_column(Text, ForeignKey("approval_requests.id"), unique=True)
    up_to: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Batch(Model):
    """What one step of a run forgot: how many of a class, and the SHA-256 of each id."""

    __tablename__ = "retention_batches"
    __table_args__ = (
        Index(None, "run_id", "data_class"),
        CheckConstraint("many > 0", name="many_positive"),
        CheckConstraint("cardinality(hashes) = many", name="counted"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    run_id: Mapped[str] = mapped_column(Text, ForeignKey("retention_runs.id"))
    data_class: Mapped[str] = mapped_column(Text)
    many: Mapped[int] = mapped_column(Integer)
    hashes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    done_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
