"""What a reference leads to, for the search on top of each page: an id of ours, or a name at Paystack or at a venue.

Nothing that says who somebody is is looked for here: what is typed stands in an address.
"""

from flask import jsonify, request
from flask.wrappers import Response

from app.core import ids
from app.core.permissions import Permission
from app.disputes import queries as disputes
from app.exchange import queries as exchange
from app.payments import payout_queries as payouts
from app.payments import queries as payments
from app.payments import refund_queries as refunds
from app.trading import queries as trading
from app.web import guards
from app.web.console.base import bp
from app.web.console.objects import place_of

FOUND_MAX = 8
TEXT_MAX = 100


@bp.get("/find")
@guards.operator(Permission.OVERVIEW_READ)
def find() -> Response:
    """The pages of what goes by this name, for those who may open them."""
    text = request.args.get("q", "").strip()[:TEXT_MAX]
    named = (payouts, disputes, refunds, payments, trading, exchange) if text else ()
    found = [text, *(one for room in named for one in room.named_for_operators(text))]
    deposit = payments.deposit_for_system(reference=text) if text else None
    if deposit is not None:
        found.append(deposit.customer_id)
    places = [(one, place_of(one)) for one in dict.fromkeys(found) if _is_id(one)]
    return jsonify([{"title": place[0], "sub": one, "url": place[1]} for one, place in places if place][:FOUND_MAX])


def _is_id(text: str) -> bool:
    """Whether it is the shape of an id of ours; a later attempt of a payout has a number behind it."""
    whole, _, number = text.partition("-")
    prefix = whole.partition("_")[0]
    attempt = not number or (prefix == "po" and number.isascii() and number.isdecimal())
    return attempt and ids.is_id(whole, prefix=prefix)
