"""What reports are made of: sections of lines, read one after the other, and what their sums are held against.

A page, a CSV, a workbook and a PDF are written from the same sections, so they cannot differ. Lines are read while they
are written: a section of a million costs no more memory than one of ten.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Protocol

from app.core.clock import WAT
from app.core.money import ASSETS, Money, plain, zero

Cell = str | int | Money | date | datetime | None
Line = tuple[Cell, ...]
Sums = dict[str, Money]

TICK = timedelta(microseconds=1)  # PostgreSQL's clock counts these
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Parameters:
    """Whole days of Lagos, both of them in it; `asset`, `product` and `account` are empty for all."""

    first: date
    last: date
    asset: str = ""
    product: str = ""
    account: str = ""

    @property
    def since(self) -> datetime:
        """The moment with which the first day begins."""
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        """The moment with which the day after the last one begins."""
        return midnight(self.last + ONE_DAY)

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    def written(self) -> dict[str, str]:
        """As they stand in an address and in a row."""
        found = {"from": self.first.isoformat(), "to": self.last.isoformat()}
        return found | {name: text for name, text in self._options() if text}

    def _options(self) -> tuple[tuple[str, str], ...]:
        return (("asset", self.asset), ("product", self.product), ("account", self.account))


@dataclass(frozen=True)
class Tie:
    """What the lines come to, and what the ledger says of the same by itself. They are equal, or something is wrong."""

    what: str
    told: Money
    ledger: Money

    @property
    def difference(self) -> Money:
        """What the lines have more than the ledger."""
        return self.told - self.ledger

    def written(self) -> dict[str, str]:
        """As it is kept beside the file."""
        return {
            "what": self.what,
            "asset": self.told.asset.code,
            "told": plain(self.told),
            "ledger": plain(self.ledger),
            "difference": plain(self.difference),
        }


class Tally(Protocol):
    """Adds up lines as they go by."""

    def take(self, line: Line) -> None:
        """One line more."""
        ...

    def ties(self) -> list[Tie]:
        """What they came to, beside what the ledger says."""
        ...


@dataclass
class ByAsset:
    """Adds up one column of amounts, asset by asset; `ledger` is what must come out."""

    what: str
    column: int
    ledger: Sums
    sums: Sums = field(default_factory=dict)

    def take(self, line: Line) -> None:
        """One line more."""
        amount = line[self.column]
        if isinstance(amount, Money):
            self.sums[amount.asset.code] = self.sums.get(amount.asset.code, zero(amount.asset)) + amount

    def ties(self) -> list[Tie]:
        """For each asset in which the lines or the ledger have something."""
        codes = [code for code in ASSETS if self.sums.get(code) or self.ledger.get(code)]
        return [
            Tie(self.what, self.sums.get(code, zero(ASSETS[code])), self.ledger.get(code, zero(ASSETS[code])))
            for code in codes
        ]


@dataclass(frozen=True)
class Section:
    """A table: what its columns are called, its lines, and how they are held against the books.

    `lines` reads them anew each time, inside the snapshot of whoever writes. Columns whose names are in `ends` stand at
    the right. A section with a `part` is too long for a page: it gives the lines after a cursor, and the next cursor.
    """

    title: str
    columns: tuple[str, ...]
    lines: Callable[[], Iterator[Line]]
    ends: frozenset[str] = frozenset()
    note: str = ""
    empty: str = "There is nothing of this in these days."
    tally: Callable[[], Tally] | None = None
    part: Callable[[str, int], tuple[list[Line], str]] | None = None
    expected: Callable[[], int] | None = None

    @property
    def long(self) -> bool:
        """Whether it may have any number of lines."""
        return self.part is not None


@dataclass(frozen=True)
class Read:
    """A section of a page, all of it."""

    section: Section
    lines: list[Line]
    ties: list[Tie]


def read(section: Section) -> Read:
    """Every line of a section that is no long one, with what it comes to."""
    tally = section.tally() if section.tally else None
    lines = []
    for line in section.lines():
        lines.append(line)
        if tally:
            tally.take(line)
    return Read(section, lines, tally.ties() if tally else [])


def midnight(day: date) -> datetime:
    """The moment with which a day begins in Lagos."""
    return datetime.combine(day, time(), WAT)


def summed(amounts: list[Money]) -> Sums:
    """Amounts of several assets, by asset."""
    found: Sums = {}
    for amount in amounts:
        found[amount.asset.code] = found.get(amount.asset.code, zero(amount.asset)) + amount
    return found
