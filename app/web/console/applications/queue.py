"""The queue of applications: views with counts, filters in the address, views of one's own, acts on several."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from urllib.parse import parse_qsl

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.applications import due, queries, review, views
from app.applications.queries import Queue, Row
from app.core.db import atomically
from app.core.errors import Malformed, Refusal
from app.core.permissions import Permission
from app.identity import queries as identity
from app.web import errors, guards
from app.web.console.base import bp
from app.web.fragments import page

# The filters as they stand in the address; what each is to the queue.
FILTERS = {
    "tier": "tier",
    "about": "about",
    "subject": "subject",
    "risk": "risk",
    "screening": "screening",
    "country": "country",
    "assignee": "assignee",
    "resubmission": "again",
    "id": "asked",
}
VALUE_MAX = 60
TOGETHER_MAX = queries.PAGE


@bp.get("/applications")
@guards.operator(Permission.APPLICATIONS_READ)
def applications() -> Response:
    """One view of the queue, a page at a time."""
    return _listed()


@bp.post("/applications/next")
@guards.operator(Permission.APPLICATIONS_REVIEW)
def next_application() -> BaseResponse:
    """Take the next one that nobody holds of the view that was looked at, and go to it."""
    actor, me = guards.actor(), current_user.id
    queue, given = _queue(request.form), _given(request.form)
    taken = atomically(lambda: review.claim_next(queue, operator_id=me, actor=actor), actor=actor)
    if taken is None:
        flash("Nobody has left one here. Look at another view.", "warn")
        return redirect(url_for("console.applications", view=queue.view, **given), 303)  # type: ignore[arg-type]
    return redirect(url_for("console.application", application_id=taken), 303)


@bp.post("/applications/together")
@guards.operator(Permission.APPLICATIONS_REVIEW)
def together() -> Response:
    """Assign or put back several; how it went is told for each. Nothing is decided here."""
    actor, me, deed = guards.actor(), current_user.id, request.form.get("deed", "")
    to = me if deed == "mine" else request.form.get("to", "")

    def done_to(application_id: str) -> Callable[[], None]:
        if deed == "release":
            return lambda: review.let_go(application_id, operator_id=me, actor=actor)
        return lambda: review.assign(application_id, to=to, actor=actor)

    outcomes = []
    for application_id in request.form.getlist("chosen")[:TOGETHER_MAX]:
        try:
            atomically(done_to(application_id), actor=actor)
            outcomes.append((application_id, "ok", "Put back" if deed == "release" else "Assigned"))
        except Refusal as refused:
            outcomes.append((application_id, "bad", refused.message))
    return _listed(outcomes=outcomes, given=request.form, status=200 if outcomes else 422)


@bp.post("/applications/views")
@guards.operator(Permission.APPLICATIONS_READ)
def save_view() -> BaseResponse:
    """Keep the filters that are on under a name."""
    given = {"view": _view(request.form), **_given(request.form)}
    name = request.form.get("name", "")
    _kept(lambda: views.save(name, given, operator_id=current_user.id))
    return redirect(url_for("console.applications", **given), 303)  # type: ignore[arg-type]


@bp.post("/applications/views/<view_id>/rename")
@guards.operator(Permission.APPLICATIONS_READ)
def rename_view(view_id: str) -> BaseResponse:
    """Call a kept view otherwise."""
    _kept(lambda: views.rename(view_id, request.form.get("name", ""), owner=current_user.id))
    return redirect(url_for("console.applications"), 303)


@bp.post("/applications/views/<view_id>/delete")
@guards.operator(Permission.APPLICATIONS_READ)
def forget_view(view_id: str) -> BaseResponse:
    """Keep it no longer."""
    _kept(lambda: views.forget(view_id, owner=current_user.id))
    return redirect(url_for("console.applications"), 303)


def people() -> list[tuple[str, str]]:
    """Who may review, by name."""
    names = identity.names_for_operators()
    return sorted(((one, names[one]) for one in due.reviewers_for_system()), key=lambda each: each[1])


def _kept(deed: Callable[[], object]) -> None:
    try:
        atomically(deed, actor=guards.actor())
    except Refusal as refused:
        errors.say(refused)


def _listed(
    *, outcomes: list[tuple[str, str, str]] | None = None, given: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    args = given if given is not None else request.args
    queue, stated, after = _queue(args), _given(args), _after(args.get("after", ""))
    found = queries.list_for_operators(queue, operator_id=current_user.id, after=after, limit=queries.PAGE + 1)
    shown = found[: queries.PAGE]
    counts = queries.counts_for_operators(operator_id=current_user.id)
    return page(
        "console/applications/queue.html",
        block="results",
        status=status,
        view=queue.view,
        views=queries.VIEWS,
        counts={name: f"{many:,}+" if many >= queries.COUNT_MAX else many for name, many in counts.items()},
        rows=shown,
        given=stated,
        next=_cursor(shown[-1]) if len(found) > len(shown) else None,
        first=after is None,
        staff=identity.names_for_operators(),
        reviewers=people(),
        saved=[(one, dict(parse_qsl(one.filters))) for one in views.saved(owner=current_user.id)],
        outcomes=outcomes or [],
        may_review=Permission.APPLICATIONS_REVIEW in current_user.permissions,
    )


def _view(args: Mapping[str, str]) -> str:
    asked = args.get("view", "")
    return asked if asked in queries.VIEWS else "open"


def _given(args: Mapping[str, str]) -> dict[str, str]:
    """The filters that are on, as they stand in the address."""
    return {name: text for name in FILTERS if (text := args.get(name, "").strip()[:VALUE_MAX])}


def _queue(args: Mapping[str, str]) -> Queue:
    given: dict[str, str | bool] = {FILTERS[name]: text for name, text in _given(args).items()}
    if given.get("assignee") == "me":
        given["assignee"] = current_user.id
    given["again"] = bool(given.get("again"))
    given["country"] = str(given.get("country", "")).upper()
    return Queue(view=_view(args), **given)  # type: ignore[arg-type]


def _cursor(row: Row) -> str:
    return f"{row.application.queued_at.isoformat()}~{row.application.id}"


def _after(cursor: str) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    moment, _, application_id = cursor.partition("~")
    with suppress(ValueError):
        found = datetime.fromisoformat(moment)
        if found.tzinfo is not None:
            return found, application_id
    raise Malformed
