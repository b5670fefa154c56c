"""Work of the books: seal them, anchor the seal, prove them, sweep holds, make partitions."""

import time
from datetime import timedelta

from app.core import logs
from app.core.db import atomically, leave, whole_books
from app.ledger import health, partitions, posting, proof, seal
from jobs.work import Work

HOLDS_PER_SWEEP = 100
SEAL_SECONDS_MAX = 30  # then the next slot goes on

log = logs.get("ledger")


def seal_books(work: Work) -> timedelta | None:
    """Make blocks until nothing final is left. Two idle calls end it: the first may only have named candidates."""
    until, idle = time.monotonic() + SEAL_SECONDS_MAX, 0
    while idle <= 1 and time.monotonic() < until:
        idle = 0 if atomically(seal.advance, actor=work.actor) else idle + 1
    return None


def anchor_seal(work: Work) -> timedelta | None:
    """Tell every anchor the newest block."""
    head = seal.head()
    leave()
    for anchor in work.clients.anchors if head else ():
        anchor.keep(str(head))
    return None


def prove_books(work: Work) -> timedelta | None:
    """Run every invariant over every row; what is broken halts payouts."""
    with whole_books():
        findings = proof.broken()
    atomically(lambda: health.record(findings), actor=work.actor)
    if findings:
        log.error("the books do not prove", extra={"facts": {"invariants": ", ".join(findings)}})
    return None


def expire_holds(work: Work) -> timedelta | None:
    """Release the holds whose time is over."""
    while atomically(lambda: posting.expire(limit=HOLDS_PER_SWEEP), actor=work.actor):
        pass
    return None


def make_partitions(work: Work) -> timedelta | None:
    """Keep room for entries to come."""
    atomically(partitions.make_ahead, actor=work.actor)
    return None
