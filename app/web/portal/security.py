"""A customer's security: the password, and where they are signed in."""

from flask import redirect, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.customers import queries as customers
from app.identity import queries as identity
from app.web import guards, visits
from app.web.fragments import page
from app.web.portal.base import bp


@bp.get("/security")
@guards.customer
def security() -> Response:
    """Everything that guards the account, on one page."""
    return page(
        "portal/security.html",
        sessions=visits.mine(),
        phones=identity.phones_of(owner=current_user.login_id),
        closure=customers.open_closure(customer_id=current_user.id),
    )


@bp.post("/security/sessions/<session_id>/end")
@guards.customer
def end_session(session_id: str) -> BaseResponse:
    """Sign one device out."""
    visits.end(session_id)
    return redirect(url_for("portal.security"), 303)


@bp.post("/security/sessions/end-others")
@guards.customer
def end_other_sessions() -> BaseResponse:
    """Sign out everywhere else."""
    return visits.end_others(afterwards=url_for("portal.security"))
