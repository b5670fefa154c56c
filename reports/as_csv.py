"""Reports as CSV: exact decimals, days and times as programs read them, and no cell that a spreadsheet would calculate.

A text that begins like a formula is marked as text. One with a sign that some readers take for the end of a cell stands
in quotes, so that no part of it can begin one either (OWASP, CSV injection).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from app.core.clock import WAT
from app.core.money import Money, plain
from reports.tables import Cell

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# The last four are the wide signs of East Asian keyboards, which some programs read as the narrow ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_QUOTED = re.compile(r"[^\w .:/+*()%–-]|^\s|\s$")


def line(cells: Iterable[str]) -> str:
    """A line of cells that are texts already; numbers stay numbers (RFC 4180)."""
    return ",".join(_quoted(safe(cell)) for cell in cells) + "\r\n"


def safe(text: str) -> str:
    """Text that a spreadsheet would take for a formula, marked as text; a number is none."""
    risky = text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if risky and not _NUMBER.fullmatch(text) else text


def written(cell: Cell) -> str:
    """A cell as text: a time is in West Africa Time with its offset, an amount is a decimal of its asset."""
    if cell is None:
        return ""
    if isinstance(cell, Money):
        return plain(cell)
    if isinstance(cell, datetime):
        return cell.astimezone(WAT).isoformat(timespec="microseconds")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def table(columns: Sequence[str], lines: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """A header and its lines."""
    yield line(columns)
    for each in lines:
        yield line(map(written, each))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
