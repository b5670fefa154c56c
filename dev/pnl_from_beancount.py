"""Profit and loss from a beancount export and nothing else: `python -m dev.pnl_from_beancount FILE`.

For an auditor, and for the test that holds the house's own figures against these. It knows the export's text alone and
shares no line with the application: quantities are counted from the digits that stand there, and costs by average.

Printed as csv: `day,asset,income,expense,gain` in naira, then `asset,position,cost,worth,unrealised` at the end.
"""

import re
import sys
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

DATE = r"(?P<date>\d{4}-\d{2}-\d{2})"
TRANSACTION = re.compile(DATE + r" \* ")
POSTING = re.compile(r"  (?P<account>[A-Z][A-Za-z0-9:-]+)  (?P<amount>-?[0-9.]+) (?P<commodity>\S+)$")
PRICE = re.compile(DATE + r" price (?P<commodity>\S+) (?P<naira>[0-9.]+) NGN$")
NOTE = re.compile(r'  (?P<name>[a-z_]+): "?(?P<value>[^"]*)"?$')
NAIRA, KOBO = "NGN", 100
SIDES = 2  # of a deal
DOLLARS = ("USD", "USDT")
EARNED, EARNED_SIGN = {"Income": 0, "Expenses": 1}, {"Income": 1, "Expenses": -1}  # (what is earned comes in)


@dataclass
class Event:
    """A transaction: its number, the moment it took effect (ISO 8601 in UTC, which sorts), units by account."""

    number: int = 0
    moment: str = ""
    legs: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def day(self) -> str:
        """The day in Lagos, an hour ahead of UTC."""
        return (datetime.fromisoformat(self.moment) + timedelta(hours=1)).date().isoformat()


@dataclass
class Export:
    """What a file says. `places` is how many digits each commodity has below the point."""

    events: list[Event] = field(default_factory=list)
    prices: dict[str, list[tuple[str, Fraction]]] = field(default_factory=lambda: defaultdict(list))
    places: dict[str, int] = field(default_factory=dict)

    def naira(self, commodity: str, units: int, moment: str) -> int | None:
        """What so many units were worth in kobo, by the last price at or before a moment; cut to whole kobo."""
        if commodity == NAIRA:
            return units
        told = self.prices.get(commodity, [])
        before = bisect(told, moment, key=lambda each: each[0])
        if not before:
            return None
        return cut(units * told[before - 1][1] * KOBO / 10 ** self.places[commodity])


def cut(value: Fraction) -> int:
    """Without what is below the point."""
    return int(value)


class Reader:
    """Goes through an export line by line, and knows what the last one that began something began."""

    def __init__(self) -> None:
        self.export = Export()
        self._event: Event | None = None
        self._price: tuple[str, Fraction] | None = None

    def read(self, line: str) -> None:
        """One more line."""
        if not line.startswith("  "):
            self._begin(line)
        elif self._event is not None and (found := POSTING.match(line)):
            whole, _, digits = found["amount"].partition(".")
            self.export.places[found["commodity"]] = len(digits)
            self._event.legs.append((found["account"], found["commodity"], int(whole + digits)))
        elif found := NOTE.match(line):
            self._note(found["name"], found["value"])

    def _begin(self, line: str) -> None:
        self._event = self._price = None
        if TRANSACTION.match(line):
            self._event = Event()
            self.export.events.append(self._event)
        elif found := PRICE.match(line):
            self._price = found["commodity"], Fraction(found["naira"])

    def _note(self, name: str, text: str) -> None:
        if self._event is not None and name == "effective_at":
            self._event.moment = text
        elif self._event is not None and name == "journal_id":
            self._event.number = int(text)
        elif self._price is not None and name == "at":
            commodity, naira = self._price
            self.export.prices[commodity].append((text, naira))


def read(text: str) -> Export:
    """The export's transactions in the order in which they took effect, and its prices."""
    reader = Reader()
    for line in text.splitlines():
        reader.read(line)
    export = reader.export
    export.events.sort(key=lambda each: (each.moment, each.number))
    for known in export.prices.values():
        known.sort(key=lambda each: each[0])
    return export


def bring(export: Export, event: Event) -> Iterator[tuple[str, str, int, int | None]]:
    """What a transaction brings into our own hands: as what (empty: by dealing), commodity, units, kobo they count."""
    dealt: dict[str, int] = defaultdict(int)
    other: dict[tuple[str, str], int] = defaultdict(int)
    for account, commodity, units in event.legs:
        root = account.split(":")[0]
        if account.startswith("Equity:Dealing:"):
            dealt[commodity] -= units
        elif root in {"Equity", "Income", "Expenses"}:
            other[root, commodity] -= units
    rates = {}
    for commodity, kobo in exchange(export, {name: units for name, units in dealt.items() if units}, event.moment):
        yield "", commodity, dealt[commodity], kobo
        if kobo is not None:
            rates[commodity] = Fraction(kobo, dealt[commodity])
    for (root, commodity), units in other.items():
        counted = cut(units * rates[commodity]) if commodity in rates else None
        yield root, commodity, units, export.naira(commodity, units, event.moment) if counted is None else counted


def exchange(export: Export, dealt: dict[str, int], moment: str) -> Iterator[tuple[str, int | None]]:
    """What each side of a deal counts for."""
    foreign = sorted(set(dealt) - {NAIRA})
    if len(dealt) == SIDES and len(foreign) == 1:
        yield foreign[0], -dealt[NAIRA]
        return
    alone = {name: export.naira(name, dealt[name], moment) for name in foreign}
    if len(dealt) == SIDES:
        dollars = [name for ticker in DOLLARS for name in foreign if name.split(".")[0] == ticker]
        given_first = sorted(set(foreign) - set(dollars), key=lambda name: (dealt[name] > 0, name))
        for name in dollars + given_first:
            if (kobo := alone[name]) is not None:
                yield name, kobo
                yield next(each for each in foreign if each != name), -kobo
                return
    yield from alone.items()


class Books:
    """Units and cost per commodity; earnings, spendings and gains per day."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self.held: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        self.days: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for event in export.events:
            self.count(event)

    def count(self, event: Event) -> None:
        sums: dict[str, int] = defaultdict(int)
        worths: dict[str, list[int | None]] = defaultdict(list)
        for root, commodity, units, counted in bring(self.export, event):
            sums[commodity] += units
            worths[commodity].append(counted)
            if root in EARNED:
                self.days[event.day, commodity][EARNED[root]] += EARNED_SIGN[root] * (counted or 0)
        for commodity, units in sums.items():
            if commodity != NAIRA:
                known = None if None in worths[commodity] else sum(kobo or 0 for kobo in worths[commodity])
                self.days[event.day, commodity][2] += self.move(commodity, units, known)

    def move(self, commodity: str, units: int, kobo: int | None) -> int:
        """Add to a position, or take from it at average cost: the gain in kobo."""
        have, cost = self.held[commodity]
        if units == 0:
            return -(kobo or 0)
        taken = min(abs(units), abs(have)) if have * units < 0 else 0
        cost_taken = cut(Fraction(cost * taken, abs(have))) if taken else 0
        paid = cut(Fraction(kobo * taken, abs(units))) if kobo is not None else -cost_taken
        at_average = cut(Fraction(cost * units, have)) if not taken and have else 0
        added = at_average if kobo is None else kobo - paid
        self.held[commodity] = have + units, cost - cost_taken + added
        return -paid - cost_taken if taken else 0

    def lines(self) -> Iterator[str]:
        """The report."""
        yield "day,asset,income,expense,gain"
        for (day, commodity), counted in sorted(self.days.items()):
            if any(counted):
                yield ",".join([day, commodity, *map(naira, counted)])
        yield "asset,position,cost,worth,unrealised"
        for commodity, (units, cost) in sorted(self.held.items()):
            now = self.export.naira(commodity, units, "9999")
            tail = ("", "") if now is None else (naira(now), naira(now - cost))
            yield ",".join([commodity, str(units), naira(cost), *tail])


def naira(kobo: int) -> str:
    """Kobo as naira with two digits."""
    return f"{'-' if kobo < 0 else ''}{abs(kobo) // KOBO}.{abs(kobo) % KOBO:02}"


if __name__ == "__main__":
    for each in Books(read(Path(sys.argv[1]).read_text())).lines():
        print(each)
