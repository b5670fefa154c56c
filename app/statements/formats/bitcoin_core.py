"""A Bitcoin Core wallet's own list: the answer of `listsinceblock`, or of `listtransactions`, as JSON.

Fields after the node's own help of both calls (bitcoincore.org/en/doc, the wallet part, versions 0.20 to 26). A row is
an output of a transaction that the wallet sent or received. What was sent to ourselves, change among it where that was
asked for, is told as both: it moves nothing. The fee stands below zero on each output that was sent and is paid once:
it is a line of its own. What is in no block is no movement; nor is what another transaction took the place of. Of what
a block that is no longer of the chain held, `removed` tells: where no block holds it now, somebody must look whether it
was told of before. Change that is moved to change alone is listed nowhere unless `include_change` was asked for, and
neither is its fee.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from app.statements.formats import cells, formats, reading
from app.statements.formats.errors import Unreadable
from app.statements.formats.formats import Format
from app.statements.formats.lines import Ignored, Kind, Line, Parsed, Rejected, Told, statements_of
from app.statements.formats.reading import Column, File, Layout, Row
from app.statements.formats.settings import Settings

NAME, VERSION, ASSET = "bitcoin-core", 1, "BTC"
LAYOUT = Layout(
    (
        Column("txid"),
        Column("category"),
        Column("amount"),
        Column("confirmations"),
        Column("vout"),
        Column("fee", needed=False),
        Column("time", ("blocktime",), needed=False),
        Column("height", ("blockheight",), needed=False),
        Column("address", needed=False),
        Column("label", needed=False),
        Column("abandoned", needed=False),
    )
)
HEADERS = ('{"transactions": [{"txid": "", "vout": 0, "category": "receive", "amount": 0.0, "confirmations": 1}]}',)
KINDS = {"send": Kind.WITHDRAWAL, "receive": Kind.DEPOSIT, "generate": Kind.REWARD}
NO_MOVEMENT = {
    "immature": "newly made coins that are not ours to spend yet",
    "orphan": "made in a block that is not of the chain",
}
OURSELVES = "sent to ourselves"


def read(file: File, settings: Settings) -> Parsed:
    """The rows of the list, and of what was removed from the chain."""
    body = _answer(file)
    listed = body.get("transactions") if isinstance(body, dict) else body
    rows = list(reading.listed(listed, LAYOUT, under="transactions"))
    gone = body.get("removed") or [] if isinstance(body, dict) else []
    removed = list(reading.listed(gone, LAYOUT, under="removed", after=len(rows)))
    told = list(_told(rows, settings))
    in_blocks = {each.refs[0] for each in told if isinstance(each, Line)}
    told += [_removed(row, in_blocks, settings) for row in removed]
    return Parsed(
        format=NAME, version=VERSION, statements=statements_of(told), rows_total=len(rows) + len(removed),
        notes=file.notes,
    )  # fmt: skip


def _answer(file: File) -> Any:
    """The result itself, or with what the node says around it."""
    body = reading.answer(file)
    return body["result"] if isinstance(body, dict) and "result" in body else body


def _told(rows: list[Row], settings: Settings) -> Iterator[Told]:
    outputs: dict[str, set[tuple[str, str]]] = {"send": set(), "receive": set()}
    for row in rows:
        outputs.get(row.text("category"), set()).add(_output(row))
    ourselves = outputs["send"] & outputs["receive"]
    paid: set[str] = set()  # transactions whose fee was told
    for row in rows:
        why = _no_movement(row, settings)
        if why is not None:
            yield why
            continue
        lines: list[Told] = [*_lines(row, settings, ourselves, paid)]
        nothing = OURSELVES if _output(row) in ourselves else "it moves nothing"
        yield from lines or [formats.ignored(row, nothing, **_place(settings))]


def _no_movement(row: Row, settings: Settings) -> Ignored | Rejected | None:
    """Why a row is none; None for one that moves something."""
    category, confirmations = row.needed("category"), row.number_of("confirmations")
    reason = NO_MOVEMENT.get(category, "")
    if row.text("abandoned") == "true":
        reason = "given up before a block held it"
    elif confirmations < 0:
        reason = "another transaction took its place"
    elif not confirmations:
        reason = "in no block yet"
    if reason:
        return formats.ignored(row, reason, **_place(settings))
    if category not in KINDS:
        return formats.rejected(row, "category", f"{category[:80]!r} is not known", **_place(settings))
    return None


def _lines(row: Row, settings: Settings, ourselves: set[tuple[str, str]], paid: set[str]) -> Iterable[Line]:
    txid, vout = _output(row)
    amount, fee, sent = row.number_of("amount"), row.maybe("fee"), row.text("category") == "send"
    if (amount > 0) if sent else (amount < 0):
        raise row.wrong("amount", "what was sent is below zero, and what was received above.")
    if fee is not None and (fee > 0 or not sent):
        raise row.wrong("fee", "a fee is below zero, and of what was sent.")
    if amount and (txid, vout) not in ourselves:
        yield _line(row, settings, amount=amount, kind=KINDS[row.text("category")], external_id=f"{txid}:{vout}")
    if fee and txid not in paid:
        paid.add(txid)
        yield _line(row, settings, amount=fee, kind=Kind.FEE, external_id=f"{txid}:fee")


def _line(row: Row, settings: Settings, *, amount: Decimal, kind: Kind, external_id: str) -> Line:
    at, _ = row.moment("time", settings, told=cells.written(row.needed("time")))
    txid = row.text("txid")
    return Line(
        row=row.number,
        at=at,
        booked_on=at.astimezone(settings.tz()).date(),  # (a chain has no days of its own)
        delta=amount,
        principal=amount,
        fee_asset=ASSET,
        kind=kind,
        external_id=external_id,
        group=txid,
        refs=(txid,),
        counterparty=row.text("address") if kind is not Kind.FEE else "",
        narration=row.text("label"),
        raw=row.raw,
        **_place(settings),
    )


def _removed(row: Row, in_blocks: set[str], settings: Settings) -> Told:
    if row.needed("txid") in in_blocks:
        return formats.ignored(row, "in another block now", **_place(settings))
    reason = "its block is not of the chain any more, and no other holds it: look whether it was told of before"
    return formats.rejected(row, "txid", reason, **_place(settings))


def _output(row: Row) -> tuple[str, str]:
    return row.needed("txid"), row.needed("vout")


def _place(settings: Settings) -> dict[str, Any]:
    return formats.place(settings.account, ASSET)


def _likeness(file: File) -> int:
    try:
        body = _answer(file) if formats.is_json(file) else None
        if isinstance(body, dict) and body.get("transactions") == [] and "lastblock" in body:
            return 1
        listed = body.get("transactions") if isinstance(body, dict) else body
        first = next(iter(reading.listed(listed, LAYOUT, under="transactions")), None)
    except Unreadable:
        return 0
    return 2 * len(first.at) if first else 0


BITCOIN_CORE = Format(
    name=NAME,
    title="Bitcoin Core wallet",
    version=VERSION,
    headers=HEADERS,
    takes=frozenset({"account", "zone"}),
    read=read,
    likeness=_likeness,
    tells_all=False,
    of_chain=True,
)
