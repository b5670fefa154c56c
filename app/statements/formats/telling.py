"""A file row by row, for those too long to hold: what becomes of each row, and at the end what they add up to."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from app.statements.formats.errors import Unreadable
from app.statements.formats.lines import EXACT, ZERO, Chain, Line, Parsed, Summary, Told


class Sums:
    """The lines of one account and asset as they come by."""

    __slots__ = ("chain", "first", "last", "moved", "number")

    def __init__(self, number: int, day: date) -> None:
        self.number, self.moved, self.chain = number, ZERO, Chain()
        self.first = self.last = day

    def add(self, line: Line) -> None:
        """The next line."""
        self.moved = EXACT.add(self.moved, line.delta)
        self.chain.add(line)
        day = line.booked_on
        if day < self.first:
            self.first = day
        elif day > self.last:
            self.last = day


@dataclass
class Telling:
    """What a file tells. Read `told` to its end: then the counts of its rows and `summaries` are known.

    `told` gives with each line the number of its statement, from 1; with a row that is none, 0.
    """

    format: str
    version: int
    notes: tuple[str, ...] = ()
    told: Iterator[tuple[int, Told]] = field(default_factory=lambda: iter(()))
    rows_total: int = 0
    rows_lines: int = 0  # rows of which lines were made, of one or several legs
    summaries: tuple[Summary, ...] = ()

    def over(
        self,
        rows: Iterable[list[Line] | Told],
        *,
        ending: Callable[[tuple[Summary, ...]], tuple[Summary, ...]] = lambda found: found,
    ) -> "Telling":
        """Of what becomes of each row. One statement for each account and asset that has lines.

        The period of each is the file's: what an export of several assets does not tell of one of them did not happen.
        """
        self.told = self._told(rows, ending)
        return self

    def _told(
        self, rows: Iterable[list[Line] | Told], ending: Callable[[tuple[Summary, ...]], tuple[Summary, ...]]
    ) -> Iterator[tuple[int, Told]]:
        sums: dict[tuple[str, str], Sums] = {}
        count = lines = 0
        for found in rows:
            count += 1
            lines += isinstance(found, list | Line)
            if not found:
                raise Unreadable(f"Of its row {count} below the header nothing was made, and nothing says why.")
            for each in found if isinstance(found, list) else (found,):
                if not isinstance(each, Line):
                    yield 0, each
                    continue
                key = (each.account, each.asset)
                own = sums.get(key)
                if own is None:
                    own = sums[key] = Sums(len(sums) + 1, each.booked_on)
                own.add(each)
                yield own.number, each
        self.rows_total, self.rows_lines, self.summaries = count, lines, ending(_summaries(sums))


def _summaries(sums: dict[tuple[str, str], Sums]) -> tuple[Summary, ...]:
    first = min((each.first for each in sums.values()), default=None)
    last = max((each.last for each in sums.values()), default=None)
    found = []
    for (account, asset), each in sums.items():
        opening, closing, gaps = each.chain.ends()
        found.append(
            Summary(
                account=account, asset=asset, opening=opening, closing=closing, moved=each.moved,
                period_from=first, period_to=last, gaps=gaps,
            )
        )  # fmt: skip
    return tuple(found)


def told_of(name: str, version: int, read: Callable[[], Parsed]) -> Telling:
    """Of a file that is read whole, once its first row is asked for."""
    telling = Telling(format=name, version=version)

    def rows() -> Iterator[tuple[int, Told]]:
        parsed = read()
        if not parsed.whole:
            raise Unreadable("Not each of its rows is told as line, ignored or rejected, and once.")
        telling.notes, telling.rows_total = parsed.notes, parsed.rows_total
        telling.rows_lines = len({line.row for line in parsed.lines})
        telling.summaries = tuple(each.summary for each in parsed.statements)
        for number, one in enumerate(parsed.statements, 1):
            every: tuple[Told, ...] = (*one.lines, *one.ignored, *one.rejected)
            for each in every:
                yield number, each

    telling.told = rows()
    return telling


def with_heading(
    opening: Decimal | None, closing: Decimal | None
) -> Callable[[tuple[Summary, ...]], tuple[Summary, ...]]:
    """The balances that stand above the header, in place of those of the rows, where the file is of one account."""

    def ending(found: tuple[Summary, ...]) -> tuple[Summary, ...]:
        if len(found) != 1:
            return found
        own = found[0]
        return (
            replace(
                own,
                opening=own.opening if opening is None else opening,
                closing=own.closing if closing is None else closing,
            ),
        )

    return ending
