"""The statements that people download: ledgers.csv and trades.csv, in the column generations that such files came in.

Ledgers: 10 columns (until 2024), 11 with `wallet`, 12 with `subclass`. Trades: 13 columns, later 24. The older name
assets and pairs by code (XXBT, XXBTZUSD), the newest by ticker (BTC, BTC/USD). A deposit or withdrawal that was
pending has a twin from that time: same refid, no txid, no balance. Times are UTC, oldest first.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

from sandbox.exchange import book
from sandbox.exchange import knobs as knobboard
from sandbox.exchange.history import NO_POSITION
from sandbox.exchange.listed import ASSETS, LOT_DECIMALS, PAIRS

Row = sqlite3.Row | Mapping[str, Any]
LEDGERS = {
    10: ("txid", "refid", "time", "type", "subtype", "aclass", "asset", "amount", "fee", "balance"),
    11: ("txid", "refid", "time", "type", "subtype", "aclass", "asset", "wallet", "amount", "fee", "balance"),
    12: (
        *("txid", "refid", "time", "type", "subtype", "aclass", "subclass", "asset", "wallet"),
        *("amount", "fee", "balance"),
    ),
}
_SHORT = (
    *("txid", "ordertxid", "pair", "time", "type", "ordertype", "price", "cost", "fee", "vol", "margin", "misc"),
    "ledgers",
)
TRADES = {
    13: _SHORT,
    24: (
        *("txid", "ordertxid", "pair", "aclass", "subclass", *_SHORT[3:]),
        *("posttxid", "posstatuscode", "cprice", "ccost", "cfee", "cvol", "cmargin", "net", "trades"),
    ),
}
_NUMBERS = frozenset({"amount", "fee", "balance", "price", "cost", "vol", "margin"})
_LINES = "SELECT * FROM ledger WHERE (:since IS NULL OR at >= :since) AND (:until IS NULL OR at < :until) ORDER BY id"
_PENDING = (
    "SELECT * FROM transfers WHERE (due_at IS NULL OR due_at > at) AND (ended_at IS NULL OR ended_at > at)"
    " AND (:since IS NULL OR at >= :since) AND (:until IS NULL OR at < :until)"
)
_TRADES = (
    "SELECT trades.*, orders.txid AS order_txid FROM trades JOIN orders ON orders.id = trades.order_id"
    " WHERE (:since IS NULL OR trades.at >= :since) AND (:until IS NULL OR trades.at < :until) ORDER BY trades.id"
)
_LINES_OF = "SELECT txid FROM ledger WHERE refid = ? ORDER BY id"


def ledgers(db: sqlite3.Connection, columns: int, *, since: int | None = None, until: int | None = None) -> str:
    """ledgers.csv between two times in microseconds. Raises KeyError for a number of columns it never had."""
    names, between = LEDGERS[columns], {"since": since, "until": until}
    rows = [(row["at"], 1, _line(row, columns)) for row in db.execute(_LINES, between).fetchall()]
    rows += [(row["at"], 0, _twin(row, columns)) for row in db.execute(_PENDING, between).fetchall()]
    told = [told for _, _, told in sorted(rows, key=lambda each: each[:2])]
    return _written(names, told + told[: knobboard.load(db).repeat_rows])


def trades(db: sqlite3.Connection, columns: int, *, since: int | None = None, until: int | None = None) -> str:
    """trades.csv between two times in microseconds. Raises KeyError for a number of columns it never had."""
    names = TRADES[columns]
    rows = db.execute(_TRADES, {"since": since, "until": until}).fetchall()
    told = [_trade(db, row, newest=columns == max(TRADES)) for row in rows]
    return _written(names, told + told[: knobboard.load(db).repeat_rows])


def _written(names: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    """Texts stand in quotation marks, numbers do not; a number that is absent is an empty text."""
    header = ",".join(f'"{name}"' for name in names)
    lines = [",".join(_cell(name, row[name]) for name in names) for row in rows]
    return "\n".join([header, *lines, ""])


def _cell(name: str, value: str) -> str:
    return value if name in _NUMBERS and value else '"' + value.replace('"', '""') + '"'


def _line(row: Row, columns: int) -> dict[str, str]:
    asset = ASSETS[row["asset"]]
    return {
        "txid": row["txid"], "refid": row["refid"], "time": f"{book.moment(row['at']):%Y-%m-%d %H:%M:%S}",
        "type": row["kind"], "subtype": row["subkind"], "aclass": "currency",
        "subclass": "fiat" if asset.is_fiat else "crypto",
        "asset": asset.ticker if columns == max(LEDGERS) else asset.code, "wallet": "spot / main",
        "amount": asset.text(row["amount"]), "fee": asset.text(row["fee"]), "balance": asset.text(row["balance"]),
    }  # fmt: skip


def _twin(row: sqlite3.Row, columns: int) -> dict[str, str]:
    sign = 1 if row["kind"] == "deposit" else -1
    absent = {"txid": "", "subkind": "", "balance": 0}
    return _line({**dict(row), **absent, "amount": sign * row["amount"]}, columns) | {"balance": ""}


def _trade(db: sqlite3.Connection, row: sqlite3.Row, *, newest: bool) -> dict[str, str]:
    pair = PAIRS[row["pair"]]
    at = book.moment(row["at"])
    blank = dict.fromkeys(("posstatuscode", "cprice", "ccost", "cfee", "cvol", "cmargin", "net", "trades"), "")
    return blank | {
        "txid": row["txid"], "ordertxid": row["order_txid"], "pair": pair.symbol if newest else pair.id,
        "aclass": "forex", "subclass": "crypto", "time": f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 100:04d}",
        "type": row["side"], "ordertype": row["kind"], "price": row["price"],
        "cost": pair.quote.text(row["cost"], decimals=pair.cost_decimals),
        "fee": pair.quote.text(row["fee"], decimals=pair.cost_decimals),
        "vol": pair.base.text(row["volume"], decimals=LOT_DECIMALS), "margin": f"{0:.{pair.cost_decimals}f}",
        "misc": "", "ledgers": ",".join(each["txid"] for each in db.execute(_LINES_OF, (row["txid"],))),
        "posttxid": NO_POSITION,
    }  # fmt: skip
