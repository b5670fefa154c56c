"""Reads of recoveries."""

from sqlalchemy import func, select

from app.core import crypto
from app.core.db import db
from app.core.errors import NotFound
from app.identity import rules
from app.identity.models import Recovery


def recovery_is_open_without_owner(token: str) -> bool:
    """Whether the link in the mail still stops a recovery: whoever holds it is the owner."""
    asked = select(Recovery.id).filter_by(stop_hash=crypto.token_hash(token), state=rules.RecoveryState.ASKED)
    return db.session.scalars(asked).one_or_none() is not None


def recovery_token_for_system(recovery_id: str) -> str | None:
    """What stops a recovery, in the clear until the mail that carries it was written."""
    sealed = db.session.get_one(Recovery, recovery_id).stop_sealed
    return crypto.unseal(sealed, context=recovery_id) if sealed else None


def recoveries_for_operators(*, state: rules.RecoveryState, before: str | None = None, limit: int) -> list[Recovery]:
    """Recoveries of one state, newest first. Keyset by id."""
    found = select(Recovery).filter_by(state=state).order_by(Recovery.id.desc()).limit(limit)
    return list(db.session.scalars(found.where(Recovery.id < before) if before else found))


def recovery_counts_for_operators() -> dict[str, int]:
    """How many recoveries are in each state."""
    counted = select(Recovery.state, func.count().label("many")).group_by(Recovery.state)
    return {row.state: row.many for row in db.session.execute(counted)}


def recovery_for_operators(recovery_id: str) -> Recovery:
    """A recovery of a known login. Raises NotFound, also while nobody has looked up whose it is."""
    found = db.session.get(Recovery, recovery_id, populate_existing=True)
    if found is None or found.login_id is None:
        raise NotFound
    return found


def recoveries_of(*, owner: str, limit: int = 10) -> list[Recovery]:
    """The recoveries that were asked for about a login, newest first."""
    found = select(Recovery).where(Recovery.login_id == owner).order_by(Recovery.id.desc()).limit(limit)
    return list(db.session.scalars(found))


def contact_for_operators(recovery_id: str) -> str:
    """The address that a recovery would give the account. Raises NotFound."""
    found = recovery_for_operators(recovery_id)
    return crypto.unseal(found.contact_sealed, context=found.id)
