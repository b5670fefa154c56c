"""How lists write things: lines of comma-separated values, several values in one, dates of many kinds."""

import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from app.screening.loading import Faults

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_ISO = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?(?:T.*)?")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_NAMED = re.compile(r"(?:(\d{1,2}) )?([A-Za-z]{3})[a-z]* (\d{4})")
_BETWEEN = re.compile(r"(\d{4}[-\d]*)/(\d{4}[-\d]*)")
_ABOUT = re.compile(r"^(?:circa|approximately|about|c\.)\s*", re.IGNORECASE)
REPLACED = "\ufffd"


def rows_of(path: Path, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """The lines of a file, with their numbers; those that are no line of such a file are noted."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = csv.reader(file, strict=True)
        while True:
            try:
                row = next(lines)
            except StopIteration:
                return
            except csv.Error as error:
                faults.lose(lines.line_num, f"not readable: {error}")
                continue
            if any(REPLACED in each for each in row):
                faults.note(lines.line_num, "letters that are no UTF-8; taken as far as they can be read")
            if any(each.strip("\x1a ") for each in row):
                yield lines.line_num, row


def clean(text: str) -> tuple[str, ...]:
    """The text alone, or nothing."""
    return (text.strip(),) if text.strip() else ()


def split(text: str) -> tuple[str, ...]:
    """Values apart by semicolons, each once."""
    return tuple(dict.fromkeys(each.strip() for each in text.split(";") if each.strip()))


def born(text: str) -> str:
    """A birth date as far as it is known, `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, or two of them; empty for what is none."""
    bare = _ABOUT.sub("", text.strip())
    if found := _BETWEEN.fullmatch(bare):
        return between(*found.groups())
    if found := _ISO.fullmatch(bare):
        return _joined(int(found[1]), int(found[2] or 0), int(found[3] or 0))
    if found := _SLASHED.fullmatch(bare):
        return _joined(int(found[3]), int(found[2]), int(found[1]))
    if (found := _NAMED.fullmatch(bare)) and found[2].casefold() in _MONTHS:
        return _joined(int(found[3]), _MONTHS[found[2].casefold()], int(found[1] or 0))
    return ""


def between(first: str, last: str) -> str:
    """A birth that lies between two dates, `YYYY-MM-DD/YYYY`; the one of them that is known, or nothing."""
    ends = sorted(filter(None, (born(first), born(last))))
    return "/".join(ends)


def _joined(year: int, month: int, day: int) -> str:
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return ""
    if not month:
        return f"{year:04}"
    return f"{year:04}-{month:02}-{day:02}" if day else f"{year:04}-{month:02}"
