"""What every seal asks of the clock: make blocks, tell the anchors the newest one."""

import itertools
import time
from collections.abc import Iterator

from app.audit.chain import Chain
from app.clients.http import Silent
from app.core.db import atomically, leave, whole_books
from jobs.work import Work

SEAL_SECONDS_MAX = 30  # then the next slot goes on
FAULTS_MAX = 20  # enough to know that a seal is broken; the command names them all


def make_blocks(chain: Chain, work: Work) -> None:
    """Make blocks until nothing final is left. Two idle calls end it: the first may only have named candidates."""
    until, idle = time.monotonic() + SEAL_SECONDS_MAX, 0
    while idle <= 1 and time.monotonic() < until:
        idle = 0 if atomically(chain.advance, actor=work.actor) else idle + 1


def anchor(chain: Chain, work: Work) -> None:
    """Tell every anchor the newest block; one that cannot be told does not keep it from the others."""
    head = chain.head()
    leave()
    failed: list[Exception] = []
    for place in work.clients.anchors if head else ():
        try:
            place.keep(str(head))
        except (OSError, Silent) as error:
            failed.append(error)
    if failed:
        raise failed[0]


def faults(chain: Chain) -> list[str]:
    """The first faults of a chain, in words."""
    with whole_books():
        return list(_said(chain))


def _said(chain: Chain) -> Iterator[str]:
    for fault in itertools.islice(chain.verify(), FAULTS_MAX):
        yield f"block {fault.block}: {fault.problem}"
