"""The panel to work on one application: who holds it, what was given, what is to be checked, what happened."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.applications import past, queries, review, rules, views
from app.applications.models import Application
from app.applications.reasons import AGAIN, REFUSALS
from app.core import clock
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.money import NGN, Money, format_money
from app.core.permissions import Permission
from app.customers import queries as customers
from app.customers.rules import Tier
from app.documents import queries as documents
from app.governance import queries as governance
from app.identification import queries as identification
from app.identity import queries as identity
from app.risk import queries as risk
from app.risk.rules import ANY, Direction
from app.screening import queries as screening
from app.web import errors, guards
from app.web.console.applications import given
from app.web.console.base import bp, refuse_own
from app.web.fragments import page, toast, wants_fragment
from reports import shared

Answer = Response | BaseResponse
SHORTCUTS = (
    ("Claim, put back, next one", ("C", "U", "N")),
    ("Approve or ask for it", ("A",)),
    ("Ask for more", ("M",)),
    ("Escalate", ("E",)),
    ("Refuse", ("R",)),
    ("Write a note", ("X",)),
    ("File before, next file", ("[", "]")),
    ("Larger, smaller, fit", ("+", "-", "0")),
    ("Turn", ("Shift", "R")),
    ("Two beside each other", ("S",)),
)
STORY_MAX = 200
ENDED = "Your claim ended: there was no sign of life for a quarter of an hour, or you put it back."


@bp.get("/applications/<application_id>")
@guards.operator(Permission.APPLICATIONS_READ)
def application(application_id: str) -> Response:
    """One application, whole. That it was opened is written down before it is shown."""
    _one(application_id)
    actor, me = guards.actor(), current_user.id
    atomically(lambda: views.note_view(application_id, operator_id=me), actor=actor, reason="Opened an application")
    return panel(application_id)


@bp.get("/applications/<application_id>/desk")
@guards.operator(Permission.APPLICATIONS_READ)
def application_desk(application_id: str) -> Answer:
    """How it stands by now: for who waits until somebody else lets go of it."""
    one = _one(application_id)
    if not wants_fragment():
        return redirect(url_for("console.application", application_id=application_id), 303)
    ended = "ended" in request.args and _held(one) != "me"
    return panel(application_id, fault=ENDED if ended else "")


@bp.post("/applications/<application_id>/claim")
@guards.operator(Permission.APPLICATIONS_REVIEW)
def claim_application(application_id: str) -> Answer:
    """Take it into one's hands."""
    actor, me = guards.actor(), current_user.id
    return do(application_id, lambda: review.claim(application_id, operator_id=me, actor=actor), "It is yours.")


@bp.post("/applications/<application_id>/release")
@guards.operator(Permission.APPLICATIONS_REVIEW)
def release_application(application_id: str) -> Answer:
    """Put it back."""
    actor, me = guards.actor(), current_user.id
    return do(application_id, lambda: review.let_go(application_id, operator_id=me, actor=actor), "Put back.")


@bp.post("/applications/<application_id>/stay")
@guards.operator(Permission.APPLICATIONS_REVIEW)
def stay_at_application(application_id: str) -> Answer:
    """A sign of life, which the page gives while somebody works on it. 409 when the claim is not theirs any more."""
    me = current_user.id
    if atomically(lambda: review.stay(application_id, operator_id=me), actor=guards.actor()):
        return panel(application_id, block="lease")
    answer = panel(application_id, fault=ENDED, status=409)
    answer.headers["HX-Retarget"] = "#desk"
    return answer


@bp.post("/applications/<application_id>/answers")
@guards.operator(Permission.APPLICATIONS_REVIEW)
def answer_item(application_id: str) -> Answer:
    """Answer one question of the check-list."""
    actor, me, item, said = guards.actor(), current_user.id, request.form.get("item", ""), request.form.get("said", "")
    return do(application_id, lambda: review.answer(application_id, item, said, operator_id=me, actor=actor))


@bp.post("/applications/<application_id>/notes")
@guards.operator(Permission.APPLICATIONS_REVIEW)
def note_on_application(application_id: str) -> Answer:
    """Write something down for compliance alone."""
    actor, me, words = guards.actor(), current_user.id, request.form.get("words", "")
    return do(
        application_id, lambda: review.note(application_id, words, operator_id=me, actor=actor), "Written down.",
        fault_of="note",
    )  # fmt: skip


def do(application_id: str, deed: Callable[[], object], words: str = "", *, fault_of: str = "") -> Answer:
    """Do it and show how the desk is afterwards; a refusal is said there, and whoever was first is named."""
    reason = request.form.get("reason", "")
    try:
        atomically(deed, actor=guards.actor(), reason=reason)
    except Refusal as refused:
        if not wants_fragment():
            errors.say(refused)
            return redirect(url_for("console.application", application_id=application_id), 303)
        answer = panel(application_id, fault=refused.message, fault_of=fault_of, status=refused.status)
        return toast(answer, refused.message, kind="bad", also="close-dialog")
    if not wants_fragment():
        if words:
            flash(words, "ok")
        return redirect(url_for("console.application", application_id=application_id), 303)
    return toast(panel(application_id), words, also="close-dialog") if words else panel(application_id)


def panel(
    application_id: str, *, block: str = "desk", fault: str = "", fault_of: str = "", status: int = 200
) -> Response:
    """The page, or the desk of it (or less) when htmx asked."""
    one = _one(application_id)
    staff, may = identity.names_for_operators(), current_user.permissions
    whole = {} if wants_fragment() else _whole(one)
    items = queries.checklist_for_operators(one)
    return page(
        "console/applications/work.html",
        block=block,
        status=status,
        one=one,
        customer=customers.one_for_operators(one.customer_id),
        steps=queries.steps_for_operators(one.id),
        step_names=given.STEPS,
        items=items,
        answered=sum(bool(item.answer) for item in items),
        options=_options(one),
        lowered=one.decided_tier is not None and rules.above(Tier(one.had), Tier(one.decided_tier)),
        held=_held(one),
        pending=governance.one_for_operators(one.request_id) if one.request_id else None,
        again=AGAIN,
        refusals=REFUSALS,
        notes=queries.notes_for_operators(one.id),
        story=queries.story_for_operators(one.id)[-STORY_MAX:],
        left=queries.counts_for_operators(operator_id=current_user.id, views=("unclaimed",))["unclaimed"],
        staff=staff,
        may_review=Permission.APPLICATIONS_REVIEW in may and one.state in rules.OURS,
        may_request=Permission.APPLICATIONS_REQUEST in may,
        fault=fault,
        fault_of=fault_of,
        sent=request.form,
        lease_minutes=int(rules.LEASE.total_seconds()) // 60,
        **whole,
    )


def _one(application_id: str) -> Application:
    """The application. Raises NotFound, also for one's own."""
    one = queries.one_for_operators(application_id)
    refuse_own(one.customer_id)
    return one


def _whole(one: Application) -> dict[str, Any]:
    """What stands beside the desk and does not change while somebody works there."""
    steps, may = queries.steps_for_operators(one.id), current_user.permissions
    same = documents.shared_for_operators([file.document_id for view in steps for file in view.files.values()])
    files = given.files(steps, shared=same)
    return {
        "files": files,
        "lines": {view.row.step: given.lines(view) for view in steps},
        "said": _said(one),
        "checks": identification.of_customer_for_operators(one.customer_id),
        "standing": screening.standing_for_operators(one.customer_id) if Permission.SCREENING_READ in may else None,
        "shared": shared.of_customer(one.customer_id, files=same),
        "shortcuts": SHORTCUTS,
        "others": [other for other in queries.of_customer_for_operators(one.customer_id) if other.id != one.id],
    }


def _said(one: Application) -> dict[str, str]:
    """What the applicant says their name and birth date are."""
    profile = queries.profile_for_operators(one)
    names = (str(profile.get(name, "")) for name in ("first_name", "middle_name", "last_name"))
    return {"name": " ".join(name for name in names if name), "birth_date": str(profile.get("born", ""))}


def _held(one: Application) -> str:
    """Who holds it at this moment: `me`, their id, or nobody."""
    live = one.claim_until is not None and one.claim_until > clock.now()
    return "" if not live or one.claimed_by is None else "me" if one.claimed_by == current_user.id else one.claimed_by


def _options(one: Application) -> list[dict[str, Any]]:
    """The tiers that could be given, the one applied for first: what stands against each, and what it unlocks."""
    low, high = Tier(one.had) if one.about == rules.About.TIER else Tier.T0, Tier(one.wanted)
    return [
        {
            "tier": tier,
            "name": tier.upper().replace("_PLUS", "+"),
            "wanted": tier == one.wanted,
            "lowers": rules.above(Tier(one.had), tier),
            "two": past.needs_two(one, tier=tier, operator_id=current_user.id),
            "blockers": queries.blockers_for_operators(one, tier=tier) if one.state in rules.OURS else [],
            "unlocks": _unlocks(tier),
        }
        for tier in reversed(rules.LADDER[rules.LADDER.index(low) + 1 : rules.LADDER.index(high) + 1])
    ]


def _unlocks(tier: Tier) -> str:
    """What may leave the house at this tier, in a sentence."""
    limits = [limit.bounds for limit in risk.limits_without_owner(tier) if limit.direction in {Direction.OUT, ANY}]
    if not limits or limits[0].blocked:
        return "Nothing may leave."
    told = {"at once": limits[0].single, "a day": limits[0].day, "in thirty days": limits[0].month}
    parts = [f"{format_money(Money(NGN, units))} {per}" for per, units in told.items() if units is not None]
    return f"Out: {', '.join(parts)}." if parts else "Out: no limit."
