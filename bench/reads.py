"""Reading the past of books of several sizes, through the product's own functions: a balance, a page, a trial balance.

Books that do not prove are not measured: the smallest are held against every invariant first. All is read from memory.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from sqlalchemy.exc import OperationalError

from app.assembly import assemble
from app.core.db import leave, sqlstate
from app.ledger import balances, proof, statements, trial
from bench import fill
from bench.books import HOUSE
from bench.fill import Filled
from bench.rounds import Figures, Pace, interleave
from bench.servers import Ground
from bench.table import Line

GROWTH_MAX = 1.2  # times what it takes at a tenth of the entries
PROOF_ENTRIES_MAX = 200_000  # the proof reads everything, within the app's five seconds a statement
PAGE = 50
CALLS_MIN = 3
CANCELLED = "57014"


@dataclass(frozen=True)
class Shelf:
    """Filled books and the app that reads them."""

    books: Filled
    app: Flask

    def customer(self) -> str:
        """Any customer's account."""
        return fill.CUSTOMER.format(number=random.randint(1, self.books.customers))  # noqa: S311 (no secret)

    def moment(self, *, after: float = 0.0) -> datetime:
        """Any second of the books, but for this part of them from the start."""
        whole = self.books.end - self.books.start
        return (self.books.start + whole * random.uniform(min(after, 1.0), 1.0)).replace(microsecond=0)  # noqa: S311


@dataclass(frozen=True)
class Read:
    """One kind of reading: how it is called, and the milliseconds that 19 of 20 calls may take."""

    what: str
    once: Callable[[Shelf], object]
    goal_ms: float
    part: int = 1  # of the calls that others get


def _page_of_customer(shelf: Shelf) -> object:
    """A full page where there can be one: at a tenth of the entries a customer has hardly more lines than that."""
    moment = shelf.moment(after=(PAGE + 1) / shelf.books.rounds)
    return statements.statement(shelf.customer(), until=moment, limit=PAGE)


READS = (
    Read("balance at a second, customer", lambda shelf: balances.at(shelf.customer(), shelf.moment()), 10),
    Read("balance at a second, hot account", lambda shelf: balances.at(HOUSE, shelf.moment()), 10),
    Read("statement page of 50, customer", _page_of_customer, 20),
    Read(
        "statement page of 50, hot account",
        lambda shelf: statements.statement(HOUSE, until=shelf.moment(after=0.01), limit=PAGE),
        20,
    ),
    Read("trial balance at a second", lambda shelf: trial.trial_balance(shelf.moment()), 100, part=10),
)


def measure(on: Ground, pace: Pace) -> list[Line]:
    """Each reading at each size, and how it grows from the last size but one to the largest."""
    with shelves(on, pace) as found:
        _prove(found[min(found)])
        figures = interleave(
            {_name(read, size): _turn(read, found[size], pace) for read in READS for size in found}, rounds=pace.rounds
        )
        sizes = sorted(found)
    lines = [_within(read, size, figures) for read in READS for size in sizes]
    return [*lines, *(_growth(read, sizes[-2], sizes[-1], figures) for read in READS if len(sizes) > 1)]


@contextmanager
def shelves(on: Ground, pace: Pace) -> Iterator[dict[int, Shelf]]:
    """Books of each size, by their entries."""
    with ExitStack() as stack:
        found = {}
        for entries in pace.entries:
            books = fill.fill(on.books(), entries=entries, customers=pace.accounts)
            app = assemble(books.database.settings)
            stack.callback(_close, app)
            found[books.entries] = Shelf(books, app)
        yield found


def _prove(shelf: Shelf) -> None:
    if shelf.books.entries > PROOF_ENTRIES_MAX:
        return
    with shelf.app.app_context():
        broken = proof.broken()
    if broken:
        raise RuntimeError(f"the filled books do not hold: {broken}")


def _close(app: Flask) -> None:
    with app.app_context():
        for engine in app.extensions["sqlalchemy"].engines.values():
            engine.dispose()


def _turn(read: Read, shelf: Shelf, pace: Pace) -> Callable[[], float]:
    """A turn answers the milliseconds within which 19 of 20 calls were done; when they are slow it makes fewer."""

    def turn() -> float:
        taken: list[float] = []
        wanted, ends = max(CALLS_MIN, pace.reads // read.part), time.perf_counter() + pace.seconds
        with shelf.app.app_context():
            while len(taken) < CALLS_MIN or (len(taken) < wanted and time.perf_counter() < ends):
                taken.append(_taken(read, shelf))
                leave()
        return statistics.quantiles(taken, n=20, method="inclusive")[18]

    return turn


def _taken(read: Read, shelf: Shelf) -> float:
    """Milliseconds of one call. One that the app's own limit on statements cut off counts with what it had taken."""
    began = time.perf_counter()
    try:
        read.once(shelf)
    except OperationalError as error:
        if sqlstate(error) != CANCELLED:
            raise
    return 1000 * (time.perf_counter() - began)


def _within(read: Read, size: int, figures: Figures) -> Line:
    what = f"{read.what}, {size:,} entries, p95"
    turns = figures.turns[_name(read, size)]
    taken = figures.middle(_name(read, size))
    ours = f"{taken:.2f} ms"
    return Line(what, taken, read.goal_ms, "ms", at_most=True, ours=ours, spread=(min(turns), max(turns)))


def _growth(read: Read, small: int, large: int, figures: Figures) -> Line:
    names = _name(read, large), _name(read, small)
    return Line(
        f"{read.what}, {large:,} entries, p95",
        figures.ratio(*names),
        GROWTH_MAX,
        "x",
        at_most=True,
        ours=f"{figures.middle(names[0]):.2f} ms",
        beside=f"{small:,} entries {figures.middle(names[1]):.2f} ms",
        spread=figures.spread(*names),
    )


def _name(read: Read, size: int) -> str:
    return f"{read.what}, {size}"
