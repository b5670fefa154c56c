"""Reads of the record. `seen` holds the actors whose records the reader may see; None is everybody's."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select, true

from app.audit.models import AuditRecord, Reveal
from app.core.db import db, rows
from app.core.errors import NotFound
from app.core.machine import Move

Seen = frozenset[str] | None
BIGINT_MAX = 2**63 - 1


@dataclass(frozen=True)
class Asked:
    """What somebody looks for; what is empty or None is not asked for. `actors` holds all that `who` may mean."""

    actors: frozenset[str] | None = None
    table: str = ""
    action: str = ""
    row_id: str = ""
    request_id: str = ""
    ip: str = ""
    session_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


def list_for_operators(asked: Asked, *, seen: Seen, before: int | None = None, limit: int) -> list[AuditRecord]:
    """Records that fit, newest first, those before an id."""
    found = _fitting(asked, seen).where(AuditRecord.id < before if before is not None else true())
    return list(db.session.scalars(found.order_by(AuditRecord.id.desc()).limit(limit)))


def one_for_operators(record_id: int, *, seen: Seen) -> AuditRecord:
    """One record. Raises NotFound, also for one that the reader may not see."""
    found = db.session.get(AuditRecord, record_id) if record_id <= BIGINT_MAX else None
    if found is None or (seen is not None and found.actor not in seen):
        raise NotFound
    return found


def tables_for_operators() -> list[str]:
    """Every table whose changes are recorded."""
    return [
        row.name
        for row in rows(
            "SELECT DISTINCT c.relname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE t.tgname = 'audit_row' AND t.tgparentid = 0 ORDER BY 1"
        )
    ]


def of_objects_for_operators(
    row_ids: Collection[str],
    *,
    request_id: str = "",
    seen: Seen,
    before: datetime | None = None,
    limit: int = 100,
) -> list[AuditRecord]:
    """The newest records about any of these rows, or of this request; those before a moment."""
    about = AuditRecord.row_id.in_(set(row_ids) - {""})
    of_request = AuditRecord.request_id == request_id if request_id else ~true()
    found = select(AuditRecord).where(or_(about, of_request), _visible(seen))
    if before:
        found = found.where(AuditRecord.recorded_at < before)
    return list(db.session.scalars(found.order_by(AuditRecord.id.desc()).limit(limit)))


def moves_for_operators(subjects: Collection[str], *, before: datetime | None = None, limit: int = 100) -> list[Move]:
    """The newest moves of any of these rows; those before a moment."""
    found = select(Move).where(Move.subject.in_(set(subjects) - {""}))
    if before:
        found = found.where(Move.moved_at < before)
    return list(db.session.scalars(found.order_by(Move.id.desc()).limit(limit)))


def reveals_for_system(operator_id: str, *, since: datetime, refused: bool = False) -> int:
    """How often somebody has looked at what is masked, or was refused, since then."""
    theirs = select(func.count()).select_from(Reveal).filter_by(operator_id=operator_id, refused=refused)
    return db.session.scalar(theirs.where(Reveal.revealed_at > since)) or 0


def _fitting(asked: Asked, seen: Seen) -> Select[AuditRecord]:
    equal = (
        (AuditRecord.table_name, asked.table),
        (AuditRecord.action, asked.action),
        (AuditRecord.row_id, asked.row_id),
        (AuditRecord.request_id, asked.request_id),
        (AuditRecord.ip, asked.ip),
        (AuditRecord.session_id, asked.session_id),
    )
    return select(AuditRecord).where(
        _visible(seen),
        _visible(asked.actors),
        *(column == wanted for column, wanted in equal if wanted),
        *([AuditRecord.recorded_at >= asked.since] if asked.since else []),
        *([AuditRecord.recorded_at <= asked.until] if asked.until else []),
    )


def _visible(actors: frozenset[str] | None) -> ColumnElement[bool]:
    return true() if actors is None else AuditRecord.actor.in_(sorted(actors))
