"""Which accounts move when a manual journal is approved: those that were typed."""

from datetime import datetime

from app.ledger.journal import Journal, Leg


def booked(
    *,
    ref: str,
    legs: tuple[Leg, ...],
    reason: str,
    requested_by: str,
    approved_by: tuple[str, ...],
    effective_at: datetime | None,
    corrects: int | None,
    told: str = "",
) -> Journal:
    """A manual journal, as one person asked for it and another approved it; the memo keeps why and who they are.

    `told` is the id by which whoever keeps the outside account knows the movement, where it is one of theirs.
    """
    memo = {"reason": reason, "requested_by": requested_by, "approved_by": ", ".join(approved_by)}
    if told:
        memo["told"] = told
    return Journal("adjustments.booked", ref, legs, memo, effective_at, corrects)
