"""Many journals in few round trips, beside COPY of the very same rows into tables that have the indexes and no guards.

Statements and COPY's text are put together before the clock starts: what is measured is the server's work.
"""

import io
import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from psycopg2 import extensions

from bench import pgbench, table
from bench.books import CUSTOMER, POST, open_books
from bench.rounds import Figures, Pace, interleave
from bench.servers import Database, Ground
from bench.table import Line

_POST_BATCH = """
SELECT count(*) FROM ledger.post_batch(%s::text[], %s::text[], %s::text[], %s::jsonb[], %s::timestamptz[], %s::bigint[],
                                       %s::integer[], %s::text[], %s::numeric[], true)
"""
_CLONES = """
CREATE SCHEMA bench;
CREATE TABLE bench.journals (LIKE ledger.journals INCLUDING ALL);
CREATE TABLE bench.entries (LIKE ledger.entries INCLUDING ALL);
"""
_COPIES = (
    (
        "COPY (SELECT * FROM ledger.journals WHERE id > {last} ORDER BY id) TO STDOUT",
        "COPY bench.journals FROM STDIN",
    ),
    (
        "COPY (SELECT * FROM ledger.entries WHERE journal_id > {last} ORDER BY journal_id, leg) TO STDOUT",
        "COPY bench.entries FROM STDIN",
    ),
)
SMALL_CALL = 1_000
_COPY, _SINGLE = "COPY", "single posting"


@dataclass
class Batches:
    """One session that posts batches between random pairs of accounts."""

    session: extensions.connection
    accounts: int
    posted: int = 0

    def rate(self, journals: int, *, per_call: int) -> float:
        """Journals per second of posting so many, `per_call` at a time, each call a transaction."""
        calls = [self._call(min(per_call, journals - first)) for first in range(0, journals, per_call)]
        with self.session.cursor() as cursor:
            began = time.perf_counter()
            for call in calls:
                cursor.execute(call)
            return journals / (time.perf_counter() - began)

    def _call(self, journals: int) -> bytes:
        pairs = [random.sample(range(1, self.accounts + 1), 2) for _ in range(journals)]
        units = [random.randint(1, 100_000) for _ in pairs]  # noqa: S311 (which accounts meet is no secret)
        first, self.posted = self.posted, self.posted + journals
        stamp = time.time_ns()
        arguments = (
            [f"bench:{stamp}:{first + number}" for number in range(journals)],
            ["bench.moved"] * journals,
            ["bench"] * journals,
            ["{}"] * journals,
            [None] * journals,
            [None] * journals,
            [number for number in range(1, journals + 1) for _ in range(2)],
            [CUSTOMER.format(number=account) for pair in pairs for account in pair],
            [signed for amount in units for signed in (amount, -amount)],
        )
        with self.session.cursor() as cursor:
            return cursor.mogrify(_POST_BATCH, arguments)


@dataclass(frozen=True)
class Copies:
    """COPY of what was posted last into clones of the tables."""

    session: extensions.connection

    def rate(self, journals: int) -> float:
        """Journals per second of copying the last so many, with their entries, in one transaction."""
        written = [(self._read(query, journals), into) for query, into in _COPIES]
        with self.session.cursor() as cursor:
            began = time.perf_counter()
            cursor.execute("BEGIN")
            for text, into in written:
                cursor.copy_expert(into, text)
            cursor.execute("COMMIT")
            return journals / (time.perf_counter() - began)

    def _read(self, query: str, journals: int) -> io.StringIO:
        text = io.StringIO()
        with self.session.cursor() as cursor:
            cursor.execute("SELECT max(id) - %s FROM ledger.journals", (journals,))
            (last,) = cursor.fetchone() or (0,)
            cursor.copy_expert(query.format(last=int(last)), text)
        text.seek(0)
        return text


def measure(on: Ground, pace: Pace) -> list[Line]:
    """Batches in calls of two sizes; the better one stands in the table."""
    books = open_books(on, accounts=pace.accounts)
    sizes = {f"calls of {size:,}": size for size in sorted({min(SMALL_CALL, pace.batch // 2), pace.batch})}
    with closing(books.connect()) as session:
        with session.cursor() as cursor:
            cursor.execute(_CLONES)
        batches, copies = Batches(session, pace.accounts), Copies(session)
        contenders: dict[str, Callable[[], float]] = {
            **{name: _turn(batches, pace, size) for name, size in sizes.items()},
            _COPY: lambda: copies.rate(pace.batch),
            _SINGLE: lambda: _single(books, pace),
        }
        figures = interleave(contenders, rounds=pace.rounds)
    return _lines(figures, pace, best=max(sizes, key=figures.middle))


def _turn(batches: Batches, pace: Pace, size: int) -> Callable[[], float]:
    return lambda: batches.rate(pace.batch, per_call=size)


def _single(books: Database, pace: Pace) -> float:
    return pgbench.rate(books, POST, clients=pace.clients, seconds=pace.seconds, accounts=pace.accounts)


def _lines(figures: Figures, pace: Pace, *, best: str) -> list[Line]:
    what = f"batch of {pace.batch:,} journals, {best}"
    return [
        table.at_least(0.5, what, figures, ours=best, beside=_COPY),
        table.at_least(8.0, what, figures, ours=best, beside=_SINGLE),
    ]
