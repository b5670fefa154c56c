"""The first page: what a customer has, or what we are to somebody who is none yet."""

from flask import redirect
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.identity import queries as identity
from app.wallets import queries as wallets
from app.web import guards
from app.web.fragments import page
from app.web.guards import knowing, public
from app.web.portal import verification
from app.web.portal.base import bp
from reports import activity as reports

RECENT = 6


@bp.get("/")
@knowing
@public
def home() -> Response | BaseResponse:
    """Balances and the latest movements; the welcome page to a stranger."""
    if waiting_room := guards.awaited():
        return redirect(waiting_room, 303)
    if not current_user.is_authenticated:
        return page("portal/welcome.html")
    recent, _more = reports.of_customer(customer_id=current_user.id, limit=RECENT)
    phone, _ = identity.phones_of(owner=current_user.login_id)
    balances = wallets.balances_of(customer_id=current_user.id)
    return page(
        "portal/home.html",
        balances=balances,
        recent=recent,
        phone=phone,
        verified=verification.in_short(owner=current_user.id),
    )
