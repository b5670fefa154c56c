"""What vendors tell us: kept as the bytes that came, once per (source, external id), before anyone acts on it."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, Index, LargeBinary, Text, UniqueConstraint, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Model, db


class Inboxed(Model):
    """One message. `outcome` says in a few words what became of it; empty while nobody has acted."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(None, "received_at", postgresql_where=text("digest IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    outcome: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    handled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)  # of a body that was forgotten when its time was over


def receive(source: str, *, external_id: str, body: bytes) -> int | None:
    """Keep a message; its id, or None when the same one is here already."""
    statement = insert(Inboxed).values(
        source=source, external_id=external_id, body=body, outcome="", received_at=clock.now()
    )
    return db.session.execute(statement.on_conflict_do_nothing().returning(Inboxed.id)).scalar_one_or_none()


def was_handled(source: str, *, external_id: str) -> bool:
    """Whether this message is here and was acted on."""
    known = select(Inboxed.handled_at).where(Inboxed.source == source, Inboxed.external_id == external_id)
    return db.session.scalar(known) is not None


def read(inbox_id: int) -> Inboxed:
    """One message, by its id."""
    return db.session.get_one(Inboxed, inbox_id)


def settle(inbox_id: int, *, outcome: str) -> None:
    """Say what became of a message."""
    message = read(inbox_id)
    message.outcome = outcome
    message.handled_at = clock.now()
    db.session.flush()
