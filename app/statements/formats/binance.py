"""Binance's transaction history: one signed row per leg, without any id. Equal rows are real and all kept.

Legs belong together by account, kind of operation and time, where a fee may be a second late. Dust that is exchanged
is many coins out and one BNB in. What moves between accounts is told twice and nets to nothing. The file may be in
local time, with the offset in its name alone: the setting `zone` says so. An operation that is not listed is rejected:
there are more of them each year, and each means something else.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from app.statements.formats import cells, formats
from app.statements.formats.formats import Format, Tell
from app.statements.formats.lines import Kind, Line, Told
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

LAYOUT = Layout(
    (
        Column("user", ("user id",), needed=False),
        Column("time", ("utc time", "time")),
        *(Column(name) for name in ("account", "operation", "coin", "change")),
        Column("remark", needed=False),
    )
)
HEADERS = ("User_ID,UTC_Time,Account,Operation,Coin,Change,Remark", "UTC_Time,Account,Operation,Coin,Change,Remark")
_TRADE = ("buy", "sell", "transaction related", "transaction buy", "transaction spend", "transaction sold")
_INTERNAL = (
    *("transfer between main and funding wallet", "transfer between spot account and um futures account"),
    *("transfer between spot account and cm futures account", "simple earn flexible subscription"),
    *("transfer between main account/futures and margin account", "simple earn flexible redemption"),
    *("simple earn locked subscription", "simple earn locked redemption", "transfer_in", "transfer_out"),
)
# Operation to the family that its legs are looked for in, and what it is.
OPERATIONS: dict[str, tuple[str, Kind]] = {
    **dict.fromkeys((*_TRADE, "transaction revenue"), ("trade", Kind.TRADE)),
    "fee": ("trade", Kind.FEE),
    "transaction fee": ("trade", Kind.FEE),
    "binance convert": ("convert", Kind.TRADE),
    "large otc trading": ("convert", Kind.TRADE),
    "small assets exchange bnb": ("dust", Kind.TRADE),
    "deposit": ("deposit", Kind.DEPOSIT),
    "fiat deposit": ("deposit", Kind.DEPOSIT),
    "withdraw": ("withdrawal", Kind.WITHDRAWAL),
    "fiat withdraw": ("withdrawal", Kind.WITHDRAWAL),
    "fiat withdrawal": ("withdrawal", Kind.WITHDRAWAL),
    **dict.fromkeys(_INTERNAL, ("transfer", Kind.TRANSFER)),
}
LATE = timedelta(seconds=1)


def prepare(rows: Callable[[], Iterable[Row]], settings: Settings) -> Tell:
    """Find which second each group began in, over the whole file: rows of a group need not stand together."""
    seen: dict[tuple[str, str], set[datetime]] = {}
    for row in rows():
        family, _ = OPERATIONS.get(row.text("operation").lower(), ("", Kind.TRADE))
        seen.setdefault((row.text("account"), family), set()).add(row.moment("time", settings)[0])
    starts: dict[tuple[str, str, datetime], datetime] = {}
    for (account, family), moments in seen.items():
        begun: datetime | None = None
        for moment in sorted(moments):
            begun = begun if begun is not None and moment - begun <= LATE else moment
            starts[account, family, moment] = begun

    def tell(row: Row, settings: Settings) -> Told:
        return _tell(row, settings, starts)

    return tell


def _tell(row: Row, settings: Settings, starts: dict[tuple[str, str, datetime], datetime]) -> Told:
    account, told = row.needed("account"), row.needed("operation")
    place = formats.place(account, cells.ticker(row.needed("coin")))
    change, (at, booked_on) = row.number_of("change"), row.moment("time", settings)
    if told.lower() not in OPERATIONS:
        return formats.rejected(row, "operation", f"operation {told} is not known", **place)
    family, kind = OPERATIONS[told.lower()]
    begun = starts[account, family, at]
    return Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=change,
        principal=change,
        fee_asset=place["asset"],
        kind=kind,
        group=f"{account}/{family}/{begun:%Y-%m-%dT%H:%M:%SZ}",
        narration=" ".join(filter(None, (told, row.text("remark")))),
        raw=row.raw,
        **place,
    )


BINANCE: Format = formats.tabular(
    name="binance-history",
    title="Binance transaction history",
    headers=HEADERS,
    layout=LAYOUT,
    prepare=prepare,
    takes=("zone",),
)
