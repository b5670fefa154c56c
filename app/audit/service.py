"""Commands of the audit: note that records are taken out, and that somebody looks at what is masked.

Records themselves are written by triggers alone.
"""

from collections.abc import Mapping

from sqlalchemy import func, select

from app.audit import errors, events, queries, rules
from app.audit.models import AuditExport, Reveal
from app.core import clock, ids, outbox
from app.core.actor import Actor
from app.core.db import db


def note_export(filters: Mapping[str, str], *, reason: str, actor: Actor) -> str:
    """Write down who takes which records out and why: the export's id. Raises ReasonMissing."""
    if not reason.strip():
        raise errors.ReasonMissing
    export = AuditExport(
        id=ids.new("aex"),
        filters=dict(filters),
        reason=reason.strip(),
        asked_by=str(actor),
        created_at=clock.now(),
    )
    db.session.add(export)
    db.session.flush()
    return export.id


def note_reveal(field: str, *, object_id: str, why: str, note: str, operator_id: str, limit: int) -> None:
    """Write down that somebody looks at a masked field, before they do; so often in a day and not more often.

    Raises RevealUnexplained, TooManyReveals.
    """
    # Two at the same time are counted one after the other.
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(operator_id))))
    if not why or len(note.strip()) < rules.REVEAL_NOTE_MIN:
        raise errors.RevealUnexplained
    if queries.reveals_for_system(operator_id, since=clock.now() - rules.REVEALS_COUNT_FOR) >= limit:
        raise errors.TooManyReveals
    _keep(field, object_id=object_id, reason=f"{why}: {note}", operator_id=operator_id, refused=False)


def note_refused_reveal(field: str, *, object_id: str, why: str, note: str, operator_id: str) -> None:
    """Write down that somebody wanted to see more than they may. The first time in a day it is told."""
    if not queries.reveals_for_system(operator_id, since=clock.now() - rules.REVEALS_COUNT_FOR, refused=True):
        outbox.emit(events.RevealsExceeded(operator_id=operator_id))
    _keep(field, object_id=object_id, reason=f"{why}: {note}", operator_id=operator_id, refused=True)


def _keep(field: str, *, object_id: str, reason: str, operator_id: str, refused: bool) -> None:
    db.session.add(
        Reveal(
            id=ids.new("rvl"),
            operator_id=operator_id,
            field=field,
            object_id=object_id,
            reason=reason.strip(),
            refused=refused,
            revealed_at=clock.now(),
        )
    )
    db.session.flush()
