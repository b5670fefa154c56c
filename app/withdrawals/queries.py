"""Reads of withdrawals."""

from collections.abc import Sequence

from sqlalchemy import func, select

from app.core.db import db
from app.core.errors import NotFound
from app.withdrawals.models import Approval, Withdrawal
from app.withdrawals.rules import State


def one(withdrawal_id: str, *, customer_id: str) -> Withdrawal:
    """One of the customer's own withdrawals. Raises NotFound."""
    own = select(Withdrawal).where(Withdrawal.id == withdrawal_id, Withdrawal.customer_id == customer_id)
    found = db.session.scalars(own).one_or_none()
    if found is None:
        raise NotFound
    return found


def one_for_operators(withdrawal_id: str) -> Withdrawal:
    """Any withdrawal. Raises NotFound."""
    found = db.session.get(Withdrawal, withdrawal_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def queue_for_operators(
    states: Sequence[State], *, oldest_first: bool, after: str | None = None, limit: int = 50
) -> list[Withdrawal]:
    """Withdrawals in these states; waiting ones are read oldest first, ended ones newest first. Keyset by id."""
    order = Withdrawal.id.asc() if oldest_first else Withdrawal.id.desc()
    wanted = select(Withdrawal).where(Withdrawal.state.in_(states)).order_by(order).limit(limit)
    if after:
        wanted = wanted.where(Withdrawal.id > after if oldest_first else Withdrawal.id < after)
    return list(db.session.scalars(wanted))


def counts_for_operators() -> dict[str, int]:
    """How many withdrawals are in each state."""
    counted = select(Withdrawal.state, func.count().label("n")).group_by(Withdrawal.state)
    return {row.state: row.n for row in db.session.execute(counted)}


def approvals_for_operators(withdrawal_ids: set[str]) -> dict[str, list[Approval]]:
    """Approvals by withdrawal, oldest first."""
    wanted = select(Approval).where(Approval.withdrawal_id.in_(withdrawal_ids)).order_by(Approval.id)
    found: dict[str, list[Approval]] = {withdrawal_id: [] for withdrawal_id in withdrawal_ids}
    for approval in db.session.scalars(wanted):
        found[approval.withdrawal_id].append(approval)
    return found


def by_payout_for_system(payout_id: str) -> Withdrawal | None:
    """The withdrawal that a payout is for."""
    return db.session.scalars(select(Withdrawal).where(Withdrawal.payout_id == payout_id)).one_or_none()


def by_any_payout_for_operators(payout_ids: set[str]) -> Withdrawal | None:
    """The withdrawal that one of these attempts is for: it names the latest."""
    return db.session.scalars(select(Withdrawal).where(Withdrawal.payout_id.in_(payout_ids)).limit(1)).one_or_none()


def approved_for_system(customer_id: str) -> list[str]:
    """The customer's withdrawals that wait to be sent, the oldest first."""
    waiting = select(Withdrawal.id).where(Withdrawal.customer_id == customer_id, Withdrawal.state == State.APPROVED)
    return list(db.session.scalars(waiting.order_by(Withdrawal.id)))


def all_approved_for_system(*, limit: int) -> list[str]:
    """Anybody's withdrawals that wait to be sent, the oldest first."""
    waiting = select(Withdrawal.id).where(Withdrawal.state == State.APPROVED).order_by(Withdrawal.id).limit(limit)
    return list(db.session.scalars(waiting))
