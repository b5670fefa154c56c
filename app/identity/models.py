"""Tables of identity."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class Login(Model):
    """An address and a password hash, for one audience: the same address may be a customer and an operator apart."""

    __tablename__ = "logins"
    __table_args__ = (
        UniqueConstraint("audience", "email"),
        CheckConstraint("audience IN ('customer', 'operator')", name="audience_known"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    audience: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    email_confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Operator(Model):
    """A member of staff, with roles."""

    __tablename__ = "operators"
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"), unique=True)
    name: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SignedIn(Model):
    """A session. The token is known to the browser alone; here is its hash."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "login_id", postgresql_where=text("revoked_at IS NULL")),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"))
    audience: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    device: Mapped[str] = mapped_column(Text)
    device_name: Mapped[str] = mapped_column(Text, default="")
    ip: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class EmailCode(Model):
    """A code sent by e-mail, sealed because the mail is written after it was issued."""

    __tablename__ = "email_codes"
    __table_args__ = (Index(None, "login_id", "created_at"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"))
    code_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PasswordReset(Model):
    """One request for a new password, from whoever asked. The address stands here, sealed, until it was looked up.

    The token's hash is what opens; the sealed token waits for its mail and is wiped when that is written.
    """

    __tablename__ = "password_resets"
    __table_args__ = (Index(None, "login_id", "created_at"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    audience: Mapped[str] = mapped_column(Text)
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    login_id: Mapped[str | None] = mapped_column(Text, ForeignKey("logins.id"))
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    token_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Recovery(Model):
    """Somebody lost a mailbox. `contact_sealed` is where they want to be reached; the rest is as in PasswordReset."""

    __tablename__ = "recoveries"
    __table_args__ = (
        Index("uq_recoveries_login_id", "login_id", unique=True, postgresql_where=text("state = 'asked'")),
        CheckConstraint("state IN ('noted', 'asked', 'moot', 'stopped', 'carried_out')", name="state_known"),
        CheckConstraint("state <> 'carried_out' OR ended_at >= possible_at", name="cooled_off"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    login_id: Mapped[str | None] = mapped_column(Text, ForeignKey("logins.id"))
    stop_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    stop_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    possible_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
