"""Files of statements: brought by hand, followed while they are read, shown row by row, and taken out again."""

import io

from flask import Response as PlainResponse
from flask import flash, make_response, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import atomically
from app.core.errors import NotFound, Refusal
from app.core.permissions import Permission
from app.identity import queries as identity
from app.statements import flows, keeping, queries, saying, service
from app.statements.errors import BadDays, NothingRejected
from app.statements.formats import registry
from app.statements.rules import FileState
from app.web import guards, uploads
from app.web.console import history
from app.web.console.base import bp
from app.web.console.statements import asked, sources
from app.web.fragments import page, wants_fragment
from app.web.pictures import POLICY

PAGE = 50
UPLOAD_BYTES_MAX = 64 * 1024 * 1024  # a year of a busy bank; a larger one comes zipped, or by the command line
VIEWS = {"rejected": "rejected", "restated": "restated", "ignored": "ignored"}


@bp.post("/statements/sources/<source_id>/files")
@uploads.takes_files(bytes_each=UPLOAD_BYTES_MAX)
@guards.operator(Permission.STATEMENTS_IMPORT)
def bring_statement(source_id: str) -> Response | BaseResponse:
    """Take in a file, which a worker reads. The same file again leads to what it told."""
    source, actor = queries.one_source_for_operators(source_id), guards.actor()
    try:
        sent = uploads.sent("file", bytes_max=UPLOAD_BYTES_MAX)
        days, body = asked.said_days(), io.BytesIO(sent.body)
        file, _ = flows.take(source.name, name=sent.name, file=body, actor=actor, said=days)
    except Refusal as refused:
        if wants_fragment():  # (a script sent it, and shows what it is answered)
            return make_response(refused.message, 422, {"Content-Type": "text/plain; charset=utf-8"})
        return sources.show(source_id, fault=refused.message, status=422)
    place = url_for("console.statement_file", file_id=file.id)
    if wants_fragment():
        return make_response("", 204, {"HX-Redirect": place})
    return redirect(place, 303)


@bp.get("/statements/files/<file_id>")
@guards.operator(Permission.STATEMENTS_READ)
def statement_file(file_id: str) -> Response:
    """One file: how far its reading is, then what it told; one that was refused says where."""
    return _show(file_id)


def _show(file_id: str, *, fault: str = "", status: int = 200) -> Response:
    file = queries.file_for_system(file_id)
    told = queries.import_of_file_for_operators(file_id) if file.import_id else None
    source = queries.source_of_file_for_system(file)
    counts = {
        "rejected": told.rows_rejected if told else 0,
        "restated": told.lines_restated if told else 0,
        "ignored": told.rows_ignored if told else 0,
    }
    wanted = request.args.get("view", "")
    view = wanted if wanted in VIEWS else next((each for each, many in counts.items() if many), "rejected")
    after = request.args.get("after", 0, type=int)
    rows = (
        queries.other_rows_for_operators(told.id, outcomes=(VIEWS[view],), after=after, limit=PAGE + 1) if told else []
    )
    again = [] if file.reads_again else queries.readings_again_for_operators(file_id)
    read = None if told else queries.rows_read_for_operators(file_id)
    return page(
        "console/statements/file.html",
        block="file",
        status=status,
        fault=fault,
        file=file,
        source=source,
        said=queries.said_days_for_operators(file_id)[:1],
        may_say=Permission.STATEMENTS_IMPORT in current_user.permissions
        and not file.reads_again
        and not file.covers_from
        and registry.FORMATS[source.format].tells_moves
        and file.state == FileState.KEPT,
        today=clock.now().astimezone(source.tz).date(),
        format=registry.FORMATS.get(told.format) if told else None,
        told=told,
        parts=queries.parts_for_operators(told.id) if told else [],
        again=again,
        left=(again[0][1] or told).rows_rejected if told and again else counts["rejected"],
        first_file=queries.file_for_system(file.reads_again) if file.reads_again else None,
        may_read_again=Permission.STATEMENTS_IMPORT in current_user.permissions and told and not file.reads_again,
        read=read,
        percent=min(99, (read or 0) * 100 // max(file.rows_about, 1)),
        view=view,
        counts=counts,
        rows=rows[:PAGE],
        next=rows[PAGE - 1].id if len(rows) > PAGE else None,
        first=not after,
        history=history.of(file.id),
        staff=identity.names_for_operators(),
        may_download=Permission.STATEMENTS_DOWNLOAD in current_user.permissions,
    )


@bp.post("/statements/files/<file_id>/again")
@guards.operator(Permission.STATEMENTS_IMPORT)
def read_statement_again(file_id: str) -> BaseResponse:
    """Have its rejected rows read once more, as its source is set up now."""
    actor, seen = guards.actor(), request.form.get("seen", "")
    queries.file_for_system(file_id)
    try:
        reading = atomically(lambda: service.read_again(file_id, seen=seen, actor=actor), actor=actor)
    except NothingRejected as refused:
        flash(refused.message, "ok")
        return redirect(url_for("console.statement_file", file_id=file_id), 303)
    return redirect(url_for("console.statement_file", file_id=reading.id), 303)


@bp.post("/statements/files/<file_id>/days")
@guards.operator(Permission.STATEMENTS_IMPORT)
def say_statement_days(file_id: str) -> Response | BaseResponse:
    """Say which days it covers, also those on which nothing happened, and why that is known."""
    actor, reason = guards.actor(), request.form.get("reason", "")
    queries.file_for_system(file_id)
    try:
        days = asked.said_days()
        if days is None:
            raise BadDays
        atomically(lambda: saying.say(file_id, days=days, reason=reason, actor=actor), actor=actor)
    except NotFound:
        raise
    except Refusal as refused:
        return _show(file_id, fault=refused.message, status=422)
    flash("Saved. These days have a statement now.", "ok")
    return redirect(url_for("console.statement_file", file_id=file_id), 303)


@bp.get("/statements/files/<file_id>/download")
@guards.operator(Permission.STATEMENTS_DOWNLOAD, fresh=True)
def download_statement(file_id: str) -> BaseResponse:
    """The file as it came. It is written down who takes it, before they have a byte of it."""
    file, actor = queries.file_for_system(file_id), guards.actor()
    if not file.size:
        raise NotFound
    atomically(lambda: service.note_download(file_id, actor=actor), actor=actor)
    pieces = queries.pieces_for_system(file_id)
    answer = PlainResponse(keeping.unpack(pieces), mimetype="application/octet-stream")
    answer.headers["Content-Length"] = str(file.size)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file.id}{_ending(file.name)}"'
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _ending(name: str) -> str:
    """The ending of a name that somebody chose, where it is a plain one: the rest of it goes nowhere."""
    ending = name.rpartition(".")[2].lower()
    return f".{ending}" if ending in {"csv", "txt", "xml", "sta", "mt940", "json", "zip"} else ".txt"
