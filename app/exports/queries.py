"""Reads of exports."""

import zlib
from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.documents import sealing
from app.documents.sealing import Lock
from app.exports import errors, rules
from app.exports.models import (
    ReportDownload,
    ReportFile,
    ReportPiece,
    ReportProgress,
    ReportReader,
    ReportSchedule,
)
from app.exports.rules import FileState


def file_for_operators(file_id: str) -> ReportFile:
    """One file. Raises NotFound."""
    found = db.session.get(ReportFile, file_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def file_for_system(file_id: str) -> ReportFile:
    """The same, for its maker."""
    return file_for_operators(file_id)


def files_for_operators(*, report: str = "", before: str | None = None, limit: int = 25) -> list[ReportFile]:
    """Files, newest first, those before an id; of one report or of all."""
    wanted = select(ReportFile).order_by(ReportFile.id.desc()).limit(limit)
    if report:
        wanted = wanted.where(ReportFile.report == report)
    return list(db.session.scalars(wanted.where(ReportFile.id < before) if before else wanted))


def progress_for_operators(file_id: str) -> ReportProgress | None:
    """How far its making is, where that has begun."""
    return db.session.get(ReportProgress, file_id, populate_existing=True)


def downloads_for_operators(file_id: str) -> list[ReportDownload]:
    """Who took it out, the latest first."""
    wanted = select(ReportDownload).where(ReportDownload.file_id == file_id)
    return list(db.session.scalars(wanted.order_by(ReportDownload.id.desc())))


def under_way_for_system(asked_by: str) -> list[ReportFile]:
    """Somebody's files that are not made yet."""
    wanted = select(ReportFile).where(ReportFile.asked_by == asked_by, ReportFile.state == FileState.ASKED)
    return list(db.session.scalars(wanted.order_by(ReportFile.id)))


def piece_for_operators(file_id: str, number: int) -> bytes:
    """The bytes of one piece, from 1 on; nothing after the last. Raises FileGone where it does not open."""
    found = db.session.get(ReportPiece, (file_id, number))
    if found is None:
        return b""
    try:
        lock = Lock(found.key_id, found.data_key)
        return zlib.decompress(sealing.unseal(found.sealed, lock, context=rules.sealed_as(file_id, number)))
    except (sealing.Unopened, sealing.KeyMissing) as closed:
        raise errors.FileGone from closed


def schedules_for_operators() -> list[ReportSchedule]:
    """The schedules that have not ended, oldest first."""
    wanted = select(ReportSchedule).where(ReportSchedule.ended_at.is_(None))
    return list(db.session.scalars(wanted.order_by(ReportSchedule.id)))


def readers_for_operators(schedule_ids: Iterable[str]) -> dict[str, list[str]]:
    """Who is told, by schedule."""
    found: dict[str, list[str]] = {}
    wanted = select(ReportReader).where(ReportReader.schedule_id.in_(list(schedule_ids)))
    for reader in db.session.scalars(wanted.order_by(ReportReader.operator_id)):
        found.setdefault(reader.schedule_id, []).append(reader.operator_id)
    return found


def readers_for_system(schedule_id: str) -> list[str]:
    """Who is told of one schedule's files."""
    return readers_for_operators([schedule_id]).get(schedule_id, [])


def due_for_system() -> list[ReportSchedule]:
    """Schedules whose turn it is by now, the longest due first."""
    wanted = select(ReportSchedule).where(ReportSchedule.ended_at.is_(None)).order_by(ReportSchedule.next_on)
    return [each for each in db.session.scalars(wanted) if rules.is_due(each.next_on, at=clock.now())]


def schedule_for_system(schedule_id: str) -> ReportSchedule:
    """One schedule. Raises NotFound."""
    found = db.session.get(ReportSchedule, schedule_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def next_turn_for_system(schedule_id: str) -> date | None:
    """The day of a schedule's next turn, where it is due by now."""
    found = schedule_for_system(schedule_id)
    due = found.ended_at is None and rules.is_due(found.next_on, at=clock.now())
    return found.next_on if due else None
