"""Close my account: asked for, and taken back while nobody has acted on it."""

from flask import flash, redirect, url_for
from flask.wrappers import Response
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse
from wtforms import TextAreaField
from wtforms.validators import Length

from app.core.db import atomically
from app.core.errors import Refusal
from app.customers import closures, queries
from app.web import errors, forms, guards
from app.web.fragments import page
from app.web.portal.base import bp


class CloseForm(FlaskForm):
    """Why, for those who want to say."""

    reason = TextAreaField("Reason", [Length(max=500, message="That is too long.")])


@bp.route("/security/close", methods=["GET", "POST"])
@guards.customer
def close() -> Response | BaseResponse:
    """What it means, and asking for it; or where the request stands."""
    form, actor = CloseForm(), guards.actor()
    if not form.validate_on_submit():
        closure = queries.open_closure(customer_id=current_user.id)
        status = 422 if form.is_submitted() else 200
        return page("portal/close.html", form=form, closure=closure, errors=forms.errors_of(form), status=status)
    reason = form.reason.data or ""
    try:
        atomically(lambda: closures.ask(current_user.id, reason=reason, actor=actor), actor=actor)
        flash("We have your request.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.close"), 303)


@bp.post("/security/close/withdraw")
@guards.customer
def keep() -> BaseResponse:
    """Take it back."""
    actor = guards.actor()
    try:
        atomically(lambda: closures.withdraw(current_user.id, actor=actor), actor=actor)
        flash("Your account stays.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.security"), 303)
