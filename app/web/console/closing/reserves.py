"""Proof of reserves: what customers are owed beside every place where it is held."""

from flask.wrappers import Response

from app.closing import rules
from app.core import clock
from app.core.money import NGN, zero
from app.core.permissions import Permission
from app.web import guards
from app.web.console.base import bp
from app.web.fragments import page
from reports import reserves as found_reserves


@bp.get("/treasury/reserves")
@guards.operator(Permission.EXCHANGE_READ)
def reserves() -> Response:
    """Now, asset by asset and place by place."""
    found = found_reserves.at()
    return page(
        "console/closing/reserves.html",
        reserves=found,
        short=[one for one in found if one.short],
        surplus=sum((one.worth for one in found if one.worth is not None), zero(NGN)),
        told=[place for one in found for place in one.places if place.told],
        places=[place for one in found for place in one.places],
        oldest=min((place.told.at for one in found for place in one.places if place.told), default=None),
        unpriced=[one.asset.ticker for one in found if one.worth is None],
        coin=lambda amount: rules.shown(amount, places=0),
        now=clock.now(),
    )
