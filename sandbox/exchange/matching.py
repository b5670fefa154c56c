"""Orders become trades when somebody looks: whatever was due by the venue's time is done before a call is answered.

A part of an order is due at its place in the plan that the knobs gave it, and is made at the price of that very moment:
so the outcome does not hang on who looked when. A limit that was out of reach then is made at its own price, as a
resting order is, at the first look that finds it in reach.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from sandbox.exchange import book, ledger
from sandbox.exchange.ledger import Line
from sandbox.exchange.listed import LOT_DECIMALS, PAIRS, Pair
from sandbox.exchange.prices import Market, bid_and_ask

_OPEN = "SELECT * FROM orders WHERE status = 'open' ORDER BY id"
_FILLED = "UPDATE orders SET executed = ?, cost = ?, fee = ?, parts_done = ? WHERE id = ?"
_CLOSED = "UPDATE orders SET status = ?, reason = ?, closed_at = ? WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Due:
    """Something that time alone brings about."""

    at: int
    happen: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Deal:
    """At what price, when, and whether the order had been resting."""

    price: Decimal
    at: int
    maker: bool


def next_due(db: sqlite3.Connection, market: Market) -> Due | None:
    """What is due first of all open orders; None when nothing is by now."""
    found = [due for row in db.execute(_OPEN).fetchall() if (due := _due(db, row, market)) is not None]
    return min(found, key=lambda due: due.at, default=None)


def _due(db: sqlite3.Connection, row: sqlite3.Row, market: Market) -> Due | None:
    if row["stop_after"] is not None and row["parts_done"] >= row["stop_after"]:
        at = row["opened_at"] + row["parts_done"] * row["every"]
        if row["rest"] == "open" or at > market.now:
            return None
        return Due(at, lambda: end(db, row, "canceled", at, reason="Out of liquidity"))
    deal = _deal(row, market)
    return None if deal is None else Due(deal.at, lambda: _fill_or_end(db, row, deal))


def _fill_or_end(db: sqlite3.Connection, row: sqlite3.Row, deal: Deal) -> None:
    if not _fill(db, row, deal):
        end(db, row, "canceled", deal.at, reason="Insufficient funds")


def end(db: sqlite3.Connection, row: sqlite3.Row, status: str, at: int, *, reason: str | None = None) -> None:
    """An order is over: `closed` when it was filled, `canceled` when not."""
    db.execute(_CLOSED, (status, reason, at, row["id"]))


def reach(pair: Pair, side: str, mid: Decimal) -> Decimal:
    """What whoever buys or sells at once gets: the other side's price."""
    bid, ask = bid_and_ask(pair, mid)
    return ask if side == "buy" else bid


def within(row: sqlite3.Row, price: Decimal) -> bool:
    """Whether an order may be filled at a price."""
    if row["limit_price"] is None:
        return True
    limit = Decimal(row["limit_price"])
    return price <= limit if row["side"] == "buy" else price >= limit


def _deal(row: sqlite3.Row, market: Market) -> Deal | None:
    due_at = row["opened_at"] + row["parts_done"] * row["every"]
    if due_at > market.now:
        return None
    pair = PAIRS[row["pair"]]
    then = reach(pair, row["side"], market.mid("kraken", pair.base.ticker, pair.quote.ticker, due_at))
    if within(row, then) and not row["rested"]:
        return Deal(then, due_at, maker=False)
    if within(row, reach(pair, row["side"], market.mid("kraken", pair.base.ticker, pair.quote.ticker))):
        return Deal(Decimal(row["limit_price"]), market.now, maker=True)
    return None


def _part(row: sqlite3.Row, pair: Pair) -> int:
    """The next part in units of the base: whole lots, the last takes what is left."""
    left = row["volume"] - row["executed"]
    if row["parts_done"] + 1 >= row["parts"]:
        return int(left)
    lot = 10 ** (pair.base.decimals - LOT_DECIMALS)
    return int(min(left, max(row["volume"] // row["parts"] // lot * lot, lot)))


def _fill(db: sqlite3.Connection, row: sqlite3.Row, deal: Deal) -> bool:
    """Make one trade; False when the money for it is not there (prices moved since it was held)."""
    pair = PAIRS[row["pair"]]
    volume = _part(row, pair)
    cost = pair.quote.nearest(pair.base.amount(volume) * deal.price)
    quote_fee = ledger.fee_share(cost, maker=deal.maker)
    fees = (0, quote_fee) if row["fee_in"] == "quote" else (ledger.fee_share(volume, maker=deal.maker), 0)
    sign = 1 if row["side"] == "buy" else -1
    lines = (Line(pair.base, sign * volume, fees[0]), Line(pair.quote, -sign * cost, fees[1]))
    if any(ledger.balance(db, line.asset) + line.amount - line.fee < 0 for line in lines):
        return False
    txid = book.name("T")
    # The trade tells its fee in the quote whatever it was taken in; what was taken stands in the ledger.
    db.execute(
        "INSERT INTO trades (txid, order_id, pair, side, kind, price, volume, cost, fee, maker, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(txid, row["id"], pair.id, row["side"], row["kind"], pair.price_text(deal.price)),
            *(volume, cost, quote_fee, deal.maker, deal.at),
        ),
    )
    for line in lines:
        ledger.move(db, txid, "trade", line, at=deal.at)
    executed, parts_done = row["executed"] + volume, row["parts_done"] + 1
    db.execute(_FILLED, (executed, row["cost"] + cost, row["fee"] + sum(fees), parts_done, row["id"]))
    if executed == row["volume"]:
        end(db, row, "closed", deal.at)
    return True
