"""Reads of identity."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import QueryableAttribute

from app.core import clock, crypto
from app.core.db import db
from app.identity import rules
from app.identity.models import EmailCode, Login, Operator, Passkey, RecoveryCode, SignedIn, TotpApp


@dataclass(frozen=True)
class Seen:
    """Who a session token belongs to, whether they have a second factor, and when this session proved one last."""

    session_id: str
    login_id: str
    email: str
    enrolled: bool
    factor_at: datetime | None


@dataclass(frozen=True)
class Factors:
    """The second factors of a login, and how many recovery codes are left."""

    app: TotpApp | None
    passkeys: list[Passkey]
    codes_left: int

    @property
    def usable(self) -> int:
        """How many of them still open a session; codes do not count."""
        return (self.app is not None) + sum(key.suspect_at is None for key in self.passkeys)


def seen_for_system(token: str, *, audience: rules.Audience) -> Seen | None:
    """Whose live session this token is, or None. The door's question, before there is an owner."""
    statement = (
        select(SignedIn, Login, _has_factor(SignedIn.login_id))
        .join(Login, Login.id == SignedIn.login_id)
        .where(SignedIn.token_hash == crypto.token_hash(token), SignedIn.audience == audience)
    )
    row = db.session.execute(statement).one_or_none()
    if row is None:
        return None
    session, login, enrolled = row
    live = rules.session_is_live(
        audience=session.audience,
        seen_at=session.seen_at,
        expires_at=session.expires_at,
        revoked_at=session.revoked_at,
        at=clock.now(),
    )
    if not live or login.disabled_at is not None:
        return None
    return Seen(session.id, login.id, login.email, enrolled, session.factor_at)


def _has_factor(login_id: QueryableAttribute[str] | str) -> ColumnElement[bool]:
    """A suspect passkey counts: who has one was enrolled, and may not enrol anew with a password alone."""
    app = select(TotpApp.id).where(
        TotpApp.login_id == login_id, TotpApp.confirmed_at.is_not(None), TotpApp.removed_at.is_(None)
    )
    passkey = select(Passkey.id).where(Passkey.login_id == login_id, Passkey.removed_at.is_(None))
    return or_(app.exists(), passkey.exists())


def enrolled(*, owner: str) -> bool:
    """Whether this login has a second factor."""
    return bool(db.session.scalar(select(_has_factor(owner))))


def live_app(*, owner: str) -> TotpApp | None:
    """The authenticator app of a login."""
    live = select(TotpApp).where(
        TotpApp.login_id == owner, TotpApp.confirmed_at.is_not(None), TotpApp.removed_at.is_(None)
    )
    return db.session.scalars(live).one_or_none()


def app_in_the_making(session_id: str, *, owner: str) -> TotpApp | None:
    """The app that is being set up in this session. No other session sees it: its secret is on the page."""
    begun = select(TotpApp).where(
        TotpApp.session_id == session_id,
        TotpApp.login_id == owner,
        TotpApp.confirmed_at.is_(None),
        TotpApp.removed_at.is_(None),
    )
    return db.session.scalars(begun.order_by(TotpApp.created_at.desc()).limit(1)).one_or_none()


def secret_in_the_making(session_id: str, *, owner: str) -> str | None:
    """The secret of that app, for its owner to copy."""
    app = app_in_the_making(session_id, owner=owner)
    return crypto.unseal(app.secret_sealed, context=app.id) if app else None


def passkeys_of(*, owner: str) -> list[Passkey]:
    """The passkeys of a login, suspect ones too, oldest first."""
    kept = select(Passkey).where(Passkey.login_id == owner, Passkey.removed_at.is_(None))
    return list(db.session.scalars(kept.order_by(Passkey.created_at)))


def factors_of(*, owner: str) -> Factors:
    """Everything a login can prove itself with, beside its password."""
    good = (
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.login_id == owner, RecoveryCode.used_at.is_(None), RecoveryCode.replaced_at.is_(None))
    )
    return Factors(live_app(owner=owner), passkeys_of(owner=owner), db.session.scalar(good) or 0)


def operator_of(*, owner: str) -> Operator | None:
    """The operator behind a login id."""
    return db.session.scalars(select(Operator).where(Operator.login_id == owner)).one_or_none()


def operators_for_operators() -> list[Operator]:
    """All staff, by name."""
    return list(db.session.scalars(select(Operator).order_by(Operator.name)))


def login_by_address_for_system(address: str, *, audience: rules.Audience) -> str | None:
    """The login with this canonical address."""
    return db.session.scalars(select(Login.id).filter_by(audience=audience, email=address)).one_or_none()


def address_for_system(login_id: str) -> str:
    """The e-mail address of a login, for a mail about to be sent."""
    return db.session.get_one(Login, login_id).email


def code_for_system(code_id: str) -> str:
    """An issued code in the clear, for the mail that carries it."""
    return crypto.unseal(db.session.get_one(EmailCode, code_id).code_sealed, context=code_id)
