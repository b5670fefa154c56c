"""The table: a line per goal, ratios first, each with whether it was reached."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import ge, le

from bench.rounds import Figures

HEADS = ("measured", "rounds", "goal", "reached", "what", "ours", "beside")


@dataclass(frozen=True)
class Line:
    """One measure and its goal. `value` is None where it could not be measured, and `ours` then says why."""

    what: str
    value: float | None
    goal: float
    unit: str  # "x" or "ms"
    at_most: bool
    ours: str
    beside: str = ""
    spread: tuple[float, float] | None = None  # the rounds' lowest and highest

    @property
    def reached(self) -> str:
        """`yes`, or how far it is from the goal."""
        if self.value is None:
            return "not measured"
        near = le if self.at_most else ge
        return "yes" if near(self.value, self.goal) else f"no, {_number(self.value)} of {_number(self.goal)}"

    def cells(self) -> tuple[str, ...]:
        """The line's cells, in the order of HEADS."""
        measured = "" if self.value is None else f"{_number(self.value)} {self.unit}"
        goal = f"{'<=' if self.at_most else '>='} {_number(self.goal)} {self.unit}"
        rounds = "" if self.spread is None else "–".join(map(_number, self.spread))
        return (measured, rounds, goal, self.reached, self.what, self.ours, self.beside)


def at_least(goal: float, what: str, figures: Figures, *, ours: str, beside: str) -> Line:
    """A line on rates: ours is to be at least `goal` times what it stands beside."""
    return Line(
        what,
        figures.ratio(ours, beside),
        goal,
        "x",
        at_most=False,
        ours=f"{figures.middle(ours):,.0f}/s",
        beside=f"{beside} {figures.middle(beside):,.0f}/s",
        spread=figures.spread(ours, beside),
    )


def render(lines: Iterable[Line]) -> str:
    """The table as text."""
    ordered = sorted(lines, key=lambda line: line.unit != "x")  # (stable: otherwise as measured)
    rows = [HEADS, *(line.cells() for line in ordered)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    written = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([written[0], "-" * max(map(len, written)), *written[1:]])


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"
