"""Decisions on an application: approve, lower, ask for either, send back, escalate, ask that it be refused or not."""

from functools import partial

from flask import request
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.applications import decisions, errors, review
from app.applications.rules import Step
from app.core.permissions import Permission
from app.customers.rules import Tier
from app.web import guards
from app.web.console.applications.work import do
from app.web.console.base import bp

Answer = Response | BaseResponse
TOLD_TWO = "Asked for. Somebody else has to agree."


@bp.post("/applications/<application_id>/approve")
@guards.operator(Permission.APPLICATIONS_REVIEW, fresh=True)
def approve_application(application_id: str) -> Answer:
    """Approve a tier alone, where one person may."""
    actor, me = guards.actor(), current_user.id

    def deed() -> None:
        review.approve(application_id, tier=_tier(), operator_id=me, actor=actor)

    return do(application_id, deed, "Approved. The customer is told.", fault_of="approve")


@bp.post("/applications/<application_id>/lower")
@guards.operator(Permission.APPLICATIONS_REVIEW, fresh=True)
def lower_tier(application_id: str) -> Answer:
    """Take a tier away alone, where one person may; it says why."""
    actor, me, reason = guards.actor(), current_user.id, request.form.get("reason", "")

    def deed() -> None:
        review.lower(application_id, tier=_tier(), reason=reason, operator_id=me, actor=actor)

    return do(application_id, deed, "Lowered. The customer is told.", fault_of="lower")


@bp.post("/applications/<application_id>/propose")
@guards.operator(Permission.APPLICATIONS_REQUEST, fresh=True)
def propose_tier(application_id: str) -> Answer:
    """Ask that a tier be approved which takes two."""
    actor, me, reason = guards.actor(), current_user.id, request.form.get("reason", "")

    def deed() -> None:
        decisions.propose_tier(application_id, tier=_tier(), reason=reason, operator_id=me, actor=actor)

    return do(application_id, deed, TOLD_TWO, fault_of="propose")


@bp.post("/applications/<application_id>/refuse")
@guards.operator(Permission.APPLICATIONS_REQUEST, fresh=True)
def propose_refusal(application_id: str) -> Answer:
    """Ask that it be refused for good."""
    actor, me, reason = guards.actor(), current_user.id, request.form.get("reason", "")
    code = request.form.get("code", "")

    def deed() -> None:
        decisions.propose_refusal(application_id, code=code, reason=reason, operator_id=me, actor=actor)

    return do(application_id, deed, TOLD_TWO, fault_of="refuse")


@bp.post("/applications/<application_id>/lift")
@guards.operator(Permission.APPLICATIONS_REQUEST, fresh=True)
def propose_lift(application_id: str) -> Answer:
    """Ask that who was refused may apply again."""
    actor, me, reason = guards.actor(), current_user.id, request.form.get("reason", "")

    def deed() -> None:
        decisions.propose_lift(application_id, reason=reason, operator_id=me, actor=actor)

    return do(application_id, deed, TOLD_TWO, fault_of="lift")


@bp.post("/applications/<application_id>/again")
@guards.operator(Permission.APPLICATIONS_REVIEW)
def ask_again(application_id: str) -> Answer:
    """Send steps back to the customer: each with a reason, and words of one's own if any."""
    actor, me, form = guards.actor(), current_user.id, request.form

    def deed() -> None:
        chosen = [Step(each) for each in form.getlist("step") if each in set(Step)]
        wanted = {step: (form.get(f"code-{step}", ""), form.get(f"words-{step}", "")) for step in chosen}
        review.ask_again(application_id, wanted, operator_id=me, actor=actor)

    return do(application_id, deed, "Sent back. The customer is told what to send.", fault_of="again")


@bp.post("/applications/<application_id>/look-up")
@guards.operator(Permission.APPLICATIONS_REVIEW)
def look_up_again(application_id: str) -> Answer:
    """Ask registers again that gave no answer."""
    actor, me = guards.actor(), current_user.id
    deed = partial(review.look_up_again, application_id, operator_id=me, actor=actor)
    return do(application_id, deed, "Asked again. What they answer will stand here.")


@bp.post("/applications/<application_id>/escalate")
@guards.operator(Permission.APPLICATIONS_REVIEW)
def escalate_application(application_id: str) -> Answer:
    """Give it to somebody senior."""
    actor, me, reason = guards.actor(), current_user.id, request.form.get("reason", "")
    return do(
        application_id, lambda: review.escalate(application_id, reason=reason, operator_id=me, actor=actor),
        "Escalated.", fault_of="escalate",
    )  # fmt: skip


def _tier() -> Tier:
    """The tier that was chosen. Raises NothingToGain."""
    asked = request.form.get("tier", "")
    if asked not in set(Tier):
        raise errors.NothingToGain("Choose a tier.")
    return Tier(asked)
