"""What somebody decides of what was told: to take a line as it was told later, to count what another account had.

Lines are added, and none changed: a line that was told otherwise is taken back by one and told anew by another.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from app.core import outbox
from app.core.db import db
from app.core.errors import NotFound
from app.statements import errors, events, openings
from app.statements.models import Import, OtherRow, Part, Source, StatementLine
from app.statements.service import lock

_CURRENT = """
SELECT l.id, l.source_id, l.occurrence FROM statement_lines l
 WHERE l.id = :line OR l.restates = :line AND l.basis = 'restated' ORDER BY l.id DESC LIMIT 1
"""
_TELL = """
INSERT INTO statement_lines (source_id, import_id, part, row_no, external_id, identity, occurrence, at, booked_on,
                             account, asset, delta, fee, fee_asset, kind, group_key, refs, counterparty, narration,
                             raw, basis, restates)
SELECT l.source_id, r.import_id, l.part, r.row_no, l.external_id,
       sha256(convert_to(concat_ws(E'\\t', n.basis, r.line_id), 'UTF8')), :nth,
       n.at, n.booked_on, l.account, l.asset, n.delta, n.fee, l.fee_asset, l.kind, l.group_key, l.refs, l.counterparty,
       l.narration, n.raw, n.basis, r.line_id
  FROM statement_lines l JOIN statement_rows r ON r.id = :row
 CROSS JOIN LATERAL (VALUES ('taken_back', l.at, l.booked_on, -l.delta, -l.fee, l.raw),
                            ('restated', r.at, r.booked_on, r.delta, r.fee, r.raw))
       n (basis, at, booked_on, delta, fee, raw)
 WHERE l.id = :current
RETURNING id, basis
"""


@dataclass(frozen=True)
class Taken:
    """Ids of lines: the one that counted till now, what takes it back, and what counts now."""

    counted: int
    back: int
    now: int


def take(row_id: int) -> Taken:
    """Count a line as this row of a later file tells it.

    Raises NotFound for another row; TakenAlready.
    """
    row = db.session.get(OtherRow, row_id)
    if row is None or row.line_id is None:
        raise NotFound
    connection = db.session.connection()
    line = db.session.get_one(StatementLine, row.line_id)
    lock(connection, line.source_id)
    current = connection.execute(text(_CURRENT), {"line": row.line_id}).one()
    now = db.session.get_one(StatementLine, current.id)
    if (now.delta, now.booked_on) == (row.delta, row.booked_on):
        raise errors.TakenAlready
    nth = 1 + _restated(connection, row.line_id)
    made = connection.execute(text(_TELL), {"row": row.id, "current": current.id, "nth": nth}).all()
    openings.tell(connection, db.session.get_one(Source, line.source_id), import_id=row.import_id)
    outbox.emit(events.Imported(import_id=row.import_id, source_id=line.source_id))
    by_basis = {one.basis: one.id for one in made}
    return Taken(current.id, by_basis["taken_back"], by_basis["restated"])


def begin(import_id: str, *, part: int) -> StatementLine:
    """Count what an account had that is another one than those told of before: its opening line.

    Raises TakenAlready.
    """
    connection = db.session.connection()
    own = db.session.get_one(Part, (import_id, part))
    source = db.session.get_one(Source, db.session.get_one(Import, import_id).source_id)
    lock(connection, source.id)
    made = openings.tell(connection, source, import_id=import_id, agreed=(own.account, own.asset))
    if not made:
        raise errors.TakenAlready
    outbox.emit(events.Imported(import_id=import_id, source_id=source.id))
    return db.session.get_one(StatementLine, made[0])


def _restated(connection: Connection, line_id: int) -> int:
    counted = text("SELECT count(*) FROM statement_lines WHERE restates = :line AND basis = 'restated'")
    return int(connection.execute(counted, {"line": line_id}).scalar_one())
