"""Reads of adjustments."""

from collections.abc import Sequence

from sqlalchemy import func, select

from app.adjustments.models import JournalRequest
from app.adjustments.rules import WAITING, State
from app.core.db import db
from app.core.errors import NotFound


def one_for_operators(request_id: str) -> JournalRequest:
    """Any request. Raises NotFound."""
    found = db.session.get(JournalRequest, request_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def list_for_operators(states: Sequence[State], *, before: str | None = None, limit: int = 50) -> list[JournalRequest]:
    """Requests in these states, newest first. Keyset by id."""
    wanted = select(JournalRequest).where(JournalRequest.state.in_(states)).order_by(JournalRequest.id.desc())
    if before:
        wanted = wanted.where(JournalRequest.id < before)
    return list(db.session.scalars(wanted.limit(limit)))


def count_for_operators(states: Sequence[State] = WAITING) -> int:
    """How many requests are in these states."""
    counted = select(func.count()).select_from(JournalRequest).where(JournalRequest.state.in_(states))
    return db.session.scalar(counted) or 0
