"""OKX's two files: trades of the trading account, one row per asset with its balance, and the funding account.

Both tell balances, and those say what moved: trading by the change of the balance, funding by what it was before and
after, with the amount held against it. Times are in the zone of whoever downloaded the file: the setting `zone` says
which. No real file was at hand; this is built from the headers of the generations that tell balances.
"""

from app.statements.formats import cells, formats
from app.statements.formats.formats import Format
from app.statements.formats.lines import EXACT, ZERO, Kind, Line, Told, negative
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

# "Unit" comes twice in the header of trades: of the amount and, last, of the balance.
TRADING = Layout(
    (
        *(Column(name) for name in ("id", "order id", "time", "trade type", "instrument", "type", "amount", "unit")),
        *(Column(name) for name in ("fee", "balance change", "balance")),
    ),
    spare_names=True,
)
TRADING_HEADERS = (
    (
        "id,Order id,Time,Trade Type,Instrument,Type,Amount,Unit,PL,Fee,Position Change,Position Balance,"
        "Balance Change,Balance,Unit"
    ),
)
FUNDING = Layout(
    (*(Column(name) for name in ("id", "time", "type", "amount", "before balance", "after balance", "fee", "symbol")),)
)
FUNDING_HEADERS = (
    "id,Time,Type,Amount,Before Balance,After Balance,Fee,Symbol",
    "id,,Time,Type,Amount,Before Balance,After Balance,Fee,Symbol",
)
TRADING_KINDS = {"spot": Kind.TRADE, "transfer": Kind.TRANSFER}
FUNDING_KINDS = {
    "deposit": Kind.DEPOSIT,
    "withdrawal": Kind.WITHDRAWAL,
    "staking yield": Kind.REWARD,
    "fee rebate": Kind.REWARD,
    "stake": Kind.TRANSFER,
    "redeem staking": Kind.TRANSFER,
    "savings subscription": Kind.TRANSFER,
    "savings redemption": Kind.TRANSFER,
    "from unified trading account": Kind.TRANSFER,
    "to unified trading account": Kind.TRANSFER,
}


def tell_trading(row: Row, settings: Settings) -> Told:
    """One row of the trading account."""
    units = [value for name, value in row.raw.items() if name.lower().startswith("unit")]
    asset = cells.ticker((units[-1] if units else row.text("unit")).strip())
    place = formats.place("trading", asset)
    if not asset:
        raise row.wrong("unit", "there is nothing here.")
    change, balance, fee = row.number_of("balance change"), row.number_of("balance"), row.number_of("fee", empty=ZERO)
    at, booked_on = row.moment("time", settings)
    kind = TRADING_KINDS.get(row.needed("trade type").lower())
    if kind is None:
        return formats.rejected(row, "trade type", f"{row.text('trade type')[:80]} is not known", **place)
    paid = negative(fee)  # below zero in the file where we pay it
    return Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=change,
        principal=EXACT.add(change, paid),
        fee=paid,
        fee_asset=asset,
        balance_after=balance,
        kind=kind,
        # One id is on both legs of a trade, so it is no id of a movement.
        group=row.text("order id") or row.text("id"),
        refs=tuple(filter(None, (row.text("id"), row.text("order id")))),
        narration=" ".join(filter(None, (row.text("trade type"), row.text("instrument"), row.text("type")))),
        raw=row.raw,
        **place,
    )


def tell_funding(row: Row, settings: Settings) -> Told:
    """One row of the funding account."""
    place = formats.place("funding", cells.ticker(row.needed("symbol")))
    before, after = row.number_of("before balance"), row.number_of("after balance")
    amount, fee = row.number_of("amount").copy_abs(), row.number_of("fee", empty=ZERO).copy_abs()
    at, booked_on = row.moment("time", settings)
    kind, delta = FUNDING_KINDS.get(row.needed("type").lower()), EXACT.subtract(after, before)
    if kind is None:
        return formats.rejected(row, "type", f"type {row.text('type')[:80]} is not known", **place)
    size = delta.copy_abs()
    if size == amount:
        fee = ZERO if kind is Kind.TRANSFER else fee
    elif size not in {EXACT.add(amount, fee), EXACT.subtract(amount, fee)}:
        return formats.rejected(row, "amount", "the balances do not change by the amount and the fee", **place)
    return Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=delta,
        principal=EXACT.add(delta, fee),
        fee=fee,
        fee_asset=place["asset"],
        balance_after=after,
        kind=kind,
        external_id=row.needed("id"),
        refs=(row.needed("id"),),
        narration=row.text("type"),
        raw=row.raw,
        **place,
    )


OKX_TRADING: Format = formats.tabular(
    name="okx-trading",
    title="OKX trading account",
    headers=TRADING_HEADERS,
    layout=TRADING,
    tell=tell_trading,
    takes=("zone",),
)
OKX_FUNDING: Format = formats.tabular(
    name="okx-funding",
    title="OKX funding account",
    headers=FUNDING_HEADERS,
    layout=FUNDING,
    tell=tell_funding,
    takes=("zone",),
)
