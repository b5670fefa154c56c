"""KuCoin's account history. The offset of its times stands in the header; the user's id is masked; there are no ids.

Amounts have no sign, the side gives it. On what goes out the amount includes the fee. What a fee on something that
comes in would do is not known from any file seen: such a row is rejected.
"""

import re
from datetime import UTC, timedelta, timezone

from app.statements.formats import cells, formats
from app.statements.formats.formats import Format
from app.statements.formats.lines import EXACT, ZERO, Kind, Line, Told, negative
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

LAYOUT = Layout(
    (
        Column("uid"),
        Column("account", ("account type",)),
        *(Column(name) for name in ("currency", "side", "amount", "fee")),
        Column("time", ("time(utc)",), pattern=r"time ?\(utc[+-][0-9]{2}:[0-9]{2}\)"),
        Column("remark", needed=False),
        Column("type", needed=False),
    )
)
HEADERS = (
    "UID,Account Type,Currency,Side,Amount,Fee,Time(UTC),Remark,Type",
    "UID,Account Type,Currency,Side,Amount,Fee,Time(UTC+08:00),Remark",
)
SIDES = {"deposit": 1, "in": 1, "withdrawal": -1, "withdraw": -1, "out": -1}
KINDS = {
    "deposit": Kind.DEPOSIT,
    "withdrawal": Kind.WITHDRAWAL,
    "withdraw": Kind.WITHDRAWAL,
    "transfer": Kind.TRANSFER,
    "spot": Kind.TRADE,
    "rewards": Kind.REWARD,
}
_OFFSET = re.compile(r"utc(?P<sign>[+-])(?P<hours>[0-9]{2}):(?P<minutes>[0-9]{2})", re.IGNORECASE)


def tell(row: Row, settings: Settings) -> Told:
    """One row of the history."""
    place = formats.place(row.needed("account"), cells.ticker(row.needed("currency")))
    amount, fee = row.number_of("amount"), row.number_of("fee", empty=ZERO)
    at, booked_on = row.moment("time", settings, zone=_zone(row))
    side, told = row.needed("side").lower(), (row.text("remark") or row.needed("side")).lower()
    if side not in SIDES:
        return formats.rejected(row, "side", f"side {side} is not known", **place)
    if told not in KINDS:
        return formats.rejected(row, "remark", f"remark {told[:80]!r} is not known", **place)
    if amount < 0 or fee < 0:
        return formats.rejected(row, "amount", "amounts have no sign in this file", **place)
    if SIDES[side] > 0 and fee:
        return formats.rejected(row, "fee", "a fee on what comes in", **place)
    delta = amount if SIDES[side] > 0 else negative(amount)
    return Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=delta,
        principal=EXACT.add(delta, fee),
        fee=fee,
        fee_asset=place["asset"],
        kind=KINDS[told],
        narration=" ".join(dict.fromkeys(filter(None, (row.text("remark"), row.text("type"))))),
        raw=row.raw,
        **place,
    )


def _zone(row: Row) -> timezone:
    found = _OFFSET.search(row.header("time"))
    if found is None:
        return UTC
    ahead = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
    if ahead >= timedelta(days=1):
        raise row.wrong("time", "the header's offset is none.")
    return timezone(-ahead if found["sign"] == "-" else ahead)


KUCOIN: Format = formats.tabular(
    name="kucoin-account", title="KuCoin account history", headers=HEADERS, layout=LAYOUT, tell=tell
)
