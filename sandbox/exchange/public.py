"""The venue's public calls: time, assets, pairs, and prices as its knobs have them told."""

from decimal import ROUND_HALF_UP, Decimal
from email.utils import format_datetime
from typing import Any

from flask import Blueprint, Response, request

from sandbox.exchange import answers, book, knobs, listed, walk
from sandbox.exchange.answers import agreed
from sandbox.exchange.doors import Doors
from sandbox.exchange.listed import ASSETS, LOT_DECIMALS, PAIRS, Pair
from sandbox.exchange.prices import Market, Told, bid_and_ask
from sandbox.exchange.settings import Settings

INTERVALS = (1, 5, 15, 30, 60, 240, 1440, 10080, 21600)
CANDLES_MAX = 720
_LOOKS = 4  # a candle's high and low are the extremes of so many looks at the price
_DEPTH_MAX = 500
_TRADES_MAX = 1_000
_DAY = 86_400 * book.MICROSECONDS


def blueprint(doors: Doors, settings: Settings) -> Blueprint:
    """Every public call that the sandbox speaks."""
    public = Blueprint("public", __name__, url_prefix="/0/public")
    public.before_request(doors.at_home)

    @public.get("/Time")
    def server_time() -> Response:
        with doors.book.reading() as db:
            at = book.now(db)
        moment = book.moment(at)
        return agreed({"unixtime": at // book.MICROSECONDS, "rfc1123": format_datetime(moment)})

    @public.get("/SystemStatus")
    def system_status() -> Response:
        with doors.book.reading() as db:
            at, status = book.now(db), knobs.load(db).status
        return agreed({"status": status, "timestamp": f"{book.moment(at):%Y-%m-%dT%H:%M:%SZ}"})

    @public.get("/Assets")
    def assets() -> Response:
        wanted = [listed.asset(name) for name in _names("asset")] or list(ASSETS.values())
        if None in wanted:
            raise answers.Refused("EQuery:Unknown asset")
        return agreed(
            {
                asset.code: {
                    "aclass": "currency", "altname": asset.altname, "decimals": asset.decimals,
                    "display_decimals": asset.display_decimals, "status": "enabled",
                }
                for asset in wanted
                if asset is not None
            }
        )  # fmt: skip

    @public.get("/AssetPairs")
    def asset_pairs() -> Response:
        with doors.book.reading() as db:
            closed = knobs.load(db).cancel_only
        status = {pair.id: {"status": "cancel_only"} if pair.symbol == closed else {} for pair in _pairs()}
        return agreed({pair.id: pair.shape() | status[pair.id] for pair in _pairs()})

    _add_prices(public, doors, settings)
    return public


def _add_prices(public: Blueprint, doors: Doors, settings: Settings) -> None:
    def told(tell: Any, pairs: list[Pair]) -> Response:
        if (silence := doors.told("kraken")) is not None:
            return silence
        with doors.book.reading() as db:
            market = Market(db, seed=settings.seed)
        # Reckoned outside: hundreds of candles take a while, and nobody need wait for them.
        return agreed({key: value for pair in pairs for key, value in tell(market, pair).items()})

    @public.get("/Ticker")
    def ticker() -> Response:
        return told(lambda market, pair: {pair.id: _ticker(market, pair, settings.seed)}, _pairs())

    @public.get("/OHLC")
    def ohlc() -> Response:
        interval, since = _whole("interval", 1), _whole("since", 0)
        if interval not in INTERVALS:
            raise answers.invalid("interval")
        return told(lambda market, pair: _candles(market, pair, interval, since, settings.seed), [_one()])

    @public.get("/Depth")
    def depth() -> Response:
        count = min(_whole("count", 100), _DEPTH_MAX)
        return told(lambda market, pair: {pair.id: _depth(market, pair, count)}, [_one()])

    @public.get("/Trades")
    def trades() -> Response:
        count, since = min(_whole("count", _TRADES_MAX), _TRADES_MAX), request.args.get("since", "0")
        return told(lambda market, pair: _trades(market, pair, count, since), [_one()])


def _names(argument: str) -> list[str]:
    return [name for name in request.args.get(argument, "").split(",") if name]


def _pairs() -> list[Pair]:
    wanted = [listed.pair(name) for name in _names("pair")] or list(PAIRS.values())
    if None in wanted:
        raise answers.Refused("EQuery:Unknown asset pair")
    return [pair for pair in wanted if pair is not None]


def _one() -> Pair:
    pairs = _pairs()
    if len(pairs) != 1:
        raise answers.invalid("pair")
    return pairs[0]


def _whole(argument: str, otherwise: int) -> int:
    text = request.args.get(argument, "").partition(".")[0] or str(otherwise)
    if not (text.isascii() and text.isdigit()):
        raise answers.invalid(argument)
    return int(text)


def _price(pair: Pair, mid: Decimal) -> Decimal:
    return mid.quantize(pair.tick, rounding=ROUND_HALF_UP)


def _ticker(market: Market, pair: Pair, seed: int) -> dict[str, Any]:
    told = _told(market, pair)
    mid, at = told.mid, told.at
    bid, ask = (pair.price_text(side) for side in bid_and_ask(pair, mid))
    day = [_bent(market, pair, told, at - _DAY * hour // 24) for hour in range(25)]
    today = [_bent(market, pair, told, at - at % _DAY), *day[: at % _DAY * 24 // _DAY + 1]]
    last = pair.price_text(_price(pair, mid))
    sold = (walk.turnover(seed, pair.symbol, at // 1_000) * 1_000 / mid if mid else Decimal(0)) * 24
    volume = f"{sold:.{LOT_DECIMALS}f}"
    ends = [[pair.price_text(end(hours)) for hours in (today, day)] for end in (min, max)]
    mean = [pair.price_text(_price(pair, sum(hours, Decimal(0)) / len(hours))) for hours in (today, day)]
    return {
        "a": [ask, "1", "1.000"], "b": [bid, "1", "1.000"], "c": [last, "0.01000000"], "v": [volume, volume],
        "p": mean, "t": [9_000, 24_000], "l": ends[0], "h": ends[1], "o": pair.price_text(today[0]),
    }  # fmt: skip


def _told(market: Market, pair: Pair) -> Told:
    return market.told("kraken", pair.base.ticker, pair.quote.ticker)


def _bent(market: Market, pair: Pair, told: Told, at: int) -> Decimal:
    """The price at a past moment, bent as much as the present one is."""
    return _price(pair, market.mid("kraken", pair.base.ticker, pair.quote.ticker, at) * told.bend)


def _candles(market: Market, pair: Pair, minutes: int, since: int, seed: int) -> dict[str, Any]:
    present = _told(market, pair)
    now = present.at
    span = minutes * 60 * book.MICROSECONDS
    last = now - now % span
    first = max(last - (CANDLES_MAX - 1) * span, since * book.MICROSECONDS // span * span + span if since else 0)
    candles = []
    for opened in range(first, last + 1, span):
        until = min(opened + span, now)
        looks = [_bent(market, pair, present, opened + (until - opened) * look // _LOOKS) for look in range(_LOOKS + 1)]
        volume = walk.turnover(seed, pair.symbol, opened // 1_000) * 1_000 * minutes / 60
        sold = volume / looks[0] if looks[0] else Decimal(0)
        mean = _price(pair, sum(looks, Decimal(0)) / len(looks))
        told = (looks[0], max(looks), min(looks), looks[-1], mean)
        candles.append(
            [opened // book.MICROSECONDS, *(pair.price_text(each) for each in told), f"{sold:.8f}", 10 * minutes]
        )
    return {pair.id: candles, "last": (last - span) // book.MICROSECONDS}


def _depth(market: Market, pair: Pair, count: int) -> dict[str, Any]:
    told = _told(market, pair)
    mid = told.mid
    bid, ask = bid_and_ask(pair, mid)
    step = max(pair.tick, _price(pair, mid / 20_000))
    lot = Decimal(1).scaleb(-3)
    told_at = told.at // book.MICROSECONDS

    def side(best: Decimal, sign: int) -> list[list[Any]]:
        levels = [(best + sign * step * number, number + 1) for number in range(count)]
        return [
            [pair.price_text(price), f"{(pair.minimum * 100 * number).quantize(lot):.3f}", told_at]
            for price, number in levels
            if price > 0
        ]

    return {"asks": side(ask, 1), "bids": side(bid, -1)}


def _trades(market: Market, pair: Pair, count: int, since: str) -> dict[str, Any]:
    """A trade every ten seconds, at the price of the moment; `since` in seconds or in nanoseconds, as `last` is."""
    told = _told(market, pair)
    every = 10 * book.MICROSECONDS
    whole = int(since.partition(".")[0]) if since.partition(".")[0].isdigit() else 0
    after = whole // 1_000 if whole > 10**17 else whole * book.MICROSECONDS
    newest = told.at - told.at % every
    oldest = max(newest - (count - 1) * every, after // every * every + every if after else 0)
    made = [
        [
            pair.price_text(_bent(market, pair, told, at)), f"{pair.minimum * 10:.8f}", at / book.MICROSECONDS,
            "b" if at // every % 2 else "s", "m", "", at // every,
        ]
        for at in range(oldest, newest + 1, every)
    ]  # fmt: skip
    return {pair.id: made[:count], "last": f"{newest * 1_000}"}
