"""Screening: the lists, the hits that people must look at, one hit side by side, and a search through the lists.

Nobody outside compliance is shown any of it, and nothing of it is told to the customer.
"""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.customers import queries as customers
from app.governance import queries as governance
from app.identity import queries as identity
from app.restrictions import queries as restrictions
from app.restrictions.rules import Way
from app.screening import deciding, queries, requests
from app.screening.rules import REFUTED, HitState, Topic
from app.web import guards
from app.web.console import history
from app.web.console.base import bp, refuse_own
from app.web.fragments import page, toast, wants_fragment

PAGE = 25
SOUGHT_MAX, SOUGHT_MIN = 200, 3
VIEWS = {
    "open": (HitState.OPEN,),
    "asked": (HitState.MATCH_ASKED,),
    "match": (HitState.MATCH,),
    "closed": (*REFUTED, HitState.DROPPED),
}


@bp.get("/screening")
@guards.operator(Permission.SCREENING_READ)
def screening() -> Response:
    """One view of the hits, and the lists."""
    given = {name: request.args.get(name, "") for name in ("view", "list", "topic", "strong")}
    view = given["view"] if given["view"] in VIEWS else "open"
    found = queries.list_for_operators(
        VIEWS[view],
        list_code=given["list"],
        topic=given["topic"],
        strong=bool(given["strong"]),
        before=request.args.get("before"),
        limit=PAGE + 1,
    )
    shown, counts = found[:PAGE], queries.counts_for_operators()
    return page(
        "console/screening/list.html",
        block="results",
        view=view,
        given={name: text for name, text in given.items() if text and name != "view"},
        counts={name: sum(counts.get(state, 0) for state in states) for name, states in VIEWS.items()},
        hits=shown,
        names=customers.names_for_operators({one.hit.customer_id for one in shown}),
        older=shown[-1].hit.id if len(found) > PAGE else None,
        first="before" not in request.args,
        lists=queries.lists_for_operators(),
        topics=[(str(each), each.capitalize()) for each in Topic],
    )


@bp.route("/screening/search", methods=["GET", "POST"])
@guards.operator(Permission.SCREENING_READ)
def search_screening() -> Response:
    """Whom the lists name so, or who has this number. What is sought stands in no address and no history."""
    sought = request.form.get("q", "").strip()[:SOUGHT_MAX]
    found, fault = [], ""
    if len(sought) >= SOUGHT_MIN:
        try:
            found = queries.search_for_operators(sought)
        except OverflowError:
            fault = "Too many entries share a part of this. Write more of the name."
    return page("console/screening/search.html", block="found", sought=sought, found=found, fault=fault)


@bp.get("/screening/versions/<version_id>")
@guards.operator(Permission.SCREENING_READ)
def screening_version(version_id: str) -> Response:
    """A file that was loaded: what it changed, and the lines that could not be read."""
    return page("console/screening/version.html", version=queries.version_for_operators(version_id))


@bp.get("/screening/hits/<hit_id>")
@guards.operator(Permission.SCREENING_READ)
def screening_hit(hit_id: str) -> Response:
    """What we know beside what is listed, why they may be one, what was decided before."""
    return _hit(hit_id)


@bp.post("/screening/hits/<hit_id>/clear")
@guards.operator(Permission.SCREENING_DECIDE, fresh=True)
def clear_hit(hit_id: str) -> Response | BaseResponse:
    """Decide that it is somebody else."""
    reason, shown, actor = request.form.get("reason", ""), request.form.get("shown", ""), guards.actor()

    def deed() -> None:
        deciding.clear(hit_id, reason=reason, shown=shown, actor=actor, operator_id=current_user.id)

    return _do(hit_id, deed, "Kept as somebody else. It comes back if one of the two changes.", fault_of="clear")


@bp.post("/screening/hits/<hit_id>/ask")
@guards.operator(Permission.SCREENING_REQUEST, fresh=True)
def ask_about_hit(hit_id: str) -> Response | BaseResponse:
    """Ask a compliance manager to agree that it is them, that it is somebody else, that a match was none."""
    verdict, reason, shown = (request.form.get(name, "") for name in ("verdict", "reason", "shown"))
    actor = guards.actor()

    def deed() -> None:
        requests.request_verdict(hit_id, verdict, shown=shown, reason=reason, maker=current_user.id, actor=actor)

    return _do(hit_id, deed, "Asked for. A compliance manager must agree.", fault_of=verdict)


def may() -> dict[str, bool]:
    """What who looks may do with a hit; for the panel, wherever it stands."""
    held = current_user.permissions
    return {"decide": Permission.SCREENING_DECIDE in held, "ask": Permission.SCREENING_REQUEST in held}


def _do(hit_id: str, deed: Callable[[], None], words: str, *, fault_of: str) -> Response | BaseResponse:
    try:
        atomically(deed, actor=guards.actor())
    except Refusal as refused:
        return _hit(hit_id, fault=refused.message, fault_of=fault_of, status=refused.status)
    if wants_fragment():
        return toast(_hit(hit_id), words, also="decided")
    flash(words, "ok")
    return redirect(url_for("console.screening_hit", hit_id=hit_id), 303)


def _hit(hit_id: str, *, status: int = 200, fault: str = "", fault_of: str = "") -> Response:
    """The page of a hit; after a deed its card alone, for the panel of another page."""
    found = queries.hit_for_operators(hit_id)
    refuse_own(found.hit.customer_id)
    said: dict[str, Any] = {"found": found, "may": may(), "sent": request.form, "fault": fault, "fault_of": fault_of}
    if request.method == "POST" and wants_fragment():
        answer = page("console/screening/answer.html", **said)
        answer.status_code = status
        return answer
    whole = page(
        "console/screening/hit.html",
        customer=customers.one_for_operators(found.hit.customer_id),
        pending=governance.about_for_operators(deciding.target_of(hit_id)),
        stopped=restrictions.stopped_for_operators(found.hit.customer_id, way=Way.OUT),
        earlier=queries.earlier_for_operators(found.hit),
        history=history.of(hit_id),
        staff=identity.names_for_operators(),
        **said,
    )
    whole.status_code = status
    return whole
