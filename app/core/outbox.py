"""Events: what happened, in the past tense, written in the same transaction as the happening.

Nothing is lost between commit and queue because the relay reads these rows afterwards and asks for one task per hearer.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Model, db, work_was_left


@dataclass(frozen=True)
class Event:
    """The base of every room's events: ids and plain values, no secrets, no personal data.

    The first field is what the event is about.
    """

    name: ClassVar[str]


class Outboxed(Model):
    """One event, until and after it was relayed."""

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "id", postgresql_where=text("relayed_at IS NULL")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    emitted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    relayed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


def emit(event: Event) -> None:
    """Write the event in the caller's transaction."""
    facts = asdict(event)
    subject = str(next(iter(facts.values())))  # (kept apart: JSONB does not keep the order of facts)
    db.session.add(Outboxed(name=event.name, subject=subject, facts=facts, emitted_at=clock.now()))
    work_was_left(db.session())


def take(*, limit: int) -> list[Outboxed]:
    """Lock events that were not relayed yet, oldest first, and mark them relayed. For the relay."""
    waiting = (
        select(Outboxed)
        .where(Outboxed.relayed_at.is_(None))
        .order_by(Outboxed.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    events = list(db.session.scalars(waiting))
    for event in events:
        event.relayed_at = clock.now()
    return events


def read(outbox_id: int) -> Outboxed:
    """One event, for its hearers."""
    return db.session.get_one(Outboxed, outbox_id)
