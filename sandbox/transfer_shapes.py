"""Transfers and recipients as the vendor prints them: POST, verify and the events each have their own field set.

The success event writes `createdAt` and carries `fee_charged`; the failed and reversed ones write `created_at` and say
nothing of fees, so what a lost transfer cost can only be read in the balance ledger.
"""

import json
import sqlite3
from typing import Any

from sandbox.banks import BY_CODE

INTEGRATION = 463433
BUSINESS = {"id": INTEGRATION, "is_live": True, "business_name": "Bursar"}


def recipient(row: sqlite3.Row) -> dict[str, Any]:
    """A recipient from `POST /transferrecipient`."""
    return {
        "active": True, "createdAt": row["created_at"], "currency": "NGN", "description": row["description"],
        "domain": "test", "email": row["email"], "id": row["id"], "integration": INTEGRATION,
        "metadata": None if row["metadata"] is None else json.loads(row["metadata"]), "name": row["name"],
        "recipient_code": row["code"], "type": "nuban", "updatedAt": row["created_at"], "is_deleted": False,
        "isDeleted": False, "details": _details(row),
    }  # fmt: skip


def _details(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "authorization_code": None, "account_number": row["account_number"], "account_name": row["account_name"],
        "bank_code": row["bank_code"], "bank_name": BY_CODE[row["bank_code"]].name,
    }  # fmt: skip


def _recipient_of(row: sqlite3.Row, *, camel: bool) -> dict[str, Any]:
    created, updated = ("createdAt", "updatedAt") if camel else ("created_at", "updated_at")
    metadata = row["recipient_metadata"]
    return {
        "active": True, created: row["recipient_created_at"], "currency": "NGN", "description": row["description"],
        "domain": "test", "email": row["recipient_email"], "id": row["recipient_id"], "integration": INTEGRATION,
        "metadata": None if metadata is None else json.loads(metadata), "name": row["recipient_name"],
        "recipient_code": row["recipient_code"], "type": "nuban", updated: row["recipient_created_at"],
        "is_deleted": False, "details": _details(row),
    }  # fmt: skip


def _session(row: sqlite3.Row) -> dict[str, Any]:
    return {"provider": "nip" if row["session_id"] else None, "id": row["session_id"]}


def _core(row: sqlite3.Row, *, camel: bool) -> dict[str, Any]:
    created, updated = ("createdAt", "updatedAt") if camel else ("created_at", "updated_at")
    return {
        "amount": row["amount"], created: row["created_at"], "currency": "NGN", "domain": "test", "failures": None,
        "id": row["id"], "integration": INTEGRATION, "reason": row["reason"], "reference": row["reference"],
        "source": "balance", "source_details": None, "status": row["status"], "titan_code": None,
        "transfer_code": row["code"], "transferred_at": row["transferred_at"], updated: row["updated_at"],
    }  # fmt: skip


def accepted(row: sqlite3.Row) -> dict[str, Any]:
    """A transfer from `POST /transfer`: recipient and integration are bare numbers here."""
    return _core(row, camel=True) | {
        "transfersessionid": [], "transfertrials": [], "request": row["id"], "recipient": row["recipient_id"],
    }  # fmt: skip


def ordered(row: sqlite3.Row) -> dict[str, Any]:
    """A transfer from `POST /transfer/bulk`: the recipient by its code, and no id."""
    return {
        "reference": row["reference"], "recipient": row["recipient_code"], "amount": row["amount"],
        "transfer_code": row["code"], "currency": "NGN", "status": row["status"],
    }  # fmt: skip


def finalised(row: sqlite3.Row) -> dict[str, Any]:
    """A transfer from `POST /transfer/finalize_transfer`."""
    return _core(row, camel=True) | {"recipient": row["recipient_id"]}


def in_list(row: sqlite3.Row) -> dict[str, Any]:
    """A transfer in `GET /transfer`."""
    return _core(row, camel=True) | {"recipient": _recipient_of(row, camel=True), "fee_charged": row["fee"]}


def verified(row: sqlite3.Row) -> dict[str, Any]:
    """A transfer from `GET /transfer/verify/{reference}`."""
    return in_list(row) | {
        "request": row["id"], "recipient": _recipient_of(row, camel=True) | {"isDeleted": False},
        "session": _session(row), "fees_breakdown": None, "gateway_response": row["gateway_response"],
    }  # fmt: skip


def event(row: sqlite3.Row) -> dict[str, Any]:
    """`transfer.success`, `transfer.failed` or `transfer.reversed`."""
    succeeded = row["status"] == "success"
    shape = _core(row, camel=succeeded) | {
        "integration": dict(BUSINESS), "recipient": _recipient_of(row, camel=succeeded), "session": _session(row),
    }  # fmt: skip
    if succeeded:
        shape["integration"]["logo_path"] = None
        shape |= {"fee_charged": row["fee"], "gateway_response": row["gateway_response"]}
    return shape
