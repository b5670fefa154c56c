"""Bitstamp's transactions as its API lists them: under the ids of the newer files, a field for each currency.

Amounts have a sign. A trade tells its market by the field of its rate, `btc_usd`; its fee is in the second of the two,
as in the files. Whether the amount of a deposit or withdrawal includes a fee is not known: such a row is rejected.
Times are UTC.
"""

from datetime import UTC
from decimal import Decimal
from typing import Any

from app.statements.formats import cells, formats
from app.statements.formats.lines import EXACT, ZERO, Kind, Line, Told
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

LAYOUT = Layout(
    (
        *(Column(name) for name in ("id", "datetime", "type", "fee")),
        Column("order", ("order id",), needed=False),
    )
)
# What is beside the currencies and their rates.
_OTHERS = {"id", "datetime", "type", "fee", "order_id", "self_trade", "self_trade_order_id"}
ACCOUNT = "Main Account"  # as the files name it; the list is of the account that the key is of
TRADE = "2"
# By its number: the word of the files, which way it goes, what it is.
SINGLE = {
    "0": ("Deposit", 1, Kind.DEPOSIT),
    "1": ("Withdrawal", -1, Kind.WITHDRAWAL),
    "27": ("Staking reward", 1, Kind.REWARD),
}


def tell(row: Row, settings: Settings) -> Told | list[Line]:
    """One row: a line, or the two legs of a trade."""
    fee, (moved, strange) = row.number_of("fee", empty=ZERO), _moved(row)
    at, booked_on = row.moment("datetime", settings, zone=UTC)
    name, order = row.needed("id"), row.text("order")
    place = formats.place(settings.account or ACCOUNT, cells.ticker(next(iter(moved), "").upper()))
    shared: dict[str, Any] = {
        "row": row.number, "at": at, "booked_on": booked_on, "account": place["account"], "raw": row.raw,
        "external_id": name, "group": order, "refs": tuple(filter(None, (name, order))),
    }  # fmt: skip
    if strange:
        return formats.rejected(row, "type", f"{strange[:80]} is no currency", **place)
    found = _trade(row, moved, fee, shared) if row.needed("type") == TRADE else _single(row, moved, fee, shared)
    return formats.rejected(row, "type", found, **place) if isinstance(found, str) else found


def _moved(row: Row) -> tuple[dict[str, Decimal], str]:
    """What was moved of each currency; and a field that is none of them, if there is one."""
    moved = {}
    for name, told in row.raw.items():
        if name in _OTHERS or "_" in name or not told:
            continue
        try:
            moved[name] = cells.number(told)
        except ValueError:
            return {}, name
    return {name: amount for name, amount in moved.items() if amount}, ""


def _single(row: Row, moved: dict[str, Decimal], fee: Decimal, shared: dict[str, Any]) -> Line | str:
    """What came or went, or why it cannot be said."""
    if row.text("type") not in SINGLE:
        return f"type {row.text('type')[:80]} is not known"
    word, sign, kind = SINGLE[row.text("type")]
    if fee:
        return "whether the amount includes the fee is not known"
    if len(moved) != 1 or (next(iter(moved.values())) > 0) != (sign > 0):
        return f"a {word.lower()} of no one currency, or the other way"
    ((name, amount),) = moved.items()
    return _line(name, amount, ZERO, shared | {"kind": kind, "narration": word})


def _trade(row: Row, moved: dict[str, Decimal], fee: Decimal, shared: dict[str, Any]) -> list[Line] | str:
    """The two legs of a trade, the fee in the second; or why it has none."""
    rates = [name for name in row.raw if name not in _OTHERS and name.count("_") == 1 and row.raw[name].strip("0.")]
    base, _, quote = rates[0].partition("_") if len(rates) == 1 else ("", "", "")
    if set(moved) != {base, quote} or (moved[base] > 0) == (moved[quote] > 0) or fee < 0:
        return "the row does not tell what was traded for what"
    shared = shared | {"kind": Kind.TRADE, "narration": "Market Buy" if moved[base] > 0 else "Market Sell"}
    return [_line(base, moved[base], ZERO, shared), _line(quote, moved[quote], fee, shared)]


def _line(name: str, moved: Decimal, fee: Decimal, shared: dict[str, Any]) -> Line:
    asset, delta = cells.ticker(name.upper()), EXACT.subtract(moved, fee)
    return Line(asset=asset, delta=delta, principal=moved, fee=fee, fee_asset=asset, **shared)
