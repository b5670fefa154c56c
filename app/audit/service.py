"""Commands of the audit: note that records are taken out. Records themselves are written by triggers alone."""

from collections.abc import Mapping

from app.audit import errors
from app.audit.models import AuditExport
from app.core import clock, ids
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
