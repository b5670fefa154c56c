"""Bitstamp's transactions, both generations: units glued to the numbers, or in columns of their own with ids.

Amounts have no sign, the type gives it. A market row is two legs, and the fee moves with the leg whose asset it is in.
Whether the amount of a deposit or withdrawal includes a fee is not known from any file seen: such a row is rejected.
No real file was at hand; this is built from the headers of both generations.
"""

from decimal import Decimal
from typing import Any

from app.statements.formats import bitstamp_list, cells, formats
from app.statements.formats.formats import Format, Listed
from app.statements.formats.lines import EXACT, ZERO, Kind, Line, Told, negative
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

LAYOUT = Layout(
    (
        *(Column(name) for name in ("type", "datetime", "account", "amount", "value", "rate", "fee")),
        Column("side", ("subtype", "sub type")),
        Column("id", needed=False),
        Column("asset", ("amount currency",), needed=False),
        Column("value asset", ("value currency",), needed=False),
        Column("fee asset", ("fee currency",), needed=False),
        Column("order", ("order id",), needed=False),
    )
)
HEADERS = (
    "Type,Datetime,Account,Amount,Value,Rate,Fee,Sub Type",
    (
        "ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,Rate currency,"
        "Fee,Fee currency,Order ID"
    ),
)
SINGLE = {
    "deposit": (1, Kind.DEPOSIT),
    "ripple deposit": (1, Kind.DEPOSIT),
    "withdrawal": (-1, Kind.WITHDRAWAL),
    "ripple payment": (-1, Kind.WITHDRAWAL),
    "staking reward": (1, Kind.REWARD),
}
SIDES = {"buy": 1, "sell": -1}


def tell(row: Row, settings: Settings) -> Told | list[Line]:
    """One row: a line, or the two legs of a trade with a third for a fee in neither asset."""
    amount, asset = _part(row, "amount", "asset")
    place = formats.place(row.text("account"), asset)
    at, booked_on = row.moment("datetime", settings)
    told, (fee, fee_asset) = row.needed("type").lower(), _part(row, "fee", "fee asset")
    if not asset:
        raise row.wrong("amount", "the amount names no asset.")
    if amount < 0 or fee < 0:
        return formats.rejected(row, "amount", "amounts have no sign in this file", **place)
    shared: dict[str, Any] = {
        "row": row.number, "at": at, "booked_on": booked_on, "account": place["account"], "raw": row.raw,
        "external_id": row.text("id"), "group": row.text("order"),
        "refs": tuple(filter(None, (row.text("id"), row.text("order")))),
        "narration": " ".join(filter(None, (row.text("type"), row.text("side")))),
    }  # fmt: skip
    if told in SINGLE:
        if fee:
            return formats.rejected(row, "fee", "whether the amount includes the fee is not known", **place)
        sign, kind = SINGLE[told]
        return _line(asset, amount if sign > 0 else negative(amount), ZERO, kind, shared)
    side = SIDES.get(row.text("side").lower())
    if told != "market" or side is None:
        return formats.rejected(row, "type", f"{row.text('type')} {row.text('side')} is not known", **place)
    value, paid_in = _part(row, "value", "value asset")
    if not paid_in or (fee and not fee_asset):
        raise row.wrong("value", "the row does not name its assets.")
    legs = [(asset, amount if side > 0 else negative(amount)), (paid_in, negative(value) if side > 0 else value)]
    lines = [_line(each, moved, fee if each == fee_asset else ZERO, Kind.TRADE, shared) for each, moved in legs]
    if fee and fee_asset not in {asset, paid_in}:
        lines.append(_line(fee_asset, ZERO, fee, Kind.FEE, shared))
    return lines


def _part(row: Row, name: str, asset: str) -> tuple[Decimal, str]:
    told, unit = row.amount_of(name)
    return told, cells.ticker(row.text(asset) or unit)


def _line(asset: str, moved: Decimal, fee: Decimal, kind: Kind, shared: dict[str, Any]) -> Line:
    delta = EXACT.subtract(moved, fee)
    return Line(asset=asset, delta=delta, principal=moved, fee=fee, fee_asset=asset, kind=kind, **shared)


BITSTAMP: Format = formats.tabular(
    name="bitstamp-transactions",
    title="Bitstamp transactions",
    headers=HEADERS,
    layout=LAYOUT,
    tell=tell,
    listed=Listed(bitstamp_list.LAYOUT, bitstamp_list.tell),
    takes=("zone", "account"),
)
