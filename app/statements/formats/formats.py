"""What a format is, and how one that comes as rows is read: most of them say no more than columns and `tell`."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from app.statements.formats import reading
from app.statements.formats.errors import Unreadable
from app.statements.formats.lines import Ignored, Line, Parsed, Rejected, Told, statements_of
from app.statements.formats.reading import File, Layout, Row, Sheet
from app.statements.formats.settings import Settings, Unit
from app.statements.formats.telling import Telling

Tell = Callable[[Row, Settings], Told | list[Line]]
Prepare = Callable[[Callable[[], Iterable[Row]], Settings], Tell]
CERTAIN = 1000  # more than a header can have columns


@dataclass(frozen=True, kw_only=True)
class Format:
    """A kind of file. `takes` names the settings that matter to it; `version` goes up when the same file reads anew."""

    name: str
    title: str  # for people
    version: int
    headers: tuple[str, ...]  # the header of each generation, as the teller writes it; or what the file begins with
    takes: frozenset[str] = frozenset()
    read: Callable[[File, Settings], Parsed]
    likeness: Callable[[File], int]  # 0: not this format. More: columns known less columns unknown
    stream: Callable[[File, Settings], Telling] | None = None  # row by row, for files that do not fit in memory
    tells_all: bool = True  # of every asset of its teller: of what is not in a file nothing happened
    of_chain: bool = False  # of a wallet of our own: nobody else keeps it for us
    tells_moves: bool = True  # what moved; else balances alone, which cover no days


@dataclass(frozen=True)
class Listed:
    """How an API lists the same movements, where its fields are not the columns of the files."""

    layout: Layout
    tell: Tell | None = None  # as of the files


@dataclass
class Tally:
    """Counts the rows of a file as they are read, whatever becomes of them."""

    rows: int = 0

    def over(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows, counted."""
        for row in rows:
            self.rows += 1
            yield row


def tabular(
    *,
    name: str,
    title: str,
    version: int = 1,
    headers: tuple[str, ...],
    layout: Layout,
    tell: Tell | None = None,
    prepare: Prepare | None = None,
    api: bool = False,
    listed: Listed | None = None,
    tells_all: bool = True,
    of_chain: bool = False,
    takes: Iterable[str] = (),
) -> Format:
    """A format of rows. `tell` makes of a row its line or lines, or says why it has none.

    A format that must see all rows before it can tell one gives `prepare` instead, which answers the `tell` to use.
    `api`: the same movements come as JSON too, under the same names; else as `listed` says.
    """
    listed = listed or (Listed(layout) if api else None)

    def source(file: File, settings: Settings) -> tuple[Callable[[], Iterable[Row]], Sheet | None, Settings]:
        if listed and is_json(file):
            # An API counts in the smallest unit, whatever the files of the same vendor do.
            return (lambda: reading.objects(file, listed.layout)), None, replace(settings, unit=Unit.MINOR)
        found = reading.sheet(file, layout)
        return found.rows, found, settings

    def teller(file: File, rows: Callable[[], Iterable[Row]], settings: Settings) -> Tell:
        own = _teller(file, listed) or tell
        if own is not None:
            return own
        if prepare is not None:
            return prepare(rows, settings)
        raise AssertionError("unreachable")

    def stream(file: File, settings: Settings) -> Telling:
        rows, _, settings = source(file, settings)
        tell = teller(file, rows, settings)
        telling = Telling(format=name, version=version, notes=file.notes)
        return telling.over(tell(row, settings) for row in rows())

    def read(file: File, settings: Settings) -> Parsed:
        rows, found, settings = source(file, settings)
        tally = Tally()
        every = list(told(tally.over(rows()), teller(file, rows, settings), settings))
        return Parsed(
            format=name,
            version=version,
            statements=statements_of(every),
            rows_total=tally.rows,
            heading_rows=found.heading_rows if found else 0,
            notes=file.notes,
        )

    return Format(
        name=name,
        title=title,
        version=version,
        headers=headers,
        takes=frozenset(takes),
        read=read,
        stream=stream,
        likeness=partial(_likeness, layout=layout, listed=listed),
        tells_all=tells_all,
        of_chain=of_chain,
    )


def _teller(file: File, listed: Listed | None) -> Tell | None:
    """Who tells the rows of an API's list, where they are told otherwise than those of the files."""
    return listed.tell if listed and is_json(file) else None


def told(rows: Iterable[Row], tell: Tell, settings: Settings) -> Iterator[Told]:
    """What becomes of each row."""
    for row in rows:
        found = tell(row, settings)
        if isinstance(found, list):
            yield from found
        else:
            yield found


def _likeness(file: File, *, layout: Layout, listed: Listed | None) -> int:
    try:
        if listed and is_json(file):
            return _api_likeness(file, listed.layout)
        headers = reading.sheet(file, layout).headers
    except Unreadable:
        return 0
    known = len(layout.found(headers))
    return max(1, CERTAIN + 2 * known - len(headers))


def _api_likeness(file: File, layout: Layout) -> int:
    first = next(iter(reading.objects(file, layout)), None)
    return 2 * len(first.at) if first else 0


def is_json(file: File) -> bool:
    """Whether the file is an API's answer."""
    return file.text.lstrip()[:1] in ("{", "[")


def place(account: str, asset: str) -> dict[str, Any]:
    """Where a row belongs, for a line as for a row that is none."""
    return {"account": account, "asset": asset}


def ignored(row: Row, reason: str, **where: Any) -> Ignored:
    """This row moves nothing."""
    return Ignored(row=row.number, reason=reason, raw=row.raw, **where)


def rejected(row: Row, name: str, reason: str, **where: Any) -> Rejected:
    """This row cannot be placed, for what stands in our column `name`."""
    return Rejected(row=row.number, column=row.header(name), reason=reason, raw=row.raw, **where)
