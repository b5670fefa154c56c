"""Exchanges that list what moved, over real HTTP, as their contracts say; and the rows of their files so listed."""

import base64
import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl

from tests.makers.vendor import Says, Vendor

KEY, SECRET = "reader", "of lists"
NUMBER = "#"  # before a text that is a number, digit by digit
Listed = dict[str, Any]


class Luno(Vendor):
    """Wallets by their ids, rows from the oldest on: numbered from 1, a range of them at once."""

    def __init__(self, wallets: dict[str, list[Listed]]) -> None:
        self.wallets, self.lost = wallets, set[int]()
        super().__init__(Says())

    def _note(self, door: BaseHTTPRequestHandler, body: bytes) -> Says:
        super()._note(door, body)
        asked = self.asked[-1]
        login = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {login}":
            return Says({"error": "Invalid API key.", "error_code": "ErrUnauthorised"}, status=401)
        if asked.path == "/api/1/balance":
            return Says({"balance": [{"account_id": each, "asset": "XBT", "balance": "0"} for each in self.wallets]})
        wallet = asked.path.split("/")[4]
        rows, first, behind = self.wallets[wallet], int(asked.query["min_row"]), int(asked.query["max_row"])
        assert behind - first <= 1_000
        newest = len(rows) + 1
        first, behind = (each if each > 0 else newest + each for each in (first, behind))
        told = [row for row in rows if first <= row["row_index"] < behind and row["row_index"] not in self.lost]
        return Says(written({"id": wallet, "transactions": told[::-1]}))


class Bitstamp(Vendor):
    """Rows from the newest on, a page of them at once."""

    def __init__(self, rows: list[Listed]) -> None:
        self.rows = rows
        super().__init__(Says())

    def _note(self, door: BaseHTTPRequestHandler, body: bytes) -> Says:
        super()._note(door, body)
        asked = self.asked[-1]
        if asked.headers.get("x-auth") != f"BITSTAMP {KEY}" or not asked.headers.get("x-auth-signature"):
            return Says({"status": "error", "reason": "Missing key, signature and nonce parameters", "code": "API0000"})
        assert asked.path == "/api/v2/user_transactions/"
        form = dict(parse_qsl(asked.raw.decode()))
        first, limit = int(form["offset"]), int(form["limit"])
        assert limit <= 1_000
        return Says(written(self.rows[first : first + limit]))


def rows_of(body: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(body.decode())))


def as_luno_lists(rows: Sequence[dict[str, str]]) -> list[Listed]:
    """Rows of Luno's file, as its API has them."""
    return [
        {
            "account_id": row["Wallet ID"],
            "row_index": int(row["Row"]),
            "timestamp": thousandths(row["Timestamp (UTC)"]) + 417,
            "description": row["Description"],
            "currency": row["Currency"],
            "balance": NUMBER + row["Balance"],
            "available": NUMBER + row["Available balance"],
            "balance_delta": NUMBER + row["Balance delta"],
            "available_delta": NUMBER + row["Available balance delta"],
            "detail_fields": {
                "crypto_details": {
                    "txid": row["Cryptocurrency transaction ID"],
                    "address": row["Cryptocurrency address"],
                }
            },
            "details": {},
        }
        for row in rows
    ]


def as_bitstamp_lists(rows: Sequence[dict[str, str]]) -> list[Listed]:
    """Rows of Bitstamp's newer file, as its API has them: newest first, amounts with a sign, a field for each coin."""
    return [_of_bitstamp(row) for row in rows][::-1]


def _of_bitstamp(row: dict[str, str]) -> Listed:
    kinds = {"Deposit": "0", "Withdrawal": "1", "Market": "2"}
    more = row["Type"] == "Deposit" or row["Subtype"] == "Buy"
    asset, paid_in = row["Amount currency"].lower(), row["Value currency"].lower()
    told: Listed = {
        "id": int(row["ID"]),
        "datetime": row["Datetime"].replace("T", " ").replace("Z", ".322000"),
        "type": kinds[row["Type"]],
        "fee": row["Fee"] or "0.00000000",
        "usd": 0,
        "btc": 0,
        "eur": 0,
        asset: str(Decimal(row["Amount"]) * (1 if more else -1)),
    }
    if row["Type"] == "Market":
        told |= {paid_in: str(Decimal(row["Value"]) * (-1 if more else 1)), f"{asset}_{paid_in}": NUMBER + row["Rate"]}
    else:
        told["btc_usd"] = "0.00"
    return told | ({"order_id": int(row["Order ID"])} if row["Order ID"] else {})


def thousandths(told: str) -> int:
    """Thousandths of seconds since 1970."""
    return int(datetime.fromisoformat(told).timestamp()) * 1_000


def listed_file(rows: Sequence[Listed]) -> bytes:
    """A file of what was listed."""
    return written({"data": list(rows)})


def written(body: object) -> bytes:
    """JSON, with numbers as they are to stand there."""
    return re.sub(rf'"{NUMBER}([^"]*)"', r"\1", json.dumps(body)).encode()
