"""For customers who lost their mailbox: asking for the account, and the owner's way to stop that."""

from flask import redirect, request, url_for
from flask.wrappers import Response
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.errors import TooMany
from app.identity import queries, recovery, rules
from app.identity.errors import BadEmail, LinkSpent
from app.web import errors, forms, guards
from app.web.fragments import page
from app.web.portal.base import bp
from app.web.throttle import throttle


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
        throttle().beginning("recovery")
        with transaction(guards.actor()):
            recovery.ask(form.email.data, contact=form.contact.data, actor=guards.actor())
    except BadEmail as refused:
        return _form(form, {"contact": refused.message})
    except TooMany as refused:
        return errors.delayed(_form(form, {"email": refused.message}), refused)
    return redirect(url_for("portal.recover", sent=1), 303)


@bp.route("/stop-recovery/<token>", methods=["GET", "POST"])
@guards.public
def stop_recovery(token: str) -> Response | BaseResponse:
    """The link in the mail: one button."""
    form = FlaskForm()
    if not form.validate_on_submit():
        return page("portal/stop_recovery.html", token=token, open=queries.recovery_is_open_without_owner(token))
    try:
        with transaction(guards.actor()):
            recovery.stop(token, actor=guards.actor())
    except LinkSpent as spent:
        errors.say(spent)
    return redirect(url_for("portal.stop_recovery", token=token), 303)


def _form(form: RecoverForm, faults: dict[str, str]) -> Response:
    return page(
        "portal/recover.html",
        form=form,
        errors=faults,
        sent="sent" in request.args,
        hours=int(rules.RECOVERY_COOLS.total_seconds()) // 3600,
        status=422 if form.is_submitted() else 200,
    )
