"""Prices: the list of what can be had, and a page for each with its chart and one's own part in it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from flask import request
from flask.wrappers import Response
from flask_login import current_user

from app.core import clock
from app.core.errors import NotFound
from app.core.money import NGN, Asset, Money
from app.pricing import queries as pricing
from app.trading import queries as trading
from app.web.fragments import live, page, stamp, unchanged
from app.web.guards import customer
from app.web.portal.base import bp
from reports import activity, drawings, portfolio, prices, worth
from reports.activity import Asked
from reports.drawings import Candle, Drawing
from reports.holdings import Holding
from reports.prices import Line
from reports.worth import Held

ORDERS = 5


@dataclass(frozen=True)
class Span:
    """What a chart may show: how far back, of candles of which span, and how long those are that it is drawn of."""

    name: str
    words: str
    back: timedelta
    candles: str
    each: timedelta


SPANS = {
    "1d": Span("1 day", "over the last day", timedelta(days=1), "5m", timedelta(minutes=30)),
    "1w": Span("1 week", "over the last week", timedelta(weeks=1), "1h", timedelta(hours=4)),
    "1m": Span("1 month", "over the last month", timedelta(days=31), "1d", timedelta(days=1)),
    "1y": Span("1 year", "over the last year", timedelta(days=366), "1d", timedelta(days=7)),
}


@dataclass(frozen=True)
class Chart:
    """Candles as a picture, as words and as numbers."""

    drawing: Drawing
    bars: list[Candle]
    first: Decimal
    last: Decimal
    high: Decimal
    low: Decimal

    @property
    def percent(self) -> Decimal:
        """From the first price to the last, in hundredths, to a tenth of one."""
        return ((self.last / self.first - 1) * 100).quantize(Decimal("0.1"))


@dataclass(frozen=True)
class Part:
    """What a customer has of an asset, what it cost and what it would bring above that."""

    held: Held
    holding: Holding
    gain: Money | None

    @property
    def average(self) -> Decimal | None:
        """Naira paid for one whole unit of what is held."""
        return self.holding.average(self.held.asset.decimals) if self.holding.known else None


@bp.get("/prices")
@customer
def price_list() -> Response:
    """Everything that has a price, and what it did in a day."""
    lines = prices.board()
    told = [line.price.at for line in lines.values() if line.price]
    return live(
        "portal/prices.html", block="prices", seen=stamp(lines), lines=lines.values(), oldest=min(told, default=None)
    )


@bp.get("/assets/<ticker>")
@customer
def asset(ticker: str) -> Response:
    """One ticker: its price and chart, what one holds of it and what that cost, the last orders in it."""
    known = next((each for each in prices.tickers() if each.ticker == ticker), None)
    if known is None:
        raise NotFound
    wallets = [one for one in worth.of_customer(customer_id=current_user.id).wallets if one.asset.ticker == ticker]
    line = wallets[0].line if wallets and wallets[0].line else prices.board([known])[ticker]
    seen = stamp((line, wallets))
    if nothing_new := unchanged(seen):
        return nothing_new
    span = request.args.get("span", "") if request.args.get("span") in SPANS else "1d"
    costs = portfolio.of_customer(customer_id=current_user.id, ticker=ticker)
    asked = Asked(kind="trade", ticker=ticker)
    orders, _older = activity.of_customer(customer_id=current_user.id, asked=asked, limit=ORDERS)
    return page(
        "portal/asset.html",
        block="now",
        seen=seen,
        asset=known,
        line=line,
        span=span,
        spans=SPANS,
        chart=_chart(known, SPANS[span], line),
        parts=[part_of(one, costs.get(one.asset.code, Holding())) for one in wallets],
        orders=orders,
        alerts=trading.alerts(customer_id=current_user.id, base=ticker),
    )


def part_of(held: Held, holding: Holding) -> Part:
    """One wallet with its cost."""
    return Part(held, holding, portfolio.gain(holding, held.worth))


def _chart(known: Asset, span: Span, line: Line) -> Chart | None:
    """The stored candles, and the price of now as the end of the last of them."""
    since = clock.now() - span.back
    found = drawings.grouped(pricing.candles(known.ticker, NGN.ticker, span=span.candles, since=since), span.each)
    drawing = drawings.candles(found, span.each)
    if drawing is None:
        return None
    last = line.price.mid if line.price else found[-1].close
    return Chart(
        drawing,
        list(found),
        first=found[0].open,
        last=last,
        high=max(each.high for each in found),
        low=min(each.low for each in found),
    )
