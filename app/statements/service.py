"""Commands of statements: a source, the accounts that stand for it, a file that came in, and what it told."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from io import StringIO

from sqlalchemy import Connection, insert, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.exc import DBAPIError

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db, sqlstate
from app.core.errors import Refusal
from app.ledger import balances
from app.statements import changing, continuing, copying, errors, events, openings, queries, rules, saying, wallets
from app.statements.copying import Chunk
from app.statements.formats.registry import FORMATS
from app.statements.formats.telling import Telling
from app.statements.keeping import Packed
from app.statements.models import Download, Import, Part, Piece, Source, SourceAccount, StatementFile
from app.statements.rules import Days

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('statements:' || :source, 0))"
# (One of its own: who brings a file does not wait until another of the same source was read.)
_LOCK_FILES = "SELECT pg_advisory_xact_lock(hashtextextended('statement files:' || :source, 0))"
# Nobody waits for a page; and some formats are read whole before the first of their lines can be written.
_LEISURE = "SET LOCAL statement_timeout = '5min'; SET LOCAL idle_in_transaction_session_timeout = '5min'"
# A look into the index for each, whatever the planner knows of a table that is being filled.
_BY_INDEX = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off"
# The lines of a piece that were told before: the how manieth, and, where it was told otherwise, what is to be said.
# What counts stays. Nobody else adds lines of this source meanwhile: it is locked.
_KNOWN = """
SELECT t.nth, l.id,
       CASE WHEN (n.delta, n.booked_on) IS DISTINCT FROM (t.delta, t.day)
            THEN format('%s %s on %s, told before as %s on %s.', t.delta, l.asset, t.day, n.delta, n.booked_on)
       END AS differs
  FROM unnest(CAST(:identities AS bytea[]), CAST(:occurrences AS integer[]), CAST(:deltas AS numeric[]),
              CAST(:days AS date[])) WITH ORDINALITY AS t (identity, occurrence, delta, day, nth)
  JOIN statement_lines l ON l.source_id = ANY(:sources) AND l.identity = t.identity AND l.occurrence = t.occurrence
 CROSS JOIN LATERAL (
       SELECT c.delta, c.booked_on FROM (
              SELECT 0 AS id, l.delta, l.booked_on
               UNION ALL
              SELECT r.id, r.delta, r.booked_on FROM statement_lines r WHERE r.restates = l.id AND r.basis = 'restated'
              ) c ORDER BY c.id DESC LIMIT 1) n
"""
_COPY_LINES = (
    "COPY statement_lines (source_id, import_id, part, row_no, external_id, identity, occurrence, at, booked_on,"
    " account, asset, delta, fee, fee_asset, balance_after, kind, group_key, refs, counterparty, narration, raw)"
    " FROM STDIN"
)
_COPY_OTHERS = (
    "COPY statement_rows (import_id, row_no, outcome, reason, column_name, line_id, delta, fee, at, booked_on, raw)"
    " FROM STDIN"
)
# Read otherwise, a file may have no such row: nothing is said of it then, and somebody must look at it as before.
_STAY_REJECTED = """
INSERT INTO statement_rows (import_id, row_no, outcome, reason, column_name, raw)
SELECT :import, row_no, outcome, 'As the file is read now it has no such row.', column_name, raw
  FROM statement_rows WHERE import_id = :before AND outcome = 'rejected' AND row_no = ANY(:rows)
"""
# Who looks at the page sees the connection's name, and so how far it is, before any of it is committed.
_HOW_FAR = "SELECT set_config('application_name', :told, true)"
NAME_MAX = 200
# As migrations/sql/0035_rules.sql says them.
_NOT_THIS: dict[str, type[Refusal]] = {
    "ST001": errors.StandsFor, "ST002": errors.CountedWithAnother, "ST003": errors.OthersCountedWith,
}  # fmt: skip
_COPY_BYTES = 8 * 1024 * 1024  # at once: each time the driver asks it waits for the thread that reads


@dataclass
class _Counts:
    lines: int = 0
    added: int = 0
    restated: int = 0
    ignored: int = 0
    rejected: int = 0

    def told(self, lines: int) -> str:
        """What became of rows, in words."""
        return f"{lines} became lines, {self.ignored} were ignored and {self.rejected} rejected"

    @property
    def rows(self) -> int:
        """About how many rows of the file were read: some have several lines."""
        return self.lines + self.ignored + self.rejected


def add_source(
    name: str,
    *,
    title: str,
    format_name: str,
    settings: dict[str, object],
    lag_days: int = rules.LAG_DAYS,
    cut_off: time = rules.CUT_OFF,
    continues: str = "",
) -> Source:
    """A source of statements; `continues` is the retired one whose account it goes on with.

    Raises BadSource, SourceTaken, NotContinued, and Unreadable for settings that cannot be read.
    """
    if continues and continues not in {one.id for one in queries.ended_sources_for_operators()}:
        raise errors.NotContinued
    rules.check_source(name, title=title, format_name=format_name, lag_days=lag_days)
    rules.settings_of(settings)
    source = Source(
        id=ids.new("src"), name=name, title=title, format=format_name, settings=settings, lag_days=lag_days,
        cut_off=cut_off, continues=continues or None, created_at=clock.now(),
    )  # fmt: skip
    made = insert_or(Source).values({column.key: getattr(source, column.key) for column in Source.__table__.columns})
    if db.session.execute(made.on_conflict_do_nothing().returning(Source.id)).one_or_none() is None:
        raise errors.SourceTaken
    return queries.source_for_operators(name)


def change_source(source: Source, *, title: str, settings: dict[str, object], lag_days: int, cut_off: time) -> None:
    """Say otherwise how its files are read and when they are due; its name and its format stay.

    What was read stays as it was read. Raises BadSource, Unreadable for settings that cannot be read, Settled where a
    line that was told would be told again, and AddressStays for another address of one that tells of a wallet.
    """
    rules.check_source(source.name, title=title, format_name=source.format, lag_days=lag_days)
    now = rules.settings_of(settings)
    changing.check(source, rules.settings_of(held(source.id).settings), now)
    said = {"title": title.strip(), "settings": settings, "lag_days": lag_days, "cut_off": cut_off}
    db.session.execute(update(Source).where(Source.id == source.id, Source.retired_at.is_(None)).values(**said))


def retire(source_id: str, *, request_id: str | None = None) -> None:
    """Nothing more comes from it, and nothing is missed. What it told stays.

    Raises NoSuchSource, and RetiringNeedsTwo for one that told of an account, unless others agreed: the database
    looks at the request too.
    """
    if request_id is None and queries.told_accounts_for_operators(source_id):
        raise errors.RetiringNeedsTwo
    said = {"retired_at": clock.now(), "request_id": request_id}
    own = update(Source).where(Source.id == source_id, Source.retired_at.is_(None)).values(**said)
    if db.session.execute(own.returning(Source.id)).one_or_none() is None:
        raise errors.NoSuchSource


def stand_for(
    source_id: str, *, asset: str, account: str, tolerance: Decimal = Decimal(0), request_id: str | None = None
) -> None:  # fmt: skip
    """Say which account of the books stands for what a source tells of an asset, in place of another one.

    `tolerance` is in whole coins. Raises NoSuchAccount, BadTolerance, MoreNeedsTwo for a larger one than before,
    StandsFor for another account once something was held against the one before, CountedWithAnother and
    OthersCountedWith where accounts are counted together, WalletNeedsTwo for a wallet's, unless others agreed: the
    database looks at the request too.
    """
    try:
        balances.of(account)
    except LookupError as unknown:
        raise errors.NoSuchAccount from unknown
    if not account.startswith("asset:") or not asset.strip():
        raise errors.NoSuchAccount
    if not tolerance.is_finite() or tolerance < 0:
        raise errors.BadTolerance
    if tolerance > queries.tolerance_for_system(source_id, asset.strip()):
        raise errors.MoreNeedsTwo
    if request_id is None and wallets.needs_two(source_id, asset=asset.strip(), account=account):
        raise errors.WalletNeedsTwo
    said = {"account": account, "tolerance": tolerance} | ({"request_id": request_id} if request_id else {})
    made = insert_or(SourceAccount).values(source_id=source_id, asset=asset.strip(), created_at=clock.now(), **said)
    try:
        db.session.execute(made.on_conflict_do_update(index_elements=["source_id", "asset"], set_=said))
    except DBAPIError as error:
        refused = _NOT_THIS.get(sqlstate(error))
        if refused is None:
            raise
        raise refused from error


def tolerate(source_id: str, *, asset: str, tolerance: Decimal, request_id: str) -> None:
    """Call a difference of so many whole coins rounding, as others agreed; the database looks at the request too."""
    own = update(SourceAccount).where(SourceAccount.source_id == source_id, SourceAccount.asset == asset)
    db.session.execute(own.values(tolerance=tolerance, request_id=request_id))


def take(
    source: Source, *, name: str, packed: Packed, actor: Actor, ask: bool, covers: Days | None = None
) -> StatementFile:
    """Keep a file as it came, waiting to be read; with `ask` by whoever hears of it. The same one again is that one."""
    db.session.execute(text(_LOCK_FILES), {"source": source.id})
    before = queries.same_file_for_system(source.id, packed.sha256)
    if before is not None:
        return before
    file = StatementFile(
        id=ids.new("stf"),
        source_id=source.id,
        name=name[:NAME_MAX],
        sha256=packed.sha256,
        size=packed.size,
        rows_about=packed.rows_about,
        state=rules.FileState.WAITING,
        covers_from=covers and covers.first,
        covers_to=covers and covers.last,
        brought_by=str(actor),
        brought_at=clock.now(),
    )
    machine.begin(file, machine=rules.FILE, actor=actor)
    for nth, body in enumerate(packed.pieces):
        db.session.execute(insert(Piece).values(file_id=file.id, nth=nth, body=body))
    if ask:
        outbox.emit(events.FileBrought(file_id=file.id))
    return file


def read_again(file_id: str, *, seen: str, actor: Actor) -> StatementFile:
    """Have the rejected rows of a kept file read once more: the reading. `seen` is the last one that was there.

    Whoever asks a second time is given the first one's. Raises NoSuchFile, NothingRejected.
    """
    own = queries.file_for_system(file_id)
    if own.reads_again is not None:
        raise errors.NoSuchFile
    db.session.execute(text(_LOCK_FILES), {"source": own.source_id})
    before = queries.readings_again_for_operators(file_id)
    if before and (before[0][0].id != seen or before[0][0].state == rules.FileState.WAITING):
        return before[0][0]
    latest = queries.latest_import_for_system(file_id)
    if latest is None or not latest.rows_rejected:
        raise errors.NothingRejected
    same = ("source_id", "name", "sha256", "size", "rows_about", "covers_from", "covers_to")
    file = StatementFile(
        id=ids.new("stf"), reads_again=file_id, state=rules.FileState.WAITING, brought_by=str(actor),
        brought_at=clock.now(), **{name: getattr(own, name) for name in same},
    )  # fmt: skip
    machine.begin(file, machine=rules.FILE, actor=actor)
    outbox.emit(events.FileBrought(file_id=file.id))
    return file


def refuse(file_id: str, *, trouble: Refusal, actor: Actor) -> None:
    """Note why a file could not be read, and where; one that has an end keeps it."""
    file = queries.file_for_system(file_id, lock=True)
    if file.state != rules.FileState.WAITING:
        return
    file.trouble = trouble.message
    file.trouble_row = int(trouble.facts.get("row", 0))
    file.trouble_column = str(trouble.facts.get("column", ""))
    file.ended_at = clock.now()
    machine.move(file, rules.FileState.REFUSED, machine=rules.FILE, actor=actor, reason=trouble.message)


def note_download(file_id: str, *, actor: Actor) -> None:
    """Write down that somebody takes a file out, before they have it."""
    db.session.add(Download(file_id=file_id, downloaded_by=str(actor), downloaded_at=clock.now()))
    db.session.flush()


def keep(source: Source, file_id: str, *, telling: Telling, actor: Actor) -> None:
    """Keep what a file tells: what was not told before is added. A file that was read already is left as it is.

    It is read while its rows are copied. Raises Unreadable, and then nothing of it may be kept.
    """
    connection = db.session.connection()
    lock(connection, source.id)
    file = queries.file_for_system(file_id, lock=True)
    if file.state != rules.FileState.WAITING:
        return
    import_id, counts = ids.new("imp"), _Counts()
    connection.execute(text(_LEISURE))
    connection.execute(text(_BY_INDEX))
    before = queries.latest_import_for_system(file.reads_again) if file.reads_again else None
    only = queries.rejected_for_system(before.id) if before else None
    moved: set[int] = set()  # rows that became lines, and others; where only some are wanted
    others: set[int] = set()
    earlier = continuing.before(source)
    later = continuing.later(earlier)
    later.of(telling)
    with closing(copying.ahead(copying.chunks_of(telling, only=only))) as chunks:
        for chunk in chunks:
            moved |= chunk.moved
            others |= chunk.numbers
            _keep_chunk(connection, chunk, sources=[source.id, *earlier], import_id=import_id, counts=counts)
            connection.execute(text(_HOW_FAR), {"told": rules.how_far(file_id, counts.rows)})
    if before is not None and only is not None and (unseen := only - moved - others):
        gone = {"import": import_id, "before": before.id, "rows": list(unseen)}
        counts.rejected += connection.execute(text(_STAY_REJECTED), gone).rowcount
    rows_total, rows_lines = telling.rows_total, telling.rows_lines
    if only is not None:
        rows_total, rows_lines = len(only), len(moved)
    if rows_total != rows_lines + counts.ignored + counts.rejected:
        raise errors.RowsUntold(f"It has {rows_total} rows, and {counts.told(rows_lines)}.")
    told = Import(
        id=import_id,
        source_id=source.id,
        name=file.name,
        sha256=file.sha256,
        format=telling.format,
        format_version=telling.version,
        rows_total=rows_total,
        rows_lines=rows_lines,
        rows_ignored=counts.ignored,
        rows_rejected=counts.rejected,
        lines_total=counts.lines,
        lines_added=counts.added,
        lines_known=counts.lines - counts.added - counts.restated,
        lines_restated=counts.restated,
        notes=list(telling.notes),
        tells_all=FORMATS[telling.format].tells_all or file.covers_from is not None,  # (all wallets were asked for)
        reads_again=before and (before.reads_again or before.id),
        imported_at=clock.now(),
    )
    db.session.add(told)
    db.session.flush()
    parts = _parts(telling, source)
    saying.look(file, ((one.period_from, one.period_to) for one in telling.summaries), tells_all=told.tells_all)
    if file.covers_from is not None:
        assets = queries.accounts_for_operators(source.id) if told.tells_all else ()
        parts = _covering(parts, file, assets=assets)
    parts = later.days(parts)
    if parts:
        db.session.execute(insert(Part), [{"import_id": import_id, "part": n, **one} for n, one in enumerate(parts, 1)])
    openings.tell(connection, source, import_id=import_id)
    file.import_id, file.ended_at = import_id, told.imported_at
    machine.move(file, rules.FileState.KEPT, machine=rules.FILE, actor=actor)
    outbox.emit(events.Imported(import_id=import_id, source_id=source.id))


def held(source_id: str) -> Source:
    """A source as it is now, which nobody sets up otherwise and to which nobody adds lines meanwhile."""
    lock(db.session.connection(), source_id)
    return queries.one_source_for_operators(source_id)


def lock(connection: Connection, source_id: str) -> None:
    """Let nobody else add lines of a source, till the end of the transaction."""
    connection.execute(text(_LOCK), {"source": source_id})


def _keep_chunk(connection: Connection, chunk: Chunk, *, sources: list[str], import_id: str, counts: _Counts) -> None:
    known = {}
    if chunk.lines:
        found = connection.execute(text(_KNOWN), {"sources": sources, **chunk.told()})
        known = {row.nth - 1: row for row in found}
    differing = [
        copying.restated(chunk.lines[at], reason=row.differs, line_id=row.id)
        for at, row in known.items()
        if row.differs
    ]
    added = [line for at, line in enumerate(chunk.lines) if at not in known] if known else chunk.lines
    others = [*chunk.others, *differing]
    _copy(connection, _COPY_LINES, copying.text_of(added, before=f"{sources[0]}\t{import_id}"))
    _copy(connection, _COPY_OTHERS, copying.text_of(others, before=import_id))
    counts.lines += len(chunk.lines)
    counts.added += len(added)
    counts.restated += len(differing)
    counts.ignored += chunk.ignored
    counts.rejected += len(chunk.others) - chunk.ignored


def _copy(connection: Connection, statement: str, rows: StringIO) -> None:
    with closing(connection.connection.cursor()) as cursor:
        cursor.copy_expert(statement, rows, _COPY_BYTES)


def _parts(telling: Telling, source: Source) -> list[dict[str, object]]:
    """What each statement says of itself."""
    return [
        {
            "ref": one.ref,
            "account": one.account,
            "asset": one.asset,
            "opening": one.opening,
            "closing": one.closing,
            "moved": one.moved,
            "period_from": one.period_from,
            "period_to": one.period_to,
            "closes_on": rules.last_day_before(one.closes_at, source.tz) if one.closes_at else one.period_to,
            "closes_at": one.closes_at,
            "gaps": list(one.gaps),
            "untied": one.untied,
        }
        for one in telling.summaries
    ]


def _covering(parts: list[dict[str, object]], file: StatementFile, *, assets: Iterable[str]) -> list[dict[str, object]]:
    """The same for the days that the file covers; and for each asset that it tells nothing of, that nothing moved."""
    days: dict[str, object] = {"period_from": file.covers_from, "period_to": file.covers_to}
    silent: dict[str, object] = {
        "ref": "", "account": "", "opening": None, "closing": None, "moved": Decimal(0), "gaps": [], "untied": "",
        "closes_on": None, "closes_at": None,
    }  # fmt: skip
    told = {one["asset"] for one in parts}
    return [one | days for one in parts] + [silent | days | {"asset": asset} for asset in assets if asset not in told]
