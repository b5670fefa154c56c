"""Reads of statements."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.core.db import db
from app.core.db import rows as rows_of
from app.statements import rules
from app.statements.errors import NoSuchFile, NoSuchSource
from app.statements.models import Import, OtherRow, Part, Piece, Pull, SaidDays, Source, SourceAccount, StatementFile
from app.statements.rules import LATE_AFTER, LATE_WITHIN, Days, FileState, PullState, missing

_HOW_FAR = """
SELECT application_name FROM pg_stat_activity
 WHERE datname = current_database() AND application_name LIKE :told
"""
_COVERAGE = """
SELECT lower(days) AS first, upper(days) - 1 AS last
  FROM unnest((SELECT range_agg(d.days) FROM statement_days d
                WHERE d.source_id = ANY(:sources) AND (:asset = '' OR d.tells_all OR d.asset = :asset))) AS days
 ORDER BY 1
"""
# Those whose last question is as long ago as their rhythm says.
_TO_PULL = """
SELECT s.id FROM statement_sources s
  LEFT JOIN LATERAL (SELECT p.asked_at, p.state FROM statement_pulls p WHERE p.source_id = s.id
                      ORDER BY p.id DESC LIMIT 1) last ON true
 WHERE s.pull_every IS NOT NULL AND s.retired_at IS NULL
   AND (last.asked_at IS NULL OR last.state <> 'asked' AND last.asked_at <= :now - s.pull_every * interval '1 second')
 ORDER BY s.id
"""
_BALANCES = """
SELECT min(p.closes_on) AS first, max(p.closes_on) AS last
  FROM statement_imports i JOIN statement_parts p ON p.import_id = i.id
 WHERE i.source_id = :source AND p.closes_at IS NOT NULL
"""
_HAS_TOLD = """
SELECT EXISTS (SELECT FROM statement_lines WHERE source_id = :source)
       OR EXISTS (SELECT FROM statement_imports i JOIN statement_parts p ON p.import_id = i.id
                   WHERE i.source_id = :source AND p.closes_at IS NOT NULL) AS told
"""
_SAID_LATER = """
SELECT s.name, s.first, s.last, s.reason
  FROM (SELECT DISTINCT ON (d.file_id) f.name, d.first, d.last, d.reason, d.said_at > f.brought_at AS later
          FROM statement_files f JOIN statement_said_days d ON d.file_id = f.id
         WHERE f.source_id = :source ORDER BY d.file_id, d.id DESC) s
 WHERE s.later AND s.first <= :last AND s.last >= :first ORDER BY s.first, s.name
"""


def sources_for_operators() -> list[Source]:
    """All that were not retired, by name."""
    return list(db.session.scalars(select(Source).where(Source.retired_at.is_(None)).order_by(Source.name)))


def source_for_operators(name: str) -> Source:
    """The one of this name. Raises NoSuchSource."""
    found = db.session.scalars(select(Source).where(Source.name == name, Source.retired_at.is_(None))).one_or_none()
    if found is None:
        raise NoSuchSource
    return found


def one_source_for_operators(source_id: str) -> Source:
    """The one of this id, retired or not. Raises NoSuchSource."""
    found = db.session.get(Source, source_id, populate_existing=True)
    if found is None:
        raise NoSuchSource
    return found


def every_source_for_operators() -> list[Source]:
    """All of them: first those that still tell, by title."""
    return list(db.session.scalars(select(Source).order_by(Source.retired_at.is_not(None), Source.title)))


def ended_sources_for_operators() -> list[Source]:
    """Those that were retired and that no other goes on with, by title."""
    others = select(Source.continues).where(Source.continues.is_not(None))
    own = select(Source).where(Source.retired_at.is_not(None), Source.id.not_in(others))
    return list(db.session.scalars(own.order_by(Source.title)))


def accounts_for_operators(source_id: str) -> dict[str, str]:
    """The account of the books for each asset that has one."""
    return {one.asset: one.account for one in stand_ins_for_operators(source_id)}


def stand_ins_for_operators(source_id: str) -> list[SourceAccount]:
    """The same with their tolerances, by asset."""
    own = select(SourceAccount).where(SourceAccount.source_id == source_id)
    return list(db.session.scalars(own.order_by(SourceAccount.asset)))


def tolerance_for_system(source_id: str, asset: str) -> Decimal:
    """From how far off somebody is told of a source's asset, in whole coins; nothing where no account stands for it."""
    own = select(SourceAccount.tolerance).where(SourceAccount.source_id == source_id, SourceAccount.asset == asset)
    return db.session.scalars(own).one_or_none() or Decimal(0)


def files_for_operators(
    source_id: str, *, before: str = "", limit: int = 50
) -> list[tuple[StatementFile, Import | None]]:
    """The files of a source with what they told, the latest first; those before one of them."""
    own = select(StatementFile, Import).outerjoin(Import, StatementFile.import_id == Import.id)
    own = own.where(StatementFile.source_id == source_id)
    if before:
        own = own.where(StatementFile.id < before)  # (ids grow with time)
    own = own.order_by(StatementFile.id.desc()).limit(limit)
    return [(row[0], row[1]) for row in db.session.execute(own)]


def imports_for_operators(source_id: str, *, limit: int = 50) -> list[Import]:
    """The latest first."""
    own = select(Import).where(Import.source_id == source_id)
    return list(db.session.scalars(own.order_by(Import.imported_at.desc(), Import.id.desc()).limit(limit)))


def same_file_for_system(source_id: str, sha256: bytes) -> StatementFile | None:
    """The file of exactly these bytes, if there is one that was not refused."""
    own = select(StatementFile).where(
        StatementFile.source_id == source_id, StatementFile.sha256 == sha256, StatementFile.state != FileState.REFUSED,
        StatementFile.reads_again.is_(None),
    )  # fmt: skip
    return db.session.scalars(own).one_or_none()


def file_for_system(file_id: str, *, lock: bool = False) -> StatementFile:
    """A file that was brought. Raises NoSuchFile."""
    own = select(StatementFile).where(StatementFile.id == file_id).execution_options(populate_existing=True)
    found = db.session.scalars(own.with_for_update() if lock else own).one_or_none()
    if found is None:
        raise NoSuchFile
    return found


def kept_files_for_system(source_id: str) -> list[StatementFile]:
    """The files of a source that were read, the first one first."""
    own = select(StatementFile).where(
        StatementFile.source_id == source_id, StatementFile.state == FileState.KEPT, StatementFile.reads_again.is_(None)
    )
    return list(db.session.scalars(own.order_by(StatementFile.id)))


def told_accounts_for_operators(source_id: str) -> list[str]:
    """Accounts of the books that a source told of."""
    return [row.account for row in rows_of("SELECT account FROM told_accounts(:source) AS account", source=source_id)]


def has_told_for_operators(source_id: str) -> bool:
    """Whether a source has told of anything."""
    return bool(rows_of(_HAS_TOLD, source=source_id)[0].told)


def readings_again_for_operators(file_id: str) -> list[tuple[StatementFile, Import | None]]:
    """How often the rejected rows of a file were read again, and what came of it, the latest first."""
    own = select(StatementFile, Import).outerjoin(Import, StatementFile.import_id == Import.id)
    own = own.where(StatementFile.reads_again == file_id).order_by(StatementFile.id.desc())
    return [(row[0], row[1]) for row in db.session.execute(own)]


def latest_import_for_system(file_id: str) -> Import | None:
    """What a file told when it, or its rejected rows, were read last."""
    own = select(Import).join(StatementFile, StatementFile.import_id == Import.id)
    own = own.where((StatementFile.id == file_id) | (StatementFile.reads_again == file_id))
    return db.session.scalars(own.order_by(StatementFile.id.desc()).limit(1)).one_or_none()


def rejected_for_system(import_id: str) -> frozenset[int]:
    """The rows of a file that no line could be made of."""
    own = select(OtherRow.row_no).where(OtherRow.import_id == import_id, OtherRow.outcome == "rejected")
    return frozenset(db.session.scalars(own))


def source_of_file_for_system(file: StatementFile) -> Source:
    """Whose it is, retired or not."""
    return db.session.get_one(Source, file.source_id)


def sources_to_pull_for_system(now: datetime) -> list[str]:
    """Ids of the sources whose tellers are to be asked again."""
    return [row.id for row in rows_of(_TO_PULL, now=now)]


def late_for_system(at: datetime) -> list[tuple[Source, list[Days]]]:
    """Sources that should have told of some days a while ago, and have not, of an asset: each with these days.

    Of one that tells balances alone, those after the last of them.
    """
    found = []
    for source in sources_for_operators():
        through = source.expected_through(at - LATE_AFTER)
        gaps: set[Days] = set()
        for asset in accounts_for_operators(source.id) or ("",):
            covered = coverage_for_operators(source.id, asset=asset)
            gaps |= set(missing(covered or _balances_between(source.id), through=through))
        late = [each for each in gaps if each.last > through - LATE_WITHIN]
        found.append((source, sorted(late, key=lambda days: (days.first, days.last))))
    return [(source, gaps) for source, gaps in found if gaps]


def _balances_between(source_id: str) -> list[Days]:
    """The days of the first and the last balance that were told by themselves: what came between is no day's."""
    found = rows_of(_BALANCES, source=source_id)[0]
    return [Days(found.first, found.last)] if found.first else []


def pull_for_system(pull_id: str) -> Pull:
    """One pull. Raises NoSuchFile."""
    found = db.session.get(Pull, pull_id, populate_existing=True)
    if found is None:
        raise NoSuchFile
    return found


def pull_under_way_for_system(source_id: str) -> Pull | None:
    """The one that has no end yet, if any."""
    own = select(Pull).where(Pull.source_id == source_id, Pull.state == PullState.ASKED)
    return db.session.scalars(own).one_or_none()


def pulls_for_operators(source_id: str, *, limit: int = 5) -> list[Pull]:
    """The latest first."""
    own = select(Pull).where(Pull.source_id == source_id)
    return list(db.session.scalars(own.order_by(Pull.id.desc()).limit(limit)))


def pieces_for_system(file_id: str) -> list[bytes]:
    """Its bytes, compressed; those of the file that it reads again."""
    own = select(func.coalesce(StatementFile.reads_again, StatementFile.id)).where(StatementFile.id == file_id)
    whole = select(Piece.body).where(Piece.file_id == own.scalar_subquery()).order_by(Piece.nth)
    return list(db.session.scalars(whole))


def import_of_file_for_operators(file_id: str) -> Import:
    """What a file told. Raises NoSuchFile for one that was not read to its end."""
    own = select(Import).join(StatementFile, StatementFile.import_id == Import.id).where(StatementFile.id == file_id)
    found = db.session.scalars(own).one_or_none()
    if found is None:
        raise NoSuchFile
    return found


def bringers_of_for_system(import_id: str) -> frozenset[str]:
    """Who brought the file of which an import was made; of rows read again, who asked and who brought them at first."""
    root = aliased(StatementFile)
    own = select(StatementFile.brought_by, root.brought_by)
    own = own.outerjoin(root, root.id == StatementFile.reads_again).where(StatementFile.import_id == import_id)
    return frozenset(who for found in db.session.execute(own) for who in found if who)


def said_days_for_operators(file_id: str) -> list[SaidDays]:
    """What people said of the days that a file covers, the newest first: that one counts."""
    own = select(SaidDays).where(SaidDays.file_id == file_id).order_by(SaidDays.id.desc())
    return list(db.session.scalars(own))


def said_later_for_operators(source_id: str, *, first: date, last: date) -> list[Any]:
    """What people said later of files, about some of these days: rows of `name`, `first`, `last` and `reason`."""
    return rows_of(_SAID_LATER, source=source_id, first=first, last=last)


def said_days_of_import_for_operators(import_id: str) -> list[SaidDays]:
    """The same of the file that an import was made of."""
    own = select(SaidDays).join(StatementFile, StatementFile.id == SaidDays.file_id)
    return list(db.session.scalars(own.where(StatementFile.import_id == import_id).order_by(SaidDays.id.desc())))


def rows_read_for_operators(file_id: str) -> int | None:
    """How far the reading of a file is, in rows; None when nobody reads it now."""
    found = rows_of(_HOW_FAR, told=f"{rules.how_far(file_id, 0)[:-1]}%")
    return max((int(row.application_name.rpartition(" ")[2]) for row in found), default=None)


def coverage_for_operators(source_id: str, *, asset: str = "", before: Sequence[str] = ()) -> list[Days]:
    """The days for which a source has statements, of one asset or of any, in order and apart, empty ones too.

    Together with those of sources before it.
    """
    found = rows_of(_COVERAGE, sources=[source_id, *before], asset=asset)
    return [Days(row.first, row.last) for row in found]


def parts_for_operators(import_id: str) -> list[Part]:
    """What a file told, by account and asset."""
    return list(db.session.scalars(select(Part).where(Part.import_id == import_id).order_by(Part.part)))


def balances_told_for_operators(source_id: str, *, limit: int) -> list[Part]:
    """Balances that were told by themselves, of a moment each, the latest first."""
    own = select(Part).join(Import, Import.id == Part.import_id).where(Import.source_id == source_id)
    own = own.where(Part.closes_at.is_not(None)).order_by(Part.closes_at.desc(), Part.import_id.desc(), Part.part)
    return list(db.session.scalars(own.limit(limit)))


def other_rows_for_operators(
    import_id: str, *, outcomes: Sequence[str], after: int = 0, limit: int = 100
) -> list[OtherRow]:
    """Rows of a file that became no line, as they were written, after one of them."""
    own = select(OtherRow).where(OtherRow.import_id == import_id, OtherRow.outcome.in_(outcomes), OtherRow.id > after)
    return list(db.session.scalars(own.order_by(OtherRow.id).limit(limit)))
