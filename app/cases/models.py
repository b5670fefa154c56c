"""Tables of cases."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class Case(Model):
    """Something that people must look at. What opened it is never changed.

    `machine`, `subject_state` and `move_id` are where its subject stood: with any later move the case is over. One that
    names no machine is closed by hand.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index("uq_cases_kind", "kind", "subject", unique=True, postgresql_where=text("state <> 'closed'")),
        Index(None, "subject"),
        Index(None, "customer_id", postgresql_where=text("customer_id IS NOT NULL")),
        Index(None, "state", "id"),
        Index(None, "owner", postgresql_where=text("told_at IS NULL")),
        CheckConstraint("state IN ('open', 'put_off', 'raised', 'closed')", name="state_known"),
        CheckConstraint("kind ~ '^[a-z][a-z_]*$'", name="kind_written"),
        CheckConstraint("words <> '' AND way_out <> ''", name="says_what_and_how"),
        CheckConstraint(
            "owner IN ('support', 'compliance_officer', 'compliance_manager', 'finance', 'treasury', 'admin')",
            name="owner_known",
        ),
        CheckConstraint("(machine = '') = (move_id IS NULL)", name="stands_somewhere"),
        CheckConstraint("(state = 'put_off') = (put_off_until IS NOT NULL)", name="put_off_until_when"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_when"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[str | None] = mapped_column(Text, ForeignKey("customers.id"))
    machine: Mapped[str] = mapped_column(Text)
    subject_state: Mapped[str] = mapped_column(Text)
    move_id: Mapped[int | None] = mapped_column(BigInteger)
    owner: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    way_out: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(Text)
    taken_by: Mapped[str | None] = mapped_column(Text, ForeignKey("operators.id"))
    put_off_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    raised_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Note(Model):
    """What somebody found while they worked on a case. Never changed."""

    __tablename__ = "case_notes"
    __table_args__ = (Index(None, "case_id", "id"), CheckConstraint("words <> ''", name="words_given"))
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    case_id: Mapped[str] = mapped_column(Text, ForeignKey("cases.id"))
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    words: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
