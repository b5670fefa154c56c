"""Rows on their way into PostgreSQL: one row of COPY each, in chunks, and never all at once.

A million go through here, so what most of them need not (quoting, JSON of odd cells) is looked for once a row.
"""

import hashlib
import io
import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from queue import Empty, Queue
from threading import Event, Thread

from app.statements.formats.lines import Ignored, Line, Raw, Rejected
from app.statements.formats.telling import Telling

# (in the order of `_add`, after the import's own)
LINE_COLUMNS = (
    "part", "row_no", "external_id", "identity", "occurrence", "at", "booked_on", "account", "asset", "delta", "fee",
    "fee_asset", "balance_after", "kind", "group_key", "refs", "counterparty", "narration", "raw",
)  # fmt: skip
CHUNK = 20_000  # rows
_LOOK_SECONDS = 0.05
AHEAD = 2  # chunks that are read while one is written

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = r"\N"
_TEXTS = 9  # of a line that may hold anything
_ROW_NO, _RAW = LINE_COLUMNS.index("row_no"), LINE_COLUMNS.index("raw")
_MOVED = [LINE_COLUMNS.index(name) for name in ("delta", "fee", "at", "booked_on")]
_TOLD = ("identities", "occurrences", "deltas", "days")


@dataclass
class Chunk:
    """Rows of COPY: of lines, and of rows that are none. Beside each line what says whether it was told before."""

    lines: list[str] = field(default_factory=list)
    identities: list[str] = field(default_factory=list)
    occurrences: list[str] = field(default_factory=list)
    deltas: list[str] = field(default_factory=list)
    days: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    ignored: int = 0
    moved: set[int] = field(default_factory=set)  # rows that became lines, where only some are wanted
    numbers: set[int] = field(default_factory=set)  # and rows that did not

    def told(self) -> dict[str, str]:
        """What says whether the lines were told before, as PostgreSQL's arrays."""
        return {name: "{" + ",".join(getattr(self, name)) + "}" for name in _TOLD}

    def row_numbers(self) -> list[int]:
        """Of which row of the file each line is."""
        return [int(line.split("\t", _ROW_NO + 1)[_ROW_NO]) for line in self.lines]


def chunks_of(telling: Telling, *, only: frozenset[int] | None = None) -> Iterator[Chunk]:
    """A file in pieces, of all its rows or of some; each line with how often its file told of the same so far."""
    said: dict[bytes, int] = {}
    chunk = Chunk()
    for part, each in telling.told:
        if isinstance(each, Line):
            _add(chunk, part, each, said, only)
        elif only is None or each.row in only:
            chunk.numbers.add(each.row)
            chunk.others.append(_other(each))
            chunk.ignored += isinstance(each, Ignored)
        if len(chunk.lines) == CHUNK or len(chunk.others) == CHUNK:
            yield chunk
            chunk = Chunk()
    yield chunk


def ahead(chunks: Iterator[Chunk]) -> Generator[Chunk, None, None]:
    """The chunks, read by a thread while the last one is written: the two take about as long.

    What the reading raises is raised here. Reading touches neither database nor clock.
    """
    waiting: Queue[Chunk | BaseException | None] = Queue(AHEAD)
    ended = Event()

    def read() -> None:
        last: BaseException | None = None
        try:
            for chunk in chunks:
                waiting.put(chunk)
                if ended.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 (whatever it was, who waits must hear of it)
            last = error
        waiting.put(last)

    reader = Thread(target=read, name="statement reader", daemon=True)
    reader.start()
    try:
        while (found := waiting.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        ended.set()
        while reader.is_alive():  # (it may wait for room)
            with suppress(Empty):
                waiting.get(timeout=_LOOK_SECONDS)
        reader.join()


def restated(line: str, *, reason: str, line_id: int) -> str:
    """A line that was told otherwise before, as a row that is none."""
    cells = line.split("\t")
    now = "\t".join(cells[place] for place in _MOVED)
    return f"{cells[_ROW_NO]}\trestated\t{reason.translate(_ESCAPED)}\t\t{line_id}\t{now}\t{cells[_RAW]}"


def text_of(rows: Iterable[str], *, before: str) -> io.StringIO:
    """Rows as COPY reads them, each with these cells before its own."""
    start = before + "\t"
    return io.StringIO("".join([f"{start}{row}\n" for row in rows]))


def _add(chunk: Chunk, part: int, line: Line, said: dict[bytes, int], only: frozenset[int] | None) -> None:
    at, day, kind = line.at.isoformat(), line.booked_on.isoformat(), line.kind
    # (str, and not a format: that takes thrice as long, and PostgreSQL reads 1E-8 as well)
    delta, fee, balance = str(line.delta), str(line.fee), line.balance_after
    external_id, account, asset, fee_asset, group, refs, counterparty, narration, raw = _written(
        (
            line.external_id, line.account, line.asset, line.fee_asset, line.group, _array(line.refs),
            line.counterparty, line.narration, _json(line.raw),
        )
    )  # fmt: skip
    # The teller's id and the asset, for an id may have a leg in two; without an id, what is said. The balance is not in
    # it: files that overlap may begin theirs at different lines. Between tabs, so that no two fields can be one.
    told = f"{external_id}\t{asset}" if external_id else "\t".join(
        (
            account, asset, at, day, _plain(delta), _plain(fee), fee_asset, kind, group, refs,
            counterparty, narration,
        )
    )  # fmt: skip
    digest = hashlib.sha256(told.encode()).digest()
    identity = rf"\\x{digest.hex()}"  # (twice: COPY takes one away, and so do arrays)
    occurrence = said[digest] = said.get(digest, 0) + 1
    if only is not None:
        if line.row not in only:  # (it counts as told before, whatever it is told by now)
            return
        chunk.moved.add(line.row)
    chunk.lines.append(
        f"{part}\t{line.row}\t{external_id or _NULL}\t{identity}\t{occurrence}\t{at}\t{day}\t{account}"
        f"\t{asset}\t{delta}\t{fee}\t{fee_asset}\t{_NULL if balance is None else str(balance)}\t{kind}"
        f"\t{group or _NULL}\t{refs}\t{counterparty}\t{narration}\t{raw}"
    )
    chunk.identities.append(f'"{identity}"')
    chunk.occurrences.append(str(occurrence))
    chunk.deltas.append(delta)
    chunk.days.append(day)


def _other(row: Ignored | Rejected) -> str:
    outcome, column = ("rejected", row.column) if isinstance(row, Rejected) else ("ignored", "")
    reason, column, raw = (each.translate(_ESCAPED) for each in (row.reason, column, _json(row.raw)))
    nothing = "\t".join([_NULL] * (1 + len(_MOVED)))  # (no line, and nothing moved)
    return f"{row.row}\t{outcome}\t{reason}\t{column}\t{nothing}\t{raw}"


def _written(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Texts as COPY takes them."""
    together = "\t".join(texts)
    if "\\" in together or "\n" in together or "\r" in together or together.count("\t") >= _TEXTS:
        return tuple(each.translate(_ESCAPED) for each in texts)
    return texts


def _plain(amount: str) -> str:
    """`1.50` and `1.5` are the same amount, and so are `1E-8` and `0.00000001`."""
    if "E" in amount:
        amount = f"{Decimal(amount):f}"
    told = amount.rstrip("0").rstrip(".") if "." in amount else amount
    return "0" if told == "-0" else told


def _array(values: tuple[str, ...]) -> str:
    """PostgreSQL's way of writing an array of texts."""
    if not values:
        return "{}"
    plain = '","'.join(values)
    if "\\" not in plain and plain.count('"') == 2 * len(values) - 2:
        return f'{{"{plain}"}}'
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return "{" + ",".join(quoted) + "}"


def _json(raw: Mapping[str, str]) -> str:
    return raw.json if isinstance(raw, Raw) else json.dumps(dict(raw), ensure_ascii=False)
