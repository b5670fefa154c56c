"""What opens a login was changed: when that was, for rooms that go slowly for a while after it.

A first factor or number is no such change: it makes a login safer and takes nothing from whoever had it.
"""

from app.core import clock
from app.core.db import db
from app.identity.models import SecurityChange

SIGN_IN, CONTACT = "sign_in", "contact"


def note_change(login_id: str, *, of: str = SIGN_IN) -> None:
    """As of now: another password or a factor less (sign-in); another phone, address or a further factor (contact)."""
    db.session.add(SecurityChange(login_id=login_id, kind=of, changed_at=clock.now()))
    db.session.flush()
