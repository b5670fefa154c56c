"""The pages on which a password is forgotten, reset and changed: the same for both faces, at addresses of each.

A face names its doors `forgotten_password`, `open_reset`, `reset_password`, `change_password` and `sign_in`.
"""

from collections.abc import Callable

from flask import current_app, flash, redirect, request, session, url_for
from flask.wrappers import Response
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.errors import Refusal, TooMany
from app.identity import queries, renewal, rules
from app.identity.errors import LinkSpent
from app.web import errors, forms, guards, sides, visits
from app.web.fragments import page
from app.web.throttle import throttle

LINK = "reset"  # the token of the mailed link, kept out of addresses while the form is filled in
NEW_PASSWORD = frozenset({"weak_password", "common_password", "personal_password"})

Reset = Callable[[str, str], None]


class AddressForm(FlaskForm):
    """Which account."""

    email = forms.text("E-mail address", length=254)


class NewPasswordForm(FlaskForm):
    """The password to be."""

    password = forms.password("New password")


class ChangeForm(NewPasswordForm):
    """The password that is, and the one to be."""

    present = forms.password("Present password")


def house() -> tuple[str, ...]:
    """Words that no password may consist of: our name."""
    return (current_app.extensions["settings"].brand,)


def forgotten() -> Response | BaseResponse:
    """Ask for a link. Nothing is looked up here: for every address the answer is the same."""
    form = AddressForm()
    if not form.validate_on_submit():
        return _ask(form, forms.errors_of(form))
    try:
        throttle().asking("reset", form.email.data)
    except TooMany as refused:
        return errors.delayed(_ask(form, {"email": refused.message}), refused)
    with transaction(guards.actor()):
        renewal.ask(form.email.data, audience=sides.audience())
    return redirect(url_for(".forgotten_password", sent=1), 303)


def open_link(token: str) -> BaseResponse:
    """The mailed link: looking at it uses nothing up, and takes the token out of the address."""
    session[LINK] = token
    return redirect(url_for(".reset_password"), 303)


def reset(set_password: Reset) -> Response | BaseResponse:
    """Choose a new password; `set_password` is the face's command, with the token and the password."""
    token = session.get(LINK, "")
    try:
        with throttle().guessing("reset link", token):
            _look_at(token)
    except Refusal as refused:
        return _spent(refused)
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return _choose("account/reset.html", form)
    try:
        with transaction(guards.actor()):
            set_password(token, form.password.data)
    except LinkSpent as refused:
        return _spent(refused)
    except Refusal as refused:
        return _choose("account/reset.html", form, _at_field(refused))
    session.pop(LINK)
    flash("Your new password is set, and you are signed out everywhere. Sign in with it.", "ok")
    return redirect(url_for(".sign_in"), 303)


def change(template: str, *, afterwards: str) -> Response | BaseResponse:
    """Change the password of whoever is signed in; their other sessions end. `afterwards` is where they go then."""
    form = ChangeForm()
    if not form.validate_on_submit():
        return _choose(template, form, afterwards=afterwards)
    try:
        with throttle().guessing("password", current_user.email, right=NEW_PASSWORD), transaction(guards.actor()):
            token = renewal.change(
                current_user.login_id,
                present=form.present.data,
                password=form.password.data,
                about=(current_user.name, *house()),
                here=current_user.session_id,
            )
    except Refusal as refused:
        return errors.delayed(_choose(template, form, _at_field(refused), afterwards=afterwards), refused)
    flash("Your password is changed. You are signed out everywhere else.", "ok")
    visits.tell_of_keys()
    return guards.hand_over(token, audience=sides.audience(), answer=redirect(afterwards, 303))


def _look_at(token: str) -> None:
    if not queries.reset_is_live_without_owner(token, audience=sides.audience()):
        raise LinkSpent


def _spent(refused: Refusal) -> BaseResponse:
    """Away from the form; the token stays only where it may still be good."""
    if isinstance(refused, LinkSpent):
        session.pop(LINK, None)
    errors.say(refused)
    return errors.delayed(redirect(url_for(".forgotten_password"), 303), refused)


def _ask(form: AddressForm, faults: dict[str, str]) -> Response:
    return page(
        "account/forgotten.html",
        form=form,
        errors=faults,
        sent="sent" in request.args,
        minutes=_minutes(),
        status=422 if form.is_submitted() else 200,
    )


def _at_field(refused: Refusal) -> dict[str, str]:
    return {"password" if refused.code in NEW_PASSWORD else "present": refused.message}


def _choose(template: str, form: FlaskForm, faults: dict[str, str] | None = None, *, afterwards: str = "") -> Response:
    return page(
        template,
        form=form,
        errors=faults or forms.errors_of(form),
        lengths=(rules.PASSWORD_LENGTH_MIN, rules.PASSWORD_LENGTH_ADVISED),
        afterwards=afterwards,
        status=422 if form.is_submitted() else 200,
    )


def _minutes() -> int:
    return int(rules.RESET_LIVES.total_seconds()) // 60
