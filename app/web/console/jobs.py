"""The machinery: work that waits, is under way, or was given up; second tries; what the vendors' door refused."""

from flask import current_app, flash, redirect, request, url_for
from flask.wrappers import Response
from redis.exceptions import RedisError
from werkzeug.wrappers import Response as BaseResponse

from app.core import tasks
from app.core.db import transaction
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.web import errors, guards
from app.web.callbacks.paystack import REFUSED_COUNTER
from app.web.console.base import bp
from app.web.fragments import page
from reports import machinery

PAGE = 40
VIEWS = ("dead", "open", "done")


@bp.get("/jobs")
@guards.operator(Permission.JOBS_READ)
def jobs() -> Response:
    """Tasks by how they stand."""
    counts = machinery.task_counts()
    asked = request.args.get("view", "")
    view = asked if asked in VIEWS else ("dead" if counts["dead"] else "open")
    found = machinery.tasks_in(view, before=request.args.get("before", type=int), limit=PAGE + 1)
    return page(
        "console/jobs.html",
        block="results",
        view=view,
        counts=counts,
        rows=found[:PAGE],
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        first="before" not in request.args,
        pulse=machinery.pulse(),
        workers=_workers(),
        refused=_refused_callbacks(),
    )


@bp.post("/jobs/<int:task_id>/retry")
@guards.operator(Permission.JOBS_RETRY)
def retry_job(task_id: int) -> BaseResponse:
    """A second try for work that was given up."""
    try:
        with transaction(guards.actor(), reason="second try"):
            tasks.retry(task_id, actor=guards.actor())
        flash("It will be tried again now.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("console.jobs"), 303)


def _refused_callbacks() -> int | None:
    try:
        return int(current_app.extensions["redis"].get(REFUSED_COUNTER) or 0)
    except RedisError:
        return None


def _workers() -> int | None:
    """How many workers have announced themselves; None when Redis does not answer."""
    try:
        return int(current_app.extensions["redis"].scard("rq:workers"))
    except RedisError:
        return None
