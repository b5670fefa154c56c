"""Money coming in: a transaction is initialised by the merchant, then paid or declined by the payer, once.

Until somebody pays, verify says `abandoned`, as the vendor does: it is not the end, and neither is `failed`, because
the payer may try again on the same page. `success` is. The event and the fee are one unit of work with it; the money is
in the payout stream from then on, not in the balance.
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox import amounts, answers, fees, paging, shapes, webhooks
from sandbox import knobs as knobboard
from sandbox.book import next_id, stamp
from sandbox.cards import GOOD, Card
from sandbox.chance import code

DIGITS_MAX = 20  # of an id: the vendor's are of 64 bits without a sign
CHANNELS = ("card", "bank", "ussd", "bank_transfer", "dedicated_nuban")
_JOINED = " FROM transactions t JOIN customers c ON c.id = t.customer_id"
_HUGE = ", EXISTS (SELECT 1 FROM facts WHERE name = 'huge_ids') AS huge_id"
_SELECT = "SELECT t.*, c.email, c.code AS customer_code" + _HUGE + _JOINED
_BY_REFERENCE = _SELECT + " WHERE t.reference = ?"
_BY_ID = _SELECT + " WHERE t.id = ?"
_BY_ACCESS_CODE = _SELECT + " WHERE t.access_code = ?"
_WANTED = (
    " WHERE (:status IS NULL OR t.status = :status) AND (:channel IS NULL OR t.channel = :channel)"
    " AND (:customer_code IS NULL OR c.code = :customer_code) AND (:customer IS NULL OR t.customer_id = :customer)"
    " AND (:amount IS NULL OR t.amount = :amount) AND (:settlement IS NULL OR t.settlement_id = :settlement)"
    " AND (:number IS NULL OR json_extract(t.authorization, '$.receiver_bank_account_number') = :number)"
    " AND (:from IS NULL OR t.created_at >= :from) AND (:to IS NULL OR t.created_at <= :to)"
)
_COUNT = "SELECT count(*), coalesce(sum(t.amount), 0)" + _JOINED + _WANTED
_AFTER = " AND (:after_at IS NULL OR (t.created_at, t.id) < (:after_at, :after_id))"
_PAGE = _SELECT + _WANTED + _AFTER + " ORDER BY t.created_at DESC, t.id DESC LIMIT :rows OFFSET :skipped"
_TOTALS = (
    "SELECT count(*), coalesce(sum(amount), 0) FROM transactions WHERE paid_at IS NOT NULL"
    " AND (:from IS NULL OR created_at >= :from) AND (:to IS NULL OR created_at <= :to)"
)
_INSERT = (
    "INSERT INTO transactions (id, reference, access_code, customer_id, requested_amount, amount, status, channel,"
    " gateway_response, metadata, channels, callback_url, entry_point, authorization, created_at) VALUES (:id,"
    " :reference, :access_code, :customer_id, :amount, :amount, :status, :channel, :gateway_response, :metadata,"
    " :channels, :callback_url, :entry_point, '{}', :created_at)"
)
_NOT_COMPLETED = "The transaction was not completed"


class NotPayable(Exception):
    """The payment cannot be made: unknown or already made."""


def customer_id(db: sqlite3.Connection, email: str) -> int:
    """The customer of this address, who is made when nobody has it."""
    known = db.execute("SELECT id FROM customers WHERE email = ?", (email,)).fetchone()
    if known:
        return int(known["id"])
    customer_id = next_id(db, "customers")
    db.execute(
        "INSERT INTO customers (id, email, code, created_at) VALUES (?, ?, ?, ?)",
        (customer_id, email, code("CUS_"), stamp(db)),
    )
    return customer_id


def _callback_url(sent: dict[str, Any]) -> str | None:
    address = amounts.text(sent, "callback_url")
    # The page redirects a browser there: only web addresses, never `javascript:`.
    if address and urlsplit(address).scheme not in ("http", "https"):
        raise answers.invalid("callback_url should be a valid URL")
    return address


def _channels(sent: dict[str, Any]) -> list[str]:
    channels = sent.get("channels") or []
    if not isinstance(channels, list) or not all(isinstance(channel, str) for channel in channels):
        raise answers.invalid("channels should be an array")
    return channels


def initialise(db: sqlite3.Connection, sent: dict[str, Any]) -> sqlite3.Row:
    """A new transaction to be paid; the merchant's reference is used once and never again."""
    email, amount = amounts.email(sent), amounts.charge_kobo(sent.get("amount"))
    amounts.naira(sent)
    callback_url, channels = _callback_url(sent), _channels(sent)
    reference = new_reference(db, sent)
    insert(
        db, customer_id(db, email), amount, reference=reference, channel="card", callback_url=callback_url,
        channels=channels, metadata=sent.get("metadata"), entry_point="transaction_initialize",
    )  # fmt: skip
    return known(db, reference)


def new_reference(db: sqlite3.Connection, sent: dict[str, Any]) -> str:
    """The merchant's reference, or one of the vendor's where it gave none; used once and never again."""
    reference = amounts.text(sent, "reference") or code()
    if not amounts.CHARGE_REFERENCE.fullmatch(reference):
        raise answers.invalid("Only -, ., = and alphanumeric characters are allowed in a transaction reference")
    if find(db, reference):
        raise answers.duplicate_reference()
    return reference


def insert(db: sqlite3.Connection, customer_id: int, amount: int, **columns: Any) -> None:
    """A transaction nobody has paid yet."""
    columns = {"status": "abandoned", "metadata": None, "callback_url": None, "channels": []} | columns
    metadata = columns["metadata"]
    columns["metadata"] = None if metadata in (None, "") else json.dumps(metadata)
    columns["channels"] = json.dumps(columns["channels"])
    columns |= {"id": next_id(db, "transactions"), "access_code": code(), "created_at": stamp(db)}
    columns |= {"customer_id": customer_id, "amount": amount, "gateway_response": _NOT_COMPLETED}
    db.execute(_INSERT, columns)


def find(db: sqlite3.Connection, reference: str) -> sqlite3.Row | None:
    """The transaction with this reference."""
    row: sqlite3.Row | None = db.execute(_BY_REFERENCE, (reference,)).fetchone()
    return row


def known(db: sqlite3.Connection, reference: str) -> sqlite3.Row:
    """The transaction with this reference, which must be there."""
    row = find(db, reference)
    if row is None:
        raise NotPayable(f"no transaction has the reference {reference}")
    return row


def find_by_id(db: sqlite3.Connection, transaction_id: int) -> sqlite3.Row | None:
    """The transaction with this id."""
    row: sqlite3.Row | None = db.execute(_BY_ID, (transaction_id,)).fetchone()
    return row


def find_named(db: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    """The transaction with this reference, or with this id as it is printed."""
    if (by_reference := find(db, name)) is not None:
        return by_reference
    if not (name.isascii() and name.isdigit() and len(name) <= DIGITS_MAX):
        return None
    number = int(name) - (shapes.HUGE if int(name) >= shapes.HUGE else 0)
    return find_by_id(db, number) if number < shapes.HUGE else None


def find_by_access_code(db: sqlite3.Connection, access_code: str) -> sqlite3.Row | None:
    """The transaction this checkout page is about."""
    row: sqlite3.Row | None = db.execute(_BY_ACCESS_CODE, (access_code,)).fetchone()
    return row


def list_page(db: sqlite3.Connection, args: Mapping[str, str]) -> tuple[list[sqlite3.Row], dict[str, Any]]:
    """One page of transactions, newest first, and its meta."""
    page = paging.listed(args, always=knobboard.load(db).lists == "cursor")
    wanted: dict[str, Any] = {name: args.get(name) or None for name in ("status", "channel", "customer_code")}
    wanted |= {name: paging.whole(args, name) for name in ("customer", "amount", "settlement")}
    wanted["number"] = args.get("virtual_account_number") or None
    wanted |= paging.between(args)
    total, volume = db.execute(_COUNT, wanted).fetchone()
    rows = db.execute(_PAGE, wanted | page.window()).fetchall()
    rows, meta = page.cut(rows, total)
    return rows, meta if page.by_cursor else {"total_volume": volume, **meta}


def totals(db: sqlite3.Connection, args: Mapping[str, str]) -> tuple[int, int]:
    """How many payments came between two times, and how much they were."""
    count, volume = db.execute(_TOTALS, paging.between(args)).fetchone()
    return int(count), int(volume)


def pay(
    db: sqlite3.Connection,
    reference: str,
    *,
    channel: str = "card",
    card: Card = GOOD,
    amount: int | None = None,
    outcome: str = "success",
) -> sqlite3.Row:
    """The payer pays, or is declined; `amount` may differ from what was asked, as a bank transfer's may."""
    row = known(db, reference)
    if row["paid_at"] is not None:
        raise NotPayable(f"{reference} is already paid")
    if channel == "card" and card.outcome == "failed":
        outcome = "failed"
    if outcome == "failed":
        words = card.words if card.outcome == "failed" else "Declined"
        db.execute(
            "UPDATE transactions SET status = 'failed', gateway_response = ?, channel = ? WHERE id = ?",
            (words, channel, row["id"]),
        )
    else:
        sender = {"name": None, "bank": "Test Bank", "account_number": "0123456789", "card": card}
        succeed(db, row, channel=channel, amount=amount or row["requested_amount"], sender=sender)
    return known(db, reference)


def _card(sender: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] | None = sender.get("saved")
    return kept or shapes.card_authorization(code("AUTH_", 10), sender["card"])


def succeed(db: sqlite3.Connection, row: sqlite3.Row, *, channel: str, amount: int, sender: dict[str, Any]) -> None:
    """The money has come: fee, stream and event at once. A saved card is charged under the name it already has."""
    fee = fees.charge(channel, amount)
    if channel == "card":
        authorization, response = _card(sender), "Successful"
    else:
        sender = {"narration": "Payment", **sender}
        authorization = shapes.bank_authorization(code("AUTH_", 10), channel=channel, sender=sender)
        authorization |= sender.get("receiver", {})
        response = "Approved"
    db.execute(
        "UPDATE transactions SET status = 'success', amount = ?, fees = ?, channel = ?, gateway_response = ?,"
        " authorization = ?, paid_at = ? WHERE id = ?",
        (amount, fee, channel, response, json.dumps(authorization), stamp(db), row["id"]),
    )
    paid = known(db, row["reference"])
    webhooks.queue(db, "charge.success", subject=paid["reference"], content=shapes.charge_event(paid))
