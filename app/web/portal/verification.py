"""Verification: where a customer stands, what each tier brings; begin, check and send, take back, change."""

from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.applications import past, queries, rules, service
from app.applications.errors import TierOutOfTurn
from app.applications.models import Application
from app.applications.queries import StepView
from app.applications.rules import About, State, Step, StepState, Subject
from app.core import clock
from app.core.db import atomically
from app.core.errors import NotFound, Refusal
from app.customers import queries as customers
from app.customers.rules import Tier
from app.web import errors, guards
from app.web.fragments import page
from app.web.portal import verification_words as words
from app.web.portal.base import bp
from app.web.portal.verification_summary import summary
from reports import limits
from reports.limits import Promise

CHANGES = {About.NAME: "My name", About.ADDRESS: "Where I live"}


@dataclass(frozen=True)
class Rung:
    """A tier on the ladder: how it stands to the one that there is, what it allows, what is missing for it."""

    tier: Tier
    name: str
    standing: str  # passed, present, next, above
    headline: str
    promises: list[Promise]
    includes: str  # the tier below that is to be shown as well
    asks: list[str]
    either: bool  # whether one of the two numbers is enough
    review: str


@dataclass(frozen=True)
class Line:
    """A step in the list of an application."""

    step: Step
    state: str
    open: bool
    again_words: str

    @property
    def words(self) -> words.StepWords:
        """What it is called."""
        return words.STEPS[self.step]


@bp.get("/verification")
@guards.customer
def verification() -> Response:
    """The application under way, or how the last one ended; and the ladder of tiers."""
    has = customers.tier(owner=current_user.id)
    newest = next(iter(queries.all_of(owner=current_user.id, limit=1)), None)
    open_one = newest if newest is not None and newest.state in rules.OPEN else None
    shown = past.shown(owner=current_user.id)
    return page(
        "portal/verification/overview.html",
        block="standing",
        has=has,
        ladder=[_rung(tier, has=has, shown=shown) for tier in rules.LADDER[:-1]],
        business=_rung(Tier.T3_PLUS, has=has, shown=shown),
        application=newest,
        open=open_one is not None,
        barred=past.is_refused(owner=current_user.id),
        **(_standing(newest) if newest is not None else {}),
    )


@bp.post("/verification")
@guards.customer
def begin_verification() -> BaseResponse:
    """Begin the way to a tier."""
    sent, actor = request.form, guards.actor()
    try:
        wanted, subject, number = _named(sent.get("tier", ""), sent.get("subject", ""), sent.get("number", ""))
        atomically(
            lambda: service.begin(current_user.id, wanted=wanted, subject=subject, number=number, actor=actor),
            actor=actor,
        )
    except Refusal as refused:
        errors.say(refused)
        return redirect(url_for("portal.verification"), 303)
    return redirect(onward(open_application()), 303)


@bp.route("/verification/change", methods=["GET", "POST"])
@guards.customer
def change_details() -> Response | BaseResponse:
    """Something that was verified is different now: the steps for it."""
    about, actor = request.form.get("about", ""), guards.actor()
    has, under_way = customers.tier(owner=current_user.id), queries.open_one(owner=current_user.id)
    chosen = {str(each): words_ for each, words_ in CHANGES.items()}
    if request.method == "GET" or about not in chosen:
        faults = {"about": "Choose what has changed."} if request.method == "POST" else {}
        return page(
            "portal/verification/change.html",
            chosen=chosen,
            errors=faults,
            verified=has is not Tier.T0,
            under_way=under_way,
            status=422 if faults else 200,
        )
    try:
        atomically(lambda: service.begin(current_user.id, wanted=has, about=About(about), actor=actor), actor=actor)
    except Refusal as refused:
        errors.say(refused)
        return redirect(url_for("portal.change_details"), 303)
    return redirect(onward(open_application()), 303)


@bp.get("/verification/check")
@guards.customer
def check_verification() -> Response | BaseResponse:
    """Everything that was said and sent, before it is handed in."""
    guards_own_eyes()
    application = open_application()
    if application.state not in rules.THEIRS:
        return redirect(url_for("portal.verification"), 303)
    return _check(application, {}, status=200)


@bp.post("/verification/check")
@guards.customer
def submit_verification() -> Response | BaseResponse:
    """Hand it in."""
    application, actor = open_application(), guards.actor()
    agreed = request.form.get("consent", "")
    if agreed != rules.CONSENT:
        return _check(
            application, {"consent": "Agree to this first: without the checks we cannot verify you."}, status=422
        )
    try:
        atomically(
            lambda: service.submit(application.id, owner=current_user.id, actor=actor, consent=agreed), actor=actor
        )
        flash("We have it. You hear from us.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.verification"), 303)


@bp.post("/verification/take-back")
@guards.customer
def take_back_verification() -> BaseResponse:
    """End it without a decision."""
    application, actor = open_application(), guards.actor()
    try:
        atomically(lambda: service.abandon(application.id, owner=current_user.id, actor=actor), actor=actor)
        flash("Taken back. You can begin again whenever you like.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.verification"), 303)


@dataclass(frozen=True)
class Short:
    """How far somebody is verified, for the first page: kind of notice (or none), title, text, what its button says."""

    name: str
    kind: str = ""
    title: str = ""
    text: str = ""
    button: str = ""


def in_short(*, owner: str) -> Short:
    """What the first page says of the verification."""
    has, application = customers.tier(owner=owner), queries.open_one(owner=owner)
    name = limits.NAMES[has]
    if application is None:
        if has is not Tier.T0:
            return Short(name)
        return Short(name, "info", "Verify yourself", "Before that, no money moves. It takes a few minutes.", "Begin")
    if application.state == State.WAITING:
        return Short(name, "warn", "We need something from you again", words.title(application), "Look at it")
    if application.state != State.DRAFT:
        return Short(name)
    if application.about == About.TIER:
        text = f"{words.title(application)}: what you saved is kept."
        return Short(name, "info", "Your verification is not finished", text, "Continue")
    return Short(name, "warn", words.title(application), words.WHY[About(application.about)], "Begin")


def open_application() -> Application:
    """What this customer has under way. Raises NotFound."""
    found = queries.open_one(owner=current_user.id)
    if found is None:
        raise NotFound
    return found


def guards_own_eyes() -> None:
    """What a customer said and sent is for them and our reviewers. Raises NotFound for who looks as the customer."""
    if "view_as" in g:
        raise NotFound("What customers send for verification is not shown here.")


def may_write(application: Application, step: StepView) -> bool:
    """Whether this step is in the customer's hands."""
    return rules.may_write(
        application.state, step_state=step.row.state, done_at=step.row.done_at, queued_at=application.queued_at
    )


def onward(application: Application, *, after: int = -1) -> str:
    """The address of the next step that is not done, from a place on; of the last look when there is none."""
    steps = queries.steps(application.id, owner=current_user.id)
    missing = [each for each in steps if each.row.state != StepState.DONE and may_write(application, each)]
    later = next((each for each in missing if each.row.place > after), next(iter(missing), None))
    if later is None:
        return url_for("portal.check_verification")
    return url_for("portal.verification_step", step=later.step)


def _standing(application: Application) -> dict[str, Any]:
    steps = queries.steps(application.id, owner=current_user.id)
    story = queries.story(application.id, owner=current_user.id)
    moment = clock.now()
    theirs = application.state in rules.THEIRS
    return {
        "title": words.title(application),
        "why": words.why(About(application.about), theirs=theirs),
        "theirs": theirs,
        "ours_to_end": application.about in rules.ASKED_BY_US,
        "lines": [_line(application, each) for each in steps],
        "done": sum(each.row.state == StepState.DONE for each in steps),
        "onward": onward(application) if theirs else "",
        "expected": words.expected(application, at=moment) if application.state in rules.OPEN else "",
        "outcome": words.outcome(application) if application.state not in rules.OPEN else None,
        "review": words.review_time(Tier(application.wanted)),
        "trail": words.trail(application, story, at=moment),
    }


def _line(application: Application, step: StepView) -> Line:
    again = step.row.state == StepState.AGAIN
    words_ = step.row.again_words if again else ""
    return Line(step.step, step.row.state, may_write(application, step), words_)


def _rung(tier: Tier, *, has: Tier, shown: set[str]) -> Rung:
    """A rung above the next one names what it asks for beyond the one below it."""
    business = tier is Tier.T3_PLUS
    place = rules.LADDER.index(tier) - rules.LADDER.index(has)
    standing = {0: "present", 1: "next"}.get(place, "above" if place > 0 else "passed")
    below = rules.LADDER[rules.LADDER.index(tier) - 1] if standing == "above" else Tier.T0
    included = _asked(below, shown)
    asked = [step for step in _asked(tier, shown) if step not in included]
    titles = {step: words.STEPS[step].title for step in asked}
    if tier is Tier.T1 and Step.BVN in titles:
        titles[Step.BVN] = "Your BVN or your NIN"
    elif Step.NIN in titles and Step.BVN in included:
        titles[Step.NIN] = "Both your BVN and your NIN"
    return Rung(
        tier=tier,
        name="Business account" if business else limits.NAMES[tier],
        standing=standing,
        headline=limits.headline(tier),
        promises=limits.promises(tier),
        includes=limits.NAMES[below] if included else "",
        asks=list(titles.values()),
        either=tier is Tier.T1,
        review=words.review_time(tier) if tier in rules.DUE else "",
    )


def _asked(tier: Tier, shown: set[str]) -> tuple[Step, ...]:
    subject = Subject.BUSINESS if tier is Tier.T3_PLUS else Subject.PERSON
    return () if tier is Tier.T0 else rules.asked(About.TIER, wanted=tier, shown=shown, subject=subject)


def _named(tier: str, subject: str, number: str) -> tuple[Tier, Subject, Step]:
    """What the form chose. Raises TierOutOfTurn for what is not on the page."""
    try:
        wanted, about, chosen = Tier(tier), Subject(subject or "person"), Step(number or "bvn")
    except ValueError as error:
        raise TierOutOfTurn from error
    if (wanted is Tier.T3_PLUS) != (about is Subject.BUSINESS):
        raise TierOutOfTurn
    return wanted, about, chosen


def _check(application: Application, faults: dict[str, str], *, status: int) -> Response:
    steps = queries.steps(application.id, owner=current_user.id)
    return page(
        "portal/verification/check.html",
        title=words.title(application),
        parts=[summary(each, open_=may_write(application, each)) for each in steps],
        ready=rules.done(each.row.state for each in steps),
        again=application.state == State.WAITING,
        onward=onward(application),
        consent=rules.CONSENT,
        review=words.review_time(Tier(application.wanted)),
        errors=faults,
        status=status,
    )
