"""Reads of payouts: what waits, what is under way, what failed; how much leaves, and how much usually does."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.core.db import db, rows
from app.core.money import NGN, Money
from app.payments.models import Payout
from app.payments.rules import OPEN, PayoutState

_USUAL = """
SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY sums.units) AS units FROM (
    SELECT sum(amount_units) AS units FROM payouts
     WHERE created_at >= :since AND created_at < :until AND state <> 'failed'
     GROUP BY date_bin(make_interval(secs => :seconds), created_at, TIMESTAMPTZ 'epoch')) sums
"""


def list_for_operators(states: Collection[PayoutState], *, after: str | None = None, limit: int = 50) -> list[Payout]:
    """Payouts in these states, the oldest first. Keyset by id."""
    wanted = select(Payout).where(Payout.state.in_(states)).order_by(Payout.id).limit(limit)
    return list(db.session.scalars(wanted.where(Payout.id > after) if after else wanted))


def ended_for_operators(states: Collection[PayoutState], *, before: str | None = None, limit: int = 50) -> list[Payout]:
    """Those that ended so, the newest first. Keyset by id."""
    ended = select(Payout).where(Payout.state.in_(states))
    wanted = ended.order_by(Payout.id.desc()).limit(limit)
    return list(db.session.scalars(wanted.where(Payout.id < before) if before else wanted))


def counts_for_operators() -> dict[str, int]:
    """How many payouts are in each state that is no end."""
    counted = select(Payout.state, func.count().label("n")).where(Payout.state.in_(OPEN)).group_by(Payout.state)
    return {row.state: row.n for row in db.session.execute(counted)}


def committed_for_operators() -> Money:
    """What is to leave the float by payouts that have not ended."""
    units = db.session.scalar(select(func.sum(Payout.amount_units)).where(Payout.state.in_(OPEN)))
    return Money(NGN, int(units or 0))


def attempts_for_operators(payout_id: str) -> list[Payout]:
    """All attempts at the payment that this one is for, the first one first."""
    base_id = payout_id.partition("-")[0]
    return list(db.session.scalars(select(Payout).where(Payout.base_id == base_id).order_by(Payout.created_at)))


def lacked_float_before_for_system(payout: Payout) -> bool:
    """Whether an older payout waits for a float too."""
    older = select(Payout.id).where(Payout.state == PayoutState.AWAITING_FLOAT, Payout.id < payout.id).limit(1)
    return db.session.scalar(older) is not None


def outflow_for_system(*, since: datetime, until: datetime) -> int:
    """What was sent, or is being sent, between the two (kobo): that which failed left nothing."""
    gone = select(func.sum(Payout.amount_units)).where(
        Payout.created_at.between(since, until), Payout.state.not_in([PayoutState.FAILED, PayoutState.AWAITING_FLOAT])
    )
    return int(db.session.scalar(gone) or 0)


def usual_outflow_for_system(*, since: datetime, until: datetime, window: timedelta) -> int:
    """The 95th percentile of what left within a window, of those in which something did (kobo)."""
    (found,) = rows(_USUAL, since=since, until=until, seconds=int(window.total_seconds()))
    return int(found.units or 0)
