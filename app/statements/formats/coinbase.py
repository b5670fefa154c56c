"""Coinbase's transaction history, four generations of its header, under a few lines of its own words.

The file tells no balances. In older generations quantities have no sign, and a conversion has none in any: the sign
comes from the type. What a conversion brought stands in the notes alone. A purchase or sale tells one wallet for sure,
that of the coin: whether the money came from a wallet or a card it does not say, so the money is no line here; the
advanced ones are traded against a wallet, and are two lines. A type that is not listed is rejected. The same id may
stand on two rows that tell one purchase in two currencies: both are kept, and whoever imports them sees the id twice.
"""

import re
from decimal import Decimal
from typing import Any

from app.statements.formats import cells, formats
from app.statements.formats.formats import Format
from app.statements.formats.lines import EXACT, ZERO, Kind, Line, Told, negative
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

_CODE = r"(?P<currency>[a-z]{3,5})"
LAYOUT = Layout(
    (
        Column("id", needed=False),
        Column("time", ("timestamp",)),
        Column("type", ("transaction type",)),
        Column("asset"),
        Column("quantity", ("quantity transacted",)),
        Column("currency", ("price currency", "spot price currency"), needed=False),
        Column(
            "price",
            ("price at transaction", "spot price at transaction"),
            pattern=f"{_CODE} spot price at transaction",
        ),
        Column("subtotal", pattern=f"{_CODE} subtotal"),
        Column(
            "total",
            ("total (inclusive of fees and/or spread)", "total (inclusive of fees)"),
            pattern=rf"{_CODE} total \(inclusive of fees\)",
        ),
        Column("fees", ("fees and/or spread", "fees"), pattern=f"{_CODE} fees"),
        Column("notes"),
    )
)
HEADERS = (
    (
        "Timestamp,Transaction Type,Asset,Quantity Transacted,EUR Spot Price at Transaction,EUR Subtotal,"
        "EUR Total (inclusive of fees),EUR Fees,Notes"
    ),
    (
        "Timestamp,Transaction Type,Asset,Quantity Transacted,Spot Price Currency,Spot Price at Transaction,Subtotal,"
        "Total (inclusive of fees),Fees,Notes"
    ),
    (
        "Timestamp,Transaction Type,Asset,Quantity Transacted,Spot Price Currency,Spot Price at Transaction,Subtotal,"
        "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes"
    ),
    (
        "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
        "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes"
    ),
)
# Type to its sign and kind.
TYPES: dict[str, tuple[int, Kind]] = {
    **dict.fromkeys(("receive", "deposit"), (1, Kind.DEPOSIT)),
    **dict.fromkeys(("send", "withdrawal"), (-1, Kind.WITHDRAWAL)),
    **dict.fromkeys(("exchange deposit", "pro deposit"), (-1, Kind.TRANSFER)),
    **dict.fromkeys(("exchange withdrawal", "pro withdrawal"), (1, Kind.TRANSFER)),
    **dict.fromkeys(("buy", "advanced trade buy", "advance trade buy"), (1, Kind.TRADE)),
    **dict.fromkeys(("sell", "advanced trade sell", "advance trade sell", "convert"), (-1, Kind.TRADE)),
    **dict.fromkeys(("coinbase earn", "learning reward", "rewards income", "reward income"), (1, Kind.REWARD)),
    **dict.fromkeys(("inflation reward", "staking income", "interest payout"), (1, Kind.REWARD)),
    "admin debit": (-1, Kind.ADJUSTMENT),
}
_CONVERTED = re.compile(r"Converted [0-9.,]+ [A-Z0-9]+ to (?P<amount>[0-9.,]+) (?P<asset>[A-Z0-9]+) *")
_TRADED = re.compile(r"(?:Bought|Sold) [0-9.,]+ [A-Z0-9]+ for \S*?[0-9][0-9.,]* (?P<asset>[A-Z0-9]+) .*")


def tell(row: Row, settings: Settings) -> Told | list[Line]:
    """One row of the history: a line, or two for what was converted or traded against another wallet."""
    told, quantity = row.needed("type"), row.number_of("quantity")
    place = formats.place(settings.account or "coinbase", cells.ticker(row.needed("asset")))
    at, booked_on = row.moment("time", settings)
    (fee, _), (total, _), _ = row.amount_of("fees"), row.amount_of("total"), row.amount_of("subtotal")
    if told.lower() not in TYPES:
        return formats.rejected(row, "type", f"type {told} is not known", **place)
    sign, kind = TYPES[told.lower()]
    if quantity < 0 < sign:
        return formats.rejected(row, "quantity", f"a {told} below zero", **place)
    delta = quantity.copy_abs() if sign > 0 else negative(quantity.copy_abs())
    paid_in, fee = _currency(row), fee.copy_abs()
    shared: dict[str, Any] = {
        "row": row.number, "at": at, "booked_on": booked_on, "kind": kind, "account": place["account"],
        "external_id": row.text("id"), "group": row.text("id") or f"{told.lower()}/{at:%Y-%m-%dT%H:%M:%SZ}",
        "refs": tuple(filter(None, (row.text("id"),))), "narration": row.text("notes") or told, "raw": row.raw,
    }  # fmt: skip
    same = fee if paid_in == place["asset"] else ZERO
    line = Line(
        asset=place["asset"],
        delta=delta,
        principal=EXACT.add(delta, same),
        fee=fee,
        fee_asset=paid_in or place["asset"],
        **shared,
    )
    other = _other_leg(row, told.lower(), total.copy_abs(), paid_in)
    if isinstance(other, str):
        return formats.rejected(row, "notes", other, **place)
    if other is None:
        return line
    asset, moved = other
    brought = moved if sign < 0 else negative(moved)
    return [line, Line(asset=asset, delta=brought, principal=brought, fee_asset=asset, **shared)]


def _currency(row: Row) -> str:
    """Of the prices: a column, or in the first generation a part of the headers."""
    if told := row.text("currency"):
        return told
    header = row.header("fees")
    return header.split(" ")[0].upper() if header.lower().endswith(" fees") else ""


def _other_leg(row: Row, told: str, total: Decimal, paid_in: str) -> tuple[str, Decimal] | str | None:
    """The asset and size of the second leg, None where the file tells none, or why it cannot be said."""
    notes = row.text("notes")
    if told == "convert":
        found = _CONVERTED.fullmatch(notes)
        if found is None:
            return "the notes do not say what it was converted to"
        try:
            return cells.ticker(found["asset"]), cells.number(found["amount"])
        except ValueError as wrong:
            raise row.wrong("notes", f"{found['amount'][:40]!r} is no number.") from wrong
    if told.startswith("advance"):
        found = _TRADED.fullmatch(notes)
        if found is None or found["asset"] != paid_in:
            return "the notes do not say what it was traded against, or in another currency than the total"
        return cells.ticker(paid_in), total
    return None


COINBASE: Format = formats.tabular(
    name="coinbase-history",
    title="Coinbase transaction history",
    headers=HEADERS,
    layout=LAYOUT,
    tell=tell,
    takes=("account",),
)
