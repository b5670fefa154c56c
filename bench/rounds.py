"""How long is measured, and the order: contenders take turns (A/B/A/B), so that what else the machine does meets all.

A ratio is the median over the rounds of each round's own ratio: two turns of one round lie seconds apart.
"""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """How much is done of everything. The defaults are those of `make bench`; the tests take a few of each."""

    rounds: int = 5
    seconds: float = 5  # of one turn of sessions that post
    clients: int = 8
    crowd: int = 32  # clients that queue most for the hot account
    accounts: int = 10_000
    batch: int = 10_000  # journals of one turn
    reads: int = 200  # calls of one turn; a tenth of them for a trial balance
    entries: tuple[int, ...] = (100_000, 1_000_000, 10_000_000)
    peer_scale: int = 20  # of pgbench's own tables: 100,000 accounts each


@dataclass(frozen=True)
class Figures:
    """What each contender reached, one figure per round."""

    turns: Mapping[str, list[float]]

    def middle(self, name: str) -> float:
        """The contender's median."""
        return statistics.median(self.turns[name])

    def ratio(self, name: str, beside: str) -> float:
        """How many times the other's figure, in the middle round."""
        return statistics.median(self._ratios(name, beside))

    def spread(self, name: str, beside: str) -> tuple[float, float]:
        """The lowest and the highest ratio of a round: how quiet the machine was."""
        ratios = self._ratios(name, beside)
        return min(ratios), max(ratios)

    def _ratios(self, name: str, beside: str) -> list[float]:
        pairs = zip(self.turns[name], self.turns[beside], strict=True)
        return [ours / theirs for ours, theirs in pairs]


def interleave(contenders: Mapping[str, Callable[[], float]], *, rounds: int) -> Figures:
    """Let every contender have its turn, round after round."""
    turns: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, turn in contenders.items():
            turns[name].append(turn())
    return Figures(turns)
