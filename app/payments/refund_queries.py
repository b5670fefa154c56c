"""Reads of refunds."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select

from app.clients.paystack_answers import Refund as Told
from app.core.db import db
from app.core.errors import NotFound
from app.payments import refund_rules
from app.payments.refund_models import Refund
from app.payments.refund_rules import RefundState


def refund_for_system(refund_id: str) -> Refund:
    """A refund by its id. Raises NotFound."""
    found = db.session.get(Refund, refund_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def of_vendor_for_system(told: Told) -> str | None:
    """Which of ours a refund at Paystack is: by its id, or the one whose call's answer we did not hear."""
    known = db.session.scalars(select(Refund.id).where(Refund.vendor_id == told.id)).one_or_none()
    if known is not None:
        return known
    asked = select(Refund).where(
        Refund.reference == told.transaction_reference,
        Refund.state == RefundState.ASKED,
        Refund.vendor_id.is_(None),
    )
    ours = db.session.scalars(asked.execution_options(populate_existing=True)).one_or_none()
    if ours and refund_rules.is_ours(told, amount=ours.amount.units, tried_at=ours.tried_at, taken=()):
        return ours.id
    return None


def vendor_ids_for_system(reference: str) -> set[str]:
    """Paystack's ids of the refunds of a charge that we know."""
    known = select(Refund.vendor_id).where(Refund.reference == reference, Refund.vendor_id.is_not(None))
    return {str(found) for found in db.session.scalars(known)}


def known_for_system(vendor_ids: Collection[str]) -> set[str]:
    """Which of Paystack's refunds we have."""
    known = select(Refund.vendor_id).where(Refund.vendor_id.in_(vendor_ids))
    return {str(found) for found in db.session.scalars(known)}


def under_way_for_system() -> tuple[list[str], datetime | None]:
    """Paystack's ids of the refunds that it has and that are not booked as paid, and when the first was made."""
    has = select(Refund.vendor_id, Refund.created_at).where(
        Refund.state.in_(refund_rules.OPEN), Refund.vendor_id.is_not(None)
    )
    found = db.session.execute(has).all()
    return [str(row.vendor_id) for row in found], min((row.created_at for row in found), default=None)


def of_charge_for_operators(reference: str) -> list[Refund]:
    """The refunds of a charge, oldest first."""
    return list(db.session.scalars(select(Refund).where(Refund.reference == reference).order_by(Refund.id)))


def named_for_operators(text: str) -> list[str]:
    """The ids of refunds that go by this: Paystack's number of one, or the reference of the charge."""
    named = select(Refund.id).where((Refund.vendor_id == text) | (Refund.reference == text))
    return list(db.session.scalars(named.order_by(Refund.id).limit(5)))


def list_for_operators(states: Collection[str], *, before: str | None = None, limit: int) -> list[Refund]:
    """Refunds in these states, newest first."""
    wanted = select(Refund).where(Refund.state.in_(list(states))).order_by(Refund.id.desc()).limit(limit)
    return list(db.session.scalars(wanted.where(Refund.id < before) if before else wanted))


def counts_for_operators() -> dict[str, int]:
    """How many refunds are under way in each state; of those that ended there may be any number."""
    under_way = select(Refund.state, func.count()).where(Refund.state.in_(refund_rules.OPEN))
    counted = db.session.execute(under_way.group_by(Refund.state))
    return {state: int(many) for state, many in counted}
