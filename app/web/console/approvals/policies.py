"""Who must agree to what: the policy of each kind, its versions, and asking for another one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import request
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.core import crypto
from app.core.errors import InvalidAmount, NotFound, Refusal
from app.core.money import NGN, Money, parse
from app.core.permissions import Permission
from app.governance import kinds, queries
from app.governance import policies as changes
from app.governance.errors import BadPolicy
from app.governance.models import Request
from app.governance.rules import Rule
from app.web import guards
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.fragments import page

NUMBER_MAX = 100_000
DIGITS_MAX = len(str(NUMBER_MAX))


@bp.get("/policies")
@guards.operator(Permission.POLICIES_READ)
def policies() -> Response:
    """The policy that counts, for everything that needs others' consent."""
    present = [(kind, queries.policy_for_operators(kind.name)) for kind in kinds.all_governed()]
    return page(
        "console/approvals/policies.html",
        rows=[(kind, one, changes.in_words(one.routes) if one else []) for kind, one in present],
    )


@bp.get("/policies/<kind>")
@guards.operator(Permission.POLICIES_READ)
def policy(kind: str) -> Response:
    """One kind: what counts, what is asked for, what counted before."""
    return _policy(kind)


@bp.post("/policies/<kind>")
@guards.operator(Permission.POLICIES_REQUEST, fresh=True)
def request_policy(kind: str) -> Response | BaseResponse:
    """Ask for another version."""
    present = queries.policy_for_operators(kind)
    if present is None:
        raise NotFound

    def ask(**by: Any) -> Request:
        proposed = [_read(place, rule, request.form) for place, rule in enumerate(present.routes)]
        return changes.request_change(kind, proposed=proposed, **by)

    try:
        return asking.ask(ask, who="Others")
    except Refusal as refused:
        return _policy(kind, fault=refused.message, status=422)


def _policy(kind: str, *, fault: str = "", status: int = 200) -> Response:
    found = kinds.governed(kind)
    if found is None:
        raise NotFound
    present = queries.policy_for_operators(kind)
    return page(
        "console/approvals/policy.html",
        status=status,
        kind=found,
        present=present,
        rules=_rules(present.routes if present else []),
        versions=[(one, changes.in_words(one.routes)) for one in queries.policies_for_operators(kind)],
        pending=queries.about_for_operators(f"policy:{kind}"),
        fault=fault,
        sent=request.form,
        key=crypto.new_token(),
        staff=staff_names(),
        may_ask=Permission.POLICIES_REQUEST in current_user.permissions,
    )


def _rules(policy: list[Rule]) -> list[tuple[Rule, str, str]]:
    """Each rule with its words and its limit."""
    return [(rule, said, _limit(rule)) for rule, said in zip(policy, changes.in_words(policy), strict=True)]


def _limit(rule: Rule) -> str:
    """The amount above which a rule fits, as it is typed."""
    return "" if rule.amount_over is None else str(Money(NGN, rule.amount_over)).lstrip("₦")


def _read(place: int, rule: Rule, sent: MultiDict[str, str]) -> Rule:
    """A rule with the numbers that were typed for it. Raises BadPolicy."""
    legs = tuple(replace(leg, count=_number(sent, f"count-{place}-{number}")) for number, leg in enumerate(rule.legs))
    amount = rule.amount_over
    if amount is not None:
        try:
            amount = parse(sent.get(f"amount-{place}", ""), asset=NGN).units
        except InvalidAmount as refused:
            raise BadPolicy(refused.message) from refused
    return replace(
        rule,
        legs=legs,
        amount_over=amount,
        ttl=timedelta(hours=_number(sent, f"hours-{place}")),
        delay=timedelta(minutes=_number(sent, f"minutes-{place}")),
    )


def _number(sent: MultiDict[str, str], name: str) -> int:
    written = sent.get(name, "").strip()
    if not (written.isascii() and written.isdecimal()) or len(written) > DIGITS_MAX or int(written) > NUMBER_MAX:
        raise BadPolicy("Write whole numbers.")
    return int(written)
