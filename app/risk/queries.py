"""Reads of risk."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.core import clock
from app.core.db import db
from app.core.money import NGN
from app.ledger import balances, chart
from app.risk import rules
from app.risk.models import Limit, LimitUse
from app.risk.rules import ANY, Bounds, Direction, Measured, Scope


@dataclass(frozen=True)
class Standing:
    """One limit of a customer, and what counts against it."""

    scope: Scope
    bounds: Bounds
    measured: Measured

    @property
    def left(self) -> dict[str, int]:
        """What is left of each bound that is stated (kobo)."""
        return rules.left(self.bounds, self.measured)


def limits(tier: str, *, at: datetime | None = None) -> list[Limit]:
    """The limits of a tier in force at a time, the widest scope first."""
    moment = at or clock.now()
    newest = (
        select(Limit)
        .where(Limit.tier == tier, Limit.starts_at <= moment)
        .ext(distinct_on(Limit.rail, Limit.direction, Limit.asset))
        .order_by(Limit.rail, Limit.direction, Limit.asset, Limit.starts_at.desc())
    )
    found = db.session.scalars(newest)
    return sorted(found, key=lambda one: (-[one.rail, one.direction, one.asset].count(ANY), one.rail, one.direction))


def limits_to_come_for_operators() -> list[Limit]:
    """What was agreed and has not begun, the next first."""
    coming = select(Limit).where(Limit.starts_at > clock.now()).order_by(Limit.starts_at, Limit.tier)
    return list(db.session.scalars(coming))


def standings(customer_id: str, *, tier: str, at: datetime | None = None) -> list[Standing]:
    """Every limit of a customer of this tier, and what they have used of it."""
    moment = at or clock.now()
    return [
        Standing(limit.scope, limit.bounds, measured(customer_id, scope=limit.scope, at=moment))
        for limit in limits(tier, at=moment)
    ]


def measured(customer_id: str, *, scope: Scope, at: datetime) -> Measured:
    """What counts in a scope on this day and in these thirty days, and what the customer has or is about to have."""
    month, day = rules.month_begins(at), rules.day_begins(at)
    counted = func.sum(LimitUse.units)
    days = select(counted.filter(LimitUse.used_at >= day), counted).where(
        _mine(customer_id), LimitUse.used_at >= month, *_within(scope)
    )
    this_day, this_month = db.session.execute(days).one()
    return Measured(int(this_day or 0), int(this_month or 0), _held(customer_id))


def _held(customer_id: str) -> int:
    """Naira in the wallet and on the way in (kobo)."""
    code = chart.of_customer(customer_id, asset=NGN)
    coming = select(func.sum(LimitUse.units)).where(
        _mine(customer_id), LimitUse.direction == Direction.IN, LimitUse.settled_at.is_(None)
    )
    return balances.of(code).booked.units + int(db.session.scalar(coming) or 0)


def _mine(customer_id: str) -> ColumnElement[bool]:
    return and_(LimitUse.customer_id == customer_id, LimitUse.released_at.is_(None))


def _within(scope: Scope) -> list[ColumnElement[bool]]:
    parts = ((LimitUse.rail, scope.rail), (LimitUse.direction, scope.direction), (LimitUse.asset, scope.asset))
    return [column == value for column, value in parts if value != ANY]
