"""Work of reports: make the files that were asked for, begin those that schedules are due for, tell, sweep."""

import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core import clock, logs
from app.core.db import atomically, leave, whole_books
from app.core.errors import Refusal
from app.core.permissions import Permission, granted
from app.exports import queries, rules, service
from app.exports.rules import FileState
from app.exports.service import Made
from app.identity import queries as identity
from app.notifications import flows
from app.notifications import reports as words
from jobs.work import Work
from reports import catalogue, documents
from reports.catalogue import Format, Rhythm

PROGRESS_EVERY_SECONDS = 1.0
log = logs.get("reports")


def make(work: Work) -> timedelta | None:
    """Make a file from the books as they are at one moment, and keep it. Killed on the way, it is made anew."""
    file_id = work.subject
    if queries.file_for_system(file_id).state not in {FileState.ASKED, FileState.FAILED}:
        return None
    leave()
    try:
        with TemporaryDirectory(prefix="report-") as folder:
            made = _written(file_id, Path(folder), work)
            atomically(lambda: service.keep(file_id, made, actor=work.actor), actor=work.actor)
    except Exception as error:
        leave()
        if isinstance(error, Refusal) or work.last:
            said = error.message if isinstance(error, Refusal) else "It could not be written."
            atomically(lambda: service.fail(file_id, error=said, actor=work.actor), actor=work.actor)
        if isinstance(error, Refusal):
            return None  # (its parameters mean nothing any more: no other try would help)
        raise
    return None


def begin_due(work: Work) -> timedelta | None:
    """Ask for the files of every schedule whose turn it is, also those of days on which nobody looked."""
    due, failed = [schedule.id for schedule in queries.due_for_system()], list[Exception]()
    for schedule_id in due:
        try:
            _catch_up(schedule_id, work)
        except Refusal as error:  # (one that asks for what is no more keeps no other from its turn; somebody sees it)
            failed.append(error)
    if failed:
        raise failed[0]
    return None


def tell(work: Work) -> timedelta | None:
    """A schedule's file is ready: its readers get a link to it, those of them who may read reports now."""
    file = queries.file_for_system(work.subject)
    report, failed = catalogue.one(file.report), list[Exception]()
    asked = catalogue.asked(report, file.parameters)
    page = f"{work.console_url}/console/reports/files/{file.id}"
    letter = words.report_ready(
        report.title, first=asked.first, last=asked.last, tied=not file.untied, page=page, until=file.expires_at
    )
    for operator_id in queries.readers_for_system(file.schedule_id or ""):
        if Permission.REPORTS_READ not in granted(identity.roles_for_system(operator_id)):
            continue
        login_id, cause = identity.operator_for_operators(operator_id).login_id, f"{work.cause}:{operator_id}"
        try:
            flows.tell(cause, login_id=login_id, words=letter, mailer=work.clients.mailer, actor=work.actor)
        except OSError as error:
            failed.append(error)  # (one who cannot be told keeps nobody else from it)
    if failed:
        raise failed[0]
    return None


def sweep(work: Work) -> timedelta | None:
    """Throw away files whose time is over."""
    while atomically(lambda: service.sweep(actor=work.actor), actor=work.actor) == rules.SWEPT_AT_ONCE:
        pass
    return None


def _written(file_id: str, folder: Path, work: Work) -> Made:
    file = queries.file_for_system(file_id)
    report = catalogue.one(file.report)
    asked, format_, read_at = catalogue.asked(report, file.parameters), Format(file.format), clock.now()
    path = folder / f"file.{format_}"
    with whole_books():
        expected = documents.expected(report, asked)
        told = _Progress(file_id, expected, work)
        done = documents.write(path, report, asked, format_=format_, at=read_at, told=told)
    ties = [tie.written() for tie in done.ties]
    if any(tie.difference for tie in done.ties):
        log.error("a report does not tie to the ledger", extra={"facts": {"file": file_id, "report": report.name}})
    return Made(path, done.lines, ties, read_at)


class _Progress:
    """Tells beside the snapshot, in a connection of its own, how far the writing is; once a second is enough."""

    def __init__(self, file_id: str, expected: int | None, work: Work) -> None:
        self._file_id, self._expected, self._work = file_id, expected, work
        self._told_at = 0.0

    def __call__(self, lines: int) -> None:
        now = time.monotonic()
        if now - self._told_at < PROGRESS_EVERY_SECONDS:
            return
        self._told_at = now
        note = partial(service.note_progress, self._file_id, lines=lines, expected=self._expected)
        with self._work.aside():
            atomically(note, actor=self._work.actor)


def _catch_up(schedule_id: str, work: Work) -> None:
    for _ in range(rules.SLOTS_MAX):
        leave()
        if not _begin(schedule_id, work):
            return


def _begin(schedule_id: str, work: Work) -> bool:
    on = queries.next_turn_for_system(schedule_id)
    if on is None:
        return False
    schedule = queries.schedule_for_system(schedule_id)
    rhythm, report = Rhythm(schedule.rhythm), catalogue.one(schedule.report)
    first, last = catalogue.over(rhythm, on)
    given = {**schedule.options, "from": first.isoformat(), "to": last.isoformat()}
    parameters = catalogue.asked(report, given).written()
    next_on = catalogue.next_day(rhythm, on)
    turn = partial(
        service.take_turn, schedule_id, on=on, parameters=parameters, next_on=next_on, actor=work.actor
    )  # fmt: skip
    return atomically(turn, actor=work.actor) is not None
