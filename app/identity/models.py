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
    __table_args__ = (
        Index(None, "login_id", postgresql_where=text("revoked_at IS NULL")),
        Index(None, "api_key_id", postgresql_where=text("api_key_id IS NOT NULL")),
    )
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
    api_key_id: Mapped[str | None] = mapped_column(Text)


class ApiKey(Model):
    """A long-lived key of a customer's program. Its token is known to the customer alone; here is its hash."""

    __tablename__ = "api_keys"
    __table_args__ = (Index(None, "login_id", "created_at"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"))
    name: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    hint: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SigningKey(Model):
    """A pair of keys for signed tokens; the private one is sealed."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        Index("uq_signing_keys_newest", text("(true)"), unique=True, postgresql_where=text("retired_at IS NULL")),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    private_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


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
