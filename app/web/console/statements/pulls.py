"""Tellers that are asked for their statements: how often, and now."""

from datetime import date

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.errors import NotFound, Refusal
from app.core.permissions import Permission
from app.statements import pull_service, queries
from app.statements.errors import BadPull
from app.web import guards
from app.web.console.base import bp
from app.web.console.statements import sources


@bp.post("/statements/sources/<source_id>/rhythm")
@guards.operator(Permission.STATEMENTS_IMPORT)
def set_statement_rhythm(source_id: str) -> Response | BaseResponse:
    """Say how often its teller is asked, and from which day on; or no more."""
    source, actor = queries.one_source_for_operators(source_id), guards.actor()
    try:
        every, since = _every(), _since()
        atomically(lambda: pull_service.set_rhythm(source, every=every, since=since), actor=actor)
    except NotFound:
        raise
    except Refusal as refused:
        return sources.show(source_id, fault=refused.message, status=422)
    flash("Saved. It is asked by itself from now on." if every else "Saved. It is asked when you say so.", "ok")
    return redirect(url_for("console.statement_source", source_id=source_id), 303)


@bp.post("/statements/sources/<source_id>/pulls")
@guards.operator(Permission.STATEMENTS_IMPORT)
def pull_statement(source_id: str) -> Response | BaseResponse:
    """Ask its teller now; while somebody is asking, that is it."""
    actor = guards.actor()
    try:
        atomically(lambda: pull_service.ask(source_id, actor=actor), actor=actor)
    except NotFound:
        raise
    except Refusal as refused:
        return sources.show(source_id, fault=refused.message, status=422)
    flash("Asked. What it lists comes as files below.", "ok")
    return redirect(url_for("console.statement_source", source_id=source_id), 303)


def _every() -> int | None:
    told = request.form.get("every", "")
    if told and not (told.isascii() and told.isdigit() and len(told) < 8):  # noqa: PLR2004 (seconds of a week have six)
        raise BadPull
    return int(told) if told else None


def _since() -> date:
    try:
        return date.fromisoformat(request.form.get("since", ""))
    except ValueError as unread:
        raise BadPull from unread
