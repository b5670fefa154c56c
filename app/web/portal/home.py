"""The first page: what a customer has and what it is worth, or what we are to somebody who is none yet."""

from flask import redirect, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.money import NGN
from app.identity import queries as identity
from app.web import guards, ways
from app.web.fragments import live, page, stamp, wants_fragment
from app.web.guards import knowing, public
from app.web.portal import charts, verification
from app.web.portal.base import bp
from reports import activity as reports
from reports import worth

RECENT = 6


@bp.get("/")
@knowing
@public
def home() -> Response | BaseResponse:
    """Worth and the latest movements, alive; the welcome page to a stranger."""
    if waiting_room := guards.awaited():
        return redirect(waiting_room, 303)
    if not current_user.is_authenticated:
        return ways.lead(url_for("portal.sign_in")) if wants_fragment() else page("portal/welcome.html")
    owner = current_user.id
    now = worth.of_customer(customer_id=owner)
    told = [one.line.price.at for one in now.wallets if one.line and one.line.price]
    shown = {"worth": now, "oldest": min(told, default=clock.now())}
    if wants_fragment():  # (the part that is alive shows nothing of the rest)
        return live("portal/home.html", block="worth", seen=stamp(now), **shown)
    recent, _more = reports.of_customer(customer_id=owner, limit=RECENT)
    phone, _ = identity.phones_of(owner=current_user.login_id)
    return live(
        "portal/home.html",
        block="worth",
        seen=stamp(now),
        **shown,
        only_naira=all(one.asset == NGN for one in now.wallets),
        chart=charts.of_worth("1m", customer_id=owner, now=now.total) if told else None,
        recent=recent,
        phone=phone,
        verified=verification.in_short(owner=owner),
    )
