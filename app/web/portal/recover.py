"""For customers who lost their mailbox: asking for the account, and the owner's way to stop that."""

from flask import redirect, request, session, url_for
from flask.wrappers import Response
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.errors import Refusal
from app.identity import recoveries, recovery, rules
from app.identity.errors import BadEmail, LinkSpent
from app.web import errors, forms, guards
from app.web.fragments import page
from app.web.portal.base import bp
from app.web.throttle import throttle

LINK = "stop"  # the token of the mailed link, kept out of addresses while its page is shown


class RecoverForm(FlaskForm):
    """The address that is lost, and the one that is not."""

    email = forms.text("Address of the account", length=254)
    contact = forms.text("New address", length=254)


@bp.route("/recover", methods=["GET", "POST"])
@guards.public
def recover() -> Response | BaseResponse:
    """Ask for it. About the lost address nothing is looked up here: the answer is the same for every one."""
    form = RecoverForm()
    if not form.validate_on_submit():
        return _form(form, forms.errors_of(form))
    try:
        throttle().asking("recovery", form.email.data)
        with transaction(guards.actor()):
            recovery.ask(form.email.data, contact=form.contact.data, actor=guards.actor())
    except Refusal as refused:
        field = "contact" if refused.code == BadEmail.code else "email"
        return errors.delayed(_form(form, {field: refused.message}), refused)
    return redirect(url_for("portal.recover", sent=1), 303)


@bp.get("/stop-recovery/<token>")
@guards.public
def open_stop(token: str) -> BaseResponse:
    """The link in the mail: looking at it stops nothing, and takes the token out of the address."""
    session[LINK] = token
    return redirect(url_for("portal.stop_recovery"), 303)


@bp.route("/stop-recovery", methods=["GET", "POST"])
@guards.public
def stop_recovery() -> Response | BaseResponse:
    """One button."""
    form, is_open, token = FlaskForm(), True, session.get(LINK, "")
    sends = form.validate_on_submit()
    try:
        with throttle().guessing("stop recovery", token):
            _stop(token) if sends else _look_at(token)
    except LinkSpent as spent:
        is_open = False
        if sends:
            errors.say(spent)
    if sends:
        return redirect(url_for("portal.stop_recovery"), 303)
    return page("portal/stop_recovery.html", open=is_open)


def _look_at(token: str) -> None:
    if not recoveries.recovery_is_open_without_owner(token):
        raise LinkSpent


def _stop(token: str) -> None:
    with transaction(guards.actor()):
        recovery.stop(token, actor=guards.actor())


def _form(form: RecoverForm, faults: dict[str, str]) -> Response:
    return page(
        "portal/recover.html",
        form=form,
        errors=faults,
        sent="sent" in request.args,
        hours=int(rules.RECOVERY_COOLS.total_seconds()) // 3600,
        status=422 if form.is_submitted() else 200,
    )
