"""Reports as workbooks: a sheet for each section, and one that says what it is and how its sums tie.

Rows go to the disk as they come. Every text is written as a text, so that none is a formula. An amount is a number as
long as a spreadsheet keeps each of its digits, which are fifteen; one with more stands as a text, whole.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import xlsxwriter

from app.core.clock import WAT
from app.core.money import Money, plain
from reports.tables import Cell, Line, Section, Tie

ROWS_MAX = 1_048_576
TEXT_MAX = 32_767
DIGITS_MAX = 15
NAME_MAX = 31
WIDTHS = {"Account": 46, "Reason": 60, "Customer": 34, "About": 34, "Kind": 26, "Movement": 32, "Product": 24}
WIDTH = 18
INTEGER_MAX = 10**DIGITS_MAX


class Workbook:
    """A workbook while it is written; leaving it writes the file."""

    def __init__(self, path: Path, *, title: str, facts: Sequence[tuple[str, str]]) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "tmpdir": str(path.parent),
        }
        self._book: Any = xlsxwriter.Workbook(str(path), options)
        self._book.set_properties({"title": title, "author": "Bursar"})
        self._strong = self._book.add_format({"bold": True})
        self._head = self._book.add_format({"bold": True, "bottom": 1})
        self._formats: dict[str, Any] = {}
        self._names = {"about"}
        self._about: Any = self._book.add_worksheet("About")
        self._about.set_column(0, 0, 48)
        self._about.set_column(1, 4, 24)
        self._about.write_string(0, 0, title, self._strong)
        self._about_row = 1
        for name, value in facts:
            self._say(name, value)
        self._sheet: Any = None
        self._row = self._sheets = 0
        self._section: Section | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._book.close()

    def begin(self, section: Section) -> None:
        """The next section's sheet."""
        self._section, self._sheets = section, 0
        self._open()

    def line(self, line: Line) -> None:
        """A row; a sheet that is full is followed by another."""
        if self._row >= ROWS_MAX:
            self._open()
        for column, cell in enumerate(line):
            self._write(self._sheet, self._row, column, cell)
        self._row += 1

    def end(self, lines: int, ties: Sequence[Tie]) -> None:
        """What the section came to, on the first sheet."""
        section = self._section
        if section is None:
            return
        if not lines:
            self._sheet.write_string(self._row, 0, section.empty)
        self._about_row += 1
        self._about.write_string(self._about_row, 0, section.title, self._strong)
        self._about_row += 1
        self._say("Lines", str(lines))
        if section.note:
            self._say("Note", section.note)
        for column, name in enumerate(("Tied to", "The lines", "The ledger", "Difference", "Asset") if ties else ()):
            self._about.write_string(self._about_row, column, name, self._head)
        self._about_row += bool(ties)
        for tie in ties:
            self._about.write_string(self._about_row, 0, tie.what[:TEXT_MAX])
            for column, amount in enumerate((tie.told, tie.ledger, tie.difference), 1):
                self._write(self._about, self._about_row, column, amount)
            self._about.write_string(self._about_row, 4, tie.told.asset.code)
            self._about_row += 1

    def _free_name(self, title: str, tail: str) -> str:
        """A name that no other sheet has, whatever is left of it: long titles may begin alike."""
        name, number = _plain_name(title)[: NAME_MAX - len(tail)] + tail, 1
        while name.casefold() in self._names:
            number += 1
            other = f"{tail} ~{number}"
            name = _plain_name(title)[: NAME_MAX - len(other)] + other
        self._names.add(name.casefold())
        return name

    def _open(self) -> None:
        section = self._section
        if section is None:
            return
        self._sheets += 1
        tail = f" ({self._sheets})" if self._sheets > 1 else ""
        self._sheet = self._book.add_worksheet(self._free_name(section.title, tail))
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(section.columns):
            self._sheet.set_column(column, column, WIDTHS.get(name, WIDTH))
            self._sheet.write_string(0, column, name, self._head)
        self._row = 1

    def _say(self, name: str, value: str) -> None:
        self._about.write_string(self._about_row, 0, name)
        self._about.write_string(self._about_row, 1, value[:TEXT_MAX])
        self._about_row += 1

    def _write(self, sheet: Any, row: int, column: int, cell: Cell) -> None:
        if cell is None:
            return
        if isinstance(cell, Money):
            self._write_amount(sheet, row, column, cell)
        elif isinstance(cell, int) and abs(cell) < INTEGER_MAX:
            sheet.write_number(row, column, cell)
        elif isinstance(cell, datetime):
            bare = cell.astimezone(WAT).replace(tzinfo=None)  # (a workbook knows no zones; the first sheet says which)
            sheet.write_datetime(row, column, bare, self._format("yyyy-mm-dd hh:mm:ss"))
        elif isinstance(cell, date):
            sheet.write_datetime(row, column, cell, self._format("yyyy-mm-dd"))
        else:
            sheet.write_string(row, column, str(cell)[:TEXT_MAX])

    def _write_amount(self, sheet: Any, row: int, column: int, amount: Money) -> None:
        exact = Decimal(amount.units).scaleb(-amount.asset.decimals)
        digits = len(str(abs(amount.units)))
        if digits > DIGITS_MAX:
            sheet.write_string(row, column, plain(amount))
            return
        decimals = "." + "0" * amount.asset.decimals if amount.asset.decimals else ""
        sheet.write_number(row, column, exact, self._format(f"#,##0{decimals}"))

    def _format(self, pattern: str) -> Any:
        if pattern not in self._formats:
            self._formats[pattern] = self._book.add_format({"num_format": pattern})
        return self._formats[pattern]


def _plain_name(title: str) -> str:
    """A sheet's name may not have these, nor what cannot be seen."""
    return "".join("-" if letter in "[]:*?/\\" or not letter.isprintable() else letter for letter in title).strip("'")
