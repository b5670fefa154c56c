"""Luno's statement of one wallet. Rows are numbered without holes, so wallet and row name a movement for good.

What an order reserves and releases changes what is available and not the balance: no movement. Fees have rows of their
own. The other leg of a trade stands in the other wallet's file. The API tells the same rows under the same numbers, of
all wallets, with times in thousandths of seconds since 1970 and what is of a chain in an object of its own.
"""

import json

from app.statements.formats import cells, formats
from app.statements.formats.formats import Format
from app.statements.formats.lines import Kind, Line, Told
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

LAYOUT = Layout(
    (
        Column("wallet", ("wallet id", "account id")),
        Column("row", ("row", "row index")),
        Column("time", ("timestamp (utc)", "timestamp")),
        Column("description"),
        Column("currency"),
        Column("delta", ("balance delta",)),
        Column("available", ("available balance delta", "available delta")),
        Column("balance"),
        Column("available balance", ("available balance", "available"), needed=False),
        Column("txid", ("cryptocurrency transaction id",), needed=False),
        Column("address", ("cryptocurrency address",), needed=False),
        Column("value currency", needed=False),
        Column("value amount", needed=False),
        Column("reference", needed=False),
        Column("chain", ("detail fields.crypto details",), needed=False),
    )
)
HEADERS = (
    (
        "Wallet ID,Row,Timestamp (UTC),Description,Currency,Balance delta,Available balance delta,Balance,"
        "Available balance,Cryptocurrency transaction ID,Cryptocurrency address,Value currency,Value amount,Reference"
    ),
)
# The first words of a description, the longer ones first.
KINDS = {
    "trading fee": Kind.FEE,
    "withdrawal fee": Kind.FEE,
    "deposit fee": Kind.FEE,
    "send fee": Kind.FEE,
    "sold": Kind.TRADE,
    "bought": Kind.TRADE,
    "sent": Kind.WITHDRAWAL,
    "withdrawal": Kind.WITHDRAWAL,
    "received": Kind.DEPOSIT,
    "deposit": Kind.DEPOSIT,
}


def tell(row: Row, settings: Settings) -> Told:
    """One row of the wallet."""
    wallet, number = row.needed("wallet"), row.needed("row")
    place = formats.place(wallet, cells.ticker(row.needed("currency")))
    delta, balance = row.number_of("delta"), row.number_of("balance")
    at, booked_on = row.moment("time", settings, told=cells.written(row.text("time")))
    described = row.text("description")
    if settings.account not in {"", wallet}:
        return formats.ignored(row, "of another wallet than the source's", **place)
    if not delta:
        changed = row.number_of("available")
        return formats.ignored(row, "only what is available changes" if changed else "nothing changes", **place)
    kind = next((kind for words, kind in KINDS.items() if described.lower().startswith(words)), None)
    if kind is None:
        return formats.rejected(row, "description", f"{described[:80]!r} is not known", **place)
    txid, address = _on_chain(row)
    refs = tuple(filter(None, (row.text("reference"), txid)))
    return Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=delta,
        principal=delta,
        fee_asset=place["asset"],
        balance_after=balance,
        kind=kind,
        external_id=f"{wallet}/{number}",
        # A fee stands beside what it is for, with the same time and no other tie.
        group=row.text("reference") or f"{wallet}/{at:%Y-%m-%dT%H:%M:%SZ}",
        refs=refs,
        counterparty=address,
        narration=described,
        raw=row.raw,
        **place,
    )


def _on_chain(row: Row) -> tuple[str, str]:
    """The transaction on a chain and the address there, where there are such."""
    if not row.text("chain"):
        return row.text("txid"), row.text("address")
    try:
        told = json.loads(row.text("chain"))
        return str(told.get("txid") or ""), str(told.get("address") or "")
    except (ValueError, AttributeError, RecursionError) as wrong:
        raise row.wrong("chain", "this is no object with a transaction and an address.") from wrong


LUNO: Format = formats.tabular(
    name="luno-wallet",
    title="Luno wallet statement",
    headers=HEADERS,
    layout=LAYOUT,
    tell=tell,
    api=True,
    tells_all=False,
    takes=("account",),
)
