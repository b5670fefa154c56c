"""Lists as files: CSV, written while it is read, safe to open in a spreadsheet.

No connection is held while a slow reader takes a page: each batch is fetched in a context of its own.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from flask import current_app
from flask.wrappers import Response

from app.core.clock import WAT
from reports import as_csv

Row = list[str]


class Batch(Protocol):
    """Rows after a cursor, and the cursor for the next ones: empty when there are none."""

    def __call__(self, cursor: str, /) -> tuple[list[Row], str]:
        """One batch."""
        ...


def sheet(name: str, columns: Row, rows: Iterable[Row]) -> Response:
    """Rows that are at hand, as a file."""
    return _file(name, (as_csv.line(row) for row in [columns, *rows]))


def long_sheet(name: str, columns: Row, batch: Batch) -> Response:
    """Rows that are read batch by batch, as a file."""
    return _file(name, _stream(columns, batch, current_app.app_context))


def stamp(moment: datetime) -> str:
    """A time for a program, in West Africa Time with its offset."""
    return moment.astimezone(WAT).isoformat(timespec="microseconds")


def _stream(columns: Row, batch: Batch, context: Callable[[], AbstractContextManager[object]]) -> Iterator[str]:
    yield as_csv.line(columns)
    cursor = ""
    while True:
        with context():
            found, cursor = batch(cursor)
        yield "".join(map(as_csv.line, found))
        if not cursor:
            return


def _file(name: str, body: Iterator[str]) -> Response:
    answer = Response(body, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
