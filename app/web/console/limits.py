"""Limits at the console: what each tier may do, what is to come, what came over them; asking for a change."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.core import crypto
from app.core.errors import InvalidAmount, Refusal
from app.core.money import NGN, Money, parse, plain
from app.core.permissions import Permission
from app.customers import queries as customers
from app.customers.rules import Tier
from app.governance import queries as governance
from app.governance.models import Request
from app.risk import changes, queries
from app.risk.errors import BadLimits
from app.risk.models import Limit
from app.risk.rules import ANY, Bounds, Direction, Rail, Scope
from app.web import guards
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.fragments import page
from reports import limits as reports

SCOPES = [Scope(rail, way, ANY) for rail in (ANY, *Rail) for way in Direction]


@dataclass(frozen=True)
class Row:
    """A limit as it is read: a word for each bound."""

    limit: Limit
    tier: str
    title: str
    bounds: list[str]


@bp.get("/limits")
@guards.operator(Permission.LIMITS_READ)
def limits() -> Response:
    """What counts, what is to come, what counted before."""
    return _limits()


@bp.post("/limits")
@guards.operator(Permission.LIMITS_REQUEST, fresh=True)
def request_limits() -> Response | BaseResponse:
    """Ask that a tier have other limits from a day on."""

    def ask(**by: Any) -> Request:
        tier, scope, bounds, starts_on = _read(request.form)
        return changes.request(tier, scope, bounds, starts_on=starts_on, **by)

    try:
        return asking.ask(ask, who="Another administrator")
    except Refusal as refused:
        return _limits(fault=refused.message, status=422)


def _limits(*, fault: str = "", status: int = 200) -> Response:
    over = queries.over_for_operators()
    pending = [one for tier in Tier for one in governance.about_for_operators(f"limits:{tier}")]
    return page(
        "console/limits/policy.html",
        status=status,
        tiers=[
            (reports.NAMES[tier], tier, [_row(limit) for limit in queries.limits_without_owner(tier)]) for tier in Tier
        ],
        coming=[_row(limit) for limit in queries.limits_to_come_for_operators()],
        before=[_row(limit) for limit in queries.limits_begun_for_operators()],
        over=over,
        names=customers.names_for_operators({use.customer_id for use in over}),
        pending=pending,
        bounds=changes.BOUNDS,
        form=request.form or _prefilled(),
        tier_options=list(reports.NAMES.items()),
        scope_options=[(_name(scope), changes.in_words(scope).capitalize()) for scope in SCOPES],
        fault=fault,
        key=crypto.new_token(),
        staff=staff_names(),
        may_ask=Permission.LIMITS_REQUEST in current_user.permissions,
    )


def _row(limit: Limit) -> Row:
    bounds = [changes.amount_in_words(getattr(limit.bounds, name)) for name in changes.BOUNDS]
    title = reports.title_of(direction=limit.direction, rail=limit.rail, asset=limit.asset)
    return Row(limit, reports.NAMES[Tier(limit.tier)], title, bounds)


def _prefilled() -> dict[str, str]:
    """The limits that count for what a link names, as they are typed."""
    tier, scope = request.args.get("tier", ""), request.args.get("scope", "")
    named = next((one for one in queries.limits_without_owner(tier) if _name(one.scope) == scope), None)
    if named is None:
        return {}
    stated = {name: getattr(named.bounds, name) for name in changes.BOUNDS}
    typed = {name: plain(Money(NGN, kobo)) for name, kobo in stated.items() if kobo is not None}
    return {"tier": tier, "scope": scope, **typed}


def _name(scope: Scope) -> str:
    return f"{scope.rail}.{scope.direction}"


def _read(sent: MultiDict[str, str]) -> tuple[Tier, Scope, Bounds, date]:
    """What was typed. Raises BadLimits."""
    scope = next((one for one in SCOPES if _name(one) == sent.get("scope")), None)
    if scope is None or sent.get("tier") not in set(Tier):
        raise BadLimits("Choose a tier, and what the limits are for.")
    try:
        typed = {name: sent.get(name, "").strip() for name in changes.BOUNDS}
        bounds = Bounds(**{name: parse(text, asset=NGN).units for name, text in typed.items() if text})
        return Tier(sent["tier"]), scope, bounds, date.fromisoformat(sent.get("starts_on", ""))
    except InvalidAmount as refused:
        raise BadLimits(refused.message) from refused
    except ValueError as unread:
        raise BadLimits("Say on which day they begin.") from unread
