"""Commands of exports: ask for a file, keep what was made, note who takes it out, sweep; and schedules."""

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db, rows
from app.core.errors import NotFound
from app.documents import sealing
from app.exports import errors, events, queries, rules
from app.exports.models import (
    ReportDownload,
    ReportFile,
    ReportPiece,
    ReportProgress,
    ReportReader,
    ReportSchedule,
)
from app.exports.rules import MACHINE, FileState


@dataclass(frozen=True)
class Slot:
    """The turn of a schedule that a file is made for."""

    schedule_id: str
    on: date


@dataclass(frozen=True)
class Made:
    """A file as it was written: where it lies, its lines, its sums beside the ledger's, when the books were read."""

    path: Path
    lines: int
    ties: Sequence[Mapping[str, str]]
    read_at: datetime


def ask(report: str, *, parameters: Mapping[str, str], format_: str, actor: Actor, slot: Slot | None = None) -> str:
    """Ask for a file: its id. While the same person's same file is under way, that one is the answer.

    Raises TooManyFiles.
    """
    who = str(actor)
    # One after the other, so that two at the same time are both counted.
    rows("SELECT pg_advisory_xact_lock(hashtextextended('report files:' || :who, 0))", who=who)
    under_way = queries.under_way_for_system(who)
    for each in under_way:
        if slot is None and (each.report, each.parameters, each.format) == (report, dict(parameters), format_):
            return each.id
    if slot is None and len(under_way) >= rules.UNDER_WAY_MAX:
        raise errors.TooManyFiles
    file = ReportFile(
        id=ids.new("rpf"),
        report=report,
        parameters=dict(parameters),
        format=format_,
        state=FileState.ASKED,
        asked_by=who,
        asked_at=clock.now(),
        schedule_id=slot.schedule_id if slot else None,
        slot=slot.on if slot else None,
        ties=[],
        error="",
    )
    machine.begin(file, machine=MACHINE, actor=actor)
    outbox.emit(events.FileAsked(file_id=file.id))
    return file.id


def note_progress(file_id: str, *, lines: int, expected: int | None) -> None:
    """So many lines are written, of about so many."""
    values = {"lines": lines, "lines_expected": expected, "told_at": clock.now()}
    written = insert(ReportProgress).values(file_id=file_id, **values)
    db.session.execute(written.on_conflict_do_update(index_elements=["file_id"], set_=values))


def keep(file_id: str, made: Made, *, actor: Actor) -> None:
    """Keep the bytes of a file, sealed, piece by piece. Made twice, the first one stays."""
    file = _locked(file_id)
    if file.state not in {FileState.ASKED, FileState.FAILED}:
        return
    digest, size, number = sha256(), 0, 0
    with made.path.open("rb") as source:
        while plain := source.read(rules.PIECE_BYTES):
            number += 1
            digest.update(plain)
            size += len(plain)
            sealed, lock = sealing.seal(zlib.compress(plain), context=rules.sealed_as(file_id, number))
            values = {"sealed": sealed, "key_id": lock.key_id, "data_key": lock.data_key}
            db.session.execute(insert(ReportPiece).values(file_id=file_id, number=number, **values))
    file.lines, file.ties, file.size_bytes = made.lines, [dict(tie) for tie in made.ties], size
    file.sha256, file.read_at, file.error = digest.digest(), made.read_at, ""
    file.ready_at = clock.now()
    file.expires_at = file.ready_at + rules.KEPT_FOR
    machine.move(file, FileState.READY, machine=MACHINE, actor=actor)
    db.session.execute(delete(ReportProgress).where(ReportProgress.file_id == file_id))
    if file.schedule_id:
        outbox.emit(events.ScheduledFileReady(file_id=file_id, schedule_id=file.schedule_id))


def fail(file_id: str, *, error: str, actor: Actor) -> None:
    """It could not be made, and is not tried again by itself."""
    file = _locked(file_id)
    if file.state == FileState.ASKED:
        file.error = error
        machine.move(file, FileState.FAILED, machine=MACHINE, actor=actor, reason=error)


def note_download(file_id: str, *, operator_id: str, session_id: str) -> ReportFile:
    """Write down that somebody takes a file out, before they do. Raises NotFound, NotReady, FileGone."""
    file = queries.file_for_operators(file_id)
    if file.state == FileState.SWEPT:
        raise errors.FileGone
    if file.state != FileState.READY:
        raise errors.NotReady
    db.session.add(
        ReportDownload(
            id=ids.new("rpd"),
            file_id=file_id,
            operator_id=operator_id,
            session_id=session_id,
            downloaded_at=clock.now(),
        )
    )
    db.session.flush()
    return file


def sweep(*, actor: Actor) -> int:
    """Throw away the bytes of some files whose time is over: of how many. What was asked and taken stays on record."""
    over = select(ReportFile).where(ReportFile.state == FileState.READY, ReportFile.expires_at <= clock.now())
    oldest = over.order_by(ReportFile.id).limit(rules.SWEPT_AT_ONCE).with_for_update(skip_locked=True)
    files = list(db.session.scalars(oldest))
    for file in files:
        db.session.execute(delete(ReportPiece).where(ReportPiece.file_id == file.id))
        machine.move(file, FileState.SWEPT, machine=MACHINE, actor=actor, reason="its time is over")
    return len(files)


def schedule(
    report: str, *, options: Mapping[str, str], format_: str, rhythm: str, next_on: date, readers: Collection[str],
    actor: Actor,
) -> str:  # fmt: skip
    """Have a report made by itself from a day on, and tell these operators: its id. Raises NobodyToTell."""
    if not readers:
        raise errors.NobodyToTell
    made = ReportSchedule(
        id=ids.new("rps"),
        report=report,
        options=dict(options),
        format=format_,
        rhythm=rhythm,
        next_on=next_on,
        made_by=str(actor),
        created_at=clock.now(),
    )
    db.session.add(made)
    db.session.flush()
    db.session.add_all(ReportReader(schedule_id=made.id, operator_id=each) for each in sorted(set(readers)))
    db.session.flush()
    return made.id


def end_schedule(schedule_id: str) -> None:
    """Make it no more. One that has ended stays as it is. Raises NotFound."""
    found = _locked_schedule(schedule_id)
    if found.ended_at is None:
        found.ended_at = clock.now()
        db.session.flush()


def take_turn(schedule_id: str, *, on: date, parameters: Mapping[str, Any], next_on: date, actor: Actor) -> str | None:
    """Ask for the file of a schedule's turn and say when the next one is; None when somebody did, or it has ended."""
    found = _locked_schedule(schedule_id)
    if found.ended_at is not None or found.next_on != on:
        return None
    found.next_on = next_on
    slot = Slot(schedule_id, on)
    return ask(found.report, parameters=parameters, format_=found.format, actor=actor, slot=slot)


def _locked(file_id: str) -> ReportFile:
    found = db.session.scalars(select(ReportFile).where(ReportFile.id == file_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound
    return found


def _locked_schedule(schedule_id: str) -> ReportSchedule:
    wanted = select(ReportSchedule).where(ReportSchedule.id == schedule_id)
    found = db.session.scalars(wanted.with_for_update()).one_or_none()
    if found is None:
        raise NotFound
    return found
