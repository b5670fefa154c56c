"""Reads of identity."""

from dataclasses import dataclass

from sqlalchemy import select

from app.core import clock, crypto
from app.core.db import db
from app.identity import rules
from app.identity.models import EmailCode, Login, Operator, PasswordReset, Recovery, SignedIn


@dataclass(frozen=True)
class Seen:
    """Who a session token belongs to."""

    session_id: str
    login_id: str
    email: str


def seen_for_system(token: str, *, audience: rules.Audience) -> Seen | None:
    """Whose live session this token is, or None. The door's question, before there is an owner."""
    statement = (
        select(SignedIn, Login)
        .join(Login, Login.id == SignedIn.login_id)
        .where(SignedIn.token_hash == crypto.token_hash(token), SignedIn.audience == audience)
    )
    row = db.session.execute(statement).one_or_none()
    if row is None:
        return None
    session, login = row
    live = rules.session_is_live(
        audience=session.audience,
        seen_at=session.seen_at,
        expires_at=session.expires_at,
        revoked_at=session.revoked_at,
        at=clock.now(),
    )
    if not live or login.disabled_at is not None:
        return None
    return Seen(session.id, login.id, login.email)


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


def sessions_of(*, owner: str) -> list[SignedIn]:
    """The live sessions of a login, the one used last first."""
    moment = clock.now()
    begun = select(SignedIn).where(SignedIn.login_id == owner, SignedIn.revoked_at.is_(None))
    found = db.session.scalars(begun.where(SignedIn.expires_at > moment).order_by(SignedIn.seen_at.desc()))
    idle = rules.SESSION_IDLES
    return [session for session in found if moment - session.seen_at < idle[rules.Audience(session.audience)]]


def reset_is_live_without_owner(token: str, *, audience: rules.Audience) -> bool:
    """Whether a mailed link still sets a password: whoever holds it is its owner."""
    return reset_owner_for_system(token, audience=audience) is not None


def reset_owner_for_system(token: str, *, audience: rules.Audience) -> str | None:
    """The login whose password a mailed link sets, while it does."""
    found = select(PasswordReset).filter_by(token_hash=crypto.token_hash(token), audience=audience)
    reset = db.session.scalars(found).one_or_none()
    if reset is None:
        return None
    live = rules.reset_is_live(expires_at=reset.expires_at, used_at=reset.used_at, at=clock.now())
    return reset.login_id if live else None


def reset_token_for_system(reset_id: str) -> tuple[rules.Audience, str | None]:
    """Whose door a link leads to, and its token in the clear until the mail that carries it was written."""
    reset = db.session.get_one(PasswordReset, reset_id)
    token = crypto.unseal(reset.token_sealed, context=reset_id) if reset.token_sealed else None
    return rules.Audience(reset.audience), token


def recovery_is_open_without_owner(token: str) -> bool:
    """Whether the link in the mail still stops a recovery: whoever holds it is the owner."""
    asked = select(Recovery.id).filter_by(stop_hash=crypto.token_hash(token), state=rules.RecoveryState.ASKED)
    return db.session.scalars(asked).one_or_none() is not None


def recovery_token_for_system(recovery_id: str) -> str | None:
    """What stops a recovery, in the clear until the mail that carries it was written."""
    sealed = db.session.get_one(Recovery, recovery_id).stop_sealed
    return crypto.unseal(sealed, context=recovery_id) if sealed else None


def recoveries_for_operators(*, state: rules.RecoveryState, limit: int) -> list[Recovery]:
    """Recoveries of one state, those first whose time comes first."""
    found = select(Recovery).filter_by(state=state).order_by(Recovery.possible_at).limit(limit)
    return list(db.session.scalars(found))
