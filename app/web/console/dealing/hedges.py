"""Orders of our own at venues: under way, unknown to anybody, or ended; and one of them, fill by fill."""

from dataclasses import dataclass
from decimal import Decimal

from flask import request
from flask.wrappers import Response

from app.core import machine
from app.core.money import ASSETS, Money
from app.core.permissions import Permission
from app.exchange import queries, rules
from app.exchange.models import Fill, Hedge
from app.exchange.rules import HedgeState
from app.identity import queries as identity
from app.web import guards
from app.web.console import history
from app.web.console.base import bp
from app.web.console.objects import cases_about
from app.web.fragments import page

PAGE = 25
BPS = 10_000
VIEWS: dict[str, frozenset[HedgeState]] = {
    "underway": frozenset({HedgeState.PLANNED, *rules.AT_VENUE}),
    "unknown": rules.UNCERTAIN,
    "ended": rules.ENDED,
}


@dataclass(frozen=True)
class Told:
    """What fills of one order came to: what was dealt, for how much, at which price; `worse_bps` than it was seen."""

    base: Money
    quote: Money
    fees: list[Money]
    price: Decimal | None
    worse_bps: int | None

    @staticmethod
    def of(hedge: Hedge, fills: list[Fill]) -> "Told":
        """All of them together. Prices are for reading: nothing is booked at them."""
        base = Money(ASSETS[hedge.asset], sum(abs(int(fill.base_units)) for fill in fills))
        quote = Money(ASSETS[hedge.quote], sum(abs(int(fill.quote_units)) for fill in fills))
        sums: dict[str, int] = {}
        for fill in fills:
            sums[fill.fee_asset] = sums.get(fill.fee_asset, 0) + int(fill.fee_units)
        fees = [Money(ASSETS[code], units) for code, units in sorted(sums.items())]
        price = price_of(base, quote)
        if price is None:
            return Told(base, quote, fees, None, None)
        apart = (price - hedge.seen_price) if hedge.side == "buy" else (hedge.seen_price - price)
        return Told(base, quote, fees, price, int(apart * BPS / hedge.seen_price))


@dataclass(frozen=True)
class Line:
    """One trade of a hedge."""

    fill: Fill
    base: Money
    quote: Money
    price: Decimal | None


@bp.get("/exposure/hedges")
@guards.operator(Permission.EXCHANGE_READ)
def hedges() -> Response:
    """One view of them, newest first, a page at a time."""
    states = queries.states_for_operators()
    counts = {name: sum(states[state] for state in some) for name, some in VIEWS.items()}
    asked, asset = request.args.get("view", ""), request.args.get("asset", "")
    view = asked if asked in VIEWS else next((name for name in ("unknown", "underway") if counts[name]), "ended")
    before = request.args.get("before", "")
    found = queries.hedges_for_operators(states=VIEWS[view], asset=asset, before=before, limit=PAGE + 1)
    shown = found[:PAGE]
    fills = queries.fills_for_operators([one.id for one in shown])
    return page(
        "console/dealing/hedges.html",
        block="results",
        view=view,
        counts=counts,
        way_out=rules.HEDGE.waits[HedgeState.UNKNOWN].exit,
        rows=[(one, Told.of(one, fills[one.id])) for one in shown],
        asset=asset,
        assets=[(one.asset, one.ticker) for one in queries.policies_for_system() if one.pair],
        older=shown[-1].id if len(found) > PAGE else None,
        first=not before,
    )


@bp.get("/exposure/hedges/<hedge_id>")
@guards.operator(Permission.EXCHANGE_READ)
def hedge(hedge_id: str) -> Response:
    """One of them: what it answers, what the venue was asked for, and what came of it."""
    one = queries.hedge_for_operators(hedge_id)
    fills = queries.fills_for_operators([one.id])[one.id]
    wait: machine.Wait | None = rules.HEDGE.waits.get(HedgeState(one.state))
    return page(
        "console/dealing/hedge.html",
        block="results",
        hedge=one,
        told=Told.of(one, fills),
        fills=[_line(one, fill) for fill in fills],
        over=one.state in rules.ENDED,
        uncertain=one.state in rules.UNCERTAIN,
        way_out=wait.exit if wait else "",
        cases=cases_about(one.id),
        history=history.of(one.id),
        staff=identity.names_for_operators(),
    )


def price_of(base: Money, quote: Money) -> Decimal | None:
    """What a whole base cost in quote, for reading; None where nothing was dealt."""
    if not base.units:
        return None
    return Decimal(quote.units).scaleb(-quote.asset.decimals) / Decimal(base.units).scaleb(-base.asset.decimals)


def _line(one: Hedge, fill: Fill) -> Line:
    base = Money(ASSETS[one.asset], abs(int(fill.base_units)))
    quote = Money(ASSETS[one.quote], abs(int(fill.quote_units)))
    return Line(fill, base, quote, price_of(base, quote))
