"""An operator's own account: the password, and where they are signed in. Every member of staff has one."""

from flask import redirect, url_for
from flask.wrappers import Response
from werkzeug.wrappers import Response as BaseResponse

from app.identity import renewal as identity_renewal
from app.identity.rules import Audience
from app.web import guards, renewal, visits
from app.web.console.base import bp
from app.web.fragments import page


@bp.get("/account")
@guards.staff
def my_account() -> Response:
    """What guards it, on one page."""
    return page("console/my_account.html", sessions=visits.mine())


@bp.post("/account/sessions/<session_id>/end")
@guards.staff
def end_session(session_id: str) -> BaseResponse:
    """Sign one device out."""
    visits.end(session_id)
    return redirect(url_for("console.my_account"), 303)


@bp.post("/account/sessions/end-others")
@guards.staff
def end_other_sessions() -> BaseResponse:
    """Sign out everywhere else."""
    return visits.end_others(afterwards=url_for("console.my_account"))


@bp.route("/account/password", methods=["GET", "POST"])
@guards.staff
def change_password() -> Response | BaseResponse:
    """Change it, knowing the present one."""
    return renewal.change("console/change_password.html", afterwards=url_for("console.my_account"))


@bp.route("/forgotten-password", methods=["GET", "POST"])
@guards.public
def forgotten_password() -> Response | BaseResponse:
    """Ask for a link; the same answer for every address."""
    return renewal.forgotten()


@bp.get("/reset-password/<token>")
@guards.public
def open_reset(token: str) -> BaseResponse:
    """The link in the mail."""
    return renewal.open_link(token)


@bp.route("/reset-password", methods=["GET", "POST"])
@guards.public
def reset_password() -> Response | BaseResponse:
    """Choose the new password."""
    return renewal.reset(_set_password)


def _set_password(token: str, password: str) -> None:
    identity_renewal.reset(token, password=password, audience=Audience.OPERATOR, about=renewal.house())
