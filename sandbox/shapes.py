"""Payments as the vendor prints them: one shape for answers, another for each event, with the recorded field sets.

The shapes differ on purpose, as the vendor's do: a card event says neither `fees` nor `requested_amount`, a bank
transfer's event says both. A client that needs a field takes it from verify.
"""

import json
import sqlite3
from datetime import datetime
from typing import Any

from sandbox.cards import Card

IP_ADDRESS = "197.210.54.33"
HUGE = 2**63  # above what a signed 64-bit integer holds


def customer(row: sqlite3.Row, *, phone_format: bool = True) -> dict[str, Any]:
    """The payer, known by e-mail alone."""
    shape: dict[str, Any] = {
        "id": row["customer_id"], "first_name": None, "last_name": None, "email": row["email"],
        "customer_code": row["customer_code"], "phone": None, "metadata": None, "risk_action": "default",
    }  # fmt: skip
    if phone_format:
        shape["international_format_phone"] = None
    return shape


def metadata(row: sqlite3.Row, *, otherwise: Any) -> Any:
    """What the merchant attached, in the type it was sent; the vendor's word for "nothing" differs between shapes."""
    return otherwise if row["metadata"] is None else json.loads(row["metadata"])


def transaction_id(row: sqlite3.Row) -> int:
    """The id as it is printed: as wide as the vendor may make it, where a knob says so."""
    return int(row["id"]) + (HUGE if row["huge_id"] else 0)


def card_authorization(code: str, card: Card) -> dict[str, Any]:
    """A card that has paid, and can pay again under this code."""
    return {
        "authorization_code": code, "bin": card.bin, "last4": card.last4, "exp_month": "12", "exp_year": "2030",
        "channel": "card", "card_type": f"{card.brand} ", "bank": "TEST BANK", "country_code": "NG",
        "brand": card.brand, "reusable": True, "signature": f"SIG_{code[5:]}", "account_name": None,
    }  # fmt: skip


def bank_authorization(code: str, *, channel: str, sender: dict[str, Any]) -> dict[str, Any]:
    """A bank transfer's sender, account number masked."""
    number = sender["account_number"]
    return {
        "authorization_code": code, "bin": number[:3] + 3 * "X", "last4": f"X{number[-3:]}", "exp_month": "12",
        "exp_year": "2030", "channel": channel, "card_type": "transfer", "bank": sender["bank"], "country_code": "NG",
        "brand": "Managed Account", "reusable": False, "signature": None, "account_name": None, "sender_country": "NG",
        "sender_bank": sender["bank"], "sender_bank_account_number": "X" * (len(number) - 4) + number[-4:],
        "sender_name": sender["name"], "narration": sender["narration"],
    }  # fmt: skip


def _log(row: sqlite3.Row) -> dict[str, Any] | None:
    if row["paid_at"] is None and row["status"] != "failed":
        return None
    paid = row["paid_at"] is not None
    history = [{"type": "action", "message": f"Attempted to pay with {row['channel']}", "time": 3}]
    if paid:
        history.append({"type": "success", "message": f"Successfully paid with {row['channel']}", "time": 4})
    return {
        "start_time": int(datetime.fromisoformat(row["created_at"]).timestamp()), "time_spent": 4, "attempts": 1,
        "errors": 0 if paid else 1, "success": paid, "mobile": False, "input": [], "history": history,
    }  # fmt: skip


def _listed(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": transaction_id(row), "domain": "test", "status": row["status"], "reference": row["reference"],
        "amount": row["amount"], "message": None, "gateway_response": row["gateway_response"],
        "paid_at": row["paid_at"], "created_at": row["created_at"], "channel": row["channel"], "currency": "NGN",
        "ip_address": IP_ADDRESS, "metadata": metadata(row, otherwise=None), "log": _log(row), "fees": row["fees"],
        "fees_split": None, "customer": customer(row, phone_format=False),
        "authorization": json.loads(row["authorization"]), "plan": {}, "split": {}, "subaccount": {},
        "order_id": None, "paidAt": row["paid_at"], "createdAt": row["created_at"],
        "requested_amount": row["requested_amount"], "source": _source(row), "connect": None,
        "pos_transaction_data": None,
    }  # fmt: skip


def _source(row: sqlite3.Row) -> dict[str, Any]:
    return {"source": "merchant_api", "type": "api", "identifier": None, "entry_point": row["entry_point"]}


def in_list(row: sqlite3.Row) -> dict[str, Any]:
    """A transaction in `GET /transaction`."""
    return _listed(row)


def fetched(row: sqlite3.Row) -> dict[str, Any]:
    """A transaction from `GET /transaction/{id}`."""
    return _listed(row) | {
        "receipt_number": None, "helpdesk_link": None, "metadata": metadata(row, otherwise=""),
        "customer": customer(row), "fees_breakdown": None,
    }  # fmt: skip


def verified(row: sqlite3.Row) -> dict[str, Any]:
    """A transaction from `GET /transaction/verify/{reference}`."""
    shape = fetched(row) | {
        "plan": None, "source": None, "transaction_date": row["created_at"], "plan_object": {}, "subaccount": {},
    }  # fmt: skip
    del shape["helpdesk_link"]
    return shape


def in_refund(row: sqlite3.Row) -> dict[str, Any]:
    """The transaction in the answer to a refund."""
    return {
        "id": transaction_id(row), "domain": "test", "reference": row["reference"], "amount": row["amount"],
        "paid_at": row["paid_at"], "channel": row["channel"], "currency": "NGN",
        "authorization": {"exp_month": None, "exp_year": None, "account_name": None},
        "customer": {"international_format_phone": None}, "plan": {}, "subaccount": {"currency": None}, "split": {},
        "order_id": None, "paidAt": row["paid_at"], "pos_transaction_data": None, "source": None,
        "fees_breakdown": None,
    }  # fmt: skip


def in_dispute(row: sqlite3.Row) -> dict[str, Any]:
    """The transaction in a dispute: neither card nor payer are in it."""
    return {
        "id": transaction_id(row), "domain": "test", "status": row["status"], "reference": row["reference"],
        "amount": row["amount"], "message": None, "gateway_response": row["gateway_response"],
        "paid_at": row["paid_at"], "created_at": row["created_at"], "channel": row["channel"], "currency": "NGN",
        "ip_address": None, "metadata": metadata(row, otherwise=""), "log": None, "fees": row["fees"],
        "fees_split": None, "authorization": {}, "customer": {"international_format_phone": None}, "plan": {},
        "subaccount": {}, "split": {}, "order_id": None, "paidAt": row["paid_at"],
        "requested_amount": row["requested_amount"], "pos_transaction_data": None,
    }  # fmt: skip


def timeline(row: sqlite3.Row) -> dict[str, Any]:
    """What the payer did, step by step."""
    return _log(row) or {
        "start_time": int(datetime.fromisoformat(row["created_at"]).timestamp()), "time_spent": 0, "attempts": 0,
        "errors": 0, "success": False, "mobile": False, "input": [], "history": [],
    }  # fmt: skip


def charge_event(row: sqlite3.Row) -> dict[str, Any]:
    """`charge.success`: the card form for cards, the bank form for everything else."""
    return _card_event(row) if row["channel"] == "card" else _bank_event(row)


def _card_event(row: sqlite3.Row) -> dict[str, Any]:
    authorization = json.loads(row["authorization"])
    for name in ("channel", "reusable", "signature"):
        del authorization[name]
    return {
        "id": transaction_id(row), "domain": "test", "status": "success", "reference": row["reference"],
        "amount": row["amount"], "message": None, "gateway_response": row["gateway_response"],
        "paid_at": row["paid_at"], "created_at": row["created_at"], "channel": "card", "currency": "NGN",
        "ip_address": IP_ADDRESS,
        "metadata": metadata(row, otherwise=0),
        "log": {
            "time_spent": 16, "attempts": 1, "authentication": "pin", "errors": 0, "success": False, "mobile": False,
            "input": [], "channel": None, "history": [{"type": "action", "message": "Attempted to pay", "time": 15}],
        },
        "fees": None, "customer": customer(row, phone_format=False), "authorization": authorization, "plan": {},
    }  # fmt: skip


def _bank_event(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": transaction_id(row), "domain": "test", "status": "success", "reference": row["reference"],
        "amount": row["amount"], "message": None, "gateway_response": row["gateway_response"],
        "paid_at": row["paid_at"], "created_at": row["created_at"], "channel": row["channel"], "currency": "NGN",
        "ip_address": IP_ADDRESS,
        "metadata": metadata(row, otherwise=""), "fees_breakdown": None, "log": None, "fees": row["fees"],
        "fees_split": None, "authorization": json.loads(row["authorization"]), "customer": customer(row), "plan": {},
        "subaccount": {}, "split": {}, "order_id": None, "paidAt": row["paid_at"],
        "requested_amount": row["requested_amount"], "pos_transaction_data": None, "source": _source(row),
    }  # fmt: skip
