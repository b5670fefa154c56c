"""Reads of disputes."""

from collections.abc import Collection

from sqlalchemy import func, select, tuple_

from app.core.db import db
from app.core.errors import NotFound
from app.disputes import rules
from app.disputes.models import Dispute
from app.disputes.rules import Last, State


def one_for_operators(dispute_id: str) -> Dispute:
    """A dispute by its id. Raises NotFound."""
    found = db.session.get(Dispute, dispute_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def one_for_system(dispute_id: str) -> Dispute:
    """A dispute by its id, for jobs. Raises NotFound."""
    return one_for_operators(dispute_id)


def short_for_system(customer_id: str) -> list[str]:
    """The disputes under way of a customer of whom less is held than each is about, the oldest first."""
    short = select(Dispute.id).where(
        Dispute.customer_id == customer_id,
        Dispute.state.in_(rules.UNDER_WAY),
        Dispute.held_units < Dispute.amount_units,
    )
    return list(db.session.scalars(short.order_by(Dispute.id)))


def heard_last_for_system(vendor_ids: Collection[str]) -> dict[str, Last]:
    """Of those of Paystack's disputes that we have written down: our state, and its words for it."""
    known = select(Dispute.vendor_id, Dispute.state, Dispute.vendor_status, Dispute.resolution)
    found = db.session.execute(known.where(Dispute.vendor_id.in_(list(vendor_ids))))
    return {row.vendor_id: Last(State(row.state), row.vendor_status, row.resolution) for row in found}


def of_charge_for_operators(reference: str) -> list[Dispute]:
    """The disputes of a charge, oldest first."""
    return list(db.session.scalars(select(Dispute).where(Dispute.reference == reference).order_by(Dispute.id)))


def named_for_operators(text: str) -> list[str]:
    """The ids of disputes that go by this: Paystack's number of one, or the reference of the charge."""
    named = select(Dispute.id).where((Dispute.vendor_id == text) | (Dispute.reference == text))
    return list(db.session.scalars(named.order_by(Dispute.id).limit(5)))


def under_way_for_operators(state: State, *, after: str | None = None, limit: int) -> list[Dispute]:
    """Disputes that are under way in this state: those that are due first, first; after the one of this id."""
    due = func.coalesce(Dispute.due_at, "infinity")
    wanted = select(Dispute).where(Dispute.state == state).order_by(due, Dispute.id).limit(limit)
    if after:
        last = select(due, Dispute.id).where(Dispute.id == after).subquery()
        wanted = wanted.where(tuple_(due, Dispute.id) > select(last).scalar_subquery())
    return list(db.session.scalars(wanted))


def ended_for_operators(state: State, *, before: str | None = None, limit: int) -> list[Dispute]:
    """Disputes that ended so, newest first."""
    wanted = select(Dispute).where(Dispute.state == state).order_by(Dispute.id.desc()).limit(limit)
    return list(db.session.scalars(wanted.where(Dispute.id < before) if before else wanted))


def counts_for_operators() -> dict[str, int]:
    """How many disputes are under way in each state; of those that ended there may be any number."""
    under_way = select(Dispute.state, func.count()).where(Dispute.state.in_(rules.UNDER_WAY))
    counted = db.session.execute(under_way.group_by(Dispute.state))
    return {state: int(many) for state, many in counted}


def next_due_for_operators() -> Dispute | None:
    """The dispute that has to be answered first."""
    due = Dispute.due_at.is_not(None) & (Dispute.state == State.OPEN)
    return db.session.scalars(select(Dispute).where(due).order_by(Dispute.due_at, Dispute.id).limit(1)).one_or_none()
