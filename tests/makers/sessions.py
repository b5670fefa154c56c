"""Sessions of tests, as they are some time later."""

from sqlalchemy import select, update

from app.core import actor, clock, crypto
from app.core.db import db, leave, transaction
from app.identity import service
from app.identity.models import SignedIn
from app.identity.rules import FACTOR_FRESH, PASSWORD_FRESH, Audience


def opened(login_id: str, audience: Audience, *, proved: bool = True) -> str:
    """A session in which a factor was proved just now, or not yet, opened without a door: its token."""
    with transaction(actor.system("test")):
        entry = service.open_session(login_id, audience=audience, device=service.Device("a test's", "127.0.0.1"))
        if proved:
            db.session.get_one(SignedIn, entry.session_id).factor_at = clock.now()
    leave()
    return entry.token


def let_factor_age(session_id: str) -> None:
    """Let the minutes pass in which a proof of a factor is fresh."""
    with transaction(actor.system("test")):
        old = clock.now() - FACTOR_FRESH
        db.session.execute(update(SignedIn).where(SignedIn.id == session_id).values(factor_at=old))


def let_password_age(session_id: str) -> None:
    """Let the minutes pass in which a password was typed a short while ago."""
    with transaction(actor.system("test")):
        old = clock.now() - PASSWORD_FRESH
        db.session.execute(update(SignedIn).where(SignedIn.id == session_id).values(password_at=old))


def id_of(token: str) -> str:
    """The session behind a browser's token."""
    found = db.session.scalars(select(SignedIn.id).where(SignedIn.token_hash == crypto.token_hash(token))).one()
    leave()
    return found
