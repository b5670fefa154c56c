"""Reads of payouts: what waits, what is under way, what failed; how much leaves, usually leaves, and is to be there."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, func, select

from app.core import clock
from app.core.db import db, rows
from app.core.money import NGN, Money
from app.payments.models import FloatFloor, Payout, PayoutQuarter, SuspenseItem
from app.payments.rules import OPEN, PayoutState, SuspenseState, Topic

_USUAL = """
SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY units) AS units
  FROM payout_quarters WHERE starts_at >= :since AND starts_at < :until AND units > 0
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


def named_for_operators(text: str) -> list[str]:
    """The ids of payouts that go by this: our reference of an attempt, or Paystack's code of the transfer."""
    named = select(Payout.id).where((Payout.id == text) | (Payout.transfer_code == text))
    return list(db.session.scalars(named.order_by(Payout.id).limit(5)))


def contradicted_for_system(payout_ids: Collection[str]) -> bool:
    """Whether news of one of these waits in suspense for somebody: it cannot be true beside what we know."""
    about = SuspenseItem.reference.in_(payout_ids) & (SuspenseItem.topic == Topic.PAYOUT)
    waiting = select(SuspenseItem.id).where(about, SuspenseItem.state == SuspenseState.OPEN).limit(1)
    return db.session.scalar(waiting) is not None


def contradicted_payments_for_system() -> Select[tuple[str]]:
    """The same of all: the ids of the first attempts at such payments, for a query."""
    about = (SuspenseItem.topic == Topic.PAYOUT) & (SuspenseItem.state == SuspenseState.OPEN)
    return select(func.split_part(SuspenseItem.reference, "-", 1)).where(about)


def told_otherwise_for_system(payout_id: str, *, ever: bool = False) -> set[str]:
    """Paystack's words for it in news that waits in suspense for somebody to look; `ever`: or that somebody saw."""
    told = select(SuspenseItem.event).where(SuspenseItem.reference == payout_id, SuspenseItem.topic == Topic.PAYOUT)
    wanted = told if ever else told.where(SuspenseItem.state == SuspenseState.OPEN)
    return {event.partition(".")[2] for event in db.session.scalars(wanted)}


def lacked_float_before_for_system(payout: Payout) -> bool:
    """Whether an older payout waits for a float too."""
    older = select(Payout.id).where(Payout.state == PayoutState.AWAITING_FLOAT, Payout.id < payout.id).limit(1)
    return db.session.scalar(older) is not None


def outflow_for_system(*, since: datetime, until: datetime) -> int:
    """What was begun, or taken up again, between the two (kobo): what failed, or waits for a float, left nothing."""
    begun = Payout.created_at.between(since, until) | Payout.taken_up_at.between(since, until)
    left_nothing = [PayoutState.FAILED, PayoutState.AWAITING_FLOAT]
    gone = select(func.sum(Payout.amount_units)).where(begun, Payout.state.not_in(left_nothing))
    return int(db.session.scalar(gone) or 0)


def usual_outflow_for_system(*, since: datetime, until: datetime) -> int:
    """The 95th percentile of what left within a quarter of an hour, of those in which something did (kobo)."""
    return int(rows(_USUAL, since=since, until=until)[0].units or 0)


def counted_until_for_system(*, before: datetime) -> datetime | None:
    """When the newest quarter of an hour began that was counted, before a time."""
    return db.session.scalar(select(func.max(PayoutQuarter.starts_at)).where(PayoutQuarter.starts_at < before))


def floor_for_system(*, at: datetime | None = None) -> FloatFloor:
    """The floor of the float that counts at a moment (now)."""
    counts = select(FloatFloor).where(FloatFloor.starts_at <= (at or clock.now()))
    return db.session.scalars(counts.order_by(FloatFloor.starts_at.desc()).limit(1)).one()


def floors_for_operators() -> list[FloatFloor]:
    """The newest floors, those to come included."""
    return list(db.session.scalars(select(FloatFloor).order_by(FloatFloor.starts_at.desc()).limit(5)))
