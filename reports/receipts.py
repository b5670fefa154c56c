"""What a receipt says: of money that came in, went out or was sent back, and of orders, from the rows themselves.

The page and the file are made of the same facts, so they cannot differ. A code that only we can make stands on each:
whoever doubts a receipt types it in, and it is made again from our rows.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core import crypto
from app.core.clock import WAT
from app.core.db import rows
from app.core.errors import NotFound
from app.core.money import ASSETS, NGN, Money, format_money
from app.trading import queries as trading
from app.trading import rules as dealing
from app.trading.rules import Side
from app.transfers import queries as transfers

GIVEN_FOR = frozenset({"credited", "settled", "returned"})
CODE_LETTERS = 20
CHANNELS = {
    "card": "Card",
    "bank": "Bank",
    "bank_transfer": "Bank transfer",
    "ussd": "USSD",
    "dedicated_nuban": "Bank transfer",
}
ORDER, TRANSFER = "ord_", "trf_"
_WHEN = ("Sent back", "Paid", "Credited", "Done", "Asked for")
_TITLES = {"credited": "Money added", "settled": "Withdrawal", "returned": "Withdrawal, sent back"}

_FACTS = """
SELECT d.id, d.state, coalesce(d.credited_units, d.amount_units) AS units, 0 AS fee, d.created_at,
       d.settled_at AS ended_at, d.reference, c.name,
       d.channel, '' AS bank, '' AS number, '' AS account_name, '' AS session
  FROM deposits d JOIN customers c ON c.id = d.customer_id WHERE d.id = :id AND d.customer_id = :customer
UNION ALL
SELECT w.id, w.state, w.amount_units, w.fee_units, w.created_at, w.ended_at,
       w.payout_id || CASE WHEN w.attempts > 1 THEN '-' || w.attempts ELSE '' END,
       c.name,
       '', b.bank_name, right(b.account_number, 4), b.account_name, coalesce(p.session_id, '')
  FROM withdrawals w JOIN customers c ON c.id = w.customer_id JOIN bank_accounts b ON b.id = w.bank_account_id
  LEFT JOIN payouts p ON p.id = w.payout_id || CASE WHEN w.attempts > 1 THEN '-' || w.attempts ELSE '' END
 WHERE w.id = :id AND w.customer_id = :customer
"""
_DONE = {Side.BUY: "Bought", Side.SELL: "Sold", Side.SWAP: "Swapped"}
_PAID = "SELECT moved_at FROM moves WHERE subject = :id AND new_state = 'settled' ORDER BY id LIMIT 1"


class NotOurs(NotFound):
    code = "not_our_receipt"
    message = "This is no receipt of ours: the reference and the code do not go together, or it was sent back since."


@dataclass(frozen=True)
class Receipt:
    """What stands on one, top to bottom. `code` is the same for the same facts, and nobody else can make it."""

    movement_id: str
    title: str
    amount: Money
    lines: tuple[tuple[str, str], ...]
    code: str


def of_movement(movement_id: str, *, customer_id: str, masked: bool = False) -> Receipt:
    """The receipt of one of the customer's own movements. Raises NotFound where none is given.

    `masked`: not even the end of an account's number is shown, to who looks as the customer.
    """
    if movement_id.startswith(ORDER):
        return _of_order(movement_id, customer_id=customer_id)
    if movement_id.startswith(TRANSFER):
        return _of_transfer(movement_id, customer_id=customer_id)
    found = rows(_FACTS, id=movement_id, customer=customer_id)
    if not found or found[0].state not in GIVEN_FOR:
        raise NotFound("There is no receipt for this.")
    row = found[0]
    amount, fee = Money(NGN, int(row.units)), Money(NGN, int(row.fee))
    lines = _deposit(row) if row.state == "credited" else _withdrawal(row, amount, fee, masked=masked)
    shown = (("Customer", row.name), *lines)
    return Receipt(row.id, _TITLES[row.state], amount, shown, code_of(row.id))


def code_of(movement_id: str) -> str:
    """The code of a movement's receipt as it stands: another amount, time, person or end is another code."""
    found = rows(
        "SELECT concat_ws('|', d.id, d.customer_id, coalesce(d.credited_units, d.amount_units), d.state,"
        " extract(epoch FROM d.settled_at)) AS facts"
        " FROM deposits d WHERE d.id = :id UNION ALL"
        " SELECT concat_ws('|', w.id, w.customer_id, w.amount_units, w.fee_units, w.bank_account_id, w.state,"
        " extract(epoch FROM w.ended_at)) FROM withdrawals w WHERE w.id = :id UNION ALL"
        " SELECT concat_ws('|', o.id, o.customer_id, o.give_units, o.give_asset, o.get_units, o.get_asset, o.fee_units,"
        " o.rate, o.state, extract(epoch FROM o.created_at)) FROM orders o WHERE o.id = :id UNION ALL"
        " SELECT concat_ws('|', t.id, t.customer_id, t.receiver_id, t.units, t.asset, t.journal_id,"
        " extract(epoch FROM t.created_at)) FROM transfers t WHERE t.id = :id",
        id=movement_id,
    )
    if not found:
        raise NotFound
    code = crypto.blind_index(found[0].facts, kind="receipt").hex()[:CODE_LETTERS].upper()
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def checked(movement_id: str, code: str) -> tuple[str, Money, str]:
    """What a receipt of ours may say to anybody who holds it: its title, its amount, and when. Raises NotOurs.

    For whoever doubts one. A code is right for the row as it stands now: one that was sent back since is no receipt.
    """
    owners = rows(
        "SELECT customer_id FROM deposits WHERE id = :id UNION ALL SELECT customer_id FROM withdrawals WHERE id = :id"
        " UNION ALL SELECT customer_id FROM orders WHERE id = :id"
        " UNION ALL SELECT customer_id FROM transfers WHERE id = :id",
        id=movement_id,
    )
    if not owners or not crypto.same(code_of(movement_id), code.strip().upper()):
        raise NotOurs
    receipt = of_movement(movement_id, customer_id=owners[0].customer_id)
    title = "Transfer" if movement_id.startswith(TRANSFER) else receipt.title  # (nobody learns a name from it)
    when = {label: value for label, value in receipt.lines if label in _WHEN}
    return title, receipt.amount, next(when[label] for label in _WHEN if label in when)


def at(moment: datetime) -> str:
    """A time as it stands on a receipt."""
    return moment.astimezone(WAT).strftime("%-d %b %Y, %H:%M:%S WAT")


def _of_order(order_id: str, *, customer_id: str) -> Receipt:
    order = trading.one(order_id, customer_id=customer_id)
    name = rows("SELECT name FROM customers WHERE id = :id", id=customer_id)[0].name
    sold = order.side == Side.SELL
    rate = dealing.rate_in_words(order.rate, coin=ASSETS[order.coin], money=ASSETS[order.money])
    shown = (
        ("Customer", name),
        ("You gave", format_money(order.give)),
        ("You got", format_money(order.get)),
        ("Price", rate),
        ("Fee in it" if not sold else "Fee taken off", format_money(order.fee)),
        ("Spread in the price", format_money(order.spread)),
        ("Done", at(order.created_at)),
        ("Our reference", order.id),
    )
    title = f"{_DONE[Side(order.side)]} {dealing.ticker_of(order.give.asset if sold else order.get.asset)}"
    if order.side == Side.SWAP:
        title = f"Swapped {dealing.ticker_of(order.give.asset)} for {dealing.ticker_of(order.get.asset)}"
    return Receipt(order.id, title, order.get, shown, code_of(order.id))


def _of_transfer(transfer_id: str, *, customer_id: str) -> Receipt:
    """The same for both sides but for its heading; each knows the other by the name that was shown then."""
    side = transfers.one(transfer_id, customer_id=customer_id)
    one = side.transfer
    shown = (
        ("From", one.sender_name),
        ("To", one.receiver_name),
        ("Fee", "None"),
        *((("Note", one.note),) if one.note else ()),
        ("Done", at(one.created_at)),
        ("Our reference", one.id),
    )
    title = f"{'From' if side.incoming else 'To'} {side.other_name}"
    return Receipt(one.id, title, one.amount, shown, code_of(one.id))


def _deposit(row: Any) -> tuple[tuple[str, str], ...]:
    return (
        ("Paid by", CHANNELS.get(row.channel, row.channel.replace("_", " ").capitalize() or "—")),
        ("Into", "Your naira wallet"),
        ("Asked for", at(row.created_at)),
        ("Credited", at(row.ended_at or row.created_at)),
        ("Our reference", row.id),
        ("Reference at Paystack", row.reference),
    )


def _withdrawal(row: Any, amount: Money, fee: Money, *, masked: bool) -> tuple[tuple[str, str], ...]:
    number = "••••••••••" if masked else f"•••••• {row.number}"
    paid = rows(_PAID, id=row.id)
    back = row.state == "returned"
    return (
        ("To", row.account_name),
        ("Bank", f"{row.bank}, {number}"),
        ("Fee", format_money(fee)),
        ("Left the wallet", format_money(amount + fee)),
        *((("Came back to it", format_money(amount + fee)),) if back else ()),
        ("Asked for", at(row.created_at)),
        *((("Paid", at(paid[0].moved_at)),) if paid else ()),
        *((("Sent back", at(row.ended_at)),) if back and row.ended_at else ()),
        ("Our reference", row.id),
        ("Reference at Paystack", row.reference),
        *((("Session at the banks", row.session),) if row.session else ()),
    )
