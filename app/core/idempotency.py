"""The same request twice gives the same answer once: (actor, key, fingerprint) → stored answer.

The key's row is written in the transaction of the work itself, so that there is no moment in which one exists without
the other; a twin that arrives meanwhile waits on the unique key and then reads the answer.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, LargeBinary, Text, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.actor import Actor
from app.core.db import Model, db
from app.core.errors import InProgress, KeyReused, Malformed

KEY_LENGTH_MAX = 255


class Answered(Model):
    """One answered request."""

    __tablename__ = "idempotency"

    actor: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def once(
    key: str, *, actor: Actor, request: dict[str, Any], body: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Run `body` for the first request with this key; hand its stored answer to the others, and whether it was stored.

    Runs inside the caller's transaction; a refusal in `body` rolls the key back with everything else.
    Raises KeyReused when `request` differs from the first one's, Malformed for an empty or overlong key.
    """
    if not 1 <= len(key) <= KEY_LENGTH_MAX:
        raise Malformed("An idempotency key has 1 to 255 characters.")
    fingerprint = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).digest()
    mine = {"actor": str(actor), "key": key}
    first = db.session.execute(
        insert(Answered)
        .values(**mine, fingerprint=fingerprint, created_at=clock.now())
        .on_conflict_do_nothing()
        .returning(Answered.key)
    ).scalar_one_or_none()
    if first is None:
        return _stored(mine, fingerprint), True
    answer = body()
    db.session.execute(update(Answered).filter_by(**mine).values(answer=answer))
    return answer, False


def _stored(mine: dict[str, str], fingerprint: bytes) -> dict[str, Any]:
    row = db.session.execute(select(Answered.fingerprint, Answered.answer).filter_by(**mine)).one()
    if row.fingerprint != fingerprint:
        raise KeyReused
    if row.answer is None:
        raise InProgress
    return dict(row.answer)
