"""Our own position: how far from what we want it is, what is done about it, and what may be asked for."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.clients.http import Refused, Silent
from app.core import clock, crypto
from app.core.errors import InvalidAmount, NotFound, Refusal
from app.core.money import ASSETS, NGN, Money, parse, plain
from app.core.permissions import Permission
from app.exchange import flows, queries, requests, rules
from app.exchange.errors import BadPolicy
from app.exchange.flows import Verdict
from app.exchange.models import ExposureAlert, HedgePolicy
from app.exchange.queries import Exposed
from app.exchange.rules import HedgeState, Policy
from app.governance import queries as governance
from app.governance.models import Request
from app.risk import queries as risk
from app.web import errors, guards
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.console.cases import OF_POSITIONS
from app.web.console.objects import cases_about
from app.web.fragments import page, wants_fragment
from reports import treasury

SIZES = ("target", "threshold", "soft", "hard")
SHARES = ("slippage", "apart")
SWITCH = "hedging"
SAID = {
    Verdict.PLANNED: ("ok", "An order is written down. It is at the venue in a moment."),
    Verdict.TOO_SMALL: ("warn", "Nothing was ordered: the venue takes no order as small as this."),
    Verdict.LACKING: ("warn", "Nothing was ordered: what is free at the venue does not allow it. Bring money there."),
    Verdict.DOUBTED: ("warn", "Nothing was ordered: the venue's price is too far from the one we store."),
    Verdict.UNLISTED: ("warn", "Nothing was ordered: the venue does not deal in this pair now."),
}


@dataclass(frozen=True)
class Row:
    """A position with what is owed and held beside it, and since when it is beyond a limit."""

    exposed: Exposed
    owed: Money
    held: Money
    alert: ExposureAlert | None

    @property
    def policy(self) -> Policy:
        """What counts for it."""
        return self.exposed.policy

    @property
    def soft_percent(self) -> int:
        """Where the alarm stands on the way to the stop."""
        return self.policy.soft * 100 // self.policy.hard


@bp.get("/exposure")
@guards.operator(Permission.EXCHANGE_READ)
def exposure() -> Response:
    """Every ticker that we take positions in."""
    return _exposure()


@bp.post("/exposure/policies")
@guards.operator(Permission.EXCHANGE_REQUEST, fresh=True)
def request_hedge_policy() -> Response | BaseResponse:
    """Ask that other bounds count for a position from a day on."""

    def ask(**by: Any) -> Request:
        policy, starts_on = _read(request.form)
        return requests.request_policy(policy, starts_on=starts_on, **by)

    try:
        return asking.ask(ask, who="Treasury")
    except Refusal as refused:
        return _exposure(fault=refused.message, status=422)


@bp.post("/exposure/<position>/hedge")
@guards.operator(Permission.EXCHANGE_HEDGE, fresh=True)
def hedge_now(position: str) -> BaseResponse:
    """Answer a position now, however small it is: one order, within the policy's price."""
    if position not in {policy.asset for policy in queries.policies_for_system() if policy.pair}:
        raise NotFound
    try:
        verdict = flows.hedge_now(position, venue=current_app.extensions["clients"].venue, actor=guards.actor())
        kind, words = SAID[verdict]
        flash(words, kind)
    except (Silent, Refused):
        flash("The venue does not answer. Nothing was ordered.", "warn")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("console.exposure"), 303)


def _exposure(*, fault: str = "", status: int = 200) -> Response:
    found, whole = _rows(), not wants_fragment()
    states = queries.states_for_operators()
    may, deals = current_user.permissions, current_app.extensions["clients"].venue.deals
    off = next((one for one in risk.switches_off_for_operators() if one.scope == SWITCH), None)
    policies = queries.policy_rows_for_operators() if whole else []
    return page(
        "console/dealing/exposure.html",
        block="results",
        status=status,
        rows=found,
        beyond=sum(1 for row in found if row.exposed.levels),
        worth=Money(NGN, sum(abs(row.exposed.worth.units) for row in found if row.exposed.worth is not None)),
        unpriced=[row.policy.ticker for row in found if row.exposed.worth is None and row.exposed.beyond],
        underway=sum(states[state] for state in HedgeState if state not in rules.ENDED | rules.UNCERTAIN),
        unknown=sum(states[state] for state in rules.UNCERTAIN),
        off=off,
        now=clock.now(),
        cases=[one for one in cases_about(*(row.policy.asset for row in found)) if one.kind in OF_POSITIONS],
        policies=_standing(policies),
        pending=[one for row in found for one in governance.about_for_operators(f"exchange:policy:{row.policy.asset}")]
        if whole
        else [],
        form=request.form or _prefilled(),
        assets=[(row.policy.asset, f"{row.policy.ticker}, kept in {row.policy.asset}") for row in found],
        fault=fault,
        key=crypto.new_token(),
        staff=staff_names() if whole else {},
        may_ask=Permission.EXCHANGE_REQUEST in may,
        deals=deals,
        may_hedge=Permission.EXCHANGE_HEDGE in may and off is None and deals,
        may_stop=Permission.SWITCHES_TURN_OFF in may and off is None,
    )


def _rows() -> list[Row]:
    covers = treasury.covers()
    owed = {one.asset.code: one.owed_all.units for one in covers}
    held = {one.asset.code: one.held_all.units for one in covers}
    places = {code: number for number, code in enumerate(ASSETS)}
    alerts = {one.asset: one for one in queries.alerts_standing_for_operators()}
    return [
        Row(
            one,
            Money(ASSETS[one.policy.asset], rules.own(one.policy, owed)),
            Money(ASSETS[one.policy.asset], rules.own(one.policy, held)),
            alerts.get(one.policy.asset),
        )
        for one in sorted(queries.exposures_for_operators(), key=lambda one: places[one.policy.asset])
    ]


def _standing(policies: list[HedgePolicy]) -> list[tuple[HedgePolicy, str]]:
    """Policies with how they stand: to come, in force, or before; what was before only where it was agreed to."""
    moment, counting, found = clock.now(), set[str](), []
    places = {code: number for number, code in enumerate(ASSETS)}
    for one in sorted(policies, key=lambda one: places[one.asset]):  # (of each asset the newest first)
        if one.starts_at > moment:
            found.append((one, "coming"))
        elif one.asset not in counting:
            counting.add(one.asset)
            found.append((one, "counts"))
        else:
            found.append((one, "before"))
    return found


def _prefilled() -> dict[str, str]:
    """The policy that counts for what a link names, as it is typed."""
    policy = queries.policy_for_system(request.args.get("asset", ""))
    if policy is None:
        return {}
    asset = ASSETS[policy.asset]
    sizes = {name: plain(Money(asset, getattr(policy, name))) for name in SIZES}
    shares = {"slippage": _share(policy.slippage_bps), "apart": _share(policy.apart_bps)}
    return {"asset": policy.asset, "pair": policy.pair, **sizes, **shares}


def _share(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02}"


def _read(sent: MultiDict[str, str]) -> tuple[Policy, date]:
    """What was typed. Raises BadPolicy."""
    was = queries.policy_for_system(sent.get("asset", ""))
    if was is None:
        raise BadPolicy("Choose what the policy is for.")
    try:
        target, threshold, soft, hard = (parse(sent.get(name, ""), asset=ASSETS[was.asset]).units for name in SIZES)
        # (two decimals of a per cent are ten-thousandths, as kobo are hundredths of a naira)
        slippage, apart = (parse(sent.get(name, ""), asset=NGN).units for name in SHARES)
        starts_on = date.fromisoformat(sent.get("starts_on", ""))
    except InvalidAmount as refused:
        raise BadPolicy(refused.message) from refused
    except ValueError as unread:
        raise BadPolicy("Say on which day it begins.") from unread
    pair = sent.get("pair", "").strip().upper()
    return Policy(was.asset, pair, target, threshold, soft, hard, slippage, apart), starts_on
