"""Commands of statements: a source, the accounts that stand for it, and a file that was read."""

from contextlib import closing
from dataclasses import dataclass
from io import StringIO

from sqlalchemy import Connection, insert, text
from sqlalchemy.dialects.postgresql import insert as insert_or

from app.core import clock, ids
from app.core.db import db
from app.ledger import balances
from app.statements import copying, errors, queries, rules
from app.statements.copying import Chunk
from app.statements.formats.telling import Telling
from app.statements.models import Import, Part, Source, SourceAccount

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('statements:' || :source, 0))"
_LEISURE = "SET LOCAL statement_timeout = '5min'"  # (nobody waits for a page)
# A look into the index for each, whatever the planner knows of a table that is being filled.
_BY_INDEX = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off"
# The lines of a piece that were told before: the how manieth, and, where it was told otherwise, what is to be said.
# What was told first stays. Nobody else adds lines of this source meanwhile: it is locked.
_KNOWN = """
SELECT t.nth, l.id,
       CASE WHEN (l.delta, l.booked_on) IS DISTINCT FROM (t.delta, t.day)
            THEN format('%s %s on %s, told before as %s on %s.', t.delta, l.asset, t.day, l.delta, l.booked_on)
       END AS differs
  FROM unnest(CAST(:identities AS bytea[]), CAST(:occurrences AS integer[]), CAST(:deltas AS numeric[]),
              CAST(:days AS date[])) WITH ORDINALITY AS t (identity, occurrence, delta, day, nth)
  JOIN statement_lines l ON l.source_id = :source AND l.identity = t.identity AND l.occurrence = t.occurrence
"""
_COPY_LINES = (
    "COPY statement_lines (source_id, import_id, part, row_no, external_id, identity, occurrence, at, booked_on,"
    " account, asset, delta, fee, fee_asset, balance_after, kind, group_key, refs, counterparty, narration, raw)"
    " FROM STDIN"
)
_COPY_OTHERS = "COPY statement_rows (import_id, row_no, outcome, reason, column_name, line_id, raw) FROM STDIN"
_COPY_BYTES = 8 * 1024 * 1024  # at once: each time the driver asks it waits for the thread that reads


@dataclass
class _Counts:
    lines: int = 0
    added: int = 0
    restated: int = 0
    ignored: int = 0
    rejected: int = 0


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


def keep(source: Source, *, name: str, sha256: bytes, telling: Telling) -> Import:
    """Keep what a file tells: what was not told before is added. The same file again is the same import.

    The file is read while its rows are copied. Raises Unreadable, and then nothing of it may be kept.
    """
    connection = db.session.connection()
    connection.execute(text(_LOCK), {"source": source.id})
    before = queries.same_file_for_system(source.id, sha256)
    if before is not None:
        return before
    import_id, counts = ids.new("imp"), _Counts()
    connection.execute(text(_LEISURE))
    connection.execute(text(_BY_INDEX))
    with closing(copying.ahead(copying.chunks_of(telling))) as chunks:
        for chunk in chunks:
            _keep_chunk(connection, chunk, source_id=source.id, import_id=import_id, counts=counts)
    told = Import(
        id=import_id,
        source_id=source.id,
        name=name,
        sha256=sha256,
        format=telling.format,
        format_version=telling.version,
        rows_total=telling.rows_total,
        rows_lines=telling.rows_total - counts.ignored - counts.rejected,
        rows_ignored=counts.ignored,
        rows_rejected=counts.rejected,
        lines_total=counts.lines,
        lines_added=counts.added,
        lines_known=counts.lines - counts.added - counts.restated,
        lines_restated=counts.restated,
        notes=list(telling.notes),
        imported_at=clock.now(),
    )
    db.session.add(told)
    db.session.flush()
    _keep_parts(import_id, telling)
    return told


def _keep_chunk(connection: Connection, chunk: Chunk, *, source_id: str, import_id: str, counts: _Counts) -> None:
    known = {}
    if chunk.lines:
        found = connection.execute(text(_KNOWN), {"source": source_id, **chunk.told()})
        known = {row.nth - 1: row for row in found}
    differing = [
        copying.restated(chunk.lines[at], reason=row.differs, line_id=row.id)
        for at, row in known.items()
        if row.differs
    ]
    added = [line for at, line in enumerate(chunk.lines) if at not in known] if known else chunk.lines
    others = [*chunk.others, *differing]
    _copy(connection, _COPY_LINES, copying.text_of(added, before=f"{source_id}\t{import_id}"))
    _copy(connection, _COPY_OTHERS, copying.text_of(others, before=import_id))
    counts.lines += len(chunk.lines)
    counts.added += len(added)
    counts.restated += len(differing)
    counts.ignored += chunk.ignored
    counts.rejected += len(chunk.others) - chunk.ignored


def _copy(connection: Connection, statement: str, rows: StringIO) -> None:
    with closing(connection.connection.cursor()) as cursor:
        cursor.copy_expert(statement, rows, _COPY_BYTES)


def _keep_parts(import_id: str, telling: Telling) -> None:
    """What each statement says of itself."""
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
        for part, one in enumerate(telling.summaries, 1)
    ]
    if parts:
        db.session.execute(insert(Part), parts)
