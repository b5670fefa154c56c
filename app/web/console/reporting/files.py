"""Files of reports: asking for one, watching it being made, taking it out."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from flask import current_app, flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.errors import Malformed, Refusal
from app.core.permissions import Permission
from app.exports import queries, service
from app.exports.errors import FileGone, NotReady
from app.exports.models import ReportFile
from app.exports.rules import FileState
from app.identity import queries as identity
from app.web import guards
from app.web.console import history
from app.web.console.base import bp
from app.web.console.reporting.catalogue import FORMATS, shown
from app.web.fragments import page
from reports import catalogue, documents
from reports.catalogue import Format

PAGE = 25
TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PDF: "application/pdf",
}


@bp.post("/reports/<report_name>/files")
@guards.operator(Permission.REPORTS_MAKE, fresh=True)
def make_report(report_name: str) -> Response | BaseResponse:
    """Ask for a file of the report that is looked at."""
    found, actor = catalogue.one(report_name), guards.actor()
    wanted = request.form.get("format", "")
    try:
        if wanted not in set(Format):
            raise Malformed("A file is CSV, a workbook or a PDF.")
        parameters = catalogue.asked(found, request.form).written()

        def ask() -> str:
            return service.ask(found.name, parameters=parameters, format_=wanted, actor=actor)

        file_id = atomically(ask, actor=actor)
    except Refusal as refused:
        return shown(found, fault=refused.message, status=refused.status)
    return redirect(url_for("console.report_file", report_id=file_id), 303)


@bp.get("/reports/files")
@guards.operator(Permission.REPORTS_READ)
def report_files() -> Response:
    """Files, newest first."""
    before = request.args.get("before")
    found = queries.files_for_operators(before=before, limit=PAGE + 1)
    return page(
        "console/reports/files.html",
        files=found[:PAGE],
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        first=before is None,
        titles={one.name: one.title for one in catalogue.EVERY},
        staff=identity.names_for_operators(),
    )


@bp.get("/reports/files/<report_id>")
@guards.operator(Permission.REPORTS_READ)
def report_file(report_id: str) -> Response:
    """One file; while it is made the page follows by itself."""
    file = queries.file_for_operators(report_id)
    report = catalogue.one(file.report)
    return page(
        "console/reports/file.html",
        block="file",
        file=file,
        report=report,
        name=_name(file),
        format=FORMATS[Format(file.format)],
        progress=queries.progress_for_operators(report_id) if file.state == FileState.ASKED else None,
        downloads=queries.downloads_for_operators(report_id),
        may_make=Permission.REPORTS_MAKE in current_user.permissions,
        history=history.of(file.id),
        staff=identity.names_for_operators(),
    )


@bp.get("/reports/files/<report_id>/download")
@guards.operator(Permission.REPORTS_READ, fresh=True)
def download_report(report_id: str) -> Response | BaseResponse:
    """The file itself. Who takes it out is written down first."""
    actor, who = guards.actor(), current_user

    def note() -> ReportFile:
        return service.note_download(report_id, operator_id=who.id, session_id=who.session_id)

    try:
        file = atomically(note, actor=actor)
    except (NotReady, FileGone) as refused:
        flash(refused.message, "warn")
        return redirect(url_for("console.report_file", report_id=report_id), 303)
    format_ = Format(file.format)
    answer = Response(_pieces(file.id, current_app.app_context), content_type=TYPES[format_])
    answer.headers["Content-Disposition"] = f'attachment; filename="{_name(file)}"'
    answer.headers["Content-Length"] = str(file.size_bytes)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _name(file: ReportFile) -> str:
    """What it is called outside the house; also where its parameters, since then, mean nothing any more."""
    try:
        asked = catalogue.asked(catalogue.one(file.report), file.parameters)
    except Refusal:
        return f"{file.report}.{file.format}"
    return documents.name_of(file.report, asked, Format(file.format))


def _pieces(file_id: str, context: Callable[[], AbstractContextManager[object]]) -> Iterator[bytes]:
    """Piece by piece; no connection is held while a slow reader takes one."""
    number = 1
    while True:
        with context():
            piece = queries.piece_for_operators(file_id, number)
        if not piece:
            return
        yield piece
        number += 1
