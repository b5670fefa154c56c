"""Bitvavo's transaction history: signed amounts, local time beside the name of its zone, two legs for a trade.

Whether an amount includes the fee is told nowhere, and the one row seen has none: a row with a fee is rejected.
"""

from zoneinfo import ZoneInfo

from app.statements.formats import cells, formats
from app.statements.formats.formats import Format
from app.statements.formats.lines import ZERO, Kind, Line, Told
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

LAYOUT = Layout(
    (
        *(Column(name) for name in ("timezone", "date", "time", "type", "currency", "amount", "status")),
        Column("other", ("received / paid currency",)),
        Column("other amount", ("received / paid amount",)),
        Column("fee", ("fee amount",)),
        Column("id", ("transaction id",)),
        Column("address", needed=False),
    )
)
HEADERS = (
    (
        "Timezone,Date,Time,Type,Currency,Amount,Quote Currency,Quote Price,Received / Paid Currency,"
        "Received / Paid Amount,Fee currency,Fee amount,Status,Transaction ID,Address"
    ),
)
KINDS = {
    "deposit": Kind.DEPOSIT,
    "withdrawal": Kind.WITHDRAWAL,
    "buy": Kind.TRADE,
    "sell": Kind.TRADE,
    "staking": Kind.REWARD,
    "rebate": Kind.REWARD,
}
DONE = frozenset({"completed", "distributed"})


def tell(row: Row, settings: Settings) -> Told | list[Line]:
    """One row: a line, or the two legs of a trade."""
    account, asset, other = settings.account or "bitvavo", cells.ticker(row.needed("currency")), row.text("other")
    place = formats.place(account, asset)
    try:
        zone = ZoneInfo(row.needed("timezone"))
    except (KeyError, ValueError, OSError) as unknown:
        raise row.wrong("timezone", "there is no such zone.") from unknown
    at, booked_on = row.moment("date", settings, zone=zone, told=f"{row.needed('date')} {row.needed('time')}")
    amount, fee = row.number_of("amount"), row.number_of("fee", empty=ZERO)
    got = row.number_of("other amount") if other else ZERO
    kind = KINDS.get(row.needed("type").lower())
    if row.needed("status").lower() not in DONE:
        return formats.rejected(row, "status", f"status {row.text('status')[:80]} is not known", **place)
    if kind is None:
        return formats.rejected(row, "type", f"type {row.text('type')[:80]} is not known", **place)
    if fee:
        return formats.rejected(row, "fee", "whether the amounts include the fee is not known", **place)
    legs = [(asset, amount), *([(cells.ticker(other), got)] if other else [])]
    return [
        Line(
            row=row.number,
            at=at,
            booked_on=booked_on,
            asset=each,
            delta=moved,
            principal=moved,
            fee_asset=each,
            kind=kind,
            account=account,
            external_id=row.text("id"),
            group=row.text("id") if other else "",
            refs=tuple(filter(None, (row.text("id"),))),
            counterparty=row.text("address"),
            narration=row.text("type"),
            raw=row.raw,
        )
        for each, moved in legs
    ]


BITVAVO: Format = formats.tabular(
    name="bitvavo-history",
    title="Bitvavo transaction history",
    headers=HEADERS,
    layout=LAYOUT,
    tell=tell,
    takes=("account",),
)
