"""What was: orders, trades and ledger lines, newest first, 50 a page, between two times or two ids.

`start` is exclusive, `end` inclusive; either is a time in seconds or the id of a row, whose time is meant.
"""

import sqlite3
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.exchange import answers, book, listed, orders
from sandbox.exchange import knobs as knobboard
from sandbox.exchange.listed import ASSETS, LOT_DECIMALS, PAIRS

PER_PAGE = 50
_IDS_MAX = 50
NO_POSITION = "TKH2SE-M7IF5-CFI7LT"  # what spot trades name as their position, which they have none of
_ORDERS = (
    "SELECT * FROM orders WHERE (:status = 'open') = (status = 'open') AND (:userref IS NULL OR userref = :userref)"
    " AND (:cl_ord_id IS NULL OR cl_ord_id = :cl_ord_id)"
    " AND (:start IS NULL OR CASE :by WHEN 'open' THEN opened_at ELSE coalesce(closed_at, opened_at) END > :start)"
    " AND (:end IS NULL OR CASE :by WHEN 'close' THEN coalesce(closed_at, opened_at) ELSE opened_at END <= :end)"
    " ORDER BY CASE :by WHEN 'open' THEN opened_at ELSE coalesce(closed_at, opened_at) END DESC, id DESC"
)
_ORDER_BY_TXID = "SELECT * FROM orders WHERE txid = ?"
_TRADE_IDS = "SELECT txid FROM trades WHERE order_id = ? ORDER BY id"
_TRADES_COUNT = (
    "SELECT count(*) FROM trades JOIN orders ON orders.id = trades.order_id WHERE orders.hidden <= 0"
    " AND (:start IS NULL OR trades.at > :start) AND (:end IS NULL OR trades.at <= :end)"
)
_TRADES = (
    "SELECT trades.*, orders.txid AS order_txid FROM trades JOIN orders ON orders.id = trades.order_id"
    " WHERE orders.hidden <= 0 AND (:start IS NULL OR trades.at > :start) AND (:end IS NULL OR trades.at <= :end)"
    " ORDER BY trades.at DESC, trades.id DESC LIMIT :rows OFFSET :skipped"
)
_TRADE_BY_TXID = (
    "SELECT trades.*, orders.txid AS order_txid FROM trades JOIN orders ON orders.id = trades.order_id"
    " WHERE orders.hidden <= 0 AND trades.txid = ?"
)
_TRADES_OF = "SELECT trades.*, ? AS order_txid FROM trades WHERE order_id = ? ORDER BY id"
_LINES_OF = "SELECT txid FROM ledger WHERE refid = ? ORDER BY id"
_LINES_WANTED = (
    " FROM ledger WHERE (:assets IS NULL OR instr(:assets, ',' || asset || ',') > 0)"
    " AND (:kind IS NULL OR kind = :kind) AND (:start IS NULL OR at > :start) AND (:end IS NULL OR at <= :end)"
)
_LINES_COUNT = "SELECT count(*)" + _LINES_WANTED
_LINES = "SELECT *" + _LINES_WANTED + " ORDER BY id DESC LIMIT :rows OFFSET :skipped"
_LINE_BY_TXID = "SELECT * FROM ledger WHERE txid = ?"
_TIMES = (
    "SELECT opened_at AS at FROM orders WHERE txid = :txid UNION ALL SELECT at FROM trades WHERE txid = :txid"
    " UNION ALL SELECT at FROM ledger WHERE txid = :txid"
)


def between(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, int | None]:
    """`start` and `end` in microseconds, None where not asked."""
    return {name: _edge(db, sent.get(name), name) for name in ("start", "end")}


def _edge(db: sqlite3.Connection, given: Any, name: str) -> int | None:
    if given in (None, ""):
        return None
    row = db.execute(_TIMES, {"txid": str(given)}).fetchone()
    if row is not None:
        return int(row["at"])
    try:
        return int(Decimal(str(given)) * book.MICROSECONDS)
    except (InvalidOperation, ValueError, OverflowError):
        raise answers.invalid(name) from None


def offset(sent: Mapping[str, Any]) -> int:
    """`ofs`, how many rows stand before the page."""
    text = str(sent.get("ofs") or "0")
    if not (text.isascii() and text.isdigit()):
        raise answers.invalid("ofs")
    return int(text)


def window(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, int]:
    """LIMIT and OFFSET; with `repeat_rows` a later page begins with the last rows of the one before."""
    skipped = offset(sent)
    return {"rows": PER_PAGE, "skipped": max(0, skipped - knobboard.load(db).repeat_rows)}


def _asks(sent: Mapping[str, Any], name: str) -> bool:
    return str(sent.get(name, "")).lower() in ("true", "1")


def _ids(sent: Mapping[str, Any], name: str) -> list[str]:
    ids = [each.strip() for each in str(sent.get(name, "")).split(",") if each.strip()]
    if not ids or len(ids) > _IDS_MAX:
        raise answers.invalid(name)
    return ids


def _orders(db: sqlite3.Connection, sent: Mapping[str, Any], status: str) -> list[sqlite3.Row]:
    by = str(sent.get("closetime") or "both")
    if by not in ("open", "close", "both"):
        raise answers.invalid("closetime")
    wanted = {
        "status": status, "userref": sent.get("userref") or None, "cl_ord_id": sent.get("cl_ord_id") or None,
        "by": by if status == "closed" else "open", **between(db, sent),
    }  # fmt: skip
    return orders.shown(db, db.execute(_ORDERS, wanted).fetchall())


def _with_trades(db: sqlite3.Connection, row: sqlite3.Row, sent: Mapping[str, Any]) -> dict[str, Any]:
    made = [each["txid"] for each in db.execute(_TRADE_IDS, (row["id"],))] if _asks(sent, "trades") else None
    return orders.shape(row, made)


def open_orders(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, Any]:
    """OpenOrders."""
    return {"open": {row["txid"]: _with_trades(db, row, sent) for row in _orders(db, sent, "open")}}


def closed_orders(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, Any]:
    """ClosedOrders, with how many there are in all."""
    found, page = _orders(db, sent, "closed"), window(db, sent)
    cut = found[page["skipped"] : page["skipped"] + page["rows"]]
    return {"closed": {row["txid"]: _with_trades(db, row, sent) for row in cut}, "count": len(found)}


def query_orders(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, Any]:
    """QueryOrders, by txid alone: what there is of those asked for."""
    asked = _ids(sent, "txid")
    for txid in asked:
        orders.check_txid(txid)
    rows = [row for txid in asked if (row := db.execute(_ORDER_BY_TXID, (txid,)).fetchone()) is not None]
    return {row["txid"]: _with_trades(db, row, sent) for row in orders.shown(db, rows)}


def trades_history(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, Any]:
    """TradesHistory, with how many there are in all."""
    wanted = between(db, sent)
    count = db.execute(_TRADES_COUNT, wanted).fetchone()[0]
    rows = db.execute(_TRADES, wanted | window(db, sent)).fetchall()
    return {"trades": {row["txid"]: trade(db, row, sent) for row in rows}, "count": count}


def query_trades(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, Any]:
    """QueryTrades: what there is of those asked for."""
    found = [db.execute(_TRADE_BY_TXID, (txid,)).fetchone() for txid in _ids(sent, "txid")]
    return {row["txid"]: trade(db, row, sent) for row in found if row is not None}


def trades_of(db: sqlite3.Connection, order: sqlite3.Row) -> list[dict[str, Any]]:
    """Every trade of an order, for control's eyes."""
    rows = db.execute(_TRADES_OF, (order["txid"], order["id"])).fetchall()
    return [{"txid": row["txid"], **trade(db, row, {"ledgers": "true"})} for row in rows]


def trade(db: sqlite3.Connection, row: sqlite3.Row, sent: Mapping[str, Any]) -> dict[str, Any]:
    """A trade as the venue tells it. Its fee is told in the quote, whatever it was taken in."""
    pair = PAIRS[row["pair"]]
    told = {
        "ordertxid": row["order_txid"], "postxid": NO_POSITION, "pair": pair.id, "aclass": "forex",
        "time": book.seconds(row["at"]), "type": row["side"], "ordertype": row["kind"], "price": row["price"],
        "cost": pair.quote.text(row["cost"], decimals=pair.cost_decimals),
        "fee": pair.quote.text(row["fee"], decimals=pair.cost_decimals),
        "vol": pair.base.text(row["volume"], decimals=LOT_DECIMALS), "margin": f"{0:.{pair.cost_decimals}f}",
        "leverage": "0", "misc": "", "trade_id": row["id"], "maker": bool(row["maker"]),
    }  # fmt: skip
    if _asks(sent, "ledgers"):
        told["ledgers"] = [each["txid"] for each in db.execute(_LINES_OF, (row["txid"],))]
    return told


def ledgers(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Ledgers, with how many lines there are in all."""
    kind = str(sent.get("type") or "all")
    wanted = {"assets": _assets(sent), "kind": None if kind == "all" else kind, **between(db, sent)}
    rows = db.execute(_LINES, wanted | window(db, sent)).fetchall()
    page: dict[str, Any] = {"ledger": {row["txid"]: line(row) for row in rows}}
    if not _asks(sent, "without_count"):
        page["count"] = db.execute(_LINES_COUNT, wanted).fetchone()[0]
    return page


def query_ledgers(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, Any]:
    """QueryLedgers: what there is of those asked for."""
    found = [db.execute(_LINE_BY_TXID, (txid,)).fetchone() for txid in _ids(sent, "id")]
    return {row["txid"]: line(row) for row in found if row is not None}


def line(row: sqlite3.Row) -> dict[str, Any]:
    """A ledger line as the venue tells it."""
    asset = ASSETS[row["asset"]]
    return {
        "aclass": "currency", "amount": asset.text(row["amount"]), "asset": row["asset"],
        "balance": asset.text(row["balance"]), "fee": asset.text(row["fee"]), "refid": row["refid"],
        "time": book.seconds(row["at"]), "type": row["kind"], "subtype": row["subkind"],
    }  # fmt: skip


def _assets(sent: Mapping[str, Any]) -> str | None:
    names = [each for each in str(sent.get("asset") or "all").split(",") if each]
    if names == ["all"]:
        return None
    found = [listed.asset(name) for name in names]
    if None in found:
        raise answers.Refused("EQuery:Unknown asset")
    return "," + ",".join(each.code for each in found if each is not None) + ","
