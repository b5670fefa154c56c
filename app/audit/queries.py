"""Reads of the record. `seen` says what the reader may see of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text, true

from app.audit import rules
from app.audit.models import AuditRecord, Reveal
from app.core.db import db, rows
from app.core.errors import NotFound
from app.core.machine import Move

BIGINT_MAX = 2**63 - 1
# (that such a request was made, voted on or carried out says as much as the request)
_NOT_OF_HIDDEN_REQUESTS = """NOT (records.table_name = 'approval_requests' AND records.row_id IN
        (SELECT id FROM approval_requests WHERE kind = ANY(:kinds)))
    AND NOT (records.table_name = 'approval_votes' AND records.row_id IN
        (SELECT v.id FROM approval_votes v JOIN approval_requests r ON r.id = v.request_id
          WHERE r.kind = ANY(:kinds)))"""


@dataclass(frozen=True)
class Seen:
    """The actors whose records somebody may see, None for everybody's; and whether what is kept from most is shown.

    Of approval requests of the hidden kinds nothing is.
    """

    actors: frozenset[str] | None
    confidential: bool
    hidden_kinds: frozenset[str]


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
    asked = select(AuditRecord).where(AuditRecord.id == min(record_id, BIGINT_MAX), _visible(seen))
    found = db.session.scalars(asked).one_or_none()
    if found is None:
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


def session_that_made_for_operators(row_id: str, *, table: str) -> str:
    """The session in which a row was written first; empty where it was none's."""
    made = (AuditRecord.row_id == row_id, AuditRecord.table_name == table, AuditRecord.action == "insert")
    found = select(AuditRecord.session_id).where(*made).order_by(AuditRecord.id).limit(1)
    return db.session.scalars(found).first() or ""


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
        _by(asked.actors),
        *(column == wanted for column, wanted in equal if wanted),
        *([AuditRecord.recorded_at >= asked.since] if asked.since else []),
        *([AuditRecord.recorded_at <= asked.until] if asked.until else []),
    )


def _visible(seen: Seen) -> ColumnElement[bool]:
    return and_(
        _by(seen.actors),
        true() if seen.confidential else AuditRecord.table_name.not_in(rules.CONFIDENTIAL_TABLES),
        text(_NOT_OF_HIDDEN_REQUESTS).bindparams(kinds=sorted(seen.hidden_kinds)) if seen.hidden_kinds else true(),
    )


def _by(actors: frozenset[str] | None) -> ColumnElement[bool]:
    return true() if actors is None else AuditRecord.actor.in_(sorted(actors))
