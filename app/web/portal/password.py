"""A customer's password: forgotten and reset by a mailed link, or changed."""

from flask import url_for
from flask.wrappers import Response
from werkzeug.wrappers import Response as BaseResponse

from app.customers import service as customers
from app.web import guards, renewal
from app.web.portal.base import bp


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
    return renewal.reset(
        lambda token, password: customers.reset_password(token, password=password, about=renewal.house())
    )


@bp.route("/security/password", methods=["GET", "POST"])
@guards.customer
def change_password() -> Response | BaseResponse:
    """Change it, knowing the present one."""
    return renewal.change("portal/change_password.html", afterwards=url_for("portal.security"))
