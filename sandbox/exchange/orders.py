"""Placing, cancelling and finding orders: what the venue accepts, what it refuses and in which words.

`cl_ord_id` is a UUID (with or without hyphens) or a free text of at most 18 ASCII characters, and is unique among open
orders alone: the id of an order that is over is accepted again, so a client must look before it repeats.
"""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from sandbox.exchange import answers, book, due, ledger, listed, matching
from sandbox.exchange import knobs as knobboard
from sandbox.exchange.listed import LOT_DECIMALS, PAIRS, Pair
from sandbox.exchange.prices import Market

CLIENT_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}|[\x21-\x7e]{1,18}", re.IGNORECASE
)
_TXID = re.compile(r"O[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{6}")
_FLAGS = frozenset({"post", "fcib", "fciq", "nompp", "viqc"})
_USERREF = re.compile(r"-?\d{1,10}")
_INSERT = (
    "INSERT INTO orders (txid, cl_ord_id, userref, pair, side, kind, volume, limit_price, held_at, described, oflags,"
    " fee_in, rested, status, opened_at, parts, every, stop_after, rest, hidden)"
    " VALUES (:txid, :cl_ord_id, :userref, :pair, :side, :kind, :volume, :limit_price, :held_at, :described, :oflags,"
    " :fee_in, :rested, 'open', :opened_at, :parts, :every, :stop_after, :rest, :hidden)"
)
_BY_ID = "SELECT * FROM orders WHERE id = ?"
_BY_TXID = "SELECT * FROM orders WHERE txid = ?"
_OPEN_BY_CLIENT = "SELECT * FROM orders WHERE cl_ord_id = ? AND status = 'open'"
_OPEN_BY_USERREF = "SELECT * FROM orders WHERE userref = ? AND status = 'open'"
_ALL_OPEN = "SELECT * FROM orders WHERE status = 'open'"
_WAS_SEEN = "UPDATE orders SET hidden = hidden - 1 WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order as it was asked for, checked."""

    pair: Pair
    side: str
    kind: str
    volume: Decimal
    limit: Decimal | None
    cl_ord_id: str | None
    userref: int | None
    flags: tuple[str, ...]
    time_in_force: str
    validate: bool


def place(db: sqlite3.Connection, sent: Mapping[str, Any], market: Market) -> dict[str, Any]:
    """AddOrder: what is answered; raises Refused."""
    wanted = _read(sent, market)
    knobs = knobboard.load(db)
    if knobs.status == "cancel_only" or knobs.cancel_only == wanted.pair.symbol:
        raise answers.Refused("EService:Market in cancel_only mode")
    if knobs.status == "post_only" and "post" not in wanted.flags:
        raise answers.Refused("EService:Market in post_only mode")
    described = _described(wanted)
    reach = matching.reach(wanted.pair, wanted.side, market.mid("kraken", *_tickers(wanted.pair)))
    volume = _base_units(wanted, reach)
    _check_minimums(wanted, volume, reach)
    if wanted.cl_ord_id is not None and db.execute(_OPEN_BY_CLIENT, (wanted.cl_ord_id,)).fetchone():
        raise answers.Refused("EOrder:Duplicate cl_ord_id")
    if wanted.validate:
        return {"descr": {"order": described}}
    row = db.execute(_BY_ID, (_insert(db, wanted, volume, described, knobs, reach, market.now),)).fetchone()
    asset, _ = ledger.needed(row)
    # The order stands in the book already, so what is available is so with it.
    if ledger.available(db, asset) < 0:
        raise answers.Refused("EOrder:Insufficient funds")
    if "post" in wanted.flags and not row["rested"]:
        matching.end(db, row, "canceled", market.now, reason="Post only order")
    due.settle(db, market)
    row = db.execute(_BY_ID, (row["id"],)).fetchone()
    if wanted.time_in_force == "IOC" and row["status"] == "open":
        matching.end(db, row, "canceled", market.now, reason="Immediate or cancel")
    return {"descr": {"order": described}, "txid": [row["txid"]]}


def _insert(
    db: sqlite3.Connection, wanted: Wanted, volume: int, described: str, knobs: knobboard.Knobs, *at: Any
) -> int:
    reach, now = at
    limit = wanted.limit
    rested = limit is not None and (reach > limit if wanted.side == "buy" else reach < limit)
    fee_in = "base" if "fcib" in wanted.flags else "quote" if "fciq" in wanted.flags else knobs.fee_in
    flags = [*wanted.flags, *([] if {"fcib", "fciq"} & set(wanted.flags) else ["fcib" if fee_in == "base" else "fciq"])]
    cursor = db.execute(
        _INSERT,
        {
            "txid": book.name("O"), "cl_ord_id": wanted.cl_ord_id, "userref": wanted.userref, "pair": wanted.pair.id,
            "side": wanted.side, "kind": wanted.kind, "volume": volume,
            "limit_price": None if limit is None else wanted.pair.price_text(limit),
            "held_at": str(reach if limit is None or wanted.side == "sell" else limit), "described": described,
            "oflags": ",".join(flags), "fee_in": fee_in, "rested": rested, "opened_at": now,
            "parts": knobs.fill_parts, "every": int(knobs.fill_seconds * book.MICROSECONDS),
            "stop_after": knobs.fill_stop, "rest": knobs.rest, "hidden": knobs.hide_orders,
        },
    )  # fmt: skip
    return int(cursor.lastrowid or 0)


def cancel(db: sqlite3.Connection, sent: Mapping[str, Any], market: Market) -> int:
    """CancelOrder: how many orders it ended; raises Refused when none is open by this txid, userref or cl_ord_id."""
    if sent.get("cl_ord_id"):
        rows = db.execute(_OPEN_BY_CLIENT, (sent["cl_ord_id"],)).fetchall()
    elif _USERREF.fullmatch(str(sent.get("txid", ""))):
        rows = db.execute(_OPEN_BY_USERREF, (int(sent["txid"]),)).fetchall()
    elif sent.get("txid"):
        check_txid(sent["txid"])
        rows = [row for row in db.execute(_BY_TXID, (sent["txid"],)).fetchall() if row["status"] == "open"]
    else:
        raise answers.invalid("txid")
    if not rows:
        raise answers.Refused("EOrder:Unknown order")
    for row in rows:
        matching.end(db, row, "canceled", market.now, reason="User requested")
    return len(rows)


def check_txid(given: str) -> None:
    """Refuse what cannot be an order's id, which is another no than that nobody knows it."""
    if not _TXID.fullmatch(given):
        raise answers.Refused("EOrder:Invalid order")


def cancel_all(db: sqlite3.Connection, market: Market) -> int:
    """CancelAll: how many orders it ended."""
    rows = db.execute(_ALL_OPEN).fetchall()
    for row in rows:
        matching.end(db, row, "canceled", market.now, reason="User requested")
    return len(rows)


def shown(db: sqlite3.Connection, rows: list[sqlite3.Row]) -> list[sqlite3.Row]:
    """Those of the found orders that a look-up tells of: one that is hidden is passed over, and that is counted."""
    hidden = [row for row in rows if row["hidden"] > 0]
    for row in hidden:
        db.execute(_WAS_SEEN, (row["id"],))
    return [row for row in rows if row["hidden"] <= 0]


def _tickers(pair: Pair) -> tuple[str, str]:
    return pair.base.ticker, pair.quote.ticker


def _read(sent: Mapping[str, Any], market: Market) -> Wanted:
    pair = listed.pair(str(sent.get("pair", "")))
    if pair is None:
        raise answers.Refused("EQuery:Unknown asset pair")
    side, kind = str(sent.get("type", "")), str(sent.get("ordertype", ""))
    if side not in ("buy", "sell"):
        raise answers.invalid("type")
    if kind not in ("market", "limit"):
        raise answers.invalid("ordertype")
    cl_ord_id, userref = sent.get("cl_ord_id") or None, sent.get("userref") or None
    if cl_ord_id is not None and (userref is not None or not CLIENT_ID.fullmatch(cl_ord_id)):
        raise answers.invalid("cl_ord_id")
    if userref is not None and not (_USERREF.fullmatch(str(userref)) and abs(int(userref)) < 1 << 31):
        raise answers.invalid("userref")
    flags = tuple(flag for flag in str(sent.get("oflags") or "").split(",") if flag)
    if not set(flags) <= _FLAGS or {"fcib", "fciq"} <= set(flags) or ("viqc" in flags and (side, kind) != _VIQC):
        raise answers.invalid("oflags")
    in_force = str(sent.get("timeinforce") or "GTC")
    if in_force not in ("GTC", "IOC"):
        raise answers.invalid("timeinforce")
    _check_deadline(sent.get("deadline"), market)
    return Wanted(
        pair, side, kind, _positive(sent, "volume"), _limit(sent, pair) if kind == "limit" else None,
        cl_ord_id, None if userref is None else int(userref), flags, in_force,
        str(sent.get("validate", "")).lower() in ("true", "1"),
    )  # fmt: skip


_VIQC = ("buy", "market")


def _check_deadline(deadline: Any, market: Market) -> None:
    if not deadline:
        return
    try:
        until = datetime.fromisoformat(str(deadline))
        late = until < book.moment(market.now)
    except (ValueError, TypeError):
        raise answers.invalid("deadline") from None
    if late:
        raise answers.Refused("EService:Deadline elapsed")


def _positive(sent: Mapping[str, Any], name: str) -> Decimal:
    try:
        number = Decimal(str(sent.get(name, "")))
    except InvalidOperation:
        raise answers.invalid(name) from None
    if not number.is_finite() or number <= 0:
        raise answers.invalid(name)
    return number


def _limit(sent: Mapping[str, Any], pair: Pair) -> Decimal:
    price = _positive(sent, "price")
    if price % pair.tick:
        raise answers.Refused("EOrder:Tick size check failed")
    return price


def _base_units(wanted: Wanted, reach: Decimal) -> int:
    """How much of the base, in units; what is given in the quote (`viqc`) buys whole lots, the rest is left."""
    lot = Decimal(1).scaleb(-LOT_DECIMALS)
    if "viqc" in wanted.flags:
        return wanted.pair.base.units((wanted.volume / reach).quantize(lot, rounding=ROUND_FLOOR))
    if wanted.volume % lot:
        raise answers.invalid("volume")
    return wanted.pair.base.units(wanted.volume)


def _check_minimums(wanted: Wanted, volume: int, reach: Decimal) -> None:
    amount = wanted.pair.base.amount(volume)
    if amount < wanted.pair.minimum:
        raise answers.Refused("EOrder:Order minimum not met")
    if amount * (wanted.limit or reach) < wanted.pair.cost_minimum:
        raise answers.Refused("EOrder:Cost minimum not met")


def _described(wanted: Wanted) -> str:
    what = "market" if wanted.limit is None else f"limit {wanted.pair.price_text(wanted.limit)}"
    return f"{wanted.side} {wanted.volume:.{LOT_DECIMALS}f} {wanted.pair.altname} @ {what}"


def shape(row: sqlite3.Row, trades: list[str] | None = None) -> dict[str, Any]:
    """An order as OpenOrders, ClosedOrders and QueryOrders tell it; `trades` when they were asked for."""
    pair = PAIRS[row["pair"]]
    nothing = pair.price_text(Decimal(0))
    executed = pair.base.amount(row["executed"])
    # An average is rounded to the price's step: what was paid for each part stands in the trades.
    average = pair.quote.amount(row["cost"]) / executed if executed else Decimal(0)
    told: dict[str, Any] = {"refid": None, "userref": row["userref"]}
    if row["cl_ord_id"] is not None:
        told["cl_ord_id"] = row["cl_ord_id"]
    told |= {"status": row["status"], "opentm": book.seconds(row["opened_at"]), "starttm": 0, "expiretm": 0}
    if row["status"] != "open":
        told |= {"reason": row["reason"], "closetm": book.seconds(row["closed_at"])}
    fee_asset, decimals = (pair.base, None) if row["fee_in"] == "base" else (pair.quote, pair.cost_decimals)
    told |= {
        "descr": {
            "pair": pair.altname, "type": row["side"], "ordertype": row["kind"], "price": row["limit_price"] or "0",
            "price2": "0", "leverage": "none", "order": row["described"], "close": "",
        },
        "vol": pair.base.text(row["volume"], decimals=LOT_DECIMALS),
        "vol_exec": pair.base.text(row["executed"], decimals=LOT_DECIMALS),
        "cost": pair.quote.text(row["cost"], decimals=pair.cost_decimals),
        "fee": fee_asset.text(row["fee"], decimals=decimals), "price": pair.price_text(average),
        "stopprice": nothing, "limitprice": nothing, "misc": "", "oflags": row["oflags"],
    }  # fmt: skip
    if trades:
        told["trades"] = trades
    return told
