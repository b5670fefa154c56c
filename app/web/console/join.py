"""Joining the staff: a link from a mail, and a password that nobody else knows."""

from flask import flash, redirect, session, url_for
from flask.wrappers import Response
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.errors import Refusal
from app.identity import queries as identity_queries
from app.staff import rules, service
from app.web import errors, forms, guards, renewal
from app.web.console.base import bp
from app.web.fragments import page
from app.web.throttle import throttle

LINK = "join"  # the token of the mailed link, kept out of addresses while the form is filled in


class JoinForm(FlaskForm):
    """A password, twice."""

    password = forms.password("Password")
    again = forms.password("Password again")


@bp.get("/join/<token>")
@guards.public
def open_join(token: str) -> BaseResponse:
    """The link in the mail: looking at it uses nothing up, and takes the token out of the address."""
    session[LINK] = token
    return redirect(url_for("console.join"), 303)


@bp.route("/join", methods=["GET", "POST"])
@guards.public
def join() -> Response | BaseResponse:
    """Choose a password; the link works once."""
    form, token = JoinForm(), session.get(LINK, "")
    try:
        with throttle().guessing("invitation", token):
            invitation = service.open_invitation(token)
    except Refusal as refused:
        shut = page("console/join.html", invitation=None, message=refused.message, status=refused.status)
        return errors.delayed(shut, refused)
    found = forms.errors_of(form) if form.is_submitted() and not form.validate() else {}
    if form.is_submitted() and not found and form.password.data != form.again.data:
        found = {"again": "These two are not the same."}
    if form.is_submitted() and not found:
        try:
            with transaction(guards.actor()):
                service.accept(token, password=form.password.data, about=renewal.house())
        except Refusal as refused:
            errors.say(refused)
            found = {"password": refused.message}
        else:
            session.pop(LINK)
            flash("Welcome. Sign in with your new password.", "ok")
            answer = redirect(url_for("console.sign_in"), 303)
            throttle().remember(identity_queries.address_of(owner=invitation.login_id), answer)
            return answer
    return page(
        "console/join.html",
        invitation=invitation,
        roles=rules.in_words(invitation.roles),
        errors=found,
        status=422 if form.is_submitted() else 200,
    )
