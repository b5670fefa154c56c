"""Retention: what is kept for how long, what is due, what went. Asking that what is due goes; others agree."""

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.governance import queries as governance
from app.identity import queries as identity
from app.retention import queries, requests, service
from app.web import guards
from app.web.console.base import bp
from app.web.fragments import page


@bp.get("/retention")
@guards.operator(Permission.RETENTION_READ)
def retention() -> Response:
    """The report: what a run would do now, and what the last ones did."""
    return _report()


@bp.post("/retention")
@guards.operator(Permission.RETENTION_REQUEST, fresh=True)
def request_retention() -> Response | BaseResponse:
    """Ask that what is due now be forgotten."""
    reason, maker, actor = request.form.get("reason", ""), current_user.id, guards.actor()
    try:
        atomically(lambda: requests.request_run(reason=reason, maker=maker, actor=actor), actor=actor, reason=reason)
    except Refusal as refused:
        return _report(fault=refused.message, status=refused.status)
    flash("Asked for. The other side, administration or compliance, must agree.", "ok")
    return redirect(url_for("console.retention"), 303)


def _report(*, fault: str = "", status: int = 200) -> Response:
    moment = clock.now()
    plan = service.plan(at=moment)
    return page(
        "console/retention.html",
        status=status,
        plan=plan,
        total=sum(due.goes for due in plan),
        held=sum(due.held for due in plan),
        moment=moment,
        runs=queries.runs_for_operators(),
        titles={due.rule.data_class: due.rule.title for due in plan},
        pending=governance.about_for_operators(requests.TARGET),
        staff=identity.names_for_operators(),
        may_ask=Permission.RETENTION_REQUEST in current_user.permissions,
        reason=request.form.get("reason", ""),
        fault=fault,
    )
