"""Staff: who there is, one person's roles and how they came to them, who was invited, and what each role may do.

Nothing is changed here: changes are asked for, and others agree to them at the approvals.
"""

from collections.abc import Iterable

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock, crypto
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.permissions import FORBIDDEN_PAIRS, LENT, ROLES, Permission, Role
from app.governance import queries as governance
from app.governance.rules import ENDED, State
from app.identity import queries as identity
from app.identity import service as identity_service
from app.staff import queries, rules, service
from app.web import errors, guards
from app.web.console import asking
from app.web.console.base import bp
from app.web.fragments import page


@bp.get("/operators")
@guards.operator(Permission.OPERATORS_READ)
def operators() -> Response:
    """Everybody, and who was asked to join."""
    staff = identity.operators_for_operators()
    waiting = governance.list_for_operators((State.PENDING, State.APPROVED, State.FAILED))
    return page(
        "console/operators/list.html",
        people=staff,
        sessions=identity.live_sessions_for_operators({one.login_id for one in staff}),
        waiting={one.request.target for one in waiting},
        asked=[one for one in waiting if one.request.kind == service.INVITATION.name],
        invitations=queries.invitations_for_operators(),
        moment=clock.now(),
    )


@bp.get("/operators/roles")
@guards.operator(Permission.OPERATORS_READ)
def roles_matrix() -> Response:
    """Which role may do what, and which may not meet in one person."""
    return page(
        "console/operators/roles.html",
        roles=list(Role),
        rows=_matrix(),
        lent=_acts(LENT),
        forbidden=sorted(sorted(pair) for pair in FORBIDDEN_PAIRS),
    )


def _matrix() -> list[tuple[str, dict[Role, list[str]]]]:
    """What each role may do, by what it is about."""
    about = sorted({each.partition(":")[0] for each in Permission})
    return [
        (one, {role: _acts(each for each in held if each.startswith(f"{one}:")) for role, held in ROLES.items()})
        for one in about
    ]


def _acts(permissions: Iterable[Permission]) -> list[str]:
    return sorted({each.partition(":")[2] for each in permissions})


@bp.get("/operators/<operator_id>")
@guards.operator(Permission.OPERATORS_READ)
def operator(operator_id: str) -> Response:
    """One person: roles, sessions, what is asked and what was decided about them."""
    return _operator(operator_id)


@bp.post("/operators/<operator_id>/roles")
@guards.operator(Permission.OPERATORS_REQUEST, fresh=True)
def request_roles(operator_id: str) -> Response | BaseResponse:
    """Ask that somebody have other roles."""
    roles = request.form.getlist("roles")
    try:
        return asking.ask(lambda **by: service.request_roles(operator_id, roles=roles, **by), who="Somebody else")
    except Refusal as refused:
        reason = request.form.get("reason", "").strip()
        return _operator(operator_id, fault=refused.message, chosen=roles, reason=reason, status=422)


@bp.get("/operators/invite")
@guards.operator(Permission.OPERATORS_REQUEST)
def invite() -> Response:
    """The form to ask for an invitation."""
    return _invite_form()


@bp.post("/operators/invite")
@guards.operator(Permission.OPERATORS_REQUEST, fresh=True)
def request_invitation() -> Response | BaseResponse:
    """Ask that somebody be let in."""
    sent, roles = request.form, request.form.getlist("roles")
    name, email = sent.get("name", ""), sent.get("email", "").strip()
    try:
        return asking.ask(
            lambda **by: service.request_invitation(name, email=email, roles=roles, **by), who="Somebody else"
        )
    except Refusal as refused:
        return _invite_form(fault=refused.message, status=422)


@bp.post("/operators/invitations/<invitation_id>/withdraw")
@guards.operator(Permission.OPERATORS_REQUEST)
def withdraw_invitation(invitation_id: str) -> BaseResponse:
    """Take an invitation back, as after a wrong address. It takes one person: nobody gets anything by it."""
    try:
        atomically(lambda: service.withdraw(invitation_id), actor=guards.actor())
        flash("Withdrawn. The link does not work any more.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("console.operators"), 303)


@bp.get("/operators/emergency")
@guards.operator(Permission.OPERATORS_REQUEST)
def emergency() -> Response:
    """The form for taking a role alone."""
    return _emergency_form()


@bp.post("/operators/emergency")
@guards.operator(Permission.OPERATORS_REQUEST, fresh=True)
def break_glass() -> Response | BaseResponse:
    """Take a role alone, for an hour: those who watch are told."""
    role, reason, actor = request.form.get("role", ""), request.form.get("reason", "").strip(), guards.actor()

    def deed() -> None:
        service.break_glass(role, reason=reason, operator_id=current_user.id, actor=actor)

    try:
        atomically(deed, actor=actor, reason=reason)
    except Refusal as refused:
        return _emergency_form(fault=refused.message, status=422)
    flash("You have the role for an hour. Compliance and audit are told, and will look at what you do.", "warn")
    return redirect(url_for("console.operators"), 303)


@bp.post("/operators/emergency/end")
@guards.operator(Permission.OPERATORS_REQUEST, fresh=True)
def give_back() -> BaseResponse:
    """Give the borrowed role back before the hour is over."""
    atomically(lambda: identity_service.give_back(current_user.id), actor=guards.actor())
    flash("You have given the role back.", "ok")
    return redirect(url_for("console.operators"), 303)


def _operator(
    operator_id: str, *, fault: str = "", chosen: list[str] | None = None, reason: str = "", status: int = 200
) -> Response:
    person, target = identity.operator_for_operators(operator_id), f"operator:{operator_id}"
    return page(
        "console/operators/one.html",
        status=status,
        person=person,
        address=identity.address_for_system(person.login_id),
        sessions=identity.live_sessions_for_operators({person.login_id}).get(person.login_id, 0),
        pending=governance.about_for_operators(target),
        ended=governance.about_for_operators(target, states=ENDED),
        roles=list(Role),
        chosen=person.roles if chosen is None else chosen,
        reason=reason,
        fault=fault,
        key=crypto.new_token(),
        staff={staff.id: staff.name for staff in identity.operators_for_operators()},
        may_ask=Permission.OPERATORS_REQUEST in current_user.permissions and person.id != current_user.id,
    )


def _invite_form(*, fault: str = "", status: int = 200) -> Response:
    return page(
        "console/operators/invite.html",
        status=status,
        fault=fault,
        sent=request.form,
        chosen=request.form.getlist("roles"),
        roles=list(Role),
        key=crypto.new_token(),
    )


def _emergency_form(*, fault: str = "", status: int = 200) -> Response:
    return page(
        "console/operators/emergency.html",
        status=status,
        fault=fault,
        sent=request.form,
        roles=[(str(role), rules.in_words([role]).capitalize()) for role in rules.LENT],
    )
