"""Somebody of ours who looks at the portal as a customer: who they are, and their cookie.

The cookie is signed, short, and never the customer's own. It is the portal's; the console may have another name, whose
cookies no browser shows here, so that a view hangs on the row of the operator's session.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app, request
from itsdangerous import BadSignature, TimestampSigner
from werkzeug.wrappers import Response as BaseResponse

from app.core.permissions import Permission, granted
from app.customers import queries as customers
from app.customers.models import Customer, Viewing
from app.customers.rules import VIEW_LIVES
from app.identity import queries as identity
from app.identity import rules
from app.identity.rules import Audience
from app.web import sides


@dataclass(frozen=True)
class View:
    """Who looks, and until when."""

    operator_id: str
    operator: str
    until: datetime


def looking(own: str) -> tuple[View, Viewing, Customer] | None:
    """Who looks at whom by this request's cookie, while view, staff session and permission all live; else None.

    `own` is the token of the console's session in the same browser. Where both faces have one name it is there, and is
    the session that the view was begun in.
    """
    brought = token()
    found = customers.view_for_system(brought) if brought else None
    if found is None:
        return None
    viewing, customer = found
    seen = identity.seen_by_session_for_system(viewing.session_id, audience=Audience.OPERATOR)
    if seen is None or rules.is_half_open(audience=Audience.OPERATOR, enrolled=seen.enrolled, factor_at=seen.factor_at):
        return None
    if (
        not current_app.extensions["settings"].console_host
        and identity.seen_for_system(own, audience=Audience.OPERATOR) != seen
    ):
        return None
    staff = identity.operator_of(owner=seen.login_id)
    if staff is None or staff.id != viewing.operator_id:
        return None
    if Permission.CUSTOMERS_VIEW_AS not in granted(staff.roles, lent=staff.lent):
        return None
    return View(staff.id, staff.name, viewing.expires_at), viewing, customer


def give(token: str, *, answer: BaseResponse) -> BaseResponse:
    """Hand the token of a fresh view to the browser."""
    answer.set_cookie(
        _name(),
        _signer().sign(token).decode(),
        max_age=int(VIEW_LIVES.total_seconds()),
        secure=sides.secure(),
        httponly=True,
        samesite="Lax",  # (it comes with a link from the console's name, and opens pages for reading alone)
    )
    return answer


def take(answer: BaseResponse) -> BaseResponse:
    """Have the browser forget it."""
    answer.delete_cookie(_name(), secure=sides.secure(), httponly=True)
    return answer


def token() -> str:
    """The token that this request brings with our signature on it; empty when there is none, or an old one."""
    brought = request.cookies.get(_name(), "")
    try:
        return _signer().unsign(brought, max_age=int(VIEW_LIVES.total_seconds())).decode() if brought else ""
    except BadSignature:  # (one that is too old is one of these)
        return ""


def _signer() -> TimestampSigner:
    return TimestampSigner(current_app.secret_key or "", salt="view-as")


def _name() -> str:
    return sides.cookie_prefix() + "bursar_view"
