"""A report as a file: its sections written one after the other, line by line, while their sums are held to the ledger.

Read inside `core.db.whole_books()`: then lines and sums are of one moment, however long the writing takes.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from app.core.clock import WAT
from app.core.errors import Unprocessable
from reports import as_csv
from reports.as_pdf import Document
from reports.as_xlsx import Workbook
from reports.catalogue import Asks, Format, Report
from reports.income import PRODUCTS
from reports.tables import Line, Parameters, Section, Tie

TOLD_EVERY = 500  # lines
WORKBOOK_LINES_MAX = 1_000_000  # (more than a sheet holds, and than anybody scrolls through)

Told = Callable[[int], None]


class TooLong(Unprocessable):
    code = "too_long_for_a_workbook"
    message = "It has more lines than a workbook is made of. Ask for CSV, or for fewer days."


@dataclass
class Written:
    """What was written: how many lines, and what their sums tie to."""

    lines: int = 0
    ties: list[Tie] = field(default_factory=list)


class Writer(Protocol):
    """One kind of file."""

    def begin(self, section: Section) -> None:
        """The next section."""
        ...

    def line(self, line: Line) -> None:
        """A line of it."""
        ...

    def end(self, lines: int, ties: Sequence[Tie]) -> None:
        """What it came to."""
        ...


def write(path: Path, report: Report, asked: Parameters, *, format_: Format, at: datetime, told: Told) -> Written:
    """Write the file. `told` hears now and then how many lines are written. Raises TooLong."""
    if format_ is Format.XLSX and (expected(report, asked) or 0) > WORKBOOK_LINES_MAX:
        raise TooLong
    facts = facts_of(report, asked, at=at)
    made: AbstractContextManager[Writer]
    if format_ is Format.CSV:
        made = _Csv(path)
    elif format_ is Format.XLSX:
        made = Workbook(path, title=report.title, facts=facts)
    else:
        made = Document(path, report.title, facts)
    sections = report.compose(asked)
    if format_ is Format.CSV and any(section.long for section in sections):
        sections = [section for section in sections if section.long]  # (for programs: one table, and nothing beside it)
    written = Written()
    with made as writer:
        for section in sections:
            _section(writer, section, written, told)
    return written


def facts_of(report: Report, asked: Parameters, *, at: datetime) -> list[tuple[str, str]]:
    """What a document says of itself."""
    days = f"{asked.last:%-d %B %Y}"
    if report.asks is Asks.SPAN:
        days = f"{asked.first:%-d %B %Y} to {days}"
    return [
        ("Days", f"{days}, West Africa Time"),
        *((("Asset", asked.asset),) if asked.asset else ()),
        *((("Product", PRODUCTS.get(asked.product, asked.product)),) if asked.product else ()),
        *((("Account", asked.account),) if asked.account else ()),
        ("Books read", at.astimezone(WAT).strftime("%-d %B %Y, %H:%M:%S WAT")),
    ]


def name_of(report_name: str, asked: Parameters, format_: Format) -> str:
    """What the file is called when somebody keeps it."""
    days = f"{asked.last}" if asked.first == asked.last else f"{asked.first}-to-{asked.last}"
    account = asked.account.replace(":", "-").replace(".", "-").replace("_", "-").lower()
    parts = (report_name, asked.asset.replace(".", "-").lower(), asked.product.replace("_", "-"), account, days)
    return f"{'-'.join(part for part in parts if part)}.{format_}"


def expected(report: Report, asked: Parameters) -> int | None:
    """About how many lines it will have; None where that is not known, because they are few."""
    found = [section.expected() for section in report.compose(asked) if section.expected]
    return sum(found) if found else None


def _section(writer: Writer, section: Section, written: Written, told: Told) -> None:
    tally = section.tally() if section.tally else None
    writer.begin(section)
    count = 0
    for line in section.lines():
        writer.line(line)
        if tally:
            tally.take(line)
        count += 1
        if count % TOLD_EVERY == 0:
            told(written.lines + count)
    ties = tally.ties() if tally else []
    writer.end(count, ties)
    written.lines += count
    written.ties += ties
    told(written.lines)


class _Csv(AbstractContextManager["_Csv"]):
    """Sections one after the other; where there are several each begins with its title."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._sections = 0

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def begin(self, section: Section) -> None:
        if self._sections:
            self._file.write("\r\n")
        self._sections += 1
        if not section.long:
            self._file.write(as_csv.line([section.title]))
        self._file.write(as_csv.line(section.columns))

    def line(self, line: Line) -> None:
        self._file.write(as_csv.line(map(as_csv.written, line)))

    def end(self, lines: int, ties: Sequence[Tie]) -> None:
        """Nothing: a program reads it."""
