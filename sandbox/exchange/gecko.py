"""An aggregator's simple price, as CoinGecko tells it: JSON numbers, and when each coin was updated, in seconds."""

from decimal import Context, Decimal
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.exchange import book
from sandbox.exchange.doors import Doors
from sandbox.exchange.prices import Market
from sandbox.exchange.settings import Settings

COINS = {
    "bitcoin": "BTC",
    "ethereum": "ETH",
    "tether": "USDT",
    "tron": "TRX",
    "the-open-network": "TON",
    "binancecoin": "BNB",
}
CURRENCIES = {"usd": "USD", "ngn": "NGN"}
# A JSON number that is read as a float and back keeps so many digits.
_DIGITS = Context(prec=12)


def blueprint(doors: Doors, settings: Settings) -> Blueprint:
    """The one call of the aggregator that the sandbox speaks."""
    gecko = Blueprint("gecko", __name__, url_prefix="/coingecko")
    gecko.before_request(lambda: doors.told("coingecko"))

    @gecko.get("/api/v3/simple/price")
    def simple_price() -> Response:
        ids, wanted = (_names(name) for name in ("ids", "vs_currencies"))
        if not ids or not wanted:
            answer = jsonify(error="Missing parameter ids or vs_currencies")
            answer.status_code = 422
            return answer
        dated = request.args.get("include_last_updated_at", "").lower() == "true"
        with doors.book.reading() as db:
            market = Market(db, seed=settings.seed)
        # An unknown coin or currency is left out, not refused.
        return jsonify({coin: _coin(market, COINS[coin], wanted, dated=dated) for coin in ids if coin in COINS})

    return gecko


def _names(argument: str) -> list[str]:
    return [name for name in request.args.get(argument, "").lower().split(",") if name]


def _coin(market: Market, ticker: str, wanted: list[str], *, dated: bool) -> dict[str, Any]:
    told = {name: market.told("coingecko", ticker, CURRENCIES[name]) for name in wanted if name in CURRENCIES}
    shape: dict[str, Any] = {name: _number(each.mid) for name, each in told.items()}
    if dated and told:
        shape["last_updated_at"] = min(each.at for each in told.values()) // book.MICROSECONDS
    return shape


def _number(price: Decimal) -> float | int:
    short = _DIGITS.plus(price).normalize()
    return int(short) if short == short.to_integral_value() else float(short)
