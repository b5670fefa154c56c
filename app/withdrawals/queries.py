"""Reads of withdrawals."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.core import clock, machine
from app.core.db import db, rows
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.core.permissions import Permission, granted
from app.governance.rules import Leg, open_leg
from app.identity import queries as identity
from app.ledger import balances, chart
from app.payments import payout_queries
from app.withdrawals.models import Approval, CheckRow, Withdrawal
from app.withdrawals.rules import CHECKABLE, TOLD, Outcome, State, first_attempt_id

# What a customer asked for before this one and did not have rejected or take back, as the rules on speed count it.
_PAST = """
SELECT count(*) FILTER (WHERE created_at > :hour) AS in_hour, count(*) FILTER (WHERE created_at > :day) AS in_day,
       coalesce(sum(amount_units) FILTER (WHERE created_at > :day), 0) AS day_units,
       count(*) FILTER (WHERE state = 'settled' AND created_at > :quarter) AS paid_count,
       coalesce(sum(amount_units) FILTER (WHERE state = 'settled' AND created_at > :quarter), 0) AS paid_units,
       count(*) FILTER (WHERE created_at > :week AND amount_units >= :low AND amount_units < :high) AS near_bound
  FROM withdrawals
 WHERE customer_id = :customer AND id <> :this AND created_at > :quarter
   AND state NOT IN ('rejected', 'cancelled', 'failed')
"""
# (holds for what somebody disputes are filed under that dispute)
_DISPUTED = """
SELECT coalesce(sum(h.remaining), 0) AS units FROM ledger.holds h JOIN ledger.balances b USING (account_id)
 WHERE b.code = :code AND b.stripe = 0 AND h.remaining > 0 AND h.ref LIKE :prefix
"""
_ENTRY = "SELECT h.amount, h.remaining, h.held_at FROM ledger.holds h WHERE h.id = :hold"
_OWN_HOLD = "SELECT h.remaining FROM ledger.holds h WHERE h.id = :hold"
_LAST_MOVED = """
SELECT max(e.booked_at) AS at FROM ledger.entries e JOIN ledger.balances b USING (account_id)
 WHERE b.code = :code AND b.stripe = 0 AND e.booked_at < :before
"""
DISPUTE_REFS = "dsp\\_%"
QUARTER = timedelta(days=90)


@dataclass(frozen=True)
class Held:
    """What was set aside for a withdrawal, what of it still is, and since when."""

    id: int
    amount: Money
    remaining: Money
    since: datetime


@dataclass(frozen=True)
class Past:
    """What a customer withdrew before: how often, and how much (kobo)."""

    in_hour: int
    in_day: int
    day_units: int
    paid_count: int
    paid_units: int
    near_bound: int


@dataclass(frozen=True)
class LegNow:
    """One leg of a withdrawal: how many of those it needs have said yes and still count, and the votes for it."""

    leg: Leg
    given: int
    votes: tuple[Approval, ...]


@dataclass(frozen=True)
class Standing:
    """A withdrawal with the votes to its present content. `lapsed`: those whose voters may not vote so any more."""

    withdrawal: Withdrawal
    votes: tuple[Approval, ...]
    lapsed: frozenset[str]

    @property
    def filled(self) -> list[int]:
        """How many count, leg by leg."""
        given = [vote.leg for vote in self.votes if vote.id not in self.lapsed]
        return [given.count(place) for place in range(len(self.withdrawal.legs))]

    @property
    def legs(self) -> list[LegNow]:
        """Each leg with its votes."""
        return [
            LegNow(leg, filled, tuple(vote for vote in self.votes if vote.leg == place))
            for place, (leg, filled) in enumerate(zip(self.withdrawal.needs, self.filled, strict=True))
        ]

    @property
    def given(self) -> int:
        """How many have said yes, and count."""
        return sum(self.filled)

    @property
    def agreed(self) -> bool:
        """Whether everybody who must has said yes."""
        needed = [leg.count for leg in self.withdrawal.needs]
        return self.withdrawal.checked and all(has >= need for has, need in zip(self.filled, needed, strict=True))

    def voted(self, operator_id: str) -> bool:
        """Whether this operator has voted on what stands there now."""
        return any(vote.operator_id == operator_id for vote in self.votes)

    def place_for(self, operator_id: str, *, roles: Collection[str]) -> int | None:
        """The open leg that is theirs to fill, by these roles of their own; None when there is none."""
        if self.voted(operator_id):
            return None
        return open_leg(self.withdrawal.needs, self.filled, roles)


def one(withdrawal_id: str, *, customer_id: str) -> Withdrawal:
    """One of the customer's own withdrawals. Raises NotFound."""
    own = select(Withdrawal).where(Withdrawal.id == withdrawal_id, Withdrawal.customer_id == customer_id)
    found = db.session.scalars(own).one_or_none()
    if found is None:
        raise NotFound
    return found


def told(withdrawal_id: str, *, customer_id: str) -> str:
    """Why it came to nothing, in words that were written for its owner; nothing of what the house told itself."""
    withdrawal = one(withdrawal_id, customer_id=customer_id)
    state = State(withdrawal.state)
    if state is not State.REJECTED:
        return TOLD.get(state, "")
    return next((move.reason for move in machine.history(withdrawal.id) if move.new_state == state), "")


def one_for_operators(withdrawal_id: str) -> Withdrawal:
    """Any withdrawal. Raises NotFound."""
    found = db.session.get(Withdrawal, withdrawal_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def standings_for_operators(found: Collection[Withdrawal]) -> dict[str, Standing]:
    """Withdrawals with the votes to what stands there now, by id, the oldest vote first."""
    wanted = select(Approval).where(Approval.withdrawal_id.in_([one.id for one in found])).order_by(Approval.id)
    votes = list(db.session.scalars(wanted))
    roles = {voter: identity.roles_for_system(voter) for voter in {vote.operator_id for vote in votes}}
    standings = {}
    for one in found:
        legs = one.needs
        mine = tuple(v for v in votes if v.withdrawal_id == one.id and v.content_hash == one.content_hash)
        lapsed = frozenset(v.id for v in mine if not legs[v.leg].fits(roles[v.operator_id]))
        standings[one.id] = Standing(one, mine, lapsed)
    return standings


def standing_for_operators(withdrawal: Withdrawal) -> Standing:
    """One withdrawal with the votes to what stands there now."""
    return standings_for_operators([withdrawal])[withdrawal.id]


def may_decide_for_system(operator_id: str) -> bool:
    """Whether this operator may decide by a role of their own; one that was borrowed does not count."""
    return Permission.WITHDRAWALS_APPROVE in granted(identity.roles_for_system(operator_id))


def checks_for_operators(withdrawal_id: str) -> list[CheckRow]:
    """The newest result of each check, by number."""
    newest = select(CheckRow).where(CheckRow.withdrawal_id == withdrawal_id).ext(distinct_on(CheckRow.number))
    return list(db.session.scalars(newest.order_by(CheckRow.number, CheckRow.round_no.desc())))


def rounds_for_operators(withdrawal_id: str) -> dict[int, list[CheckRow]]:
    """Every round of checks, the newest first."""
    found: dict[int, list[CheckRow]] = {}
    every = select(CheckRow).where(CheckRow.withdrawal_id == withdrawal_id)
    for row in db.session.scalars(every.order_by(CheckRow.round_no.desc(), CheckRow.number)):
        found.setdefault(row.round_no, []).append(row)
    return found


def uses_for_operators(account_ids: Collection[str]) -> dict[str, int]:
    """How often each bank account was paid to, and kept it."""
    settled = select(Withdrawal.bank_account_id, func.count().label("many"))
    settled = settled.where(Withdrawal.bank_account_id.in_(account_ids), Withdrawal.state == State.SETTLED)
    counted = {
        row.bank_account_id: row.many for row in db.session.execute(settled.group_by(Withdrawal.bank_account_id))
    }
    return {account_id: counted.get(account_id, 0) for account_id in account_ids}


def last_paid_for_operators(account_ids: Collection[str]) -> dict[str, datetime | None]:
    """When each bank account was last paid to, of those that ever were."""
    settled = select(Withdrawal.bank_account_id, func.max(Withdrawal.ended_at).label("last"))
    settled = settled.where(Withdrawal.bank_account_id.in_(account_ids), Withdrawal.state == State.SETTLED)
    return {row.bank_account_id: row.last for row in db.session.execute(settled.group_by(Withdrawal.bank_account_id))}


def uses(account_ids: Collection[str], *, customer_id: str) -> dict[str, int]:
    """How often the customer's own bank accounts were paid to."""
    own = select(Withdrawal.bank_account_id, func.count().label("many")).where(Withdrawal.customer_id == customer_id)
    settled = own.where(Withdrawal.bank_account_id.in_(account_ids), Withdrawal.state == State.SETTLED)
    counted = {
        row.bank_account_id: row.many for row in db.session.execute(settled.group_by(Withdrawal.bank_account_id))
    }
    return {account_id: counted.get(account_id, 0) for account_id in account_ids}


def is_open_to(account_id: str, *, customer_id: str) -> bool:
    """Whether one of the customer's withdrawals to this account has not ended."""
    own = select(Withdrawal.id).where(Withdrawal.customer_id == customer_id, Withdrawal.ended_at.is_(None))
    return db.session.scalars(own.where(Withdrawal.bank_account_id == account_id).limit(1)).first() is not None


def past_for_system(withdrawal: Withdrawal, *, low: int, high: int) -> Past:
    """What this withdrawal's customer asked for before it. `low` and `high` (kobo) bound what hugs a report's."""
    moment = clock.now()
    (row,) = rows(
        _PAST,
        customer=withdrawal.customer_id,
        this=withdrawal.id,
        hour=moment - timedelta(hours=1),
        day=moment - timedelta(days=1),
        week=moment - timedelta(days=7),
        quarter=moment - QUARTER,
        low=low,
        high=high,
    )
    sums = (int(row.day_units), row.paid_count, int(row.paid_units), row.near_bound)
    return Past(row.in_hour, row.in_day, *sums)


def disputed_for_system(account: str) -> Money:
    """What is held of an account because somebody disputes how it came."""
    return Money(NGN, int(rows(_DISPUTED, code=account, prefix=DISPUTE_REFS)[0].units))


def held_for_system(hold_id: int) -> Money:
    """What is left of a hold."""
    found = rows(_OWN_HOLD, hold=hold_id)
    return Money(NGN, int(found[0].remaining) if found else 0)


def hold_for_operators(withdrawal: Withdrawal) -> Held | None:
    """Its hold as the books have it."""
    found = rows(_ENTRY, hold=withdrawal.hold_id)
    if not found:
        return None
    amounts = (Money(NGN, int(found[0].amount)), Money(NGN, int(found[0].remaining)))
    return Held(withdrawal.hold_id, *amounts, found[0].held_at)


def earlier_votes_for_operators(withdrawal: Withdrawal) -> list[Approval]:
    """Votes to what stood there before it was checked anew: they count no more."""
    other = (Approval.withdrawal_id == withdrawal.id) & (Approval.content_hash != withdrawal.content_hash)
    return list(db.session.scalars(select(Approval).where(other).order_by(Approval.id)))


def last_moved_for_system(account: str, *, before: datetime) -> datetime | None:
    """When something was last booked on an account before a time."""
    found: datetime | None = rows(_LAST_MOVED, code=account, before=before)[0].at
    return found


def payout_float_for_system() -> Money:
    """What payouts are paid from, as the books have it."""
    return balances.of(chart.house(chart.PAYSTACK, asset=NGN)).booked


def cooled_for_system(*, at: datetime, limit: int = 100) -> list[str]:
    """Those whose time to cool off is over, the first to end first."""
    over = select(Withdrawal.id).where(Withdrawal.state == State.COOLING_OFF, Withdrawal.held_until <= at)
    return list(db.session.scalars(over.order_by(Withdrawal.held_until).limit(limit)))


def unpaid_for_system(*, before: datetime, limit: int = 100) -> list[str]:
    """Those whose last attempt ended without payment before a time; not those of which news waits for somebody."""
    old = select(Withdrawal.id).where(
        Withdrawal.state == State.UNPAID, Withdrawal.unpaid_at <= before, ~_contradicted()
    )
    return list(db.session.scalars(old.order_by(Withdrawal.unpaid_at).limit(limit)))


def undecided_for_system(*, before: datetime, limit: int = 100) -> list[str]:
    """Those that were asked for before a time, and nobody decided on; not those of which news waits for somebody."""
    old = select(Withdrawal.id).where(
        Withdrawal.state.in_(CHECKABLE), Withdrawal.created_at <= before, ~_contradicted()
    )
    return list(db.session.scalars(old.order_by(Withdrawal.id).limit(limit)))


def held_by_for_system(check: int, *, customer_id: str) -> list[str]:
    """The customer's withdrawals that this check stops, the oldest first; not what a person holds.

    Whoever moved it last holds it: what a person held, its checks may have stopped before too.
    """
    said = select(CheckRow.outcome).where(CheckRow.withdrawal_id == Withdrawal.id, CheckRow.number == check)
    newest = said.order_by(CheckRow.round_no.desc()).limit(1).scalar_subquery()
    held = select(Withdrawal.id).where(Withdrawal.customer_id == customer_id, Withdrawal.state == State.HELD)
    alone = held.where(newest == Outcome.HOLD, Withdrawal.stopped_by.is_(None))
    return list(db.session.scalars(alone.order_by(Withdrawal.id)))


def by_payout_for_system(payout_id: str) -> Withdrawal | None:
    """The withdrawal that a payout is an attempt of."""
    first = first_attempt_id(payout_id)
    return db.session.scalars(select(Withdrawal).where(Withdrawal.payout_id == first)).one_or_none()


def by_payouts_for_operators(base_ids: Collection[str]) -> dict[str, Withdrawal]:
    """The withdrawals behind payouts, by the id of each one's first attempt."""
    found = db.session.scalars(select(Withdrawal).where(Withdrawal.payout_id.in_(base_ids)))
    return {str(one.payout_id): one for one in found}


def approved_for_system(customer_id: str) -> list[str]:
    """The customer's withdrawals that wait to be sent, the oldest first."""
    waiting = select(Withdrawal.id).where(Withdrawal.customer_id == customer_id, Withdrawal.state == State.APPROVED)
    return list(db.session.scalars(waiting.order_by(Withdrawal.id)))


def all_approved_for_system(*, limit: int, at: datetime) -> list[str]:
    """Anybody's withdrawals that may be sent by now, the oldest first."""
    due = (Withdrawal.state == State.APPROVED, or_(Withdrawal.not_before.is_(None), Withdrawal.not_before <= at))
    return list(db.session.scalars(select(Withdrawal.id).where(*due).order_by(Withdrawal.id).limit(limit)))


def _contradicted() -> ColumnElement[bool]:
    return Withdrawal.payout_id.in_(payout_queries.contradicted_payments_for_system())
