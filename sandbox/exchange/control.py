"""Control of the exchange itself, under /_sandbox/exchange/: for whoever sits at this machine, never for the product.

As the payment vendor's control it answers loopback addresses alone, takes JSON only and refuses other sites' pages.
"""

import sqlite3
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from sandbox.book import remember
from sandbox.exchange import answers, book, feeds, funding, history, ledger, listed, orders, statements
from sandbox.exchange import knobs as knobboard
from sandbox.exchange.doors import Doors
from sandbox.exchange.listed import ASSETS, Listed
from sandbox.exchange.prices import Market
from sandbox.exchange.settings import Settings
from sandbox.knobs import KnobRefused
from sandbox.strangers import refuse_strangers

_CALLS = (
    "SELECT path, error, count(*) AS count FROM calls WHERE (:path IS NULL OR path = :path)"
    " AND (:reference IS NULL OR reference = :reference) GROUP BY path, error ORDER BY path, error"
)
_ORDERS = "SELECT * FROM orders WHERE :cl_ord_id IS NULL OR cl_ord_id = :cl_ord_id ORDER BY id"
_SET_PRICE = "INSERT INTO prices (feed, pair, price, since) VALUES (?, ?, ?, ?)"
TICKERS = frozenset({"USD", "NGN", *(asset.ticker for asset in ASSETS.values())})


class Wrong(Exception):
    """A control call that makes no sense; the text says why."""


def blueprint(doors: Doors, settings: Settings) -> Blueprint:
    """Every control call."""
    control = Blueprint("control", __name__, url_prefix="/_sandbox/exchange")
    control.before_request(lambda: refuse_strangers(control_open=settings.control_open))

    for wrong in (Wrong, KnobRefused, answers.Refused):

        @control.errorhandler(wrong)
        def explain(error: Exception) -> tuple[Response, int]:
            return jsonify(error=str(error)), 400

    @control.get("/health")
    def health() -> Response:
        with doors.book.reading() as db:
            return jsonify(ok=True, now=_iso(book.now(db)))

    _add_state(control, doors, settings)
    _add_prices(control, doors, settings)
    _add_money(control, doors)
    _add_watching(control, doors)
    return control


def _fields() -> dict[str, Any]:
    body = request.get_json(silent=True) if request.is_json else None
    if not isinstance(body, dict):
        raise Wrong("send a JSON object")
    return body


def _iso(at: int) -> str:
    return f"{book.moment(at):%Y-%m-%dT%H:%M:%S.%f}Z"


def _add_state(control: Blueprint, doors: Doors, settings: Settings) -> None:
    @control.get("/knobs")
    def read_knobs() -> Response:
        with doors.book.reading() as db:
            return jsonify(asdict(knobboard.load(db)))

    @control.post("/knobs")
    def turn_knobs() -> Response:
        with doors.book.writing() as db:
            return jsonify(asdict(knobboard.turn(db, _fields())))

    @control.get("/feeds")
    def read_feeds() -> Response:
        with doors.book.reading() as db:
            return jsonify({name: asdict(feeds.load(db, name)) for name in feeds.FEEDS})

    @control.post("/feeds/<name>")
    def turn_feed(name: str) -> Response:
        with doors.book.writing() as db:
            return jsonify(asdict(feeds.turn(db, name, _fields())))

    @control.post("/clock")
    def pin_clock() -> Response:
        now = _fields().get("now")
        pinned = None if now is None else _microseconds(now)
        with doors.book.writing() as db:
            remember(db, "clock", pinned)
            return jsonify(now=_iso(book.now(db)), pinned=pinned is not None)

    @control.post("/reset")
    def reset() -> Response:
        if not settings.reset_allowed:
            abort(403)
        doors.book.reset()
        return jsonify(ok=True)


def _add_prices(control: Blueprint, doors: Doors, settings: Settings) -> None:
    @control.post("/prices")
    def set_price() -> Response:
        sent = _fields()
        pair, feed = str(sent.get("pair", "")), sent.get("feed")
        base, _, quote = pair.partition("/")
        if base not in TICKERS or quote not in TICKERS or (feed is not None and feed not in feeds.FEEDS):
            raise Wrong(f"pair is such as BTC/USD, feed one of {', '.join(feeds.FEEDS)} or null")
        price = None if sent.get("price") is None else str(_decimal(sent["price"]))
        with doors.book.writing() as db:
            db.execute(_SET_PRICE, (feed, pair, price, book.now(db)))
        return jsonify(pair=pair, feed=feed, price=price)

    @control.get("/prices")
    def read_price() -> Response:
        base, _, quote = request.args.get("pair", "").partition("/")
        if base not in TICKERS or quote not in TICKERS:
            raise Wrong("pair is such as BTC/USD")
        at = request.args.get("at")
        with doors.book.reading() as db:
            market = Market(db, seed=settings.seed)
            moment = market.now if at is None else _microseconds(at)
            told = {name: str(market.mid(name, base, quote, moment)) for name in feeds.FEEDS}
        return jsonify(pair=f"{base}/{quote}", at=_iso(moment), mid=told)


def _microseconds(text: Any) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise Wrong("a time is written in ISO 8601, or is null to let the clock run") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - datetime.fromtimestamp(0, UTC)
    return (since.days * 86_400 + since.seconds) * book.MICROSECONDS + since.microseconds


def _decimal(given: Any) -> Decimal:
    try:
        number = Decimal(given) if isinstance(given, str) else Decimal(-1)
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or number <= 0:
        raise Wrong("a price or an amount is a decimal number above zero, as text")
    return number


def _asset(sent: dict[str, Any]) -> Listed:
    asset = listed.asset(str(sent.get("asset", "")))
    if asset is None:
        raise Wrong(f"asset is one of {', '.join(sorted(each.ticker for each in ASSETS.values()))}")
    return asset


def _add_money(control: Blueprint, doors: Doors) -> None:
    def act(what: Any) -> Response:
        """What was due before comes first, as before every call of the venue."""
        sent = _fields()
        return jsonify(doors.carry_out(what, sent))

    @control.post("/fund")
    def fund() -> Response:
        def receive(db: sqlite3.Connection, sent: dict[str, Any], _market: Market) -> Any:
            asset, amount = _asset(sent), _decimal(sent.get("amount"))
            if asset.amount(asset.nearest(amount)) != amount:
                raise Wrong(f"{asset.ticker} has {asset.decimals} decimals here")
            texts = {name: sent.get(name) or None for name in ("method", "txid", "address")}
            return funding.receive(db, asset, amount, **texts)

        return act(receive)

    @control.post("/withdrawal-keys")
    def set_up_key() -> Response:
        def keep(db: sqlite3.Connection, sent: dict[str, Any], _market: Market) -> Any:
            key, address = str(sent.get("key") or ""), str(sent.get("address") or "")
            asset = _asset(sent)
            if not key or not address or not asset.routes:
                raise Wrong("give key, address and an asset that can be withdrawn")
            funding.set_up_key(db, key, asset, method=sent.get("method"), address=address)
            return {"key": key, "asset": asset.code, "address": address}

        return act(keep)


def _add_watching(control: Blueprint, doors: Doors) -> None:
    @control.get("/orders")
    def list_orders() -> Response:
        def dump(db: sqlite3.Connection, sent: dict[str, Any], _market: Market) -> Any:
            rows = db.execute(_ORDERS, sent).fetchall()
            return [
                {"txid": row["txid"], **orders.shape(row), "hidden": row["hidden"], "fills": history.trades_of(db, row)}
                for row in rows
            ]

        return jsonify(doors.carry_out(dump, {"cl_ord_id": request.args.get("cl_ord_id") or None}))

    @control.get("/balances")
    def list_balances() -> Response:
        def dump(db: sqlite3.Connection, _sent: dict[str, Any], _market: Market) -> Any:
            held = ledger.holds(db)
            return {
                ASSETS[code].ticker: {"balance": ASSETS[code].text(units), "held": ASSETS[code].text(held[code])}
                for code, units in ledger.balances(db).items()
            }

        return jsonify(doors.carry_out(dump, {}))

    @control.get("/calls")
    def count_calls() -> Response:
        wanted = {name: request.args.get(name) or None for name in ("path", "reference")}
        with doors.book.reading() as db:
            rows = db.execute(_CALLS, wanted).fetchall()
        return jsonify(calls=[dict(row) for row in rows], total=sum(row["count"] for row in rows))

    @control.get("/statements/<any(ledgers, trades):kind>.csv")
    def statement(kind: str) -> Response:
        known = statements.LEDGERS if kind == "ledgers" else statements.TRADES
        asked = request.args.get("columns") or str(max(known))
        if not asked.isdigit() or int(asked) not in known:
            raise Wrong(f"columns is one of {', '.join(map(str, known))}")
        write = statements.ledgers if kind == "ledgers" else statements.trades
        edges = {name: request.args.get(name) for name in ("since", "until")}
        between = {name: None if text is None else _microseconds(text) for name, text in edges.items()}
        text = doors.carry_out(lambda db, _sent, _market: write(db, int(asked), **between), {})
        return Response(text, mimetype="text/csv")
