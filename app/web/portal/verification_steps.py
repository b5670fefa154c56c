"""The steps of a verification: each a page with a form, kept when it is left, with its files sent at once or with it.

A step without a script works the same: its files go with its form.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.applications import answers, countries, queries, rules
from app.applications.answers import DOCUMENT_KINDS, FUNDS_KINDS, PROOF_KINDS, ROLES
from app.applications.errors import BadAnswers
from app.applications.models import Application
from app.applications.queries import StepView
from app.applications.rules import Step, StepState
from app.core.errors import NotFound, Refusal
from app.identity import queries as identity
from app.payments import queries as payments
from app.web import errors, guards, uploads
from app.web.fragments import page
from app.web.portal import verification_acts as acts
from app.web.portal import verification_words as words
from app.web.portal.base import bp
from app.web.portal.verification import guards_own_eyes, may_write, onward, open_application
from app.web.portal.verification_files import slots
from app.web.portal.verification_summary import UNCLEAR, check_of, share

TEMPLATE = "portal/verification/step.html"
PARTS_MAX = 5 * answers.PEOPLE_MAX  # four fields a person, and some more
Person = dict[str, str]


@dataclass(frozen=True)
class Place:
    """A step of one's own application that can be written now."""

    application: Application
    steps: list[StepView]
    view: StepView

    @property
    def step(self) -> Step:
        """Which."""
        return self.view.step


@bp.get("/verification/<step>")
@guards.customer
def verification_step(step: str) -> Response | BaseResponse:
    """The page of a step; where it is not the customer's to write, the way back."""
    guards_own_eyes()
    place = _place(step)
    if not may_write(place.application, place.view):
        return redirect(url_for("portal.verification"), 303)
    return _show(place)


@bp.post("/verification/<step>")
@uploads.takes_files(2, parts=PARTS_MAX)
@guards.customer
def save_step(step: str) -> Response | BaseResponse:
    """Keep what was said and sent, and go on; a row more or less of people keeps nothing yet."""
    place = _place(step)
    application_id, name = place.application.id, place.step
    if place.step is Step.PEOPLE and {"add", "remove"} & set(request.form):
        return _show(place, rows=_rows_changed(), block="people")
    faults = _take_sent(application_id, name)
    try:
        acts.save(application_id, name, request.form.to_dict())
    except BadAnswers as refused:
        faults = {**refused.facts["fields"], **faults}
    except Refusal as refused:
        faults = {acts.FIELDS.get(name, "form"): refused.message, **faults}
    fresh = _place(step)
    if not faults and fresh.view.row.state == StepState.DONE:
        if name in {Step.BVN, Step.NIN}:  # (its page says what came of it)
            return redirect(url_for("portal.verification_step", step=step), 303)
        flash("Saved.", "ok")
        return redirect(onward(fresh.application, after=fresh.view.row.place), 303)
    missing = {slot.name: "Send this too." for slot in slots(fresh.view, {}) if slot.required and not slot.there}
    return _show(fresh, faults={**missing, **faults}, given=request.form.to_dict(), status=422)


@bp.post("/verification/<step>/again")
@guards.customer
def look_up_again(step: str) -> BaseResponse:
    """Ask a register again that did not answer."""
    place = _place(step)
    try:
        acts.look_up_again(place.view)
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.verification_step", step=step), 303)


@bp.post("/verification/<step>/files/<slot>")
@uploads.takes_files()
@guards.customer
def send_file(step: str, slot: str) -> Response | BaseResponse:
    """Take one file, as soon as it was chosen."""
    place = _place(step)
    faults = {}
    try:
        acts.take(place.application.id, place.step, slot, uploads.sent(slot))
    except Refusal as refused:
        faults = {slot: refused.message}
    return _show(_place(step), faults=faults, status=422 if faults else 200)


@bp.post("/verification/<step>/files/<slot>/remove")
@guards.customer
def remove_file(step: str, slot: str) -> BaseResponse:
    """Take a file out again."""
    place = _place(step)
    try:
        acts.remove(place.application.id, place.step, slot)
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.verification_step", step=step), 303)


def _place(name: str) -> Place:
    application = open_application()
    steps = queries.steps(application.id, owner=current_user.id)
    view = next((each for each in steps if each.row.step == name), None)
    if view is None:
        raise NotFound
    return Place(application, steps, view)


def _take_sent(application_id: str, step: Step) -> dict[str, str]:
    """Take the files that came with the form: what is wrong with which."""
    faults = {}
    for slot in rules.SLOTS.get(step, {}):
        if any(file.filename for file in request.files.getlist(slot)):
            try:
                acts.take(application_id, step, slot, uploads.sent(slot))
            except Refusal as refused:
                faults[slot] = refused.message
    return faults


def _show(
    place: Place,
    *,
    faults: dict[str, str] | None = None,
    given: dict[str, str] | None = None,
    rows: list[Person] | None = None,
    block: str = "standing",
    status: int = 200,
) -> Response:
    view, found = place.view, faults or {}
    check = check_of(view)
    before = [each for each in place.steps if each.row.place < view.row.place and may_write(place.application, each)]
    said = given if given is not None else _said(view)
    return page(
        TEMPLATE if place.step is not Step.PEOPLE else "portal/verification/people.html",
        block=block,
        step=view.step,
        view=view,
        words=words.STEPS[view.step],
        title=words.title(place.application),
        number=place.steps.index(view) + 1,
        count=len(place.steps),
        done=sum(each.row.state == StepState.DONE for each in place.steps),
        again=view.row.again_words if view.row.state == StepState.AGAIN else "",
        back=before[-1] if before else None,
        given=defaultdict(str, said),
        errors=defaultdict(str, found),
        slots=slots(view, found),
        check=check,
        unclear=check is not None and check.said in UNCLEAR,
        onward=onward(place.application, after=view.row.place),
        rows=rows if rows is not None else _rows(view, given),
        **_choices(place.step),
        status=status,
    )


def _said(view: StepView) -> dict[str, Any]:
    """What was answered here, or to the same step of an earlier application."""
    said = view.answers or queries.latest_answers(view.step, owner=current_user.id)
    if view.step is Step.PROFILE and not said:
        first, _, last = current_user.name.strip().rpartition(" ")
        return {"first_name": first, "last_name": last, "country": countries.HOME}
    return said


def _choices(step: Step) -> dict[str, Any]:
    """What a step's form offers to choose from."""
    if step is Step.CONTACT:
        return {"phone": identity.phones_of(owner=current_user.login_id)[0]}
    if step is Step.BANK:
        return {"accounts": payments.bank_accounts(customer_id=current_user.id)}
    return {
        Step.PROFILE: {"countries": countries.NAMES.items()},
        Step.DOCUMENT: {"kinds": DOCUMENT_KINDS.items()},
        Step.ADDRESS: {"kinds": PROOF_KINDS.items()},
        Step.FUNDS: {"kinds": FUNDS_KINDS.items()},
        Step.PEOPLE: {"roles": ROLES.items()},
    }.get(step, {})


def _rows(view: StepView, given: dict[str, str] | None) -> list[Person]:
    """The rows of the form about people: as they were typed, as they were kept, or empty ones."""
    if view.step is not Step.PEOPLE:
        return []
    if given is not None:
        return _typed()
    kept = _said(view).get("people", [])
    people = [{**one, "share": share(one["share_bps"]) if one["share_bps"] else ""} for one in kept]
    return people or [{"role": "director"}]


def _typed() -> list[Person]:
    sent = request.form
    return [
        {what: sent.get(f"{what}_{number}", "") for what in ("name", "role", "born", "share")}
        for number in answers.places(sent)
    ]


def _rows_changed() -> list[Person]:
    """The rows as they were typed, one more at the end or without one."""
    typed, gone = _typed(), request.form.get("remove", "")
    if gone.isdecimal():
        typed = [row for number, row in enumerate(typed) if str(number) != gone]
    elif len(typed) < answers.PEOPLE_MAX:
        typed.append({"role": "owner"})
    return typed or [{"role": "director"}]
