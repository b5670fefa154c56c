"""Operators come in by a door of their own, with a cookie of their own."""

from flask import redirect, url_for
from flask.wrappers import Response
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.errors import Refusal
from app.identity import service as identity
from app.identity.rules import Audience
from app.web import errors, forms, guards, visits, ways
from app.web.console.base import bp
from app.web.fragments import page
from app.web.guards import ENROL, PROVE
from app.web.throttle import throttle


class SignInForm(FlaskForm):
    """Address and password."""

    email = forms.text("E-mail address", length=254)
    password = forms.password("Password")


@bp.route("/sign-in", methods=["GET", "POST"])
@guards.public
def sign_in() -> Response | BaseResponse:
    """Sign in as an operator."""
    form = SignInForm()
    if not form.validate_on_submit():
        status = 422 if form.is_submitted() else 200
        return page("console/sign_in.html", form=form, errors=forms.errors_of(form), status=status)
    try:
        with throttle().signing_in(form.email.data), transaction(guards.actor()):
            entry = identity.sign_in(
                form.email.data,
                password=form.password.data,
                audience=Audience.OPERATOR,
                device=visits.device(form.email.data),
            )
    except Refusal as refused:
        errors.say(refused)
        return errors.delayed(page("console/sign_in.html", form=form, errors={}, status=422), refused)
    onward = redirect(ways.onward(url_for("console.overview")), 303)
    throttle().remember(form.email.data, onward)
    return guards.let_in(entry, audience=Audience.OPERATOR, answer=onward)


@bp.post("/sign-out")
@guards.at(PROVE, ENROL)
@guards.knowing
@guards.public
def sign_out() -> BaseResponse:
    """End the session, here and in our table."""
    return guards.let_out(redirect(url_for("console.sign_in"), 303), audience=Audience.OPERATOR)
