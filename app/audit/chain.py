"""A chain of sealed blocks over rows that nobody may change: made, told to anchors, verified.

The books and the audit have one each. The database makes and checks blocks; a chain names the statements that do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.core.db import db, rows

BLOCK_ROWS_MAX = 5_000
MARKS = frozenset({"audit"})  # what a line in a file of anchors begins with; those of the books begin with a number


@dataclass(frozen=True)
class Head:
    """The newest block: anchored somewhere else, it proves what the chain was then."""

    no: int
    last_id: int
    hash: str
    sealed_at: datetime
    mark: str = ""

    def __str__(self) -> str:
        line = f"{self.no} {self.hash} {self.last_id} {self.sealed_at.isoformat()}"
        return f"{self.mark} {line}" if self.mark else line


@dataclass(frozen=True)
class Fault:
    """What is wrong with a block."""

    block: int
    problem: str


@dataclass(frozen=True)
class Chain:
    """One chain, by its statements: `seal` takes :rows, `check` and `hash` take :no."""

    mark: str
    seal: str
    newest: str
    unsealed: str
    check: str
    hash: str

    def advance(self, *, limit: int = BLOCK_ROWS_MAX) -> int:
        """Seal one more block of rows that are final, or find out which are: how many were sealed."""
        return int(db.session.execute(text(self.seal), {"rows": limit}).scalar_one())

    def head(self) -> Head | None:
        """The newest block, if there is any."""
        found = rows(self.newest)
        return Head(found[0].no, found[0].last_id, found[0].hash, found[0].sealed_at, self.mark) if found else None

    def waiting(self) -> int:
        """How many rows no block holds yet."""
        return int(rows(self.unsealed)[0].n)

    def read_anchors(self, lines: Iterable[str]) -> dict[int, str]:
        """The anchored heads of this chain, number: hash.

        Raises ValueError for a line that is none, or two heads of one number.
        """
        found: dict[int, str] = {}
        for line in filter(None, map(str.strip, lines)):
            words = line.split()
            mark = words.pop(0) if words[0] in MARKS else ""
            number, digest = words[:2]
            if mark == self.mark and found.setdefault(int(number), digest) != digest:
                raise ValueError(f"block {number} was anchored with two hashes")
        return found

    def verify(self, anchors: dict[int, str] | None = None) -> Iterator[Fault]:
        """Every fault of the chain, oldest block first; `anchors` (number: hash) tell what blocks were once."""
        anchored = anchors or {}
        newest = max([head.no if (head := self.head()) else 0, *anchored])
        for number in range(1, newest + 1):
            for row in rows(self.check, no=number):
                yield Fault(number, row.problem)
            if number in anchored:
                found = rows(self.hash, no=number)
                if found and found[0].hash != anchored[number]:
                    yield Fault(number, "block is not the one that was anchored")
