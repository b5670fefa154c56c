"""Tables of tie-out. Amounts are in whole coins (naira, bitcoin), exact."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class Signature(Model):
    """Somebody stands for a sheet's figures, which `digest` is of."""

    __tablename__ = "proof_signatures"
    __table_args__ = (
        CheckConstraint("role IN ('prepared', 'reviewed')", name="role_known"),
        CheckConstraint("length(digest) = 32", name="digest_whole"),
        CheckConstraint("first_on <= last_on", name="days_in_order"),
        UniqueConstraint("account", "first_on", "last_on", "digest", "role", name="uq_proof_signatures_role"),
        UniqueConstraint("account", "first_on", "last_on", "digest", "operator_id", name="uq_proof_signatures_person"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)
    role: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    note: Mapped[str] = mapped_column(Text)
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    signed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ProofDay(Model):
    """What the invariants came to for an account on one day of Lagos."""

    __tablename__ = "proof_days"
    __table_args__ = (
        CheckConstraint("state IN ('untold', 'holds', 'fails')", name="state_known"),
        UniqueConstraint("account", "day", name="uq_proof_days_day"),
        Index("ix_proof_days_failing", "day", postgresql_where=text("state = 'fails'")),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text)
    told: Mapped[Decimal] = mapped_column(Numeric)
    booked: Mapped[Decimal] = mapped_column(Numeric)
    breaks: Mapped[Decimal] = mapped_column(Numeric)
    results: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    fault: Mapped[str] = mapped_column(Text)
    computed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Rerun(Model):
    """The rules of an account run again after a run: digests of matches that stood and that came out.

    `rows` says how many lines and entries were looked at; without digests they were too many. `standing` is the digest
    of all matches after that run as they are written down.
    """

    __tablename__ = "proof_reruns"
    account: Mapped[str] = mapped_column(Text, primary_key=True)
    run_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    rows: Mapped[int] = mapped_column(BigInteger)
    matches: Mapped[int] = mapped_column(BigInteger)
    left_out: Mapped[int] = mapped_column(BigInteger)
    stood: Mapped[str] = mapped_column(Text)
    again: Mapped[str] = mapped_column(Text)
    first: Mapped[str] = mapped_column(Text)
    group_id: Mapped[int | None] = mapped_column(BigInteger)
    standing: Mapped[str] = mapped_column(Text)
    ran_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Closing(Model):
    """A month that was closed: what it was closed on, and the journal that has its digest under the seal."""

    __tablename__ = "period_closings"
    __table_args__ = (
        CheckConstraint("length(digest) = 32", name="digest_whole"),
        UniqueConstraint("month", "nth", name="uq_period_closings_month"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    month: Mapped[date] = mapped_column(Date)
    nth: Mapped[int] = mapped_column(SmallInteger)
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str] = mapped_column(Text, ForeignKey("approval_requests.id"), unique=True)
    checklist: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sheets: Mapped[dict[str, Any]] = mapped_column(JSONB)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    lines_upto: Mapped[int] = mapped_column(BigInteger)
    journal_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    closed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Reopening(Model):
    """A closed month was opened again."""

    __tablename__ = "period_reopenings"
    __table_args__ = (CheckConstraint("reason <> ''", name="reason_told"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    closing_id: Mapped[str] = mapped_column(Text, ForeignKey("period_closings.id"), unique=True)
    request_id: Mapped[str] = mapped_column(Text, ForeignKey("approval_requests.id"), unique=True)
    reason: Mapped[str] = mapped_column(Text)
    reopened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
