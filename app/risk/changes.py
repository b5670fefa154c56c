"""A change of limits is a request: what a tier may do is not one person's to say, and it begins at a day that is said.

Limits are never changed: a row that starts later takes the place of the one before in the same scope.
"""

from datetime import date, datetime

from app.core import clock, ids
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.db import db
from app.core.money import ASSETS, NGN, Money
from app.core.permissions import Permission
from app.customers.rules import Tier
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.risk import errors, queries, rules
from app.risk.models import Limit
from app.risk.rules import ANY, Bounds, Direction, Rail, Scope

BOUNDS = {"single": "At a time", "day": "A day", "month": "In thirty days", "balance": "To have at most"}


def request(
    tier: Tier, scope: Scope, bounds: Bounds, *, starts_on: date, reason: str, maker: str, actor: Actor
) -> Request:
    """Ask for limits of a tier in a scope from a day on (it begins at midnight in Lagos).

    Raises BadLimits, and as governance does.
    """
    present = _in_force(tier, scope)
    payload = {
        "tier": str(tier),
        "scope": [scope.rail, scope.direction, scope.asset],
        "bounds": _written(bounds),
        "was": _written(present.bounds) if present else None,
        "starts_on": starts_on.isoformat(),
    }
    return governance.submit(KIND.name, payload, target=f"limits:{tier}", reason=reason, maker=maker, actor=actor)


def _check(payload: Payload) -> None:
    scope, bounds = Scope(*payload["scope"]), _bounds(payload["bounds"])
    if scope.rail not in {ANY, *Rail} or scope.direction not in {ANY, *Direction} or scope.asset not in {ANY, *ASSETS}:
        raise errors.BadLimits("There is no such way for money to go.")
    fault = rules.fault_of(bounds)
    if fault:
        raise errors.BadLimits(fault)
    if payload["bounds"] == payload["was"]:
        raise errors.BadLimits("These are the limits that count now.")
    if _starts_at(payload) <= clock.now():
        raise errors.BadLimits("Limits begin on a day to come: nobody is surprised by one that has begun.")
    if queries.limit_begins_for_operators(payload["tier"], scope=scope, at=_starts_at(payload)):
        raise errors.DayTaken


def _set(agreed: Agreed) -> str:
    _check(agreed.payload)
    rail, direction, asset = agreed.payload["scope"]
    bounds = _bounds(agreed.payload["bounds"])
    db.session.add(
        Limit(
            id=ids.new("lim"),
            tier=agreed.payload["tier"],
            rail=rail,
            direction=direction,
            asset=asset,
            single_units=bounds.single,
            day_units=bounds.day,
            month_units=bounds.month,
            balance_units=bounds.balance,
            starts_at=_starts_at(agreed.payload),
            request_id=agreed.request_id,
        )
    )
    db.session.flush()
    return f"Begins on {agreed.payload['starts_on']}"


def _describe(payload: Payload) -> list[Line]:
    was = payload["was"] or {}
    lines = [Line("For", in_words(Scope(*payload["scope"])))]
    for name, label in BOUNDS.items():
        new, old = _amount(payload["bounds"].get(name)), _amount(was.get(name))
        lines.append(Line(label, new, was=old if payload["was"] is not None and old != new else None))
    return [*lines, Line("Begins", f"{_starts_at(payload):%-d %B %Y}")]


def in_words(scope: Scope) -> str:
    """`money out by bank, any asset`."""
    way = {Direction.IN: "money in", Direction.OUT: "money out", ANY: "money in and out"}[scope.direction]
    rail = {Rail.BANK: "by bank", Rail.CHAIN: "on a chain", Rail.INSIDE: "inside the house", ANY: "on every way"}[
        scope.rail
    ]
    return f"{way} {rail}, {'any asset' if scope.asset == ANY else scope.asset}"


def _amount(kobo: str | None) -> str:
    return amount_in_words(None if kobo is None else int(kobo))


def amount_in_words(kobo: int | None) -> str:
    """A bound as people read it: none is no limit, and one of zero blocks."""
    if kobo is None:
        return "no limit"
    return "blocked" if kobo == 0 else str(Money(NGN, kobo))


def _in_force(tier: Tier, scope: Scope) -> Limit | None:
    return next((limit for limit in queries.limits_without_owner(tier) if limit.scope == scope), None)


def _written(bounds: Bounds) -> dict[str, str]:
    return {name: str(value) for name in BOUNDS if (value := getattr(bounds, name)) is not None}


def _bounds(written: dict[str, str]) -> Bounds:
    return Bounds(**{name: int(value) for name, value in written.items()})


def _starts_at(payload: Payload) -> datetime:
    return datetime.fromisoformat(payload["starts_on"]).replace(tzinfo=WAT)


KIND = Kind(
    name="risk.limits",
    title="Limits of a tier",
    make=Permission.LIMITS_REQUEST,
    dry_run=_check,
    execute=_set,
    describe=_describe,
    summary=lambda payload: f"Set limits of tier {payload['tier']} for {in_words(Scope(*payload['scope']))}",
)
