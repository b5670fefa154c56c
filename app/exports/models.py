"""Tables of exports."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class ReportSchedule(Model):
    """A report that is made by itself; `next_on` is the next day in Lagos on whose morning that is."""

    __tablename__ = "report_schedules"
    __table_args__ = (
        Index(None, "next_on"),
        CheckConstraint("format IN ('csv', 'xlsx', 'pdf')", name="format_known"),
        CheckConstraint("rhythm IN ('daily', 'weekly', 'monthly')", name="rhythm_known"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    report: Mapped[str] = mapped_column(Text)
    options: Mapped[dict[str, str]] = mapped_column(JSONB)
    format: Mapped[str] = mapped_column(Text)
    rhythm: Mapped[str] = mapped_column(Text)
    next_on: Mapped[date] = mapped_column(Date)
    made_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ReportReader(Model):
    """Who is told when a file of a schedule is ready."""

    __tablename__ = "report_readers"
    schedule_id: Mapped[str] = mapped_column(Text, ForeignKey("report_schedules.id"), primary_key=True)
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"), primary_key=True)


class ReportFile(Model):
    """A file: what it is of, who asked, how it stands. `ties` are its sums beside the ledger's; `sha256` of its bytes.

    `read_at` is when the books were read for it. `slot` is the day of its schedule that it was made for.
    """

    __tablename__ = "report_files"
    __table_args__ = (
        Index(None, "state", "id"),
        Index(None, "asked_by", "id"),
        UniqueConstraint("schedule_id", "slot", name="uq_report_files_slot"),
        CheckConstraint("format IN ('csv', 'xlsx', 'pdf')", name="format_known"),
        CheckConstraint("state IN ('asked', 'ready', 'failed', 'swept')", name="state_known"),
        CheckConstraint("(state IN ('ready', 'swept')) = (sha256 IS NOT NULL)", name="made_when"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    report: Mapped[str] = mapped_column(Text)
    parameters: Mapped[dict[str, str]] = mapped_column(JSONB)
    format: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    schedule_id: Mapped[str | None] = mapped_column(Text, ForeignKey("report_schedules.id"))
    slot: Mapped[date | None] = mapped_column(Date)
    lines: Mapped[int | None] = mapped_column(BigInteger)
    ties: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ready_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str] = mapped_column(Text, default="")

    @property
    def untied(self) -> list[dict[str, Any]]:
        """The sums that are not the ledger's."""
        return [tie for tie in self.ties if tie["told"] != tie["ledger"]]


class ReportPiece(Model):
    """A part of a file's bytes, pressed and sealed."""

    __tablename__ = "report_pieces"
    file_id: Mapped[str] = mapped_column(Text, ForeignKey("report_files.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(Text)
    data_key: Mapped[bytes] = mapped_column(LargeBinary)


class ReportProgress(Model):
    """How far the making of a file is: lines written, and about how many there will be."""

    __tablename__ = "report_progress"
    file_id: Mapped[str] = mapped_column(Text, ForeignKey("report_files.id"), primary_key=True)
    lines: Mapped[int] = mapped_column(BigInteger)
    lines_expected: Mapped[int | None] = mapped_column(BigInteger)
    told_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ReportDownload(Model):
    """Somebody took a file out of the house."""

    __tablename__ = "report_downloads"
    __table_args__ = (Index(None, "file_id", "id"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    file_id: Mapped[str] = mapped_column(Text, ForeignKey("report_files.id"))
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    session_id: Mapped[str] = mapped_column(Text)
    downloaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
