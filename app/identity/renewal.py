"""A new password: changed by whoever knows the present one, or reset by a mailed link that works once.

The door that is asked for a link looks nothing up, so that what it says and how long it takes are the same for every
address; `answer` finds out later, in a job, whether there is anybody to write to.
"""

from datetime import timedelta

from sqlalchemy import func, select, update

from app.core import clock, crypto, ids, outbox
from app.core.db import db
from app.identity import api_keys, errors, events, passwords, queries, rules, security, sessions
from app.identity.models import Login, PasswordReset
from app.identity.service import canonical, rotate


def change(login_id: str, *, present: str, password: str, about: tuple[str, ...] = (), here: str) -> str:
    """Take another password; every session but the one at work (`here`) ends, and that one has a new token: this.

    Raises WrongPresentPassword, WeakPassword, CommonPassword, PersonalPassword; Unauthenticated without a session.
    """
    login = db.session.get_one(Login, login_id, with_for_update=True)
    if not passwords.verify(present, kept=login.password_hash):
        raise errors.WrongPresentPassword
    _renew(login, password, about=about, how="changed", but=here)
    return rotate(here)


def ask(email: str, *, audience: rules.Audience) -> None:
    """Note that somebody asks for a link to set a new password."""
    reset_id, moment = ids.new("pr"), clock.now()
    db.session.add(
        PasswordReset(
            id=reset_id,
            audience=audience,
            address_sealed=crypto.seal(email, context=reset_id),
            created_at=moment,
            expires_at=moment + rules.RESET_LIVES,
        )
    )
    outbox.emit(events.ResetAsked(reset_id=reset_id))
    db.session.flush()


def answer(reset_id: str) -> None:
    """Find whom a request is about and have a link mailed; for nobody, or somebody unconfirmed, do nothing."""
    reset = db.session.get_one(PasswordReset, reset_id, with_for_update=True)
    if reset.address_sealed is None:
        return
    address, reset.address_sealed = crypto.unseal(reset.address_sealed, context=reset_id), None
    login = somebody(address, audience=reset.audience)
    if login is not None and _asked_lately(login.id) < rules.RESETS_AN_HOUR_MAX:
        token = crypto.new_token()
        reset.login_id, reset.token_hash = login.id, crypto.token_hash(token)
        reset.token_sealed = crypto.seal(token, context=reset_id)
        outbox.emit(events.ResetIssued(reset_id=reset_id, login_id=login.id))
    db.session.flush()


def forget_token(reset_id: str) -> None:
    """The mail is written: from now on only whoever reads it knows the token."""
    db.session.get_one(PasswordReset, reset_id).token_sealed = None
    db.session.flush()


def reset(token: str, *, password: str, audience: rules.Audience, about: tuple[str, ...] = ()) -> None:
    """Set a new password by a mailed link: every session and key ends, and so does every other link.

    Raises LinkSpent, WeakPassword, CommonPassword, PersonalPassword; the latter leave the link as it was.
    """
    # The login is locked before its links, so that two links at once are used one after the other.
    login_id = queries.reset_owner_for_system(token, audience=audience)
    if login_id is None:
        raise errors.LinkSpent
    login = db.session.get_one(Login, login_id, with_for_update=True)
    mine = (PasswordReset.token_hash == crypto.token_hash(token)) & PasswordReset.used_at.is_(None)
    spent = db.session.scalars(
        update(PasswordReset).where(mine).values(used_at=clock.now()).returning(PasswordReset.id)
    ).one_or_none()
    if spent is None or login.disabled_at is not None:
        raise errors.LinkSpent
    _renew(login, password, about=about, how="reset")
    api_keys.revoke_all(login.id)


def _renew(login: Login, password: str, *, about: tuple[str, ...], how: str, but: str = "") -> None:
    staff = queries.operator_of(owner=login.id)
    passwords.check(password, about=(login.email, *((staff.name,) if staff else ()), *about))
    login.password_hash = passwords.hash_of(password)
    unused = (PasswordReset.login_id == login.id) & PasswordReset.used_at.is_(None)
    db.session.execute(update(PasswordReset).where(unused).values(used_at=clock.now()))
    sessions.end_all(login.id, but=but)
    security.note_change(login.id)
    outbox.emit(events.PasswordChanged(login_id=login.id, how=how))
    db.session.flush()


def somebody(address: str, *, audience: str) -> Login | None:
    """The login with this address, locked, if it is one that a link may be mailed to."""
    try:
        email = canonical(address)
    except errors.BadEmail:
        return None
    login = db.session.scalars(select(Login).filter_by(audience=audience, email=email).with_for_update()).one_or_none()
    return login if login and login.email_confirmed_at and login.disabled_at is None else None


def _asked_lately(login_id: str) -> int:
    since = clock.now() - timedelta(hours=1)
    lately = (PasswordReset.login_id == login_id) & (PasswordReset.created_at > since)
    return db.session.scalar(select(func.count()).select_from(PasswordReset).where(lately)) or 0
