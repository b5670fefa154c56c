"""A second exchange's public side, as Luno tells it: markets, tickers with their times, and the top of its books.

It prices in naira, which the first does not. Nothing is traded here.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.exchange import book, walk
from sandbox.exchange.doors import Doors
from sandbox.exchange.prices import Market
from sandbox.exchange.settings import Settings

_HALF_SPREAD_PPM = 600
_MILLION = 1_000_000
_CODES = {"BTC": "XBT"}


@dataclass(frozen=True, slots=True)
class Counter:
    """A market here: its tickers, and the decimals of its prices and volumes."""

    base: str
    quote: str
    price_scale: int
    volume_scale: int

    @property
    def id(self) -> str:
        """Its name here: `XBTNGN`."""
        return f"{_CODES.get(self.base, self.base)}{self.quote}"

    def shape(self) -> dict[str, Any]:
        """It as the list of markets tells it."""
        least = Decimal(1).scaleb(-self.volume_scale) * 10
        return {
            "market_id": self.id, "trading_status": "ACTIVE", "base_currency": _CODES.get(self.base, self.base),
            "counter_currency": self.quote, "min_volume": f"{least:f}", "max_volume": "10000.00",
            "volume_scale": self.volume_scale, "min_price": f"{Decimal(1).scaleb(-self.price_scale):f}",
            "max_price": "1000000000.00", "price_scale": self.price_scale, "fee_scale": 8,
        }  # fmt: skip


COUNTERS = {
    counter.id: counter
    for counter in (
        Counter("BTC", "NGN", 0, 6),
        Counter("ETH", "NGN", 0, 6),
        Counter("USDT", "NGN", 2, 2),
        Counter("TRX", "NGN", 2, 0),
        Counter("TON", "NGN", 2, 2),
        Counter("BNB", "NGN", 0, 4),
        Counter("BTC", "USDT", 2, 6),
        Counter("ETH", "USDT", 2, 5),
        Counter("TRX", "USDT", 6, 0),
        Counter("TON", "USDT", 4, 2),
        Counter("BNB", "USDT", 2, 4),
    )
}


def blueprint(doors: Doors, settings: Settings) -> Blueprint:
    """Every call of the second exchange that the sandbox speaks."""
    luno = Blueprint("luno", __name__, url_prefix="/luno/api")
    luno.before_request(lambda: doors.told("luno"))

    def market_now(tell: Any) -> Any:
        with doors.book.reading() as db:
            market = Market(db, seed=settings.seed)
        return tell(market)

    @luno.get("/exchange/1/markets")
    def markets() -> Response:
        return jsonify(markets=[counter.shape() for counter in COUNTERS.values()])

    @luno.get("/1/tickers")
    def tickers() -> Response:
        wanted = request.args.getlist("pair") or list(COUNTERS)
        if not set(wanted) <= set(COUNTERS):
            return _unknown()
        told = market_now(lambda market: [_ticker(market, COUNTERS[name], settings.seed) for name in wanted])
        return jsonify(tickers=told)

    @luno.get("/1/ticker")
    def ticker() -> Response:
        counter = COUNTERS.get(request.args.get("pair", ""))
        if counter is None:
            return _unknown()
        return jsonify(market_now(lambda market: _ticker(market, counter, settings.seed)))

    @luno.get("/1/orderbook_top")
    def orderbook_top() -> Response:
        counter = COUNTERS.get(request.args.get("pair", ""))
        if counter is None:
            return _unknown()
        told = market_now(lambda market: _ticker(market, counter, settings.seed))
        volume = f"{Decimal(1):.{counter.volume_scale}f}"
        sides = {side: [{"price": told[name], "volume": volume}] for side, name in (("asks", "ask"), ("bids", "bid"))}
        return jsonify(timestamp=told["timestamp"], **sides)

    return luno


def _unknown() -> Response:
    answer = jsonify(error="Invalid currency pair.", error_code="ErrInvalidMarketPair")
    answer.status_code = 400
    return answer


def _ticker(market: Market, counter: Counter, seed: int) -> dict[str, Any]:
    told = market.told("luno", counter.base, counter.quote)
    half = told.mid * _HALF_SPREAD_PPM / _MILLION
    tick = Decimal(1).scaleb(-counter.price_scale)
    bid = (told.mid - half).quantize(tick, rounding=ROUND_FLOOR)
    ask = (told.mid + half).quantize(tick, rounding=ROUND_CEILING)
    sold = walk.turnover(seed, counter.id, told.at // 1_000) / 10
    return {
        "pair": counter.id, "timestamp": told.at * 1_000 // book.MICROSECONDS, "bid": f"{bid:f}", "ask": f"{ask:f}",
        "last_trade": f"{told.mid.quantize(tick):f}", "rolling_24_hour_volume": f"{sold:.{counter.volume_scale}f}",
        "status": "ACTIVE",
    }  # fmt: skip
