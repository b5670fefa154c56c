"""Tables of notifications."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class Mail(Model):
    """One mail. `cause` is what it tells of: telling twice is one mail. `body_sealed` is empty once it went out.

    It goes to the login's address, or to another one in `to_sealed`.
    """

    __tablename__ = "mails"
    __table_args__ = (Index(None, "created_at"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cause: Mapped[str] = mapped_column(Text, unique=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"))
    to_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject: Mapped[str] = mapped_column(Text)
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class TextMessage(Model):
    """One text message to a phone; the rest is as in Mail. A gateway may refuse one for good."""

    __tablename__ = "text_messages"
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cause: Mapped[str] = mapped_column(Text, unique=True)
    phone_id: Mapped[str] = mapped_column(Text, ForeignKey("phones.id"))
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    refused_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
