"""Table of staff."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class Invitation(Model):
    """Somebody who is to join. The token is known to their mail alone; `token_sealed` is empty once it went out."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index(None, "login_id"),
        CheckConstraint("accepted_at IS NULL OR revoked_at IS NULL", name="one_end"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    request_id: Mapped[str] = mapped_column(Text, ForeignKey("approval_requests.id"), unique=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"))
    name: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    token_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
