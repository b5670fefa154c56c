"""Proving a second factor, and the Security page where they are set up, for customers and staff alike.

Both faces hang the same views under their own address. What a view needs to know of its face is in the request.
"""

from collections.abc import Callable
from typing import Any

from flask import current_app, flash, redirect, url_for
from flask.wrappers import Response
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.errors import Refusal
from app.identity import factors, queries, totp
from app.identity.errors import NothingToConfirm, WrongFactor
from app.identity.rules import shown_code
from app.web import errors, forms, guards, qr, sides, ways
from app.web.fragments import page
from app.web.throttle import throttle

Answer = Response | BaseResponse
HOME = {"console": "overview", "portal": "home"}


class CodeForm(FlaskForm):
    """Six digits from an app, or a recovery code."""

    code = forms.text("Code", length=60)


def prove() -> Answer:
    """Prove a second factor: after the password, or before something that needs it fresh."""
    if not current_user.enrolled:
        return redirect(_to("factor_list"), 303)
    form = CodeForm()
    if not form.validate_on_submit():
        return _prove(form, forms.errors_of(form))
    try:
        with throttle().guessing("factor", current_user.email):
            # A wrong code is counted, so it is committed like a right one.
            token = atomically(lambda: factors.prove_code(_session(), code=form.code.data), actor=guards.actor())
            if token is None:
                raise WrongFactor
    except Refusal as refused:
        return errors.delayed(_prove(form, {"code": refused.message}), refused)
    return onward(token)


class PasswordForm(FlaskForm):
    """The present password."""

    password = forms.password("Password")


def prove_password() -> Answer:
    """Type the password again: before a first factor, which would be a thief's as well as theirs."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return _prove_password(form, forms.errors_of(form))
    try:
        with throttle().guessing("password", current_user.email):
            token = atomically(
                lambda: factors.prove_password(_session(), password=form.password.data), actor=guards.actor()
            )
    except Refusal as refused:
        return errors.delayed(_prove_password(form, {"password": refused.message}), refused)
    return _onward(token, _to("factor_list"))


def factor_list() -> Answer:
    """What somebody can prove themselves with, and how to add to it."""
    return page(
        "factors/list.html",
        layout=_layout(),
        to=_to,
        factors=_factors(),
        staff=sides.console_side(),
        waiting=bool(current_user.stage),
    )


def begin_app() -> Answer:
    """Make a secret for an app."""
    atomically(lambda: factors.begin_app(_session()), actor=guards.actor())
    return redirect(_to("app"), 303)


def app() -> Answer:
    """The secret, as a picture and as text, and a field for the first code."""
    return _app(CodeForm())


def confirm_app() -> Answer:
    """The first code: from now on the app counts."""
    form = CodeForm()
    if not form.validate_on_submit():
        return _app(form)
    try:
        token = atomically(lambda: factors.confirm_app(_session(), code=form.code.data), actor=guards.actor())
        if token is None:
            raise WrongFactor
    except NothingToConfirm as refused:
        errors.say(refused)
        return redirect(_to("factor_list"), 303)
    except Refusal as refused:
        return _app(form, refused.message)
    flash("The app is your second factor now.", "ok")
    return _hand_over(token, "factor_list")


def remove_app() -> Answer:
    """Do without the app."""
    return take_away(lambda: factors.remove_app(_session()), "The app was removed.")


def write_codes() -> Answer:
    """Ten new codes on one page, once."""
    codes = atomically(lambda: factors.write_codes(_session()), actor=guards.actor())
    return page("factors/codes.html", layout=_layout(), to=_to, codes=codes)


def take_away(deed: Callable[[], None], words: str) -> Answer:
    """Do it and say so on the Security page."""
    try:
        atomically(deed, actor=guards.actor())
        flash(words, "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(_to("factor_list"), 303)


def onward(token: str) -> Answer:
    """Hand the new token over and go where they wanted to."""
    return _onward(token, home())


def _onward(token: str, default: str) -> Answer:
    return guards.hand_over(token, audience=sides.audience(), answer=redirect(ways.onward(default), 303))


def home() -> str:
    """The first page of this face."""
    return _to(HOME[sides.face()])


def _prove(form: CodeForm, faults: dict[str, str]) -> Response:
    return page(
        "factors/prove.html",
        form=form,
        errors=faults,
        to=_to,
        factors=_factors(),
        waiting=bool(current_user.stage),
        status=422 if form.is_submitted() else 200,
    )


def _prove_password(form: PasswordForm, faults: dict[str, str]) -> Response:
    return page("factors/password.html", form=form, errors=faults, to=_to, status=422 if form.is_submitted() else 200)


def _hand_over(token: str, door: str) -> Answer:
    return guards.hand_over(token, audience=sides.audience(), answer=redirect(_to(door), 303))


def _app(form: CodeForm, fault: str = "") -> Answer:
    secret = queries.secret_in_the_making(_session(), owner=current_user.login_id)
    if secret is None:
        return redirect(_to("factor_list"), 303)
    told = totp.uri(secret, address=current_user.email, issuer=current_app.extensions["settings"].brand)
    outline, side = qr.outline(told)
    return page(
        "factors/app.html",
        layout=_layout(),
        to=_to,
        form=form,
        errors={"code": fault} if fault else forms.errors_of(form),
        outline=outline,
        side=side,
        secret=shown_code(secret).replace("-", " "),
        status=422 if form.is_submitted() else 200,
    )


def _factors() -> queries.Factors:
    return queries.factors_of(owner=current_user.login_id)


def _session() -> str:
    return str(current_user.session_id)


def _to(door: str, **arguments: Any) -> str:
    """The address of a door of this face."""
    return url_for(f"{sides.face()}.{door}", **arguments)


def _layout() -> str:
    """A page among the others; before the session is open it stands alone."""
    return "layouts/auth.html" if current_user.stage else f"layouts/{sides.face()}.html"
