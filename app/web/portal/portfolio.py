"""The portfolio: what everything cost, what it is worth and was worth, and the same as a file."""

from flask import request
from flask.wrappers import Response
from flask_login import current_user

from app.core import clock
from app.core.clock import WAT
from app.core.money import NGN, Money, plain
from app.web import sheets
from app.web.fragments import page
from app.web.guards import customer
from app.web.portal import charts
from app.web.portal.base import bp
from app.web.portal.prices import Part, part_of
from reports import portfolio as reports
from reports import worth
from reports.holdings import Holding
from reports.worth import Held, Worth

COLUMNS = ["asset", "held", "average_cost_ngn", "cost_ngn", "worth_ngn", "gain_ngn", "realised_gain_ngn", "at"]


@bp.get("/portfolio")
@customer
def portfolio() -> Response:
    """Worth over time, and each asset with cost and gain."""
    span = request.args.get("span", "") if request.args.get("span") in charts.SPANS else "1m"
    now = worth.of_customer(customer_id=current_user.id)
    parts = _parts(now)
    gains = [part.gain for part in parts if part.gain is not None and part.held.booked]
    return page(
        "portal/portfolio.html",
        worth=now,
        parts=parts,
        gain=sum(gains, Money(NGN, 0)),
        realised=Money(NGN, sum(part.holding.realised for part in parts)),
        known=all(part.holding.known for part in parts),
        chart=charts.of_worth(span, customer_id=current_user.id, now=now.total),
        span=span,
        spans=charts.SPANS,
    )


@bp.get("/portfolio.csv")
@customer
def portfolio_file() -> Response:
    """The same by asset, as a file: amounts in naira and in whole units, as numbers."""
    moment = clock.now().astimezone(WAT).isoformat(timespec="seconds")
    parts = _parts(worth.of_customer(customer_id=current_user.id))
    return sheets.sheet("portfolio", COLUMNS, [[*_cells(part), moment] for part in parts])


def _parts(now: Worth) -> list[Part]:
    """Each wallet but naira's, which is what the others are measured in; those with nothing and no past last."""
    costs = reports.of_customer(customer_id=current_user.id)
    parts = [part_of(one, costs.get(one.asset.code, Holding())) for one in now.wallets if one.asset != NGN]
    return sorted(parts, key=lambda part: -(part.held.worth.units if part.held.worth else 0))


def _cells(part: Part) -> list[str]:
    held: Held = part.held
    return [
        held.asset.code,
        plain(held.booked),
        "" if part.average is None else str(part.average),
        plain(Money(NGN, part.holding.cost)) if part.holding.known else "",
        "" if held.worth is None else plain(held.worth),
        "" if part.gain is None else plain(part.gain),
        plain(Money(NGN, part.holding.realised)) if part.holding.known else "",
    ]
