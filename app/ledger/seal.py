"""The seal: a chain of blocks over every journal, so that a change behind the database's guards is found and named."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from app.audit import chain
from app.audit.chain import Chain

BLOCK_JOURNALS_MAX = chain.BLOCK_ROWS_MAX
Head: TypeAlias = chain.Head
Fault: TypeAlias = chain.Fault

CHAIN = Chain(
    mark="",
    seal="SELECT ledger.seal(:rows)",
    newest="SELECT no, last_id, encode(hash, 'hex') AS hash, sealed_at FROM ledger.blocks ORDER BY no DESC LIMIT 1",
    unsealed="SELECT count(*) AS n FROM ledger.journals"
    " WHERE id > coalesce((SELECT last_id FROM ledger.blocks ORDER BY no DESC LIMIT 1), 0)",
    check="SELECT problem FROM ledger.check_block(:no)",
    hash="SELECT encode(hash, 'hex') AS hash FROM ledger.blocks WHERE no = :no",
)


def advance(*, journals: int = BLOCK_JOURNALS_MAX) -> int:
    """Seal one more block of journals that are final, or find out which are: how many were sealed."""
    return CHAIN.advance(limit=journals)


def head() -> Head | None:
    """The newest block, if there is any."""
    return CHAIN.head()


def unsealed() -> int:
    """How many journals no block holds yet."""
    return CHAIN.waiting()


def read_anchors(lines: Iterable[str]) -> dict[int, str]:
    """The anchored heads, number: hash. Raises ValueError for a line that is none, or two heads of one number."""
    return CHAIN.read_anchors(lines)


def verify(anchors: dict[int, str] | None = None) -> Iterator[Fault]:
    """Every fault of the chain, oldest block first; `anchors` (number: hash) tell what blocks were once."""
    return CHAIN.verify(anchors)
