"""Reads of staff."""

from sqlalchemy import select

from app.core import crypto
from app.core.db import db
from app.staff.models import Invitation


def invitations_for_operators(*, limit: int = 50) -> list[Invitation]:
    """Those who were asked to join, newest first."""
    return list(db.session.scalars(select(Invitation).order_by(Invitation.id.desc()).limit(limit)))


def by_token_for_system(token: str) -> Invitation | None:
    """The invitation that this link is of, if it is the newest to its address."""
    found = db.session.scalars(select(Invitation).filter_by(token_hash=crypto.token_hash(token))).one_or_none()
    if found is None:
        return None
    newest = select(Invitation.id).filter_by(login_id=found.login_id).order_by(Invitation.id.desc()).limit(1)
    return found if db.session.scalars(newest).one() == found.id else None


def token_for_system(invitation_id: str) -> str | None:
    """The token in the clear, for the mail that carries it; None once it went out."""
    sealed = db.session.get_one(Invitation, invitation_id).token_sealed
    return crypto.unseal(sealed, context=invitation_id) if sealed else None
