"""Reports as PDFs: pages of real text to read, print and file, with page numbers and what the sums tie to.

A PDF is for reading: of a section with more lines than anybody reads it has the first ones and says so. Its sums are of
all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from app.core.clock import WAT
from app.core.money import Money, plain
from reports import lettering
from reports.lettering import GREEN, INK, QUIET, RED, RULE, STRONG, TEXT
from reports.tables import Cell, Line, Section, Tie

LINES_MAX = 1_000
WIDTH, HEIGHT = landscape(A4)
MARGIN, BOTTOM = 36, 40
SIZE, SMALL, LARGE, LEAD = 7.5, 6.5, 17, 11
GAP = 8
MEASURED = 40  # lines that are looked at before columns get their widths
CELL_MAX = 90
TIES_MAX = 12
NARROW = 40.0


@dataclass
class Document:
    """A document while it is drawn; leaving it writes the file."""

    path: Path
    title: str
    facts: Sequence[tuple[str, str]]
    _held: list[list[str]] = field(default_factory=list)
    _widths: list[float] = field(default_factory=list)
    _section: Section | None = None
    _drawn: int = 0
    _pages: int = 0
    _top: float = 0

    def __enter__(self) -> Self:
        lettering.ready()
        self._page = Canvas(str(self.path), pagesize=(WIDTH, HEIGHT), pageCompression=1, lang="en-NG")
        self._page.setTitle(self.title)
        self._page.setAuthor("Bursar")
        self._new_page()
        self._text(MARGIN, self.title, font=STRONG, size=LARGE, colour=GREEN)
        self._top -= 22
        for name, value in self.facts:
            self._text(MARGIN, name, colour=QUIET)
            self._text(MARGIN + 110, value)
            self._top -= LEAD
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._foot()
            self._page.save()

    def begin(self, section: Section) -> None:
        """The next section: its title and what it says of itself."""
        self._section, self._drawn, self._held, self._widths = section, 0, [], []
        self._room(70)
        self._top -= 14
        self._text(MARGIN, section.title, font=STRONG, size=SIZE + 3.5, colour=INK)
        self._top -= 13
        for part in simpleSplit(lettering.written(section.note), TEXT, SIZE, WIDTH - 2 * MARGIN):
            self._text(MARGIN, part, colour=QUIET)
            self._top -= LEAD - 1

    def line(self, line: Line) -> None:
        """A line, as long as anybody reads them."""
        self._drawn += 1
        if self._drawn > LINES_MAX:
            return
        cells = [_cell(each) for each in line]
        if self._widths:
            self._draw(cells)
            return
        self._held.append(cells)
        if len(self._held) >= MEASURED:
            self._draw_held()

    def end(self, lines: int, ties: Sequence[Tie]) -> None:
        """What the section came to, and what it ties to."""
        if not self._widths and self._held:
            self._draw_held()
        if not lines and self._section is not None:
            self._text(MARGIN, self._section.empty, colour=QUIET)
            self._top -= LEAD
        if lines > LINES_MAX:
            self._room(LEAD)
            said = f"The first {LINES_MAX:,} of {lines:,} lines. All of them are in the CSV and in the workbook."
            self._text(MARGIN, said, font=STRONG)
            self._top -= LEAD
        wrong = [tie for tie in ties if tie.difference]
        self._top -= 3 if ties else 0
        for tie in wrong or ties[:TIES_MAX]:
            self._room(LEAD)
            self._text(MARGIN, _tied(tie), colour=RED if tie.difference else QUIET)
            self._top -= LEAD
        if not wrong and len(ties) > TIES_MAX:
            self._text(MARGIN, f"and {len(ties) - TIES_MAX} more sums, each as in the ledger.", colour=QUIET)
            self._top -= LEAD

    def _draw_held(self) -> None:
        self._widths = self._measured()
        self._head()
        for cells in self._held:
            self._draw(cells)
        self._held = []

    def _measured(self) -> list[float]:
        """As wide as its widest cell; where all together are too wide, the wide ones give way."""
        names = self._section.columns if self._section else ()
        needed = [
            max(
                lettering.width(name, SIZE, font=STRONG),
                *(lettering.width(cells[place], SIZE) for cells in self._held),
            )
            for place, name in enumerate(names)
        ]
        room = WIDTH - 2 * MARGIN - GAP * (len(needed) - 1)
        texts = [place for place, name in enumerate(names) if self._section and name not in self._section.ends]
        while texts and (more := sum(needed) - room) > 0:
            widest = max(texts, key=needed.__getitem__)  # (amounts are never cut)
            if needed[widest] <= NARROW:
                break
            needed[widest] = max(needed[widest] - more, needed[widest] * 0.8, NARROW)
        return needed

    def _head(self) -> None:
        self._room(2 * LEAD)
        self._cells(self._section.columns if self._section else (), font=STRONG)
        self._page.setStrokeColor(RULE)
        self._page.line(MARGIN, self._top - 3, WIDTH - MARGIN, self._top - 3)
        self._top -= LEAD + 1

    def _draw(self, cells: Sequence[str]) -> None:
        if self._top < BOTTOM + LEAD:
            self._new_page()
            self._head()
        self._cells(cells, font=TEXT)
        self._top -= LEAD

    def _cells(self, cells: Sequence[str], *, font: str) -> None:
        left, section = float(MARGIN), self._section
        for place, cell in enumerate(cells):
            room = self._widths[place]
            shown = _cut(cell, room, font)
            if section and section.columns[place] in section.ends:
                left_of = left + room - lettering.width(shown, SIZE, font=font)
                self._text(left_of, shown, font=font)
            else:
                self._text(left, shown, font=font)
            left += room + GAP

    def _room(self, needed: float) -> None:
        if self._top < BOTTOM + needed:
            self._new_page()

    def _new_page(self) -> None:
        if self._pages:
            self._foot()
            self._page.showPage()
        self._pages += 1
        self._top = HEIGHT - MARGIN - 6

    def _foot(self) -> None:
        self._page.setFillColor(QUIET)
        self._page.setFont(TEXT, SMALL)
        self._page.drawString(MARGIN, 22, lettering.written(f"Bursar · {self.title} · times are West Africa Time"))
        self._page.drawRightString(WIDTH - MARGIN, 22, f"Page {self._pages}")

    def _text(self, left: float, words: str, *, font: str = TEXT, size: float = SIZE, colour: Color = INK) -> None:
        self._page.setFillColor(colour)
        self._page.setFont(font, size)
        self._page.drawString(left, self._top, lettering.written(words))


def _cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Money):
        whole, point, tail = plain(cell).partition(".")
        sign = "−" if whole.startswith("-") else ""
        return f"{sign}{int(whole.removeprefix('-')):,}{point}{tail}"
    if isinstance(cell, datetime):
        return cell.astimezone(WAT).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, int):
        return f"{cell:,}"
    return lettering.written(cell.isoformat() if isinstance(cell, date) else " ".join(str(cell).split())[:CELL_MAX])


def _cut(text: str, room: float, font: str) -> str:
    """As much of a text as there is room for, with a sign that there was more. No amount is ever cut."""
    if lettering.width(text, SIZE, font=font) <= room + 1:
        return text
    while text and lettering.width(text + "…", SIZE, font=font) > room:
        text = text[:-1]
    return text + "…"


def _tied(tie: Tie) -> str:
    code = tie.told.asset.code
    if tie.difference:
        return (
            f"{tie.what}: {_cell(tie.ledger)} {code}; the lines come to {_cell(tie.told)}, {_cell(tie.difference)} more"
        )
    return f"{tie.what}: {_cell(tie.ledger)} {code}, as the lines come to"
