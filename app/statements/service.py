"""Commands of statements: a source, the accounts that stand for it, and a file that was read."""

from collections.abc import Mapping
from contextlib import closing

from sqlalchemy import Connection, insert, text
from sqlalchemy.dialects.postgresql import insert as insert_or

from app.core import clock, ids
from app.core.db import db
from app.ledger import balances
from app.statements import copying, errors, queries, rules
from app.statements.formats.lines import Parsed
from app.statements.models import Import, OtherRow, Part, Source, SourceAccount

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('statements:' || :source, 0))"
_LEISURE = "SET LOCAL statement_timeout = '60s'"  # (a file has up to two million rows, and nobody waits for a page)
_TOLD = """
CREATE TEMPORARY TABLE told (
    part integer, row_no integer, external_id text, identity bytea, occurrence integer, at timestamptz,
    booked_on date, account text, asset text, delta numeric, fee numeric, fee_asset text, balance_after numeric,
    kind text, group_key text, refs text[], counterparty text, narration text, raw jsonb) ON COMMIT DROP
"""
_COPY = "COPY told FROM STDIN"
_ANALYSE = "ANALYZE told"
# The same id with another amount or day: what was told first stays, and the difference is to be looked at.
_RESTATED = """
INSERT INTO statement_rows (import_id, row_no, outcome, reason, column_name, line_id, raw)
SELECT :import, t.row_no, 'restated',
       format('%s %s on %s, told before as %s on %s.', t.delta, t.asset, t.booked_on, l.delta, l.booked_on),
       '', l.id, t.raw
  FROM told t JOIN statement_lines l
    ON l.source_id = :source AND l.identity = t.identity AND l.occurrence = t.occurrence
 WHERE (l.delta, l.booked_on) IS DISTINCT FROM (t.delta, t.booked_on)
"""
_ADDED = """
INSERT INTO statement_lines
    (source_id, import_id, part, row_no, external_id, identity, occurrence, at, booked_on, account, asset, delta,
     fee, fee_asset, balance_after, kind, group_key, refs, counterparty, narration, raw)
SELECT :source, :import, t.part, t.row_no, t.external_id, t.identity, t.occurrence, t.at, t.booked_on, t.account,
       t.asset, t.delta, t.fee, t.fee_asset, t.balance_after, t.kind, t.group_key, t.refs, t.counterparty, t.narration,
       t.raw
  FROM told t ORDER BY t.part, t.row_no ON CONFLICT DO NOTHING
"""


def add_source(name: str, *, title: str, format_name: str, settings: dict[str, object]) -> Source:
    """A source of statements. Raises BadSource, SourceTaken, and Unreadable for settings that cannot be read."""
    rules.check_source(name, title=title, format_name=format_name)
    rules.settings_of(settings)
    source = Source(
        id=ids.new("src"), name=name, title=title, format=format_name, settings=settings, created_at=clock.now()
    )
    made = insert_or(Source).values({column.key: getattr(source, column.key) for column in Source.__table__.columns})
    if db.session.execute(made.on_conflict_do_nothing().returning(Source.id)).one_or_none() is None:
        raise errors.SourceTaken
    return queries.source_for_operators(name)


def stand_for(source_id: str, *, asset: str, account: str) -> None:
    """Say which account of the books stands for what a source tells of an asset. Raises NoSuchAccount."""
    try:
        balances.of(account)
    except LookupError as unknown:
        raise errors.NoSuchAccount from unknown
    if not account.startswith("asset:"):
        raise errors.NoSuchAccount
    db.session.execute(
        insert(SourceAccount).values(source_id=source_id, asset=asset, account=account, created_at=clock.now())
    )


def keep(source: Source, *, name: str, sha256: bytes, parsed: Parsed) -> Import:
    """Keep what a file tells: what was not told before is added. The same file again is the same import."""
    connection = db.session.connection()
    connection.execute(text(_LOCK), {"source": source.id})
    before = queries.same_file_for_system(source.id, sha256)
    if before is not None:
        return before
    import_id = ids.new("imp")
    connection.execute(text(_LEISURE))
    _copy(connection, parsed)
    place = {"import": import_id, "source": source.id}
    restated = connection.execute(text(_RESTATED), place).rowcount
    added = connection.execute(text(_ADDED), place).rowcount
    _keep_rest(import_id, parsed)
    total = len(parsed.lines)
    told = Import(
        id=import_id,
        source_id=source.id,
        name=name,
        sha256=sha256,
        format=parsed.format,
        format_version=parsed.version,
        rows_total=parsed.rows_total,
        rows_lines=parsed.rows_total - len(parsed.ignored) - len(parsed.rejected),
        rows_ignored=len(parsed.ignored),
        rows_rejected=len(parsed.rejected),
        lines_total=total,
        lines_added=added,
        lines_known=total - added - restated,
        lines_restated=restated,
        notes=list(parsed.notes),
        imported_at=clock.now(),
    )
    db.session.add(told)
    db.session.flush()
    return told


def _copy(connection: Connection, parsed: Parsed) -> None:
    connection.execute(text(_TOLD))
    with closing(connection.connection.cursor()) as cursor:
        cursor.copy_expert(_COPY, copying.Stream(copying.rows_of(parsed.statements)))
    connection.execute(text(_ANALYSE))


def _keep_rest(import_id: str, parsed: Parsed) -> None:
    """What each statement says of itself, and the rows that are no line."""
    parts = [
        {
            "import_id": import_id,
            "part": part,
            "ref": one.ref,
            "account": one.account,
            "asset": one.asset,
            "opening": one.opening,
            "closing": one.closing,
            "moved": one.moved,
            "period_from": one.period_from,
            "period_to": one.period_to,
            "gaps": list(one.gaps),
            "untied": one.untied,
        }
        for part, one in enumerate(parsed.statements, 1)
    ]
    others = [
        *(_other(row.row, "ignored", row.reason, "", row.raw) for row in parsed.ignored),
        *(_other(row.row, "rejected", row.reason, row.column, row.raw) for row in parsed.rejected),
    ]
    if parts:
        db.session.execute(insert(Part), parts)
    if others:
        db.session.execute(insert(OtherRow), [{"import_id": import_id, **row} for row in others])


def _other(row: int, outcome: str, reason: str, column: str, raw: Mapping[str, str]) -> dict[str, object]:
    return {"row_no": row, "outcome": outcome, "reason": reason, "column_name": column, "raw": dict(raw)}
