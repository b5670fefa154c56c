"""docs/security-asvs.md answers each of the standard's numbers once, and names only what there is."""

import ast
import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PAGE = "docs/security-asvs.md"
NUMBERS = "tests/vectors/asvs-5.0.0.csv"
OPEN, ELSEWHERE = "**not yet**", "**does not apply**"
_ROW = re.compile(r"^\| *(\d+\.\d+\.\d+) *\|")
_CODE = re.compile(r"`([^`]+)`")
_FILE = re.compile(r"[\w./-]+\.(?:py|md|sql|html|js|toml|txt|in)(?:::[\w:]+)?")
CELLS = 5


@dataclass(frozen=True)
class Row:
    """One answer: where it stands and its cells (number, level, what is asked, where it is met, what holds it)."""

    line: int
    cells: tuple[str, ...]


def faults(root: Path) -> list[str]:
    """What is wrong, one sentence each."""
    if not (root / PAGE).is_file():
        return [f"{PAGE}: this page is missing"]
    rows = list(_rows((root / PAGE).read_text()))
    return [*_numbers(root, rows), *(fault for row in rows for fault in _row(root, row))]


def _rows(text: str) -> Iterator[Row]:
    for number, line in enumerate(text.splitlines(), 1):
        if _ROW.match(line):
            yield Row(number, tuple(cell.strip() for cell in line.strip().strip("|").split("|")))


def _numbers(root: Path, rows: list[Row]) -> Iterator[str]:
    lines = [line for line in (root / NUMBERS).read_text().splitlines() if not line.startswith("#")]
    asked = {each["number"]: each["level"] for each in csv.DictReader(lines)}
    found = Counter(row.cells[0] for row in rows)
    for number in asked.keys() | found.keys():
        if found[number] != (1 if number in asked else 0):
            yield f"{PAGE}: {number} has {found[number]} rows; the standard's list has it {int(number in asked)} times"
    for row in rows:
        if row.cells[0] in asked and row.cells[1] != asked[row.cells[0]]:
            yield f"{PAGE}:{row.line}: {row.cells[0]} is of level {asked[row.cells[0]]}"


def _row(root: Path, row: Row) -> Iterator[str]:
    where = f"{PAGE}:{row.line}"
    if len(row.cells) != CELLS or not all(row.cells):
        yield f"{where}: a row has {CELLS} cells, and none of them is empty"
        return
    here, held = row.cells[3:]
    for cell in (here, held):
        for code in _CODE.findall(cell):
            if _FILE.fullmatch(code) and (fault := _missing(root, code)):
                yield f"{where}: {fault}"
    tests = [code for code in _CODE.findall(held) if code.startswith("tests/") and "::" in code]
    met = not here.startswith((OPEN, ELSEWHERE))
    if met and not tests and not (held.startswith("reading: ") and _CODE.search(held)):
        yield f"{where}: name the test that holds it, or what is to be read"
    if here.startswith(OPEN) and (held == "–" or not _CODE.sub("", held).strip()):
        yield f"{where}: say what brings it"
    if here in {OPEN, ELSEWHERE}:
        yield f"{where}: say why"


def _missing(root: Path, code: str) -> str:
    path, _, symbol = code.partition("::")
    if not (root / path).is_file():
        return f"there is no {path}"
    if symbol and symbol not in names_of(root / path):
        return f"{path} has no {symbol}"
    return ""


@cache
def names_of(path: Path) -> frozenset[str]:
    """What a module defines: functions, classes, and what stands in classes as `Class::function`."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)}
    return frozenset(found)
