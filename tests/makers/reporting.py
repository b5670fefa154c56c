"""Reports for tests: a business to report of, files written where a test can open them."""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from defusedxml import ElementTree

from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import transaction, whole_books
from app.core.permissions import Role
from app.exports import service
from reports import catalogue, documents
from reports.catalogue import Format
from reports.documents import Written
from reports.tables import Parameters
from tests.makers import people

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True)
class Cell:
    """A cell of a workbook as it is written: `kind` is `n` for a number; `formula` where it has one."""

    kind: str
    text: str
    formula: bool


def today() -> date:
    """The day in Lagos."""
    return clock.now().astimezone(WAT).date()


def asked_file() -> str:
    """A file that waits to be made."""
    who, day = actor.operator(people.operator(Role.FINANCE)[0]), today().isoformat()
    with transaction(who):
        return service.ask("volumes", parameters={"from": day, "to": day}, format_="csv", actor=who)


def schedule() -> str:
    """A schedule whose first turn is far away."""
    who, reader = actor.operator(people.operator(Role.FINANCE)[0]), people.operator(Role.AUDITOR)[0]
    far = today() + timedelta(days=3_000)
    with transaction(who):
        return service.schedule(
            "revenue", options={}, format_="pdf", rhythm="daily", next_on=far, readers=[reader], actor=who
        )


def written(name: str, folder: Path, *, format_: Format = Format.CSV, **given: str) -> tuple[Path, Written, Parameters]:
    """A report as a file, of today where nothing else is said."""
    report = catalogue.one(name)
    asked = catalogue.asked(report, {"from": today().isoformat(), "to": today().isoformat(), **given})
    path = folder / f"{name}.{format_}"
    with whole_books():
        done = documents.write(path, report, asked, format_=format_, at=clock.now(), told=lambda _lines: None)
    return path, done, asked


def table(path: Path) -> list[dict[str, str]]:
    """The lines of a CSV that is one table."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def sheets(path: Path) -> dict[str, list[list[Cell]]]:
    """Every sheet of a workbook by its name, read from its parts and by no library that could be kind to us."""
    with zipfile.ZipFile(path) as book:
        names = [
            one.get("name", "") for one in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{_SHEET}sheet")
        ]
        texts = _texts(book)
        return {
            name: list(_rows(book.read(f"xl/worksheets/sheet{number}.xml"), texts))
            for number, name in enumerate(names, 1)
        }


def _texts(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    found = ElementTree.fromstring(book.read("xl/sharedStrings.xml")).iter(f"{_SHEET}si")
    return ["".join(part.text or "" for part in one.iter(f"{_SHEET}t")) for one in found]


def _rows(sheet: bytes, texts: list[str]) -> Iterator[list[Cell]]:
    for row in ElementTree.fromstring(sheet).iter(f"{_SHEET}row"):
        cells = []
        for one in row.iter(f"{_SHEET}c"):
            kind = one.get("t", "n")
            value = "".join(part.text or "" for part in one.iter(f"{_SHEET}t" if kind == "inlineStr" else f"{_SHEET}v"))
            text = texts[int(value)] if kind == "s" else value
            cells.append(Cell(kind, text, one.find(f"{_SHEET}f") is not None))
        yield cells
