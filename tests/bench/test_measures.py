"""The measures themselves work: each in miniature, on books of its own beside those of the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import batch, hot, matching, reads, screening, sealing, single, table, world
from bench.rounds import Figures, Pace, interleave
from bench.servers import Ground, ground
from bench.table import Line
from dev.embedded import Servers
from tests.makers import keys

TINY = Pace(
    rounds=1, seconds=1, clients=2, crowd=3, accounts=40, batch=60, reads=20, entries=(400, 4_000), peer_scale=1
)


@pytest.fixture(scope="module")
def on(given: Servers, home: Path) -> Iterator[Ground]:
    """The tests' own server; its databases for this are dropped at the end. It brings another key along."""
    with keys.put_back(), ground(given.database_url, home) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize(
    ("subject", "lines"),
    [(single, 3), (hot, 2), (batch, 2), (sealing, 2), (reads, 15)],
    ids=lambda value: value.__name__.rpartition(".")[2] if hasattr(value, "__name__") else "",
)
def test_every_measure_yields_figures(on: Ground, subject: object, lines: int) -> None:
    found: list[Line] = subject.measure(on, TINY)  # type: ignore[attr-defined]
    assert len(found) == lines
    assert all(line.value is not None and line.value > 0 for line in found)
    assert len(table.render(found).splitlines()) == lines + 2


def test_a_lists_change_is_held_against_everybody(on: Ground) -> None:
    size = screening.Size(subjects=400, listed=40, delta=20, singles=5)
    found = screening.measure(on, size)
    assert (found.subjects, found.delta) == (400, 20)
    assert 0 < found.pairs < 400 * 20
    assert found.rescreen_seconds > 0
    assert screening.measure(on, size).pairs == found.pairs  # (the same people for the same seed)


def test_every_planted_break_is_found_and_no_other(on: Ground) -> None:
    found = matching.measure(on, 4_000, floor=False)
    assert found.breaks == dict.fromkeys(world.BREAKS, 4)
    assert (found.false_breaks, found.missed_breaks, found.wrong_matches, found.ties) == (0, 0, 0, True)
    assert matching.measure(on, 4_000, floor=False).digest == found.digest  # (the same again in another database)
    assert matching.measure(on, 4_000, seed=8, floor=False).digest != found.digest


def test_contenders_take_turns() -> None:
    order: list[str] = []

    def turn(name: str) -> float:
        order.append(name)
        return float(len(order))

    figures = interleave({"a": lambda: turn("a"), "b": lambda: turn("b")}, rounds=3)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert figures.turns == {"a": [1, 3, 5], "b": [2, 4, 6]}
    assert figures.ratio("b", "a") == pytest.approx(4 / 3)


class TestTable:
    FIGURES = Figures({"ours": [43.0], "theirs": [100.0]})

    @pytest.mark.parametrize(("goal", "reached"), [(0.4, "yes"), (0.43, "yes"), (0.6, "no, 0.43 of 0.6")])
    def test_says_whether_a_goal_is_reached(self, goal: float, reached: str) -> None:
        assert table.at_least(goal, "it", self.FIGURES, ours="ours", beside="theirs").reached == reached

    def test_says_what_could_not_be_measured(self) -> None:
        line = Line("it", None, 15, "x", at_most=False, ours="no network")
        assert line.reached == "not measured"
        assert "no network" in table.render([line])

    def test_puts_ratios_first(self) -> None:
        slow = Line("a read", 12.0, 10, "ms", at_most=True, ours="12 ms")
        ratio = table.at_least(0.4, "a rate", self.FIGURES, ours="ours", beside="theirs")
        assert [row.split()[0] for row in table.render([slow, ratio]).splitlines()[2:]] == ["0.43", "12"]
        assert slow.reached == "no, 12 of 10"
