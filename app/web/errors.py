"""A no in the form its reader understands: a page for people, a toast for htmx, JSON for programs."""

import logging
from typing import Any, TypeVar

from flask import Flask, Response, flash, g, jsonify, make_response, render_template, request
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, InternalError, OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from app.clients.http import Refused
from app.core import logs
from app.core.db import sqlstate
from app.core.errors import Conflict, Forbidden, NotFound, Refusal, Unavailable
from app.web.fragments import toast

READ_ONLY, LOCKED = "25006", "55P03"
BUSY = "The same is being worked on at the moment. Nothing was changed: try again shortly."

Answer = TypeVar("Answer", bound=BaseResponse)

log = logs.get("web")


def register(app: Flask) -> None:
    """Answer refusals, HTTP errors and faults."""
    app.register_error_handler(Refusal, refusal)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(DataError, _unbookable)
    app.register_error_handler(InternalError, _not_written)
    app.register_error_handler(Refused, _vendor_refused)
    app.register_error_handler(Exception, _fault)


def say(refused: Refusal) -> None:
    """Put a refusal on top of the page that is rendered next."""
    flash(refused.message, "bad")


def refusal(refused: Refusal) -> Response:
    """A room's no."""
    return delayed(_answer(refused.status, refused.code, refused.message, refused.facts), refused)


def not_theirs(message: str, **lacks: str) -> Forbidden:
    """The no to somebody who is known and tries what they may not: it is noted, with who they are."""
    facts = {"door": request.endpoint, "who": current_user.id, "session": current_user.session_id, **lacks}
    log.warning("somebody tried a door that is not theirs", extra={"facts": facts})
    return Forbidden(message, **lacks)


def delayed(answer: Answer, refused: Refusal) -> Answer:
    """Say on an answer when it makes sense to come again, where the refusal knows."""
    if "retry_after" in refused.facts:
        answer.headers["Retry-After"] = str(refused.facts["retry_after"])
    return answer


def _stale_form(_error: CSRFError) -> Response:
    log.info("a form without its token", extra={"facts": {"door": request.endpoint}})
    return _answer(400, "stale_form", "This page was open for too long. Load it again; nothing was changed.", {})


def _vendor_refused(refused: Refused) -> Response:
    log.warning("a vendor refused", extra={"facts": {"http_status": refused.status, "vendor_says": refused.code}})
    return refusal(Unavailable("A service we need refused that. Look before you try again."))


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:  # noqa: PLR2004 (a redirect that was raised)
        return make_response(error.get_response())
    return _answer(status, str(error.name).lower().replace(" ", "_"), "", {})


def _database_away(error: OperationalError) -> Response:
    if sqlstate(error) == LOCKED:
        return refusal(Conflict(BUSY))
    log.warning("the database does not answer", exc_info=error)
    return refusal(Unavailable())


def _unbookable(error: DataError) -> Response:
    """A number or text that PostgreSQL cannot take, in an address: there is nothing behind it."""
    log.info("a value out of range", extra={"facts": {"error": type(error.orig).__name__}})
    return refusal(NotFound())


def _not_written(error: InternalError) -> Response:
    """A write in a request that may only look (PostgreSQL's 25006); anything else is a fault."""
    return refusal(Forbidden()) if sqlstate(error) == READ_ONLY else _fault(error)


def _fault(error: Exception) -> Response:
    log.log(logging.ERROR, "fault", exc_info=error)
    return _answer(500, "fault", "", {})


def _answer(status: int, code: str, message: str, facts: dict[str, Any]) -> Response:
    if request.path.startswith(("/api/", "/callbacks/")):
        body = {"error": {"code": code, "message": message, **facts}, "request_id": g.get("request_id", "")}
        return make_response(jsonify(body), status)
    if request.headers.get("HX-Request"):
        answer = toast(
            make_response("", status), message or "We could not confirm that. Look before you try again.", kind="bad"
        )
        answer.headers["HX-Reswap"] = "none"  # htmx swaps a 4xx answer; there is nothing to swap in
        return answer
    g.plain = True  # nobody is looked up for it: the database may be what is wrong
    page = render_template("errors/error.html", code=status, text=message or None, request_id=g.get("request_id", ""))
    return make_response(page, status)
