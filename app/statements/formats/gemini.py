"""Gemini's transaction history: one row per event, with three columns for every asset: amount, fee, balance.

Numbers are written as accountants do, with the unit in the cell: `($53.62)` is a loss, `0.2092 BTC` a gain. A fee in
brackets is one that we pay, beside the amount and not in it.
"""

import re
from decimal import Decimal
from functools import lru_cache

from app.statements.formats import cells, formats
from app.statements.formats.errors import Unreadable
from app.statements.formats.formats import Format
from app.statements.formats.lines import EXACT, ZERO, Kind, Line, Told, negative
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

_ASSET = r"[a-z0-9]{2,20}"
LAYOUT = Layout(
    (
        Column("date"),
        Column("time", ("time (utc)",)),
        *(Column(name) for name in ("type", "symbol")),
        Column("amounts", pattern=rf"(?P<a>{_ASSET}) amount (?P=a)"),
        Column("balances", pattern=rf"(?P<a>{_ASSET}) balance (?P=a)"),
        Column("trade", ("trade id",)),
        Column("order", ("order id",)),
        Column("hash", ("tx hash",), needed=False),
    ),
    spare_names=True,
)
HEADERS = (
    (
        "Date,Time (UTC),Type,Symbol,Specification,Liquidity Indicator,Trading Fee Rate (bps),USD Amount USD,"
        "Fee (USD) USD,USD Balance USD,BTC Amount BTC,Fee (BTC) BTC,BTC Balance BTC,Trade ID,Order ID,Order Date,"
        "Order Time,Client Order ID,API Session,Tx Hash,Deposit Destination,Deposit Tx Output,Withdrawal Destination,"
        "Withdrawal Tx Output"
    ),
)
KINDS = {"buy": Kind.TRADE, "sell": Kind.TRADE, "credit": Kind.DEPOSIT, "debit": Kind.WITHDRAWAL}
_PART = re.compile(
    r"(?P<of>[A-Z0-9]{2,20}) (?P<what>Amount|Balance) (?P=of)|Fee (?:\([A-Z0-9]{2,20}\) )?(?P<fee>[A-Z0-9]{2,20})"
)


@lru_cache(maxsize=16)
def _columns(headers: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """For each asset where its amount, fee and balance stand."""
    found: dict[str, dict[str, int]] = {}
    for place, header in enumerate(headers):
        if part := _PART.fullmatch(header):
            found.setdefault(part["of"] or part["fee"], {})[part["what"] or "Fee"] = place
    return found


def tell(row: Row, settings: Settings) -> Told | list[Line]:
    """One row: a line for every asset that it moves."""
    at, booked_on = row.moment("time", settings, told=f"{row.needed('date')} {row.needed('time')}")
    kind = KINDS.get(row.needed("type").lower())
    account = settings.account or "gemini"
    lines = []
    for asset, at_column in _columns(tuple(row.names)).items():
        (amount, fee, balance) = (_cell(row, at_column.get(what, -1)) for what in ("Amount", "Fee", "Balance"))
        if not amount and not fee:
            continue
        lines.append(
            Line(
                row=row.number,
                at=at,
                booked_on=booked_on,
                asset=cells.ticker(asset),
                delta=EXACT.add(amount or ZERO, fee or ZERO),
                principal=amount or ZERO,
                fee=negative(fee or ZERO),
                fee_asset=cells.ticker(asset),
                balance_after=balance,
                kind=kind or Kind.ADJUSTMENT,
                account=account,
                external_id=row.text("trade"),
                group=row.text("order") or row.text("trade"),
                refs=tuple(filter(None, (row.text("trade"), row.text("order"), row.text("hash")))),
                narration=" ".join(filter(None, (row.text("type"), row.text("symbol")))),
                raw=row.raw,
            )
        )
    if kind is None:
        asset = lines[0].asset if lines else ""
        return formats.rejected(row, "type", f"type {row.text('type')[:80]} is not known", account=account, asset=asset)
    return lines or formats.ignored(row, "nothing moves", account=account)


def _cell(row: Row, place: int) -> Decimal | None:
    told = row.values[place].strip() if place >= 0 else ""
    try:
        return cells.amount(told)[0] if told else None
    except ValueError as wrong:
        name = next(name for name, at in row.names.items() if at == place)
        raise Unreadable(f"{told[:40]!r} is no amount.", row=row.number, column=name) from wrong


GEMINI: Format = formats.tabular(
    name="gemini-history",
    title="Gemini transaction history",
    headers=HEADERS,
    layout=LAYOUT,
    tell=tell,
    takes=("account",),
)
