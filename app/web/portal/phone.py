"""A customer's phone number: confirmed by a code in a text message, at once or later, and changed."""

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically, transaction
from app.core.errors import Refusal
from app.identity import phones, queries
from app.identity.errors import CodesTooFast, WrongCode
from app.identity.rules import CODE_LIVES
from app.web import errors, forms, guards
from app.web.fragments import page
from app.web.guards import ENROL
from app.web.portal.base import back_to_step, bp
from app.web.throttle import throttle


class CodeForm(FlaskForm):
    """The six digits of the text message."""

    code = forms.text("Code", length=20)


class NumberForm(FlaskForm):
    """A number to be."""

    phone = forms.text("Phone number", length=phones.TYPED_MAX)


@bp.route("/phone", methods=["GET", "POST"])
@guards.customer
def phone() -> Response | BaseResponse:
    """The number that counts, and the one that waits for its code, with a field for that."""
    form = CodeForm()
    if not form.validate_on_submit():
        return _show(form, forms.errors_of(form))
    owner, code = current_user.login_id, form.code.data
    try:
        with throttle().guessing("phone code", current_user.email):
            # A wrong code is counted, so it is committed like a right one.
            if not atomically(lambda: phones.confirm(owner, code=code), actor=guards.actor()):
                raise WrongCode
    except Refusal as refused:
        return errors.delayed(_show(form, {"code": refused.message}), refused)
    flash("Your phone number is confirmed.", "ok")
    return redirect(back_to_step("contact") or url_for("portal.home"), 303)


@bp.post("/phone/again")
@guards.customer
def resend_phone_code() -> BaseResponse:
    """Another code, at most one a minute and five a day."""
    try:
        _send_code()
        flash("A code is on its way to your phone.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.phone", to=request.args.get("to")), 303)


@bp.route("/phone/change", methods=["GET", "POST"])
@guards.at(ENROL)  # (who has no second factor cannot prove one; who has one does)
@guards.fresh
@guards.customer
def change_phone() -> Response | BaseResponse:
    """Another number; the one before counts until this one is confirmed."""
    form = NumberForm()
    if not form.validate_on_submit():
        return _change(form, forms.errors_of(form))
    try:
        number = phones.canonical(form.phone.data)
        throttle().asking("phone number", current_user.email)
        with transaction(guards.actor()):
            phones.change(current_user.login_id, number=number)
    except Refusal as refused:
        return errors.delayed(_change(form, {"phone": refused.message}), refused)
    try:
        _send_code()
    except CodesTooFast:
        flash("We noted the number. A code was sent a moment ago: ask for one here in a minute.", "warn")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.phone", to=request.args.get("to")), 303)


def _send_code() -> None:
    throttle().asking("phone code", current_user.email)
    with transaction(guards.actor()):
        phones.issue_code(current_user.login_id)


def _show(form: CodeForm, faults: dict[str, str]) -> Response:
    counting, waiting = queries.phones_of(owner=current_user.login_id)
    return page(
        "portal/phone.html",
        form=form,
        errors=faults,
        counting=counting,
        waiting=waiting,
        code_minutes=int(CODE_LIVES.total_seconds()) // 60,
        status=422 if form.is_submitted() else 200,
    )


def _change(form: NumberForm, faults: dict[str, str]) -> Response:
    counting, _ = queries.phones_of(owner=current_user.login_id)
    return page(
        "portal/change_phone.html",
        form=form,
        errors=faults,
        counting=counting,
        status=422 if request.method == "POST" else 200,
    )
