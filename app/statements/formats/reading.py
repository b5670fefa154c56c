"""From bytes to text to rows: encodings, size limits, headers found by their columns. Cells are text and nothing else.

A cell that begins with an equals sign is kept as it is: here nothing computes, and whoever writes a spreadsheet of it
marks it as text.
"""

import codecs
import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import Any

from app.statements.formats import cells
from app.statements.formats.errors import WHOLE_FILE, Unreadable
from app.statements.formats.lines import Header, Raw
from app.statements.formats.settings import Settings

BYTES_LIMIT = 256 * 1024 * 1024  # two million rows of the widest export known
GROWS_FREELY, GROWS_AT_MOST = 8 * 1024 * 1024, 100  # statements shrink tenfold in an archive; more is a bomb
ROWS_LIMIT = 2_000_000
CELL_LIMIT = 8_192  # a longer cell is a file whose quotation marks do not close
OBJECT_LIMIT = 65_536  # of one field of an API's object: Paystack tells the history of a payment in one
COLUMNS_LIMIT = 256
SHOWN = 40  # characters of a cell that cannot be read
HEADER_WITHIN = 40  # records; exports put at most a dozen of their own words above the header
_DELIMITERS = (",", ";", "\t", "|")
_ARCHIVE = b"PK\x03\x04"
_INSIDE = (".csv", ".txt", ".xml", ".sta", ".mt940", ".json")
_FOREIGN = {b"%PDF": "a PDF", b"\xd0\xcf\x11\xe0": "an old Excel file", b"\x1f\x8b": "a gzip archive"}
_BLOCK = 1024 * 1024  # characters
_SPACE = re.compile(r"[\s_\ufeff\u200b]+")


@dataclass(frozen=True)
class File:
    """A file as text, and what had to be assumed on the way."""

    text: str
    notes: tuple[str, ...] = ()


def open_file(body: bytes) -> File:
    """Decode a file: UTF-8 or UTF-16 by its mark, UTF-8, else Windows-1252 with a note; a zip of one file is opened.

    Raises Unreadable for what is empty, too large, no text, or a spreadsheet: those are to be saved as CSV.
    """
    if len(body) > BYTES_LIMIT:
        raise Unreadable(f"it is larger than {BYTES_LIMIT // 1024 // 1024} MiB.")
    if body.startswith(_ARCHIVE):
        body = _unpacked(body)
    for mark, name in _FOREIGN.items():
        if body.startswith(mark):
            raise Unreadable(f"this is {name}. Save or download the statement as a text format, such as CSV.")
    text, notes = _decoded(body)
    text = text.lstrip("\ufeff")  # a file put together of several may carry the mark more than once
    if not text.strip():
        raise Unreadable("it is empty.")
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        raise Unreadable("it holds zero bytes, which no text has.", row=row, column=WHOLE_FILE)
    return File(text, notes)


def _unpacked(body: bytes) -> bytes:
    """The one file of a zip archive, read no further than the limit whatever the archive says of its size."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            if any(name.startswith(("xl/", "word/")) or name == "[Content_Types].xml" for name in names):
                raise Unreadable("this is a spreadsheet or a document. Save it as CSV and bring that.")
            if len(names) != 1 or not names[0].lower().endswith(_INSIDE):
                raise Unreadable(f"this archive holds {len(names)} files; bring one statement at a time.")
            limit = min(BYTES_LIMIT, max(GROWS_FREELY, len(body) * GROWS_AT_MOST))
            with archive.open(names[0]) as inner:
                found = inner.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as broken:
        raise Unreadable("this archive is damaged or locked.") from broken
    if len(found) > limit:
        raise Unreadable(f"what is in this archive is larger than {limit // 1024 // 1024} MiB.")
    return found


def _decoded(body: bytes) -> tuple[str, tuple[str, ...]]:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return body.decode("utf-16"), ("The file is UTF-16.",)
        except UnicodeDecodeError as broken:
            raise Unreadable("it begins as UTF-16 and does not go on so.") from broken
    try:
        return body.decode("utf-8-sig"), ()
    except UnicodeDecodeError as broken:
        row = body.count(b"\n", 0, broken.start) + 1
    try:
        return body.decode("cp1252"), (f"The file is not UTF-8 (line {row}); it was read as Windows-1252.",)
    except UnicodeDecodeError as broken:
        row = body.count(b"\n", 0, broken.start) + 1
        raise Unreadable("it is neither UTF-8 nor Windows-1252.", row=row) from broken


@lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """A header as it is compared: without case, marks, underscores and doubled spaces."""
    return _SPACE.sub(" ", name).strip().casefold()


@dataclass(frozen=True)
class Column:
    """A column by our name, under the names that tellers gave it. A name in a pattern is compared as a whole."""

    name: str
    aliases: tuple[str, ...] = ()
    needed: bool = True
    pattern: str = ""

    def takes(self, header: str) -> bool:
        """Whether this header, normalised, is ours."""
        return header in (self.aliases or (self.name,)) or bool(self.pattern and re.fullmatch(self.pattern, header))


@dataclass(frozen=True)
class Layout:
    """The columns of a format. All generations of a header are one layout: what is not in each is not needed."""

    columns: tuple[Column, ...]
    spare_names: bool = field(default=False)  # a name that comes twice is another column, not a second same one

    def found(self, headers: Sequence[str]) -> dict[str, int]:
        """Where our columns are among these headers. A column that is there twice is refused by `sheet`."""
        normalised = [normal(header) for header in headers]
        return {
            column.name: place
            for column in self.columns
            for place in [next((at for at, header in enumerate(normalised) if column.takes(header)), -1)]
            if place >= 0
        }

    def missing(self, found: Mapping[str, int]) -> list[str]:
        """The columns that are needed and not there, by the first of their names."""
        return [
            (column.aliases or (column.name,))[0]
            for column in self.columns
            if column.needed and column.name not in found
        ]


@dataclass(slots=True)  # (not frozen, as lines are not: there are a million)
class Row:
    """One record under a header. Whatever is asked and cannot be read raises Unreadable with row and column."""

    number: int
    at: Mapping[str, int]  # our name of a column to its place
    names: Mapping[str, int]  # their name to its place
    values: Sequence[str]

    def text(self, name: str) -> str:
        """The cell, stripped; empty where there is no such column."""
        at = self.at
        return self.values[at[name]].strip() if name in at else ""

    def needed(self, name: str) -> str:
        """The cell. Raises Unreadable when it is empty."""
        if told := self.text(name):
            return told
        raise self.wrong(name, "there is nothing here.")

    def number_of(self, name: str, *, empty: Decimal | None = None, decimal_comma: bool = False) -> Decimal:
        """The number in a cell; `empty` where there is none."""
        told = self.values[self.at[name]].strip() if name in self.at else ""
        if not told and empty is not None:
            return empty
        try:
            return cells.number(told, decimal_comma=decimal_comma)
        except ValueError as wrong:
            raise self.wrong(name, f"{_short(told)} is no number.") from wrong

    def maybe(self, name: str) -> Decimal | None:
        """The number, or None for an empty cell."""
        return self.number_of(name) if self.text(name) else None

    def amount_of(self, name: str) -> tuple[Decimal, str]:
        """A number with its unit or sign of currency. An empty cell is nothing of nothing."""
        told = self.text(name)
        try:
            return cells.amount(told) if told else (Decimal(0), "")
        except ValueError as wrong:
            raise self.wrong(name, f"{_short(told)} is no amount.") from wrong

    def moment(
        self, name: str, settings: Settings, *, zone: tzinfo | None = None, told: str = ""
    ) -> tuple[datetime, date]:
        """The time in UTC and the day as told: in the cell, or put together of several as `told`."""
        told = told or self.text(name)
        try:
            return cells.moment(told, zone or settings.tz(), settings.date_order)
        except ValueError as wrong:
            raise self.wrong(name, f"{_short(told)} is no date or time.") from wrong

    def header(self, name: str) -> str:
        """What the file calls our column."""
        place = self.at.get(name, -1)
        return next((their for their, at in self.names.items() if at == place), name)

    def wrong(self, name: str, message: str) -> Unreadable:
        """The refusal of the file for this cell."""
        return Unreadable(message, row=self.number, column=self.header(name))

    @property
    def raw(self) -> Raw:
        """The row as told."""
        return Raw(self.names, self.values)


def _short(told: str) -> str:
    return repr(told if len(told) <= SHOWN else told[:SHOWN] + "…")


@dataclass(frozen=True)
class Sheet:
    """A header that was found, with what stands above it. `rows` reads anew each time it is called."""

    headers: tuple[str, ...]
    heading: tuple[tuple[int, list[str]], ...]  # the records above the header
    rows: Callable[[], Iterator[Row]]

    @property
    def heading_rows(self) -> int:
        """Records up to and with the header, blank ones not counted."""
        return 1 + sum(1 for _, record in self.heading if any(cell.strip() for cell in record))


def sheet(file: File, layout: Layout) -> Sheet:
    """Find the header of `layout` and read the rows under it. Raises Unreadable that names the columns it lacks."""
    best: tuple[int, int, list[str]] = (0, 0, [])
    head = file.text[: HEADER_WITHIN * CELL_LIMIT]
    for delimiter in _DELIMITERS:
        heading: list[tuple[int, list[str]]] = []
        for number, record in _opening(head, delimiter):
            found = layout.found(record)
            missing = layout.missing(found)
            if not missing and found:
                return _sheet(file.text, delimiter, number, record, layout, heading)
            if len(found) > best[0]:
                best = (len(found), number, missing)
            heading.append((number, record))
    known, number, missing = best
    if known:
        raise Unreadable("the file has no such column.", row=number, column=missing[0])
    first = layout.columns[0]
    raise Unreadable("the file has no header that is known.", row=1, column=(first.aliases or (first.name,))[0])


def _lines(text: str) -> Iterator[str]:
    """The lines with their ends, by blocks: a StringIO holds its text again, at four bytes a character."""
    return chain.from_iterable(io.StringIO(block, newline="") for block in _blocks(text))


def _blocks(text: str) -> Iterator[str]:
    """The text in pieces that end where a line does; whole where no line ends within one."""
    start = 0
    while start < len(text):
        end = text.rfind("\n", start, start + _BLOCK) + 1 if start + _BLOCK < len(text) else len(text)
        end = end or text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


@lru_cache(maxsize=8)
def _opening(head: str, delimiter: str) -> tuple[tuple[int, list[str]], ...]:
    """The first records, as far as they can be read with this delimiter. Every format looks at them in turn."""
    found: list[tuple[int, list[str]]] = []
    try:
        for number, record in enumerate(csv.reader(_lines(head), delimiter=delimiter), 1):
            found.append((number, record[: COLUMNS_LIMIT + 1]))
            if number == HEADER_WITHIN:
                break
    except csv.Error:
        pass  # what came before may hold the header; the rows after it are read strictly
    return tuple(found)


def _sheet(
    text: str, delimiter: str, number: int, record: list[str], layout: Layout, *rest: list[tuple[int, list[str]]]
) -> Sheet:
    headers = tuple(cell.strip().lstrip("\ufeff") for cell in record)
    while headers and not headers[-1]:
        headers = headers[:-1]  # a delimiter at the end of each line
    _check_header(headers, layout, number)
    names = Header()
    for place, header in enumerate(headers):
        name = header or f"column {place + 1}"
        names[name if name not in names else f"{name} ({place + 1})"] = place
    at = layout.found(headers)

    def rows() -> Iterator[Row]:
        for row, values in records(text, delimiter):
            if row > number and any(map(str.strip, values)):
                yield Row(row, at, names, fitted(values, names, row))

    return Sheet(headers, tuple(rest[0]), rows)


def _check_header(headers: Sequence[str], layout: Layout, number: int) -> None:
    if len(headers) > COLUMNS_LIMIT:
        raise Unreadable(f"there are more than {COLUMNS_LIMIT} columns.", row=number, column=headers[COLUMNS_LIMIT])
    if layout.spare_names:
        return
    normalised = [normal(header) for header in headers]
    for column in layout.columns:
        if sum(1 for header in normalised if column.takes(header)) > 1:
            raise Unreadable("this column is there twice.", row=number, column=(column.aliases or (column.name,))[0])


def fitted(values: list[str], names: Mapping[str, int], row: int, limit: int = CELL_LIMIT) -> list[str]:
    """The cells of a row, as many as the header has. Raises Unreadable for more or fewer."""
    wide = len(names)
    if len(values) > wide and not any(value.strip() for value in values[wide:]):
        values = values[:wide]
    if len(values) != wide:
        first = list(names)[min(len(values), wide - 1)]
        raise Unreadable(f"the row has {len(values)} cells and the header {wide}.", row=row, column=first)
    if len("".join(values)) > limit and max(map(len, values)) > limit:
        name = next(name for name, value in zip(names, values, strict=True) if len(value) > limit)
        raise Unreadable(f"the cell is longer than {limit} characters.", row=row, column=name)
    return values


def records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Every record with its number. Raises Unreadable for quotation marks that do not close and for too many rows."""
    number = 0
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    try:
        for number, record in enumerate(reader, 1):
            if number > ROWS_LIMIT:
                raise Unreadable(f"there are more than {ROWS_LIMIT} rows.", row=number)
            yield number, record
    except csv.Error as broken:
        raise Unreadable(f"the row cannot be read: {broken}.", row=number + 1, column="its quotation marks") from broken


def objects(file: File, layout: Layout) -> Iterator[Row]:
    """The rows of an API's answer: a list of objects, bare or under `data`; inner objects by `outer.inner`.

    Raises Unreadable for what is no such list, and for an object without a column that is needed.
    """
    body = answer(file)
    return listed(body.get("data") if isinstance(body, dict) else body, layout)


def answer(file: File) -> Any:
    """What an API answered, its numbers exact. Raises Unreadable for what is no JSON."""
    try:
        return json.loads(file.text, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as broken:
        row = getattr(broken, "lineno", 1)
        raise Unreadable("this is no JSON.", row=row, column=f"character {getattr(broken, 'colno', 1)}") from broken


def listed(told: Any, layout: Layout, *, under: str = "data", after: int = 0) -> Iterator[Row]:
    """The rows of one list of an answer, numbered `after` those of the lists before it. Raises as `objects` does."""
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        raise Unreadable("this is no list of movements.", row=1, column=under)
    if after + len(told) > ROWS_LIMIT:
        raise Unreadable(f"there are more than {ROWS_LIMIT} rows.", row=ROWS_LIMIT + 1, column=under)
    for number, each in enumerate(told, after + 1):
        flat = dict(_flat(each))
        names = {name: place for place, name in enumerate(flat)}
        at = layout.found(list(flat))
        if missing := layout.missing(at):
            raise Unreadable("the object has no such field.", row=number, column=missing[0])
        for name, value in flat.items():
            if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
                raise Unreadable("it holds what no text has.", row=number, column=name)
        yield Row(number, at, names, fitted(list(flat.values()), names, number, OBJECT_LIMIT))


def _no_constant(name: str) -> Decimal:
    raise ValueError(f"{name} is no number")


def _flat(told: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for name, value in told.items():
        if isinstance(value, dict) and not prefix:
            yield from _flat(value, f"{name}.")
        elif value is None:
            yield prefix + name, ""
        elif isinstance(value, str):
            yield prefix + name, value
        elif isinstance(value, int | Decimal) and not isinstance(value, bool):
            yield prefix + name, str(value)
        else:
            yield prefix + name, json.dumps(value, default=str)
