"""A source that goes on with a retired one: of the days that one told of, nothing is counted anew.

Rows up to its last day are read and ignored, however they are read by now. A statement that began before is one that
begins the day after: what it began with and what is ignored of it, which openings hold against all that was told. Of a
day that was told of in part, lines with the teller's id are known again by it, and the rest is counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from app.core.db import rows
from app.statements.formats.lines import EXACT, ZERO, Ignored, Line, Summary, Told
from app.statements.formats.telling import Telling
from app.statements.models import Source

_DAY = timedelta(days=1)
_ALL = ""  # where its files tell of every asset
_CHAIN = """
WITH RECURSIVE chain AS (
    SELECT :continues AS id UNION SELECT s.continues FROM chain c JOIN statement_sources s ON s.id = c.id
)
SELECT c.id FROM chain c WHERE c.id IS NOT NULL
"""
_CUTS = """
SELECT CASE WHEN i.tells_all THEN '' ELSE p.asset END AS asset, max(greatest(p.period_from, p.period_to)) AS whole,
       max(greatest(p.period_from, p.period_to, p.closes_on)) AS upto
  FROM statement_imports i JOIN statement_parts p ON p.import_id = i.id
 WHERE i.source_id = ANY(:sources) AND p.period_from IS NOT NULL AND p.period_to IS NOT NULL
 GROUP BY 1
"""


@dataclass(frozen=True)
class Cut:
    """The last day that was told of as a whole, and the last that a line is of."""

    whole: date
    upto: date


class Later:
    """What of a file is told for the first time, by the days that the sources before told of."""

    def __init__(self, cuts: Mapping[str, Cut]) -> None:
        self._cuts = cuts
        self._last: dict[int, date] = {}  # told of before, by the number of the statement

    def of(self, telling: Telling) -> None:
        """Have the file's rows of days that were told of be ignored, and its statements begin after them."""
        if self._cuts:
            telling.told = self._told(telling, telling.told)

    def days(self, parts: list[dict[str, object]]) -> list[dict[str, object]]:
        """Statements as they are kept: from the first day that was not told of, nothing of those before it."""
        return [self._from_then(number, one) for number, one in enumerate(parts, 1)]

    def _told(self, telling: Telling, told: Iterator[tuple[int, Told]]) -> Iterator[tuple[int, Told]]:
        dropped: dict[int, Decimal] = {}
        seen = set[int]()  # (a row may have several lines)
        for part, each in told:
            last = self._last_of(part, each) if isinstance(each, Line) else None
            if not isinstance(each, Line) or last is None or each.booked_on > last:
                yield part, each
                continue
            dropped[part] = EXACT.add(dropped.get(part, ZERO), each.delta)
            if each.row not in seen:
                seen.add(each.row)
                reason = f"told by the source that this one goes on with, to {last:%-d %B %Y}"
                yield 0, Ignored(row=each.row, reason=reason, account=each.account, asset=each.asset, raw=each.raw)
        telling.rows_lines -= len(seen)
        telling.summaries = tuple(
            _rest(one, dropped[number], seen) if number in dropped else one
            for number, one in enumerate(telling.summaries, 1)
        )

    def _last_of(self, part: int, line: Line) -> date | None:
        if part not in self._last and (cut := self._cut(line.asset)) is not None:
            self._last[part] = cut.whole if line.external_id else cut.upto
        return self._last.get(part)

    def _cut(self, asset: str) -> Cut | None:
        return max(
            (self._cuts[name] for name in (asset, _ALL) if name in self._cuts), key=lambda cut: cut.whole, default=None
        )

    def _from_then(self, number: int, part: dict[str, object]) -> dict[str, object]:
        cut = self._cut(str(part["asset"]))
        first, last = part["period_from"], part["period_to"]
        if cut is None or not isinstance(first, date) or not isinstance(last, date):
            return part
        begin = self._last.get(number, cut.whole) + _DAY
        if max(first, last) >= begin:
            return part | {"period_from": max(min(first, last), begin), "period_to": max(first, last)}
        return part | dict.fromkeys(("opening", "closing", "period_from", "period_to", "closes_on"))


def before(source: Source) -> list[str]:
    """Ids of the sources that it goes on with."""
    return [row.id for row in rows(_CHAIN, continues=source.continues)] if source.continues else []


def later(sources: list[str]) -> Later:
    """What comes after what these told."""
    found = rows(_CUTS, sources=sources) if sources else []
    return Later({row.asset: Cut(row.whole, row.upto) for row in found})


def _rest(one: Summary, dropped: Decimal, rows_dropped: set[int]) -> Summary:
    opening = None if one.opening is None else EXACT.add(one.opening, dropped)
    gaps = tuple(row for row in one.gaps if row not in rows_dropped)
    return replace(one, opening=opening, moved=EXACT.subtract(one.moved, dropped), gaps=gaps)
