"""Approval requests: what needs me, what I asked for, what ended; one request with its decision and a second look."""

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import machine
from app.core.db import atomically
from app.core.errors import NotFound, Refusal
from app.core.permissions import Permission
from app.governance import kinds, queries, service
from app.governance.queries import Standing
from app.governance.rules import ENDED, OPEN, State
from app.identity import queries as identity
from app.staff import service as staff
from app.web import errors, guards
from app.web.console import history, objects
from app.web.console.base import bp
from app.web.fragments import page, toast, wants_fragment

PAGE = 25
VIEWS = ("me", "mine", "open", "ended")


@bp.get("/approvals")
@guards.operator(Permission.APPROVALS_READ)
def approvals() -> Response:
    """One view of the requests."""
    asked, before = request.args.get("view", ""), request.args.get("before")
    view = asked if asked in VIEWS else "me"
    found = _listed(view, before)
    return page(
        "console/approvals/inbox.html",
        block="results",
        view=view,
        counts={
            "me": queries.needing_count_for_operators(current_user.id, roles=_roles()),
            "mine": queries.count_for_operators(OPEN, maker=current_user.id),
            "open": queries.count_for_operators(OPEN, kinds=_kinds()),
            "ended": queries.count_for_operators(ENDED, kinds=_kinds()),
        },
        rows=[(one, kinds.known(one.request.kind)) for one in found[:PAGE]],
        older=found[PAGE - 1].request.id if len(found) > PAGE else None,
        first=before is None,
        staff=staff_names(),
    )


@bp.get("/approvals/<request_id>")
@guards.operator(Permission.APPROVALS_READ)
def approval(request_id: str) -> Response:
    """One request: a drawer beside the list, or a page of its own."""
    return _detail(request_id)


@bp.post("/approvals/<request_id>/approve")
@guards.operator(Permission.APPROVALS_DECIDE, fresh=True)
def approve_request(request_id: str) -> Response | BaseResponse:
    """One yes, to the content that was on the page."""
    shown, reason, actor = request.form.get("shown", ""), request.form.get("reason", ""), guards.actor()

    def deed() -> str:
        state = service.approve(request_id, operator_id=current_user.id, shown=shown, reason=reason, actor=actor)
        if state is not State.APPROVED:
            return "Approved. It needs another person."
        later = queries.one_for_operators(request_id).request.delay_seconds
        return "Approved. It waits for its cooling-off." if later else "Approved. It is being carried out."

    return _do(request_id, deed, reason=reason)


@bp.post("/approvals/<request_id>/deny")
@guards.operator(Permission.APPROVALS_DECIDE, fresh=True)
def deny_request(request_id: str) -> Response | BaseResponse:
    """One no, with a reason for who asked."""
    reason, actor = request.form.get("reason", ""), guards.actor()

    def deed() -> str:
        service.deny(request_id, operator_id=current_user.id, reason=reason, actor=actor)
        return "Denied. It is not carried out."

    return _do(request_id, deed, reason=reason)


@bp.post("/approvals/<request_id>/cancel")
@guards.operator(Permission.APPROVALS_READ, fresh=True)
def cancel_request(request_id: str) -> Response | BaseResponse:
    """Who asked takes it back."""
    actor = guards.actor()

    def deed() -> str:
        service.cancel(request_id, operator_id=current_user.id, actor=actor)
        return "Taken back. Nothing was changed."

    return _do(request_id, deed)


@bp.post("/approvals/<request_id>/retry")
@guards.operator(Permission.APPROVALS_READ, fresh=True)
def retry_request(request_id: str) -> Response | BaseResponse:
    """Have what could not be carried out tried again."""
    actor = guards.actor()

    def deed() -> str:
        service.retry(request_id, operator_id=current_user.id, actor=actor)
        return "It is being tried again."

    return _do(request_id, deed)


def staff_names() -> dict[str, str]:
    """Names of all staff by id."""
    return {staff.id: staff.name for staff in identity.operators_for_operators()}


def _listed(view: str, before: str | None) -> list[Standing]:
    if view == "me":
        return queries.needing_for_operators(current_user.id, roles=_roles(), after=before, limit=PAGE + 1)
    states = {"mine": (*OPEN, *ENDED), "open": OPEN, "ended": ENDED}[view]
    if view == "mine":
        return queries.list_for_operators(states, maker=current_user.id, before=before, limit=PAGE + 1)
    return queries.list_for_operators(states, kinds=_kinds(), before=before, limit=PAGE + 1)


def own_kinds() -> frozenset[str]:
    """The kinds that they may ask for or decide on, but for what is kept from everybody but a few."""
    held = _roles()

    def decides(kind: str) -> bool:
        policy = queries.policy_for_operators(kind)
        return policy is not None and any(leg.fits(held) for rule in policy.routes for leg in rule.legs)

    asked_or_decided = {
        kind.name for kind in kinds.everything() if kind.make in current_user.permissions or decides(kind.name)
    }
    return frozenset(asked_or_decided - hidden_kinds())


def every_kind() -> frozenset[str]:
    """All kinds that there are."""
    return frozenset(kind.name for kind in kinds.everything())


def hidden_kinds() -> frozenset[str]:
    """The kinds that they may not know of at all."""
    return kinds.hidden_from(current_user.permissions)


def _kinds() -> frozenset[str] | None:
    """The kinds that are theirs to see. None for who answers for them all.

    What is kept from everybody but a few is kept from those too who answer for all the rest.
    """
    if Permission.POLICIES_READ in current_user.permissions:
        hidden = hidden_kinds()
        return every_kind() - hidden if hidden else None
    return own_kinds()


def _detail(request_id: str, *, status: int = 200) -> Response:
    standing = queries.one_for_operators(request_id)
    one, kind, seen = standing.request, kinds.known(standing.request.kind), _kinds()
    if seen is not None and one.kind not in seen and one.maker != current_user.id:
        raise NotFound
    if kind and kind.sees and kinds.related(current_user.id, kind.touches(one.payload)):
        raise NotFound
    return page(
        "console/approvals/request.html",
        block="drawer",
        in_drawer=wants_fragment(),
        status=status,
        standing=standing,
        one=one,
        kind=kind,
        lines=kind.describe(one.payload) if kind else [],
        summary=kind.summary(one.payload) if kind else one.kind,
        policy=queries.policy_of_for_operators(one),
        moves=machine.history(one.id),
        recorded=history.of_borrowed(one.payload["borrowed_id"]) if one.kind == staff.REVIEW.name else None,
        place=objects.place_of(one.target.partition(":")[2]),
        staff=staff_names(),
        may_approve=_may_decide() and standing.open_to(current_user.id, _roles()),
        may_deny=_may_decide() and standing.stoppable_by(current_user.id, _roles()),
        mine=one.maker == current_user.id,
        may_retry=one.maker == current_user.id or any(leg.fits(_roles()) for leg in one.needs),
    )


def _roles() -> list[str]:
    """What the one who looks votes with: no role that is borrowed."""
    return identity.roles_for_system(current_user.id)


def _may_decide() -> bool:
    return Permission.APPROVALS_DECIDE in current_user.permissions


def _do(request_id: str, deed: Callable[[], str], *, reason: str = "") -> Response | BaseResponse:
    try:
        words, kind, status = atomically(deed, actor=guards.actor(), reason=reason), "ok", 200
    except Refusal as refused:
        if not wants_fragment():
            errors.say(refused)
            return redirect(url_for("console.approval", request_id=request_id), 303)
        words, kind, status = refused.message, "bad", refused.status
    if wants_fragment():
        return toast(_detail(request_id, status=status), words, kind=kind, also="decided")
    flash(words, "ok")
    return redirect(url_for("console.approval", request_id=request_id), 303)
