"""Bybit's two files: the unified trading account, newest first under a line about the user, and the funding account.

Unified: the change of a row is cash flow plus funding plus fee, where a fee paid is below zero; it must add up. Two
dashes are no number. Rows of one second stand in no order, which the running balance puts right. Funding: quantities
have a sign. What moves between the two is told in both files.
"""

from decimal import Decimal

from app.statements.formats import cells, formats
from app.statements.formats.formats import Format
from app.statements.formats.lines import EXACT, ZERO, Kind, Line, Told, negative
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

UNIFIED = Layout(
    (
        Column("uid", needed=False),
        *(Column(name) for name in ("currency", "contract", "type", "direction")),
        *(Column(name) for name in ("quantity", "position", "funding", "change")),
        Column("price", ("filled price",)),
        Column("fee", ("fee paid",)),
        Column("flow", ("cash flow",)),
        Column("balance", ("wallet balance",)),
        Column("action", needed=False),
        Column("time", ("time(utc)", "time")),
        Column("trade", ("trade id",), needed=False),
        Column("order", ("order id",), needed=False),
    )
)
UNIFIED_HEADERS = (
    (
        "Uid,Currency,Contract,Type,Direction,Quantity,Position,Filled Price,Funding,Fee Paid,Cash Flow,Change,"
        "Wallet Balance,Action,Time(UTC)"
    ),
    (
        "Time,Currency,Contract,Type,Direction,Quantity,Position,Filled Price,Funding,Fee Paid,Cash Flow,Change,"
        "Wallet Balance,Fee Rate,Trade ID,Order ID"
    ),
)
FUNDING = Layout(
    (
        Column("uid", needed=False),
        Column("time", ("date & time(utc)", "time(utc)")),
        Column("coin"),
        Column("quantity", ("qty", "amount")),
        Column("type"),
        Column("balance", ("account balance", "wallet balance")),
        Column("description", needed=False),
    )
)
FUNDING_HEADERS = (
    "Uid,Date & Time(UTC),Coin,QTY,Type,Account Balance,Description",
    "Date & Time(UTC),Coin,QTY,Type,Account Balance,Description",
    "Type,Coin,Amount,Wallet Balance,Time(UTC)",
)
# Types without case, spaces and underscores, as the generations spell them differently.
UNIFIED_KINDS = {
    "trade": Kind.TRADE,
    "settlement": Kind.FEE,  # of funding, every eight hours, either way
    "funding": Kind.FEE,
    "liquidation": Kind.TRADE,
    "transferin": Kind.TRANSFER,
    "transferout": Kind.TRANSFER,
}
FUNDING_KINDS = {
    "deposit": Kind.DEPOSIT,
    "userdeposit": Kind.DEPOSIT,
    "withdraw": Kind.WITHDRAWAL,
    "withdrawal": Kind.WITHDRAWAL,
    "transferin": Kind.TRANSFER,
    "transferout": Kind.TRANSFER,
    "transferto": Kind.TRANSFER,
    "transferfrom": Kind.TRANSFER,
    "internalaccounttransferdeposit": Kind.TRANSFER,
    "internalaccounttransferwithdrawal": Kind.TRANSFER,
}
_DASHES = "--"


def _squeezed(told: str) -> str:
    return told.lower().replace("_", "").replace(" ", "")


def _or_none(row: Row, name: str) -> Decimal:
    return ZERO if row.text(name) == _DASHES else row.number_of(name, empty=ZERO)


def tell_unified(row: Row, settings: Settings) -> Told:
    """One row of the unified trading account."""
    place = formats.place("unified", cells.ticker(row.needed("currency")))
    flow, funding, paid = _or_none(row, "flow"), _or_none(row, "funding"), _or_none(row, "fee")
    change, balance, (at, booked_on) = row.number_of("change"), row.number_of("balance"), row.moment("time", settings)
    kind = UNIFIED_KINDS.get(_squeezed(row.needed("type")))
    if kind is None:
        return formats.rejected(row, "type", f"type {row.text('type')[:80]} is not known", **place)
    if EXACT.add(EXACT.add(flow, funding), paid) != change:
        return formats.rejected(row, "change", "cash flow, funding and fee do not add up to the change", **place)
    if not change:
        return formats.ignored(row, "nothing changes", **place)
    return Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=change,
        principal=EXACT.add(flow, funding),
        fee=negative(paid),
        fee_asset=place["asset"],
        balance_after=balance,
        kind=kind,
        group=row.text("order"),
        refs=tuple(filter(None, (row.text("trade"), row.text("order")))),
        narration=" ".join(filter(None, (row.text("type"), row.text("contract"), row.text("direction")))),
        raw=row.raw,
        **place,
    )


def tell_funding(row: Row, settings: Settings) -> Told:
    """One row of the funding account."""
    place = formats.place("funding", cells.ticker(row.needed("coin")))
    quantity, balance, (at, booked_on) = (
        row.number_of("quantity"),
        row.number_of("balance"),
        row.moment("time", settings),
    )
    words = (row.text("description"), row.text("type"))
    squeezed = [_squeezed(word) for word in words if word]
    kind = next((FUNDING_KINDS[word] for word in squeezed if word in FUNDING_KINDS), None)
    if kind is None and any(word.startswith(("transferto", "transferfrom")) for word in squeezed):
        kind = Kind.TRANSFER
    if kind is None:
        return formats.rejected(row, "type", f"{' '.join(words).strip()[:80]!r} is not known", **place)
    return Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=quantity,
        principal=quantity,
        fee_asset=place["asset"],
        balance_after=balance,
        kind=kind,
        narration=" ".join(dict.fromkeys(filter(None, words))),
        raw=row.raw,
        **place,
    )


BYBIT_UNIFIED: Format = formats.tabular(
    name="bybit-unified",
    title="Bybit unified trading account",
    headers=UNIFIED_HEADERS,
    layout=UNIFIED,
    tell=tell_unified,
)
BYBIT_FUNDING: Format = formats.tabular(
    name="bybit-funding", title="Bybit funding account", headers=FUNDING_HEADERS, layout=FUNDING, tell=tell_funding
)
