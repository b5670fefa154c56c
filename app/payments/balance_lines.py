"""What Paystack's balance ledger says of refunds and disputes: read forward, in pieces, each line of it kept once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.clients.paystack_answers import LedgerEntry
from app.core.db import db
from app.core.money import NGN
from app.payments.models import BalanceLine, BalanceSpan

# Paystack's words for what a line is about, and its number of it. Lines of these alone are kept.
Cause = tuple[Literal["Refund", "Dispute"], str]
REFUND: Final = "Refund"
DISPUTE: Final = "Dispute"


def known_for_system(causes: Collection[Cause]) -> dict[str, int]:
    """The lines that were kept for these: by their numbers, how each moved the balance (kobo)."""
    about = tuple_(BalanceLine.model, BalanceLine.model_row).in_(list(causes))
    found = db.session.execute(select(BalanceLine.vendor_id, BalanceLine.units).where(about))
    return {row.vendor_id: int(row.units) for row in found}


def read_from_for_system(since: datetime) -> datetime:
    """Where to read on for who needs all since then: where the last reading ended, unless that began later."""
    span = db.session.get(BalanceSpan, 1, populate_existing=True)
    return since if span is None or since < span.read_from else span.read_until


def of(causes: Collection[Cause], lines: Sequence[LedgerEntry]) -> dict[str, int]:
    """Those of the lines that are about these, as `known_for_system` has them."""
    return {
        line.id: line.difference
        for line in lines
        if line.currency == NGN.code and (line.model, line.model_row) in causes
    }


def keep(lines: Sequence[LedgerEntry], *, since: datetime, until: datetime) -> None:
    """The ledger was read whole between these times. Two who read the same at once keep it once."""
    kept = [
        {"vendor_id": line.id, "model": line.model, "model_row": line.model_row, "units": Decimal(line.difference)}
        for line in lines
        if line.currency == NGN.code and line.model in {REFUND, DISPUTE}
    ]
    if kept:
        db.session.execute(insert(BalanceLine).values(kept).on_conflict_do_nothing())
    db.session.execute(insert(BalanceSpan).values(id=1, read_from=since, read_until=since).on_conflict_do_nothing())
    span = db.session.get_one(BalanceSpan, 1, with_for_update=True, populate_existing=True)
    if since < span.read_from:  # what was read before may not reach as far as to where this one ended
        span.read_from, span.read_until = since, until
    elif since <= span.read_until:
        span.read_until = max(span.read_until, until)
