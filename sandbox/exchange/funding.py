"""Money in and out of the venue: addresses, deposits that are pending until they arrive, withdrawals to known keys.

A withdrawal goes to a key that was set up beforehand, never to an address alone; what is asked for includes the fee. It
is taken at once; one that fails comes back as a line of the same reference with the signs turned.
"""

import secrets
import sqlite3
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.exchange import answers, book, ledger, listed
from sandbox.exchange import knobs as knobboard
from sandbox.exchange.ledger import Line
from sandbox.exchange.listed import ASSETS, Listed, Route
from sandbox.exchange.matching import Due

_DUE = "SELECT * FROM transfers WHERE due_at <= ? ORDER BY due_at, id LIMIT 1"
_ENDED = (
    "UPDATE transfers SET status = :status, prop = :prop, txid = coalesce(txid, :txid), due_at = NULL, ended_at = :at"
    " WHERE id = :id"
)
_INSERT = (
    "INSERT INTO transfers (refid, kind, asset, method, network, key, address, txid, amount, fee, status, prop,"
    " outcome, at, due_at) VALUES (:refid, :kind, :asset, :method, :network, :key, :address, :txid, :amount, :fee,"
    " :status, NULL, :outcome, :at, :due_at)"
)
_KEY = "SELECT * FROM withdrawal_keys WHERE key = ?"
_KEYS = "SELECT * FROM withdrawal_keys WHERE (:asset IS NULL OR asset = :asset) ORDER BY key"
_ADDRESSES = "SELECT * FROM addresses WHERE asset = ? AND method = ? ORDER BY id DESC"
_NEW_ADDRESS = "INSERT INTO addresses (asset, method, address, made_at) VALUES (?, ?, ?, ?)"
_PENDING = "SELECT * FROM transfers WHERE refid = ? AND kind = 'withdrawal' AND status = 'Initial'"
_LISTED = (
    "SELECT * FROM transfers WHERE kind = :kind AND (:asset IS NULL OR asset = :asset)"
    " AND (:method IS NULL OR method = :method) AND (:start IS NULL OR at > :start) AND (:end IS NULL OR at <= :end)"
    " ORDER BY at DESC, id DESC LIMIT :rows OFFSET :skipped"
)
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def next_due(db: sqlite3.Connection, now: int) -> Due | None:
    """The first transfer whose time has come."""
    row = db.execute(_DUE, (now,)).fetchone()
    return None if row is None else Due(row["due_at"], lambda: _end(db, row, row["due_at"]))


def _end(db: sqlite3.Connection, row: sqlite3.Row, at: int) -> None:
    asset = ASSETS[row["asset"]]
    if row["kind"] == "deposit":
        ledger.move(db, row["refid"], "deposit", Line(asset, row["amount"], row["fee"]), at=at)
        _over(db, row, "Success", at=at, txid=None)
    elif row["outcome"] == "failure":
        ledger.move(db, row["refid"], "withdrawal", Line(asset, row["amount"], -row["fee"]), at=at)
        _over(db, row, "Failure", at=at, txid=None)
    else:
        _over(db, row, "Success", at=at, txid=_hash(asset, row["method"]))


def _over(
    db: sqlite3.Connection, row: sqlite3.Row, status: str, *, at: int, txid: str | None, prop: str | None = None
) -> None:
    db.execute(_ENDED, {"status": status, "prop": prop, "txid": txid, "at": at, "id": row["id"]})


def _hash(asset: Listed, method: str) -> str:
    return ("0x" if _route(asset, method).prefix == "0x" else "") + secrets.token_hex(32)


def _route(asset: Listed, method: str) -> Route:
    for route in asset.routes:
        if route.deposit == method:
            return route
    raise answers.Refused("EFunding:No funding method")


def known_asset(sent: Mapping[str, Any]) -> Listed:
    """The asset a funding call names; raises Refused."""
    found = listed.asset(str(sent.get("asset", "")))
    if found is None:
        raise answers.Refused("EFunding:Unknown asset")
    return found


def receive(
    db: sqlite3.Connection, asset: Listed, amount: Decimal, *, method: str | None, txid: str | None, address: str | None
) -> dict[str, Any]:
    """A deposit arrives (control's doing): at once, or pending for as long as the knob says."""
    now, knobs = book.now(db), knobboard.load(db)
    method = method or (asset.routes[0].deposit if asset.routes else "Wire transfer")
    refid = book.mixed_name()
    wait = int(knobs.deposit_seconds * book.MICROSECONDS)
    db.execute(
        _INSERT,
        {
            "refid": refid, "kind": "deposit", "asset": asset.code, "method": method, "network": None, "key": None,
            "address": address, "txid": txid or secrets.token_hex(32), "amount": asset.units(amount), "fee": 0,
            "status": "Pending" if wait else "Success", "outcome": "success", "at": now, "due_at": now + wait,
        },
    )  # fmt: skip
    if not wait and (due := next_due(db, now)) is not None:
        due.happen()
    return {"refid": refid, "balance": asset.text(ledger.balance(db, asset))}


def set_up_key(db: sqlite3.Connection, key: str, asset: Listed, *, method: str | None, address: str) -> None:
    """A withdrawal address is set up in the account, as people do in its settings."""
    route = _route(asset, method) if method else asset.routes[0]
    db.execute("INSERT OR REPLACE INTO withdrawal_keys VALUES (?, ?, ?, ?)", (key, asset.code, route.deposit, address))


def deposit_methods(asset: Listed) -> list[dict[str, Any]]:
    """DepositMethods."""
    if not asset.routes:
        raise answers.Refused("EFunding:No funding method")
    return [
        {"method": route.deposit, "limit": False, "fee": f"{Decimal(0):.{asset.decimals}f}", "gen-address": True}
        for route in asset.routes
    ]


def deposit_addresses(db: sqlite3.Connection, sent: Mapping[str, Any]) -> list[dict[str, Any]]:
    """DepositAddresses: those there are, and a new one when asked; none before the first was asked for."""
    asset, method = known_asset(sent), str(sent.get("method", ""))
    route = _route(asset, method)
    if str(sent.get("new", "")).lower() in ("true", "1"):
        body = "".join(secrets.choice(_BASE58) for _ in range(33))
        address = route.prefix + (secrets.token_hex(20) if route.prefix in ("0x", "bc1q") else body)
        db.execute(_NEW_ADDRESS, (asset.code, method, address, book.now(db)))
    rows = db.execute(_ADDRESSES, (asset.code, method)).fetchall()
    return [{"address": row["address"], "expiretm": "0", "new": True} for row in rows]


def quoted(db: sqlite3.Connection, sent: Mapping[str, Any]) -> tuple[Listed, sqlite3.Row, int, int]:
    """A withdrawal as asked for: its asset, its key's row, what would arrive and what it costs, in units. Refused."""
    asset = known_asset(sent)
    key = db.execute(_KEY, (str(sent.get("key", "")),)).fetchone()
    if key is None or key["asset"] != asset.code:
        raise answers.Refused("EFunding:Unknown withdraw key")
    route = _route(asset, key["method"])
    try:
        asked = asset.units(Decimal(str(sent.get("amount", ""))))
    except (InvalidOperation, ValueError, OverflowError):
        raise answers.Refused("EFunding:Invalid amount") from None
    fee = asset.units(route.fee)
    if asked < asset.units(route.minimum):
        raise answers.Refused("EFunding:Invalid amount")
    return asset, key, asked - fee, fee


def withdrawal_terms(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, Any]:
    """WithdrawInfo: what would arrive, what it costs, and how much could go."""
    asset, key, amount, fee = quoted(db, sent)
    method, free = _route(asset, key["method"]).network, asset.text(ledger.available(db, asset))
    return {"method": method, "limit": free, "amount": asset.text(amount), "fee": asset.text(fee)}


def withdraw(db: sqlite3.Connection, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Withdraw: takes amount and fee, and answers the reference alone."""
    asset, key, amount, fee = quoted(db, sent)
    if sent.get("address") and sent["address"] != key["address"]:
        raise answers.Refused("EFunding:Invalid withdraw address")
    if sent.get("max_fee") and Decimal(str(sent["max_fee"])) < asset.amount(fee):
        raise answers.Refused("EFunding:Max fee exceeded")
    if ledger.available(db, asset) < amount + fee:
        raise answers.Refused("EFunding:Insufficient funds")
    now, knobs, refid = book.now(db), knobboard.load(db), book.mixed_name()
    stays = knobs.withdrawal_outcome == "pending-forever"
    db.execute(
        _INSERT,
        {
            "refid": refid, "kind": "withdrawal", "asset": asset.code, "method": key["method"],
            "network": _route(asset, key["method"]).network, "key": key["key"], "address": key["address"],
            "txid": None, "amount": amount, "fee": fee, "status": "Initial", "outcome": knobs.withdrawal_outcome,
            "at": now, "due_at": None if stays else now + int(knobs.withdrawal_seconds * book.MICROSECONDS),
        },
    )  # fmt: skip
    ledger.move(db, refid, "withdrawal", Line(asset, -amount, fee), at=now)
    return {"refid": refid}


def cancel_withdrawal(db: sqlite3.Connection, sent: Mapping[str, Any]) -> bool:
    """WithdrawCancel: brings one that has not gone yet back; raises Refused when there is none."""
    row = db.execute(_PENDING, (str(sent.get("refid", "")),)).fetchone()
    if row is None:
        raise answers.Refused("EFunding:Unknown reference id")
    now = book.now(db)
    back = Line(ASSETS[row["asset"]], row["amount"], -row["fee"])
    ledger.move(db, row["refid"], "withdrawal", back, at=now)
    _over(db, row, "Failure", at=now, txid=None, prop="canceled")
    return True


def withdrawal_addresses(db: sqlite3.Connection, asset: Listed | None) -> list[dict[str, Any]]:
    """WithdrawAddresses: the keys that were set up."""
    rows = db.execute(_KEYS, {"asset": None if asset is None else asset.code}).fetchall()
    return [
        {"address": row["address"], "asset": row["asset"], "method": row["method"], "key": row["key"], "verified": True}
        for row in rows
    ]


def listing(db: sqlite3.Connection, kind: str, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Deposits or withdrawals, newest first, as their status calls tell them."""
    rows = db.execute(_LISTED, {"kind": kind, **wanted}).fetchall()
    return [_shape(row) for row in rows]


def _shape(row: sqlite3.Row) -> dict[str, Any]:
    asset = ASSETS[row["asset"]]
    told = {
        "method": row["method"], "aclass": "currency", "asset": row["asset"], "refid": row["refid"],
        "txid": row["txid"], "info": row["address"], "amount": asset.text(row["amount"]),
        "fee": asset.text(row["fee"]), "time": row["at"] // book.MICROSECONDS, "status": row["status"],
    }  # fmt: skip
    if row["prop"] is not None:
        told["status-prop"] = row["prop"]
    if row["kind"] == "withdrawal":
        told |= {"key": row["key"], "network": row["network"]}
    return told
