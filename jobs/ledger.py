"""Work of the books: seal them, anchor the seal, prove them and their seal, sweep holds, make partitions."""

import itertools
import time
from datetime import timedelta

from app.clients.http import Silent
from app.core import logs
from app.core.db import atomically, leave, whole_books
from app.ledger import health, partitions, posting, proof, seal
from jobs.work import Work

HOLDS_PER_SWEEP = 100
SEAL_SECONDS_MAX = 30  # then the next slot goes on
FAULTS_MAX = 20  # enough to know that the seal is broken; the command names them all

log = logs.get("ledger")


def seal_books(work: Work) -> timedelta | None:
    """Make blocks until nothing final is left. Two idle calls end it: the first may only have named candidates."""
    until, idle = time.monotonic() + SEAL_SECONDS_MAX, 0
    while idle <= 1 and time.monotonic() < until:
        idle = 0 if atomically(seal.advance, actor=work.actor) else idle + 1
    return None


def anchor_seal(work: Work) -> timedelta | None:
    """Tell every anchor the newest block; one that cannot be told does not keep it from the others."""
    head = seal.head()
    leave()
    failed: list[Exception] = []
    for anchor in work.clients.anchors if head else ():
        try:
            anchor.keep(str(head))
        except (OSError, Silent) as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return None


def prove_books(work: Work) -> timedelta | None:
    """Run every invariant over every row; what is broken halts payouts."""
    with whole_books():
        findings = proof.broken()
    _record(findings, work)
    return None


def verify_seal(work: Work) -> timedelta | None:
    """Hold every sealed journal against the seal; one that was altered halts payouts."""
    with whole_books():
        faults = [f"block {fault.block}: {fault.problem}" for fault in itertools.islice(seal.verify(), FAULTS_MAX)]
    if faults:
        _record({"seal": faults}, work)
    return None


def _record(findings: health.Findings, work: Work) -> None:
    atomically(lambda: health.record(findings), actor=work.actor)
    if findings:
        log.error("the books do not prove", extra={"facts": {"invariants": ", ".join(findings)}})


def expire_holds(work: Work) -> timedelta | None:
    """Release the holds whose time is over."""
    while atomically(lambda: posting.expire(limit=HOLDS_PER_SWEEP), actor=work.actor):
        pass
    return None


def make_partitions(work: Work) -> timedelta | None:
    """Keep room for entries to come."""
    atomically(partitions.make_ahead, actor=work.actor)
    return None
