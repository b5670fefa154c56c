"""Luno's statement of one wallet. Rows are numbered without holes, so wallet and row name a movement for good.

What an order reserves and releases changes what is available and not the balance: no movement. Fees have rows of their
own. The other leg of a trade stands in the other wallet's file.
"""

from app.statements.formats import cells, formats
from app.statements.formats.formats import Format
from app.statements.formats.lines import Kind, Line, Told
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

LAYOUT = Layout(
    (
        Column("wallet", ("wallet id",)),
        Column("row"),
        Column("time", ("timestamp (utc)",)),
        Column("description"),
        Column("currency"),
        Column("delta", ("balance delta",)),
        Column("available", ("available balance delta",)),
        Column("balance"),
        Column("available balance", needed=False),
        Column("txid", ("cryptocurrency transaction id",), needed=False),
        Column("address", ("cryptocurrency address",), needed=False),
        Column("value currency", needed=False),
        Column("value amount", needed=False),
        Column("reference", needed=False),
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
    at, booked_on = row.moment("time", settings)
    described = row.text("description")
    if not delta:
        changed = row.number_of("available")
        return formats.ignored(row, "only what is available changes" if changed else "nothing changes", **place)
    kind = next((kind for words, kind in KINDS.items() if described.lower().startswith(words)), None)
    if kind is None:
        return formats.rejected(row, "description", f"{described[:80]!r} is not known", **place)
    refs = tuple(filter(None, (row.text("reference"), row.text("txid"))))
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
        counterparty=row.text("address"),
        narration=described,
        raw=row.raw,
        **place,
    )


LUNO: Format = formats.tabular(
    name="luno-wallet",
    title="Luno wallet statement",
    headers=HEADERS,
    layout=LAYOUT,
    tell=tell,
    tells_all=False,
)
