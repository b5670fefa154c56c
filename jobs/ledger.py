"""Work of the books: seal them, anchor the seal, prove them and their seal, sweep holds, make partitions."""

from datetime import timedelta

from app.core import logs
from app.core.db import atomically, whole_books
from app.ledger import health, partitions, posting, proof, seal
from jobs import sealing
from jobs.work import Work

HOLDS_PER_SWEEP = 100

log = logs.get("ledger")


def seal_books(work: Work) -> timedelta | None:
    """Make blocks until no final journal is left."""
    sealing.make_blocks(seal.CHAIN, work)
    return None


def anchor_seal(work: Work) -> timedelta | None:
    """Tell every anchor the newest block."""
    sealing.anchor(seal.CHAIN, work)
    return None


def prove_books(work: Work) -> timedelta | None:
    """Run every invariant over every row; what is broken halts payouts."""
    with whole_books():
        findings = proof.broken()
    _record(findings, work)
    return None


def verify_seal(work: Work) -> timedelta | None:
    """Hold every sealed journal against the seal; one that was altered halts payouts."""
    found = sealing.faults(seal.CHAIN)
    if found:
        _record({"seal": found}, work)
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
