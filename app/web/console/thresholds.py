"""Thresholds at the console: what checks and breakers measure against, what is to come; asking for another value."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import request
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import crypto
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.governance import queries as governance
from app.governance.models import Request
from app.governance.rules import OPEN
from app.risk import queries
from app.risk import thresholds as changes
from app.risk.errors import BadThreshold
from app.risk.models import Threshold
from app.web import guards
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.fragments import page


@dataclass(frozen=True)
class Row:
    """A threshold as it is read."""

    name: str
    group: str
    title: str
    value: str
    starts_at: datetime
    request_id: str | None


@bp.get("/thresholds")
@guards.operator(Permission.LIMITS_READ)
def thresholds() -> Response:
    """What counts by group, and what is to come."""
    return _thresholds()


@bp.post("/thresholds")
@guards.operator(Permission.LIMITS_REQUEST, fresh=True)
def request_threshold() -> Response | BaseResponse:
    """Ask that a threshold have another value from a day on."""
    sent = request.form

    def ask(**by: Any) -> Request:
        name = sent.get("name", "")
        value, starts_on = changes.read(name, sent.get("value", "").strip()), _day(sent.get("starts_on", ""))
        return changes.request(name, value, starts_on=starts_on, **by)

    try:
        return asking.ask(ask, who="A manager of compliance")
    except Refusal as refused:
        return _thresholds(fault=refused.message, status=422)


def _thresholds(*, fault: str = "", status: int = 200) -> Response:
    counts = queries.thresholds_begun_for_operators()
    rows = [_row(counts[name]) for name in changes.MEANINGS if name in counts]
    return page(
        "console/thresholds/list.html",
        status=status,
        groups=[(group, [row for row in rows if row.group == group]) for group in changes.GROUPS],
        coming=[_row(one) for one in queries.thresholds_to_come_for_operators()],
        pending=governance.about_any_for_operators(
            [changes.target_of(name) for name in changes.MEANINGS], kinds=None, states=OPEN
        ),
        form=request.form or _prefilled(counts),
        options=[(row.name, f"{row.group}: {row.title}") for row in rows],
        fault=fault,
        key=crypto.new_token(),
        staff=staff_names(),
        may_ask=Permission.LIMITS_REQUEST in current_user.permissions,
    )


def _row(one: Threshold) -> Row:
    meaning = changes.MEANINGS[one.name]
    value = changes.in_words(one.name, int(one.value))
    return Row(one.name, meaning.group, meaning.words, value, one.starts_at, one.request_id)


def _prefilled(counts: dict[str, Threshold]) -> dict[str, str]:
    """The value that counts for the one a link names, as it is typed."""
    named = counts.get(request.args.get("name", ""))
    return {"name": named.name, "value": changes.typed(named.name, int(named.value))} if named else {}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as unread:
        raise BadThreshold("Say on which day it begins.") from unread
