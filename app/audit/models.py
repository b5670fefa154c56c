"""The audit record, mapped for reading; what was taken out of it; and who looked at what is masked."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class AuditRecord(Model):
    """One change of one row: `before` and `after` hold what differs, secrets and personal data masked."""

    __tablename__ = "records"
    __table_args__ = {"schema": "audit"}  # noqa: RUF012 (SQLAlchemy's form)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text)
    ip: Mapped[str] = mapped_column(Text)
    session_id: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    table_name: Mapped[str] = mapped_column(Text)
    row_id: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class AuditExport(Model):
    """Records that somebody took out of the house."""

    __tablename__ = "audit_exports"
    __table_args__ = (CheckConstraint("reason <> ''", name="reason_given"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    filters: Mapped[dict[str, str]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Reveal(Model):
    """Somebody looked at a field of an object that is masked, or was refused. Its value is not here."""

    __tablename__ = "reveals"
    __table_args__ = (Index(None, "operator_id", "revealed_at"), CheckConstraint("reason <> ''", name="reason_given"))
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    field: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    refused: Mapped[bool] = mapped_column(Boolean)
    revealed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
