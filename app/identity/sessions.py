"""Ending sessions: one, or all but one, of the same login; of a login that is shut out; of everybody."""

from sqlalchemy import select, update

from app.core import clock, crypto, outbox
from app.core.db import db
from app.core.errors import NotFound
from app.identity import api_keys, events, rules
from app.identity.models import Login, SignedIn


def end(session_id: str, *, login_id: str) -> None:
    """End one of somebody's own sessions, wherever its token has gone. Raises NotFound for anybody else's."""
    mine = select(SignedIn).where(SignedIn.id == session_id, SignedIn.login_id == login_id)
    session = db.session.scalars(mine.with_for_update()).one_or_none()
    if session is None:
        raise NotFound
    session.revoked_at = session.revoked_at or clock.now()
    db.session.flush()


def end_by_token(token: str, *, audience: rules.Audience) -> None:
    """End the session that this token opens, if any."""
    live = (SignedIn.token_hash == crypto.token_hash(token)) & SignedIn.revoked_at.is_(None)
    own = live & (SignedIn.audience == audience)
    db.session.execute(update(SignedIn).where(own).values(revoked_at=clock.now()))


def end_all(login_id: str, *, but: str = "") -> None:
    """End every session of a login at once, but for one."""
    live = (SignedIn.login_id == login_id) & SignedIn.revoked_at.is_(None) & (SignedIn.id != but)
    db.session.execute(update(SignedIn).where(live).values(revoked_at=clock.now()))


def sign_out_elsewhere(login_id: str, *, here: str) -> None:
    """Their owner ends all sessions but this one, and is told of it by mail.

    Elsewhere may be a copy of this one: whoever calls this gives it another token.
    """
    end_all(login_id, but=here)
    outbox.emit(events.SignedOutElsewhere(login_id=login_id))


def end_everybodys() -> int:
    """End every session of everybody, programs' too: how many there were. Keys open new ones."""
    ended = update(SignedIn).where(SignedIn.revoked_at.is_(None)).values(revoked_at=clock.now()).returning(SignedIn.id)
    return len(db.session.scalars(ended).all())


def shut_out(login_id: str) -> None:
    """Disable an account: no way in opens to it, and its sessions and keys end at once."""
    db.session.get_one(Login, login_id, with_for_update=True).disabled_at = clock.now()
    db.session.flush()
    end_all(login_id)
    api_keys.revoke_all(login_id)


def let_in_again(login_id: str) -> None:
    """Take that back; what was ended stays ended."""
    db.session.get_one(Login, login_id, with_for_update=True).disabled_at = None
    db.session.flush()
