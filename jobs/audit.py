"""Work of the audit: seal its records, anchor the seal, verify it."""

from datetime import timedelta

from app.audit import seal
from app.core import logs
from app.core.db import atomically
from app.ledger import health
from jobs import sealing
from jobs.work import Work

log = logs.get("audit")


def seal_records(work: Work) -> timedelta | None:
    """Make blocks until no final record is left."""
    sealing.make_blocks(seal.CHAIN, work)
    return None


def anchor_seal(work: Work) -> timedelta | None:
    """Tell every anchor the newest block."""
    sealing.anchor(seal.CHAIN, work)
    return None


def verify_seal(work: Work) -> timedelta | None:
    """Hold every sealed record against the seal. Whoever rewrote one had the whole database: payouts halt."""
    found = sealing.faults(seal.CHAIN)
    if found:
        atomically(lambda: health.record({"seal of the audit": found}), actor=work.actor)
        log.error("the audit was altered", extra={"facts": {"faults": len(found)}})
    return None
