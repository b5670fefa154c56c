"""What our node says that our wallets hold: a balance at a block each, and no movement.

The file is our own, a list of objects as whoever runs the node writes them: `asset`, `address`, `block_height`, `as_of`
(the block's time) and `balance` in whole coins. A file names all wallets; a source is for one address and takes those.
Each object is a row that moves nothing; what its wallet holds is told as a statement without lines, of a moment and of
no days: what moved in between is told by the wallet's own list. An asset may name its network after a dash
(`USDT-TRC20`), as ours do after a point.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from app.statements.formats import cells, formats, reading
from app.statements.formats.errors import Unreadable
from app.statements.formats.formats import Format
from app.statements.formats.lines import Ignored, Parsed, Statement, Told
from app.statements.formats.reading import Column, File, Layout, Row
from app.statements.formats.settings import Settings
from app.statements.formats.telling import Telling, told_of

NAME, VERSION = "chain-balances", 1
LAYOUT = Layout(
    (
        Column("asset"),
        Column("address"),
        Column("height", ("block height",)),
        Column("at", ("as of",)),
        Column("balance"),
    )
)
HEADERS = ('[{"asset": "", "address": "", "block_height": 0, "as_of": "", "balance": ""}]',)
_ASSET = re.compile(r"[A-Z0-9]{2,10}([.-][A-Z0-9]{2,9})?")
_HEIGHT = re.compile(r"[0-9]{1,12}")
_HEXADECIMAL = "0x"


def one_writing(address: str) -> str:
    """An address as it is kept, however it is written: capitals in a hexadecimal one are a checksum and no more."""
    return address.lower() if address.lower().startswith(_HEXADECIMAL) else address


def same_address(one: str, other: str) -> bool:
    """Whether two ways of writing an address are one."""
    return one_writing(one) == one_writing(other)


def read(file: File, settings: Settings) -> Parsed:
    """All of it: a statement for each object of the source's address, and what is of others in one without balances."""
    rows = list(reading.objects(file, LAYOUT))
    own, others = [], []
    for row in rows:
        mine = not settings.account or same_address(settings.account, row.needed("address"))
        if mine:
            own.append(_balance(row, settings))
        else:
            others.append(formats.ignored(row, "of another wallet than the source's", **_place(row)))
    if not own:
        raise Unreadable("no wallet of this address is in it.", column="address")
    _check_alone(own)
    statements = [*own, Statement(ignored=tuple(others))] if others else own
    return Parsed(format=NAME, version=VERSION, statements=tuple(statements), rows_total=len(rows), notes=file.notes)


def _balance(row: Row, settings: Settings) -> Statement:
    height, balance, place = row.needed("height"), row.number_of("balance"), _place(row)
    at, _ = row.moment("at", settings, told=cells.written(row.text("at")))
    if not _HEIGHT.fullmatch(height):
        raise row.wrong("height", "this is no number of a block.")
    if balance < 0:
        raise row.wrong("balance", "no wallet holds less than nothing.")
    told = Ignored(row=row.number, reason=f"a balance at block {height}, and no movement", raw=row.raw, **place)
    return Statement(ref=f"block {height}", closing=balance, closes_at=at, ignored=(told,), **place)


def _place(row: Row) -> dict[str, Any]:
    asset = row.needed("asset").upper()
    if not _ASSET.fullmatch(asset):
        raise row.wrong("asset", "this names no asset.")
    return formats.place(one_writing(row.needed("address")), asset.replace("-", "."))


def _check_alone(own: list[Statement]) -> None:
    """Without an address the wallets of a file would be taken for one."""
    first: dict[str, Statement] = {}
    for one in own:
        before = first.setdefault(one.asset, one)
        if before.account != one.account:
            message = "the file has several wallets of one asset: say at the source whose address is meant."
            raise Unreadable(message, row=one.ignored[0].row, column="address")


def stream(file: File, settings: Settings) -> Telling:
    """The same for keeping it: what is of other wallets is rows alone."""
    telling = told_of(NAME, VERSION, partial(read, file, settings))
    telling.told = _own_alone(telling, telling.told)
    return telling


def _own_alone(telling: Telling, told: Iterator[tuple[int, Told]]) -> Iterator[tuple[int, Told]]:
    yield from told
    telling.summaries = tuple(one for one in telling.summaries if one.closes_at is not None)


def _likeness(file: File) -> int:
    try:
        first = next(iter(reading.objects(file, LAYOUT)), None) if formats.is_json(file) else None
    except Unreadable:
        return 0
    return 2 * len(first.at) if first else 0


CHAIN_BALANCES = Format(
    name=NAME,
    title="Balances of our wallets, by our node",
    version=VERSION,
    headers=HEADERS,
    takes=frozenset({"account", "zone"}),
    read=read,
    stream=stream,
    likeness=_likeness,
    tells_all=False,
    of_chain=True,
    tells_moves=False,
)
