"""What opens a login was changed: when that was last, for rooms that go slowly for a while after it.

A first factor or number is no such change: it makes a login safer and takes nothing from whoever had it.
"""

from sqlalchemy import update

from app.core import clock
from app.core.db import db
from app.identity.models import Login


def note_change(login_id: str) -> None:
    """Another password, phone or address, or a factor less, as of now."""
    changed = update(Login).where(Login.id == login_id).values(security_changed_at=clock.now())
    db.session.execute(changed, execution_options={"synchronize_session": "fetch"})
