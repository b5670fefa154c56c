"""What the venue holds for its client: a running balance an asset, one line a change, never below zero.

`balance = before + amount − fee`, in whole units of the asset; what open orders may take is held, not moved.
"""

import sqlite3
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from sandbox.exchange import book
from sandbox.exchange.listed import ASSETS, MAKER_BPS, PAIRS, TAKER_BPS, Listed

_BALANCE = "SELECT balance FROM ledger WHERE asset = ? ORDER BY id DESC LIMIT 1"
_BALANCES = "SELECT asset, balance FROM ledger WHERE id IN (SELECT max(id) FROM ledger GROUP BY asset) ORDER BY asset"
_OPEN = "SELECT * FROM orders WHERE status = 'open' ORDER BY id"


@dataclass(frozen=True, slots=True)
class Line:
    """One change of a balance: `amount` signed, `fee` what the venue keeps of it, both in units of `asset`."""

    asset: Listed
    amount: int
    fee: int = 0


def balance(db: sqlite3.Connection, asset: Listed) -> int:
    """What is held of an asset, in its units."""
    row = db.execute(_BALANCE, (asset.code,)).fetchone()
    return 0 if row is None else int(row["balance"])


def balances(db: sqlite3.Connection) -> dict[str, int]:
    """What is held of every asset that ever moved, by code, in units."""
    return {row["asset"]: int(row["balance"]) for row in db.execute(_BALANCES)}


def move(db: sqlite3.Connection, refid: str, kind: str, line: Line, *, at: int) -> str:
    """Write one line and name it; sqlite3.IntegrityError when the balance would fall below zero."""
    txid = book.name("L")
    after = balance(db, line.asset) + line.amount - line.fee
    db.execute(
        "INSERT INTO ledger (txid, refid, kind, asset, amount, fee, balance, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (txid, refid, kind, line.asset.code, line.amount, line.fee, after, at),
    )
    return txid


def fee_share(amount: int, *, maker: bool) -> int:
    """The venue's share of an amount of units; a part of a unit rounds up, to the venue."""
    return -(-amount * (MAKER_BPS if maker else TAKER_BPS) // 10_000)


def needed(row: sqlite3.Row, *, volume: int | None = None) -> tuple[Listed, int]:
    """What an order (or this much more of it) takes at the price it is held at, fee included: asset and units, up."""
    pair = PAIRS[row["pair"]]
    volume = row["volume"] - row["executed"] if volume is None else volume
    if row["side"] == "sell":
        fee = fee_share(volume, maker=False) if row["fee_in"] == "base" else 0
        return pair.base, volume + fee
    cost = pair.base.amount(volume) * Decimal(row["held_at"])
    units = int(cost.scaleb(pair.quote.decimals).to_integral_value(rounding=ROUND_CEILING))
    return pair.quote, units + (fee_share(units, maker=False) if row["fee_in"] == "quote" else 0)


def holds(db: sqlite3.Connection) -> dict[str, int]:
    """What open orders may still take, by asset code, in units."""
    held = dict.fromkeys(ASSETS, 0)
    for row in db.execute(_OPEN).fetchall():
        asset, units = needed(row)
        held[asset.code] += units
    return held


def available(db: sqlite3.Connection, asset: Listed) -> int:
    """What is neither spent nor held, in units."""
    return balance(db, asset) - holds(db)[asset.code]
