"""The seal: a chain of blocks over every journal, so that a change behind the database's guards is found and named."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.core.db import db, rows

BLOCK_JOURNALS_MAX = 5_000


@dataclass(frozen=True)
class Head:
    """The newest block: anchored somewhere else, it proves what the chain was then."""

    no: int
    last_id: int
    hash: str
    sealed_at: datetime

    def __str__(self) -> str:
        return f"{self.no} {self.hash} {self.last_id} {self.sealed_at.isoformat()}"


@dataclass(frozen=True)
class Fault:
    """What is wrong with a block."""

    block: int
    problem: str


def advance(*, journals: int = BLOCK_JOURNALS_MAX) -> int:
    """Seal one more block of journals that are final, or find out which are: how many were sealed."""
    return int(db.session.execute(text("SELECT ledger.seal(:journals)"), {"journals": journals}).scalar_one())


def head() -> Head | None:
    """The newest block, if there is any."""
    found = rows(
        "SELECT no, last_id, encode(hash, 'hex') AS hash, sealed_at FROM ledger.blocks ORDER BY no DESC LIMIT 1"
    )
    return Head(found[0].no, found[0].last_id, found[0].hash, found[0].sealed_at) if found else None


def unsealed() -> int:
    """How many journals no block holds yet."""
    return int(
        rows(
            "SELECT count(*) AS n FROM ledger.journals"
            " WHERE id > coalesce((SELECT last_id FROM ledger.blocks ORDER BY no DESC LIMIT 1), 0)"
        )[0].n
    )


def read_anchors(lines: Iterable[str]) -> dict[int, str]:
    """The anchored heads, number: hash. Raises ValueError for a line that is none, or two heads of one number."""
    found: dict[int, str] = {}
    for line in filter(None, map(str.strip, lines)):
        number, digest = line.split()[:2]
        if found.setdefault(int(number), digest) != digest:
            raise ValueError(f"block {number} was anchored with two hashes")
    return found


def verify(anchors: dict[int, str] | None = None) -> Iterator[Fault]:
    """Every fault of the chain, oldest block first; `anchors` (number: hash) tell what blocks were once."""
    anchored = anchors or {}
    newest = max([head_.no if (head_ := head()) else 0, *anchored])
    for number in range(1, newest + 1):
        for row in rows("SELECT problem FROM ledger.check_block(:no)", no=number):
            yield Fault(number, row.problem)
        if number in anchored:
            found = rows("SELECT encode(hash, 'hex') AS hash FROM ledger.blocks WHERE no = :no", no=number)
            if found and found[0].hash != anchored[number]:
                yield Fault(number, "block is not the one that was anchored")
