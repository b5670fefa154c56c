"""Ending sessions: one, or all but one, of the same login."""

from sqlalchemy import select, update

from app.core import clock, outbox
from app.core.db import db
from app.core.errors import NotFound
from app.identity import events
from app.identity.models import SignedIn


def end(session_id: str, *, login_id: str) -> None:
    """End one of somebody's own sessions, wherever its token has gone. Raises NotFound for anybody else's."""
    mine = select(SignedIn).where(SignedIn.id == session_id, SignedIn.login_id == login_id)
    session = db.session.scalars(mine.with_for_update()).one_or_none()
    if session is None:
        raise NotFound
    session.revoked_at = session.revoked_at or clock.now()
    db.session.flush()


def end_all(login_id: str, *, but: str = "") -> None:
    """End every session of a login at once, but for one."""
    live = (SignedIn.login_id == login_id) & SignedIn.revoked_at.is_(None) & (SignedIn.id != but)
    db.session.execute(update(SignedIn).where(live).values(revoked_at=clock.now()))


def sign_out_elsewhere(login_id: str, *, here: str) -> None:
    """Their owner ends all sessions but this one, and is told of it by mail."""
    end_all(login_id, but=here)
    outbox.emit(events.SignedOutElsewhere(login_id=login_id))
