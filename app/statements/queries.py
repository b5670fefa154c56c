"""Reads of statements."""

from collections.abc import Sequence

from sqlalchemy import select

from app.core.db import db
from app.statements.errors import NoSuchSource
from app.statements.models import Import, OtherRow, Part, Source, SourceAccount


def sources_for_operators() -> list[Source]:
    """All that were not retired, by name."""
    return list(db.session.scalars(select(Source).where(Source.retired_at.is_(None)).order_by(Source.name)))


def source_for_operators(name: str) -> Source:
    """The one of this name. Raises NoSuchSource."""
    found = db.session.scalars(select(Source).where(Source.name == name, Source.retired_at.is_(None))).one_or_none()
    if found is None:
        raise NoSuchSource
    return found


def accounts_for_operators(source_id: str) -> dict[str, str]:
    """The account of the books for each asset that has one."""
    found = db.session.scalars(select(SourceAccount).where(SourceAccount.source_id == source_id))
    return {one.asset: one.account for one in found}


def imports_for_operators(source_id: str, *, limit: int = 50) -> list[Import]:
    """The latest first."""
    own = select(Import).where(Import.source_id == source_id)
    return list(db.session.scalars(own.order_by(Import.imported_at.desc(), Import.id.desc()).limit(limit)))


def same_file_for_system(source_id: str, sha256: bytes) -> Import | None:
    """The import of exactly this file, if there was one."""
    return db.session.scalars(
        select(Import).where(Import.source_id == source_id, Import.sha256 == sha256)
    ).one_or_none()


def parts_for_operators(import_id: str) -> list[Part]:
    """What a file told, by account and asset."""
    return list(db.session.scalars(select(Part).where(Part.import_id == import_id).order_by(Part.part)))


def other_rows_for_operators(import_id: str, *, outcomes: Sequence[str], limit: int = 100) -> list[OtherRow]:
    """Rows of a file that became no line, in its order."""
    own = select(OtherRow).where(OtherRow.import_id == import_id, OtherRow.outcome.in_(outcomes))
    return list(db.session.scalars(own.order_by(OtherRow.row_no, OtherRow.id).limit(limit)))
