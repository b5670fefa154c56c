"""Freeze my account: a second look, then nothing leaves it. Lifting that is for staff: there is no door for it here."""

from flask import flash, redirect, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.customers import service as customers
from app.identity import service as identity
from app.identity.rules import Audience
from app.web import guards
from app.web.fragments import page
from app.web.portal.base import bp


@bp.get("/security/freeze")
@guards.customer
def freeze() -> Response:
    """What it means, before it is done."""
    return page("portal/freeze.html")


@bp.post("/security/freeze")
@guards.customer
def freeze_now() -> BaseResponse:
    """Do it. Frozen already is frozen."""
    token = atomically(_freeze, actor=guards.actor())
    flash("Your account is frozen. You are signed out everywhere else.", "ok")
    return guards.hand_over(token, audience=Audience.CUSTOMER, answer=redirect(url_for("portal.security"), 303))


def _freeze() -> str:
    here = str(current_user.session_id)
    customers.lock(current_user.id, here=here, actor=guards.actor(), reason="Asked by its owner.")
    return identity.rotate(here)  # elsewhere may be a copy of this one
