"""Pictures of numbers: where a line, an area and candles stand. Pure; templates write the SVG.

A drawing is WIDE by HIGH without text and may be stretched: what is read stands beside it as text, at the same places.
Places are whole numbers. They are for the eye; no amount is reckoned from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Protocol

WIDE, HIGH = 1000, 400
ROWS = 4  # lines across, from the highest to the lowest
_NICE = (1, 2, 5, 10)
_BODY = 6  # tenths of a candle's room that its body takes
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)  # where stretches of time are counted from, so that weeks begin on Mondays
_LEVEL = Decimal("0.0005")  # less than this part is no change to speak of


class Candle(Protocol):
    """What prices did in one stretch of time."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def open(self) -> Decimal: ...
    @property
    def high(self) -> Decimal: ...
    @property
    def low(self) -> Decimal: ...
    @property
    def close(self) -> Decimal: ...


@dataclass(frozen=True)
class Bar:
    """A candle of ours, put together from smaller ones."""

    starts_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


@dataclass(frozen=True)
class Drawing:
    """SVG paths, the values of the lines across from the highest down, and the times of the line below.

    `line` and `area` are of a curve; `rising` and `falling` are candles: wicks and bodies in one path each.
    """

    rows: tuple[Decimal, ...]
    times: tuple[datetime, ...]
    line: str = ""
    area: str = ""
    rising: str = ""
    falling: str = ""


def trend(values: Sequence[Decimal]) -> str:
    """`up`, `down` or `level`, from the first value to the last."""
    first, last = values[0], values[-1]
    if abs(last - first) <= abs(first) * _LEVEL:
        return "level"
    return "up" if last > first else "down"


def spark(values: Sequence[Decimal], *, wide: int = 96, high: int = 28) -> str:
    """The points of a small line, `x,y x,y`; empty for fewer than two values, which are no line."""
    if len(values) <= 1:
        return ""
    highest, lowest = max(values), min(values)
    if highest == lowest:
        return f"0,{high // 2} {wide},{high // 2}"
    scale, last = (high - 4) / (highest - lowest), len(values) - 1
    return " ".join(
        f"{index * wide // last},{2 + int((highest - value) * scale)}" for index, value in enumerate(values)
    )


def curve(points: Sequence[tuple[datetime, Decimal]]) -> Drawing | None:
    """A line with the area below it; None for fewer than two points."""
    if len(points) <= 1:
        return None
    values = [value for _, value in points]
    rows = _rows(min(values), max(values))
    places = [(_across(points, at), _down(value, rows)) for at, value in points]
    line = "M" + "L".join(f"{x} {y}" for x, y in places)
    area = f"{line}L{places[-1][0]} {HIGH}L{places[0][0]} {HIGH}Z"
    return Drawing(rows, _times([at for at, _ in points]), line=line, area=area)


def candles(found: Sequence[Candle], length: timedelta) -> Drawing | None:
    """Candles of so long each, oldest first, where they belong: a time without prices is left empty. None for one."""
    if len(found) <= 1:
        return None
    rows, first = _rows(min(each.low for each in found), max(each.high for each in found)), found[0].starts_at
    rooms = (found[-1].starts_at - first) // length + 1
    room = WIDE // rooms
    body = max(room * _BODY // 10, 1)
    rising: list[str] = []
    falling: list[str] = []
    for each in found:
        middle = (each.starts_at - first) // length * WIDE // rooms + room // 2
        top, bottom = _down(max(each.open, each.close), rows), _down(min(each.open, each.close), rows)
        wick = f"M{middle} {_down(each.high, rows)}V{_down(each.low, rows)}"
        box = f"M{middle - body // 2} {top}h{body}v{max(bottom - top, 1)}h-{body}z"
        (rising if each.close >= each.open else falling).append(wick + box)
    times = (first, first + rooms // 2 * length, found[-1].starts_at)
    return Drawing(rows, times, rising="".join(rising), falling="".join(falling))


def grouped(found: Sequence[Candle], length: timedelta) -> list[Bar]:
    """Candles, oldest first, as candles of so long each: of a stretch without any there is none."""
    bars = []
    for stretch, some in groupby(found, lambda each: (each.starts_at - _MONDAY) // length):
        part = list(some)
        high, low = max(each.high for each in part), min(each.low for each in part)
        bars.append(Bar(_MONDAY + stretch * length, part[0].open, high, low, part[-1].close))
    return bars


def _rows(low: Decimal, high: Decimal) -> tuple[Decimal, ...]:
    """ROWS round values evenly apart, the highest first, between which everything lies."""
    rough = ((high - low) or abs(high) / 100 or Decimal(1)) / (ROWS - 1)
    tenth = Decimal(1).scaleb(rough.adjusted())
    for nice in (*_NICE, 20, 50):
        step = tenth * nice
        first = (low // step) * step
        if low < 0 and first > low:  # (`//` of decimals goes towards zero)
            first -= step
        if first + step * (ROWS - 1) >= high:
            return tuple(first + step * row for row in reversed(range(ROWS)))
    raise AssertionError("fifty tenths hold what ten do")


def _down(value: Decimal, rows: tuple[Decimal, ...]) -> int:
    return int((rows[0] - value) * HIGH / (rows[0] - rows[-1]))


def _across(points: Sequence[tuple[datetime, Decimal]], at: datetime) -> int:
    first, last = points[0][0], points[-1][0]
    return int((at - first) * WIDE / (last - first)) if last > first else 0


def _times(moments: Sequence[datetime]) -> tuple[datetime, ...]:
    """The first, the middle and the last."""
    return moments[0], moments[len(moments) // 2], moments[-1]
