"""The venue's private calls: POST, signed, one function each; what a key must be allowed to, and which move money."""

import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response

from sandbox.exchange import answers, exports, funding, history, ledger, listed, orders
from sandbox.exchange import knobs as knobboard
from sandbox.exchange.doors import Doors
from sandbox.exchange.listed import ASSETS
from sandbox.exchange.prices import Market

Sent = Mapping[str, Any]


def _balance(db: sqlite3.Connection, _sent: Sent, _market: Market) -> Any:
    return {code: ASSETS[code].text(units) for code, units in ledger.balances(db).items()}


def _balance_ex(db: sqlite3.Connection, _sent: Sent, _market: Market) -> Any:
    held = ledger.holds(db)
    return {
        code: {"balance": ASSETS[code].text(units), "hold_trade": ASSETS[code].text(held[code])}
        for code, units in ledger.balances(db).items()
    }


def _trade_balance(db: sqlite3.Connection, sent: Sent, market: Market) -> Any:
    into = listed.asset(str(sent.get("asset") or "ZUSD"))
    if into is None:
        raise answers.Refused("EQuery:Unknown asset")
    worth = sum(
        (
            ASSETS[code].amount(units) * market.mid("kraken", ASSETS[code].ticker, into.ticker)
            for code, units in ledger.balances(db).items()
            if code != into.code
        ),
        into.amount(ledger.balance(db, into)),
    )
    zero = f"{Decimal(0):.4f}"
    told = f"{worth:.4f}"
    return {"eb": told, "tb": told, "m": zero, "n": zero, "c": zero, "v": zero, "e": told, "mf": told}


def _trade_volume(_db: sqlite3.Connection, sent: Sent, _market: Market) -> Any:
    wanted = [listed.pair(name) for name in str(sent.get("pair") or "").split(",") if name]
    if None in wanted:
        raise answers.Refused("EQuery:Unknown asset pair")
    rates = {"fees": f"{listed.TAKER_BPS / 100:.4f}", "fees_maker": f"{listed.MAKER_BPS / 100:.4f}"}
    told: dict[str, Any] = {"currency": "ZUSD", "volume": "0.0000"}
    for kind, rate in rates.items():
        of = {"fee": rate, "minfee": rate, "maxfee": rate, "nextfee": None, "nextvolume": None, "tiervolume": "0.0000"}
        told[kind] = {pair.id: of for pair in wanted if pair is not None}
    return told


def _transfers(kind: str) -> Any:
    def listing(db: sqlite3.Connection, sent: Sent, _market: Market) -> Any:
        asset = funding.known_asset(sent) if sent.get("asset") else None
        wanted = {"asset": None if asset is None else asset.code, "method": sent.get("method") or None}
        rows = funding.listing(db, kind, wanted | history.between(db, sent) | {"rows": 500, "skipped": 0})
        return rows + rows[: knobboard.load(db).repeat_rows]

    return listing


def _withdrawal_methods(_db: sqlite3.Connection, sent: Sent, _market: Market) -> Any:
    wanted = [funding.known_asset(sent)] if sent.get("asset") else list(ASSETS.values())
    return [
        {"asset": asset.code, "method": route.deposit, "network": route.network, "minimum": f"{route.minimum:f}"}
        for asset in wanted
        for route in asset.routes
    ]


# The call, who may make it, whether it moves money, and what it does.
CALLS: tuple[tuple[str, str, bool, Any], ...] = (
    ("Balance", "query", False, _balance),
    ("BalanceEx", "query", False, _balance_ex),
    ("TradeBalance", "query", False, _trade_balance),
    ("TradeVolume", "query", False, _trade_volume),
    ("OpenOrders", "query", False, lambda db, sent, _: history.open_orders(db, sent)),
    ("ClosedOrders", "query", False, lambda db, sent, _: history.closed_orders(db, sent)),
    ("QueryOrders", "query", False, lambda db, sent, _: history.query_orders(db, sent)),
    ("TradesHistory", "query", False, lambda db, sent, _: history.trades_history(db, sent)),
    ("QueryTrades", "query", False, lambda db, sent, _: history.query_trades(db, sent)),
    ("Ledgers", "query", False, lambda db, sent, _: history.ledgers(db, sent)),
    ("QueryLedgers", "query", False, lambda db, sent, _: history.query_ledgers(db, sent)),
    ("AddExport", "query", False, lambda db, sent, _: exports.ask(db, sent)),
    ("ExportStatus", "query", False, lambda db, sent, _: exports.listing(db, sent)),
    ("RemoveExport", "query", False, lambda db, sent, _: exports.remove(db, sent)),
    ("AddOrder", "trade", True, orders.place),
    ("CancelOrder", "trade", True, lambda db, sent, market: {"count": orders.cancel(db, sent, market)}),
    ("CancelAll", "trade", True, lambda db, _, market: {"count": orders.cancel_all(db, market)}),
    ("DepositMethods", "deposit", False, lambda _db, sent, _: funding.deposit_methods(funding.known_asset(sent))),
    ("DepositAddresses", "deposit", False, lambda db, sent, _: funding.deposit_addresses(db, sent)),
    ("DepositStatus", "query", False, _transfers("deposit")),
    ("WithdrawMethods", "withdraw", False, _withdrawal_methods),
    (
        "WithdrawAddresses",
        "withdraw",
        False,
        lambda db, sent, _: funding.withdrawal_addresses(db, funding.known_asset(sent) if sent.get("asset") else None),
    ),
    ("WithdrawInfo", "withdraw", False, lambda db, sent, _: funding.withdrawal_terms(db, sent)),
    ("Withdraw", "withdraw", True, lambda db, sent, _: funding.withdraw(db, sent)),
    ("WithdrawStatus", "query", False, _transfers("withdrawal")),
    ("WithdrawCancel", "withdraw", True, lambda db, sent, _: funding.cancel_withdrawal(db, sent)),
)


def blueprint(doors: Doors) -> Blueprint:
    """Every private call that the sandbox speaks."""
    private = Blueprint("private", __name__, url_prefix="/0/private")
    private.before_request(doors.at_home)
    for call, permission, moves_money, act in CALLS:
        view = _view(doors, call, permission=permission, moves_money=moves_money, act=act)
        private.add_url_rule(f"/{call}", call, view, methods=["POST"])

    @private.post("/RetrieveExport")
    def retrieve_export() -> Response:
        sent = doors.admit("RetrieveExport", permission="query")
        archive = doors.carry_out(lambda db, fields, _: exports.retrieve(db, fields), sent)
        return Response(archive, mimetype="application/zip")

    return private


def _view(doors: Doors, call: str, *, permission: str, moves_money: bool, act: Any) -> Any:
    def answer() -> Response:
        sent = doors.admit(call, permission=permission)
        return doors.answer(act, sent, call=call, moves_money=moves_money)

    return answer
