"""Coming in and going out: sign up, confirm the address, sign in, sign out."""

import base64
import json
from datetime import datetime

from flask import flash, redirect, request, session, url_for
from flask.wrappers import Response
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock, crypto
from app.core.db import atomically, transaction
from app.core.errors import Refusal
from app.core.money import NGN
from app.customers import service as customers
from app.identity import errors as identity_errors
from app.identity import phones, rules
from app.identity import queries as identity_queries
from app.identity import service as identity
from app.identity.rules import CODE_LIVES, PASSWORD_LENGTH_MIN, Audience
from app.identity.service import Claim, Device
from app.wallets import service as wallets
from app.web import errors, forms, guards, renewal, visits, ways
from app.web.fragments import page
from app.web.guards import ENROL, PROVE
from app.web.portal.base import bp
from app.web.throttle import throttle

# Where a refusal of signing up is shown.
AT_FIELD = {"bad_email": "email", "bad_phone": "phone", **dict.fromkeys(renewal.NEW_PASSWORD, "password")}
# The claim that is being confirmed, and when its code was sent: in the form cookie of the browser that signed up, which
# its owner reads. So it is sealed: nobody is told by it whether two sign-ups are one account.
PENDING = "pending"


class SignUpForm(FlaskForm):
    """A new customer."""

    name = forms.text("Full name", length=100)
    email = forms.text("E-mail address", length=254)
    phone = forms.text("Phone number", length=40)
    password = forms.password("Password")


class SignInForm(FlaskForm):
    """A known one."""

    email = forms.text("E-mail address", length=254)
    password = forms.password("Password")


class CodeForm(FlaskForm):
    """The six digits that were mailed."""

    code = forms.text("Code", length=20)


@bp.route("/sign-up", methods=["GET", "POST"])
@guards.public
def sign_up() -> Response | BaseResponse:
    """Open an account. A taken address looks the same from here; its owner gets a mail."""
    form = SignUpForm()
    if not form.validate_on_submit():
        return _again("portal/sign_up.html", form)
    try:
        throttle().beginning("sign-up")
        with transaction(guards.actor()):
            claim = customers.sign_up(
                form.name.data,
                email=form.email.data,
                phone=form.phone.data,
                password=form.password.data,
                about=renewal.house(),
            )
    except Refusal as refused:
        field = AT_FIELD.get(refused.code)
        if field is None:
            errors.say(refused)
        return _again("portal/sign_up.html", form, {field: refused.message} if field else None)
    return _await_code(claim)


@bp.route("/confirm-email", methods=["GET", "POST"])
@guards.public
def confirm_email() -> Response | BaseResponse:
    """Type the code from the mail; a right one opens the wallet and a session."""
    claim, _ = _pending()
    if claim is None:
        return redirect(url_for("portal.sign_in"), 303)
    form = CodeForm()
    if not form.validate_on_submit():
        return _again("portal/confirm_email.html", form)
    try:
        # A wrong code is counted, so it is committed like a right one.
        entry = atomically(lambda: _confirm(claim, form.code.data), actor=guards.actor())
        if entry is None:
            raise identity_errors.WrongCode
    except Refusal as refused:
        return _again("portal/confirm_email.html", form, {"code": refused.message})
    onward = redirect(url_for("portal.phone"), 303)
    throttle().remember(identity_queries.address_of(owner=entry.login_id), onward)  # (its next sign-in is no news)
    answer = guards.let_in(entry, audience=Audience.CUSTOMER, answer=onward)
    flash("Your address is confirmed. Welcome.", "ok")  # letting in empties the form session, and this with it
    return answer


@bp.post("/confirm-email/again")
@guards.public
def resend_code() -> BaseResponse:
    """Another code, at most one a minute."""
    claim, sent_at = _pending()
    if claim is None:
        return redirect(url_for("portal.sign_in"), 303)
    moment = clock.now()
    if not rules.resend_allowed(last_sent_at=sent_at, at=moment):
        errors.say(identity_errors.CodesTooFast())
        return redirect(url_for("portal.confirm_email"), 303)
    with transaction(guards.actor()):
        identity.issue_code(claim)
    flash("A new code is on its way.", "ok")
    return _await_code(claim)


@bp.route("/sign-in", methods=["GET", "POST"])
@guards.public
def sign_in() -> Response | BaseResponse:
    """Sign in with address and password."""
    form = SignInForm()
    if not form.validate_on_submit():
        return _again("portal/sign_in.html", form)
    try:
        with throttle().signing_in(form.email.data), transaction(guards.actor()):
            entry = identity.sign_in(
                form.email.data,
                password=form.password.data,
                audience=Audience.CUSTOMER,
                device=visits.device(form.email.data),
            )
    except Refusal as refused:
        errors.say(refused)
        return errors.delayed(_again("portal/sign_in.html", form), refused)
    onward = redirect(ways.onward(url_for("portal.home")), 303)
    throttle().remember(form.email.data, onward)
    return guards.let_in(entry, audience=Audience.CUSTOMER, answer=onward)


@bp.post("/sign-out")
@guards.at(PROVE, ENROL)
@guards.knowing
@guards.public
def sign_out() -> BaseResponse:
    """End the session, here and in our table."""
    return guards.let_out(redirect(url_for("portal.sign_in"), 303), audience=Audience.CUSTOMER)


def _confirm(claim: Claim, code: str) -> identity.Entry | None:
    if not identity.confirm_email(claim, code=code):
        return None
    customer = customers.require(claim.login_id)
    wallets.open_wallet(customer.id, asset=NGN)
    phones.issue_code(claim.login_id)
    return identity.open_session(
        claim.login_id,
        audience=Audience.CUSTOMER,
        device=Device(request.user_agent.string, request.remote_addr or "", known=True),
    )


def _await_code(claim: Claim) -> BaseResponse:
    """Go on to the code's page; nothing of the cookie session before survives but what was to be said."""
    said = session.get("_flashes")
    session.clear()
    if said:
        session["_flashes"] = said
    told = json.dumps([claim.login_id, claim.stamp, clock.now().isoformat(timespec="microseconds")])
    session[PENDING] = base64.b64encode(crypto.seal(told, context=PENDING)).decode()
    return redirect(url_for("portal.confirm_email"), 303)


def _pending() -> tuple[Claim | None, datetime | None]:
    try:
        told = crypto.unseal(base64.b64decode(session.get(PENDING, "")), context=PENDING)
    except crypto.Unsealable:  # (nothing is pending, or from before this house had its present key)
        return None, None
    login_id, stamp, sent_at = json.loads(told)
    return Claim(login_id, stamp), datetime.fromisoformat(sent_at)


def _again(template: str, form: FlaskForm, faults: dict[str, str] | None = None) -> Response:
    return page(
        template,
        form=form,
        errors=faults or forms.errors_of(form),
        password_min=PASSWORD_LENGTH_MIN,
        password_advised=rules.PASSWORD_LENGTH_ADVISED,
        code_minutes=int(CODE_LIVES.total_seconds()) // 60,
        status=422 if form.is_submitted() else 200,
    )
