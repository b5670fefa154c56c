"""Tables of identity."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
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


class SecurityChange(Model):
    """A time at which what opens a login was changed: how one signs in, or how its owner is reached."""

    __tablename__ = "security_changes"
    __table_args__ = (
        Index(None, "login_id", "changed_at"),
        CheckConstraint("kind IN ('sign_in', 'contact')", name="kind_known"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"))
    kind: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


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
        Index("ix_sessions_device", "login_id", "ip"),
        Index("ix_sessions_ip", "ip", postgresql_where=text("audience = 'customer'")),
        Index(None, "expires_at"),
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
    password_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    factor_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


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


class Phone(Model):
    """A number that somebody says is theirs; a confirmed one is nobody else's. It is looked up by a keyed hash.

    A login has one that counts and one that waits for its code, at most.
    """

    __tablename__ = "phones"
    __table_args__ = (
        Index(
            "uq_phones_number_index",
            "number_index",
            unique=True,
            postgresql_where=text("confirmed_at IS NOT NULL AND replaced_at IS NULL"),
        ),
        Index(
            "uq_phones_counting",
            "login_id",
            unique=True,
            postgresql_where=text("confirmed_at IS NOT NULL AND replaced_at IS NULL"),
        ),
        Index(
            "uq_phones_waiting",
            "login_id",
            unique=True,
            postgresql_where=text("confirmed_at IS NULL AND replaced_at IS NULL"),
        ),
        Index("ix_phones_number_index", "number_index"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"))
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    number_index: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    replaced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Code(Model):
    """A code sent to the login's address, or to a phone; sealed because the message is written after it was issued."""

    __tablename__ = "codes"
    __table_args__ = (
        Index(None, "login_id", "created_at"),
        Index(None, "phone_id", "created_at"),
        Index(None, "expires_at"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"))
    phone_id: Mapped[str | None] = mapped_column(Text, ForeignKey("phones.id"))
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
    __table_args__ = (Index(None, "login_id", "created_at"), Index(None, "expires_at"))
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    audience: Mapped[str] = mapped_column(Text)
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    login_id: Mapped[str | None] = mapped_column(Text, ForeignKey("logins.id"))
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    token_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class TotpApp(Model):
    """An app that shows codes. While it is being set up it belongs to the session that sees its secret."""

    __tablename__ = "totp_apps"
    __table_args__ = (
        Index(
            "uq_totp_apps_live",
            "login_id",
            unique=True,
            postgresql_where=text("confirmed_at IS NOT NULL AND removed_at IS NULL"),
        ),
        Index(None, "session_id", postgresql_where=text("confirmed_at IS NULL AND removed_at IS NULL")),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"))
    session_id: Mapped[str | None] = mapped_column(Text, ForeignKey("sessions.id", ondelete="SET NULL"))
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Passkey(Model):
    """A key that signs in a device or a token of its owner's. A suspect one is refused, and still is a factor."""

    __tablename__ = "passkeys"
    __table_args__ = (Index(None, "login_id", postgresql_where=text("removed_at IS NULL")),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"))
    name: Mapped[str] = mapped_column(Text)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    suspect_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PasskeyChallenge(Model):
    """What a passkey has to sign: once, soon, in the session that asked, for the purpose it asked for."""

    __tablename__ = "passkey_challenges"
    __table_args__ = (
        Index(None, "expires_at"),
        Index("ix_passkey_challenges_session_id", "session_id"),
        CheckConstraint("purpose IN ('add', 'prove')", name="purpose_known"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    session_id: Mapped[str] = mapped_column(Text, ForeignKey("sessions.id"))
    purpose: Mapped[str] = mapped_column(Text)
    challenge: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class RecoveryCode(Model):
    """A code on paper, as its hash: good once, until a new set replaces it."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index(None, "login_id", postgresql_where=text("used_at IS NULL AND replaced_at IS NULL")),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    replaced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class FactorTries(Model):
    """Wrong codes of a login in a row, until when no more are looked at, and how often that was since a right one."""

    __tablename__ = "factor_tries"
    login_id: Mapped[str] = mapped_column(Text, ForeignKey("logins.id"), primary_key=True)
    wrong: Mapped[int] = mapped_column(Integer)
    pauses: Mapped[int] = mapped_column(Integer)
    paused_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class BorrowedRole(Model):
    """A role that an operator has taken alone, for an hour at most. It opens doors; nobody votes with it."""

    __tablename__ = "borrowed_roles"
    __table_args__ = (Index(None, "operator_id", "until"),)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    role: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    review_id: Mapped[str] = mapped_column(Text, ForeignKey("approval_requests.id"), unique=True)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    returned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Recovery(Model):
    """Somebody lost a mailbox. `contact_sealed` is where they want to be reached; the rest is as in PasswordReset.

    Once it is carried out, `address_sealed` is the address that was, until its owner was written to there.
    """

    __tablename__ = "recoveries"
    __table_args__ = (
        Index(
            "uq_recoveries_login_id",
            "login_id",
            "contact_index",
            unique=True,
            postgresql_where=text("state = 'asked'"),
        ),
        Index(None, "state", "id"),
        CheckConstraint(
            "state IN ('noted', 'asked', 'moot', 'stopped', 'refused', 'expired', 'carried_out')", name="state_known"
        ),
        CheckConstraint("state <> 'carried_out' OR ended_at >= possible_at", name="cooled_off"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    contact_index: Mapped[bytes] = mapped_column(LargeBinary)
    login_id: Mapped[str | None] = mapped_column(Text, ForeignKey("logins.id"))
    stop_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    stop_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    possible_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
