"""Reads of risk."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.core.money import ASSETS, NGN, Money
from app.ledger import balances, chart, prices
from app.risk import errors, rules
from app.risk.models import Fee, Limit, LimitUse, Switch, Threshold, UsualOutflow
from app.risk.rules import ANY, Bounds, Breaker, Direction, Measured, Rail, Scope, SwitchState


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


def limits_without_owner(tier: str, *, at: datetime | None = None) -> list[Limit]:
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


def thresholds_without_owner(*names: str, at: datetime | None = None) -> dict[str, int]:
    """What checks and breakers measure against at a time, by name: these alone, or all."""
    begun = select(Threshold.name, Threshold.value).where(Threshold.starts_at <= (at or clock.now()))
    begun = begun.where(Threshold.name.in_(names)) if names else begun
    newest = begun.ext(distinct_on(Threshold.name)).order_by(Threshold.name, Threshold.starts_at.desc())
    return {one.name: int(one.value) for one in db.session.execute(newest)}


def thresholds_to_come_for_operators() -> list[Threshold]:
    """What was agreed and has not begun, the next first."""
    coming = select(Threshold).where(Threshold.starts_at > clock.now()).order_by(Threshold.starts_at, Threshold.name)
    return list(db.session.scalars(coming))


def threshold_begins_for_operators(name: str, *, at: datetime) -> bool:
    """Whether a threshold of this name begins at exactly this time."""
    same = select(Threshold.id).where(Threshold.name == name, Threshold.starts_at == at)
    return db.session.scalars(same).one_or_none() is not None


def thresholds_begun_for_operators() -> dict[str, Threshold]:
    """What counts now, by name, each with when it began and by which request."""
    newest = select(Threshold).where(Threshold.starts_at <= clock.now()).ext(distinct_on(Threshold.name))
    found = db.session.scalars(newest.order_by(Threshold.name, Threshold.starts_at.desc()))
    return {one.name: one for one in found}


def limits_to_come_for_operators() -> list[Limit]:
    """What was agreed and has not begun, the next first."""
    coming = select(Limit).where(Limit.starts_at > clock.now()).order_by(Limit.starts_at, Limit.tier)
    return list(db.session.scalars(coming))


def limits_begun_for_operators(*, limit: int = 50) -> list[Limit]:
    """What has begun by request, the newest first: also what something newer has taken the place of."""
    begun = select(Limit).where(Limit.starts_at <= clock.now(), Limit.request_id.is_not(None))
    return list(db.session.scalars(begun.order_by(Limit.starts_at.desc(), Limit.id.desc()).limit(limit)))


def limit_begins_for_operators(tier: str, *, scope: Scope, at: datetime) -> bool:
    """Whether a limit of this tier and scope begins at exactly this time."""
    same = select(Limit.id).filter_by(tier=tier, rail=scope.rail, direction=scope.direction, asset=scope.asset)
    return db.session.scalars(same.where(Limit.starts_at == at)).one_or_none() is not None


def over_for_operators(*, customer_id: str | None = None, limit: int = 25) -> list[LimitUse]:
    """Money that came although it is over a limit, the newest first."""
    over = select(LimitUse).where(LimitUse.over != "").order_by(LimitUse.used_at.desc()).limit(limit)
    return list(db.session.scalars(over.where(LimitUse.customer_id == customer_id) if customer_id else over))


def fee_without_owner(amount: Money, *, rail: Rail, direction: Direction, at: datetime | None = None) -> Money:
    """What somebody pays for this at a time. Raises NoFee: what has no price is not for nothing."""
    bands = [one.band for one in schedule_without_owner(Scope(rail, direction, amount.asset.code), at=at)]
    units = rules.fee_units(bands, amount=amount.units)
    if units is None:
        raise errors.NoFee
    return Money(amount.asset, units)


def added_without_owner(amount: Money, *, at: datetime | None = None) -> Money:
    """What somebody who pays in naira pays on top at a time, so that this much arrives; nothing where no fee is set."""
    bands = [one.band for one in schedule_without_owner(Scope(Rail.BANK, Direction.IN, amount.asset.code), at=at)]
    return Money(amount.asset, rules.added(bands, net=amount.units))


def schedule_without_owner(scope: Scope, *, at: datetime | None = None) -> list[Fee]:
    """The fees of a scope in force at a time, the smallest amounts first."""
    mine = (Fee.rail == scope.rail, Fee.direction == scope.direction, Fee.asset == scope.asset)
    newest = select(func.max(Fee.starts_at)).where(*mine, Fee.starts_at <= (at or clock.now())).scalar_subquery()
    return list(db.session.scalars(select(Fee).where(*mine, Fee.starts_at == newest).order_by(Fee.over_units)))


def fees_for_operators() -> dict[tuple[Scope, datetime], list[Fee]]:
    """Every schedule that was or is to come, the latest first, each with its bands."""
    found: dict[tuple[Scope, datetime], list[Fee]] = {}
    for one in db.session.scalars(select(Fee).order_by(Fee.starts_at.desc(), Fee.over_units)):
        found.setdefault((Scope(one.rail, one.direction, one.asset), one.starts_at), []).append(one)
    return found


def standings(customer_id: str, *, tier: str, at: datetime | None = None) -> list[Standing]:
    """Every limit of a customer of this tier, and what they have used of it."""
    moment, everything = at or clock.now(), has(customer_id)
    return [
        Standing(limit.scope, limit.bounds, measured(customer_id, scope=limit.scope, at=moment, has=everything))
        for limit in limits_without_owner(tier, at=moment)
    ]


def measured(customer_id: str, *, scope: Scope, at: datetime, has: int) -> Measured:
    """What counts in a scope on this day and in these thirty days, beside what the customer `has` (kobo)."""
    month, day = rules.month_begins(at), rules.day_begins(at)
    counted = func.sum(LimitUse.units)
    days = select(counted.filter(LimitUse.used_at >= day), counted).where(
        _mine(customer_id), LimitUse.used_at >= month, *_within(scope)
    )
    this_day, this_month = db.session.execute(days).one()
    return Measured(int(this_day or 0), int(this_month or 0), has)


def close_days_for_system(customer_id: str, *, tier: str, scope: Scope, percent: int) -> int:
    """On how many of the last seven days, this one among them, nearly all was used that a day's limits allow."""
    days = [one.bounds.day for one in limits_without_owner(tier) if one.scope.covers(scope)]
    stated = [each for each in days if each]
    if not stated:
        return 0
    begins = rules.day_begins(clock.now()) - timedelta(days=6)
    day = func.date_trunc("day", func.timezone("Africa/Lagos", LimitUse.used_at))
    used = (
        select(func.sum(LimitUse.units).label("units"))
        .where(_mine(customer_id), LimitUse.used_at >= begins, *_within(scope))
        .group_by(day)
        .subquery()
    )
    close = select(func.count()).select_from(used).where(used.c.units * rules.PERCENT >= min(stated) * percent)
    return int(db.session.scalar(close) or 0)


def switches_off_for_operators() -> list[Switch]:
    """What is turned off now, the latest first."""
    off = select(Switch).where(Switch.state == SwitchState.OFF).order_by(Switch.id.desc())
    return list(db.session.scalars(off.execution_options(populate_existing=True)))


def switches_on_again_for_operators(*, before: str | None = None, limit: int = 25) -> list[Switch]:
    """What was turned off once and is on again, the latest first. Keyset by id."""
    past = select(Switch).where(Switch.state == SwitchState.ON).order_by(Switch.id.desc()).limit(limit)
    return list(db.session.scalars(past.where(Switch.id < before) if before else past))


def switch_for_operators(switch_id: str) -> Switch:
    """One. Raises NotFound."""
    found = db.session.get(Switch, switch_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def stopped_without_owner(*, rail: Rail, asset: str, other: str = "") -> Switch | None:
    """The first of the switches that stop this, if one does; `other` is the second asset of what has two."""
    mine = {*rules.switches_of(rail=rail, asset=asset), *rules.switches_of(rail=rail, asset=other or asset)}
    off = select(Switch).where(Switch.state == SwitchState.OFF, Switch.scope.in_(mine)).order_by(Switch.id).limit(1)
    return db.session.scalars(off).one_or_none()


def breaker_without_owner(*, target: int) -> Breaker:
    """When the naira rail turns itself off by now, its float being meant to be so much (kobo)."""
    said = thresholds_without_owner()
    return Breaker(
        times=said["breaker_outflow_times"],
        floor=said["breaker_outflow_min"],
        target=target,
        percent=said["breaker_float_percent"],
    )


def usual_outflow_without_owner(*, rail: Rail, asset: str) -> int:
    """What leaves in a busy quarter of an hour, as it was measured last (kobo)."""
    mine = (UsualOutflow.rail == rail, UsualOutflow.asset == asset)
    return int(
        db.session.scalar(select(UsualOutflow.units).where(*mine).order_by(UsualOutflow.id.desc()).limit(1)) or 0
    )


def has(customer_id: str) -> int:
    """What is in all wallets of a customer, and what is on its way in: kobo, each asset rounded up.

    What is no naira counts at the rate that the books were told last, however old that is: a limit asks for no price to
    deal at, and whose money comes does not wait for a feed. What never had a rate counts for nothing: nobody can buy,
    swap, send or be sent any of it before it has one.
    """
    coming = select(func.sum(LimitUse.units)).where(
        _mine(customer_id), LimitUse.direction == Direction.IN, LimitUse.settled_at.is_(None)
    )
    # In this order: what arrives between the two reads is counted twice, never not at all.
    on_the_way = int(db.session.scalar(coming) or 0)
    booked = [
        one.booked
        for one in balances.of_known(chart.of_customer(customer_id, asset=asset) for asset in ASSETS.values())
        if one.booked
    ]
    told = prices.as_of(clock.now()) if any(money.asset != NGN for money in booked) else {}
    rates = {NGN.code: Decimal(1)} | {code: price.naira for code, price in told.items()}
    worths = [rules.worth(money, naira=rates[money.asset.code]) for money in booked if money.asset.code in rates]
    return sum(each.units for each in worths) + on_the_way


def _mine(customer_id: str) -> ColumnElement[bool]:
    return and_(LimitUse.customer_id == customer_id, LimitUse.released_at.is_(None))


def _within(scope: Scope) -> list[ColumnElement[bool]]:
    parts = ((LimitUse.rail, scope.rail), (LimitUse.direction, scope.direction), (LimitUse.asset, scope.asset))
    return [column == value for column, value in parts if value != ANY]


def is_over_for_system(ref: str) -> bool:
    """Whether what was counted under a command's id, or came for it after all, is over a limit."""
    counted = select(LimitUse.ref).where(LimitUse.ref.in_([ref, f"{ref}:came"]), LimitUse.over != "")
    return db.session.scalar(counted.limit(1)) is not None
