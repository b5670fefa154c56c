"""Customers: find one, see how the account stands, freeze it, ask to lift a freeze. What is personal is masked."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.applications import queries as applications
from app.core.db import atomically
from app.core.errors import NotFound, Refusal
from app.core.permissions import Permission
from app.customers import queries, requests, rules, service
from app.customers.models import Customer
from app.customers.rules import State, Tier
from app.governance import queries as governance
from app.identity import queries as identity
from app.identity import recoveries
from app.payments import name_requests
from app.payments import queries as payments
from app.restrictions import queries as restrictions
from app.risk import queries as risk
from app.web import guards
from app.web.console import customer_parts, reveals
from app.web.console.base import bp, refuse_own
from app.web.filters import masked_email
from app.web.fragments import page
from app.withdrawals import queries as withdrawals
from reports import limits

PAGE = 25
VIEWS = {"all": None, "frozen": State.LOCKED}
TIERS = {Tier.T0: "Not verified", Tier.T1: "Tier 1", Tier.T2: "Tier 2", Tier.T3: "Tier 3", Tier.T3_PLUS: "Tier 3+"}
NAME_LENGTH_MAX = 200


@dataclass(frozen=True)
class Row:
    """A customer with what stands beside the name."""

    customer: Customer
    address: str
    risk: str = ""


@bp.get("/customers")
@guards.operator(Permission.CUSTOMERS_READ)
def customers() -> Response:
    """Those who fit, newest first."""
    asked, view = request.args.get("q", "").strip()[:NAME_LENGTH_MAX], request.args.get("view", "")
    view = view if view in VIEWS else "all"
    tier, before = request.args.get("tier", ""), request.args.get("before")
    tier = tier if tier in set(Tier) else ""
    wanted = Tier(tier) if tier else None
    found = queries.list_for_operators(asked, state=VIEWS[view], tier=wanted, before=before, limit=PAGE + 1)
    shown, counts = found[:PAGE], queries.counts_for_operators()
    sees_risk = Permission.SCREENING_READ in current_user.permissions
    risks = applications.risks_for_operators({one.id for one in shown}) if sees_risk else {}
    addresses = identity.addresses_for_operators({one.login_id for one in shown})
    return page(
        "console/customers/list.html",
        block="results",
        rows=[Row(one, masked_email(addresses[one.login_id]), risks.get(one.id, "")) for one in shown],
        asked=asked,
        view=view,
        tier=tier,
        tiers=[(str(each), TIERS[each]) for each in Tier],
        sees_risk=sees_risk,
        counts={"all": sum(counts.values()), "frozen": counts.get(State.LOCKED, 0)},
        older=shown[-1].id if len(found) > PAGE else None,
        first=before is None,
    )


@bp.get("/customers/<customer_id>")
@guards.operator(Permission.CUSTOMERS_READ)
def customer(customer_id: str) -> Response:
    """One customer: who they are, how the account stands, what waits, what happened."""
    return _customer(customer_id)


@bp.post("/customers/<customer_id>/freeze")
@guards.operator(Permission.CUSTOMERS_FREEZE)
def freeze_customer(customer_id: str) -> Response | BaseResponse:
    """Freeze the account until others agree to lift that."""
    reason, actor = request.form.get("reason", ""), guards.actor()
    words = "The account is frozen. Nothing leaves it, and its owner is signed out."
    return _do(customer_id, lambda: service.freeze(customer_id, reason=reason, actor=actor), words, fault_of="freeze")


@bp.post("/customers/<customer_id>/safety-lock")
@guards.operator(Permission.CUSTOMERS_SAFETY_LOCK)
def safety_lock_customer(customer_id: str) -> Response | BaseResponse:
    """Freeze the account for a day, in which compliance can look."""
    reason, actor = request.form.get("reason", ""), guards.actor()
    words = "The account is frozen for 24 hours. Tell compliance if it should stay so."
    return _do(
        customer_id, lambda: service.safety_lock(customer_id, reason=reason, actor=actor), words, fault_of="safety-lock"
    )


@bp.post("/customers/<customer_id>/unfreeze")
@guards.operator(Permission.CUSTOMERS_REQUEST_UNFREEZE, fresh=True)
def request_unfreeze(customer_id: str) -> Response | BaseResponse:
    """Ask that the freeze be lifted."""
    reason, wanted_by, actor = request.form.get("reason", ""), request.form.get("wanted_by", ""), guards.actor()

    def deed() -> None:
        requests.request_unfreeze(customer_id, wanted_by=wanted_by, reason=reason, maker=current_user.id, actor=actor)

    return _do(customer_id, deed, "Asked for. A compliance manager must agree.", fault_of="unfreeze")


@bp.post("/accounts/<bank_account_id>/name")
@guards.operator(Permission.APPLICATIONS_REQUEST, fresh=True)
def request_account_name(bank_account_id: str) -> Response | BaseResponse:
    """Ask that a bank account count as its customer's although its bank names it otherwise."""
    reason, actor = request.form.get("reason", ""), guards.actor()
    account = payments.accounts_for_operators({bank_account_id}).get(bank_account_id)
    if account is None:
        raise NotFound
    customer_id, account_id = account.customer_id, account.id
    refuse_own(customer_id)

    def deed() -> None:
        name_requests.request(account_id, customer_id=customer_id, reason=reason, maker=current_user.id, actor=actor)

    return _do(customer_id, deed, "Asked for. A compliance manager must agree.", fault_of=account_id)


def _do(customer_id: str, deed: Callable[[], None], words: str, *, fault_of: str) -> Response | BaseResponse:
    try:
        atomically(deed, actor=guards.actor(), reason=request.form.get("reason", ""))
    except Refusal as refused:
        return _customer(customer_id, fault=refused.message, fault_of=fault_of, status=refused.status)
    flash(words, "ok")
    return redirect(url_for("console.customer", customer_id=customer_id), 303)


def _customer(customer_id: str, *, fault: str = "", fault_of: str = "", status: int = 200) -> Response:
    one, may = queries.one_for_operators(customer_id), current_user.permissions
    login_id, accounts = one.login_id, payments.bank_accounts(customer_id=one.id)
    phone = identity.counting_phone(owner=login_id)
    asked = recoveries.recoveries_of(owner=login_id) if Permission.RECOVERIES_READ in may else []
    about = governance.about_for_operators(requests.target_of(one.id))
    waits = any(each.request.kind == requests.UNFREEZE.name for each in about)
    seen = customer_parts.kinds_about(one.id)
    pending = [each for each in about if seen is None or each.request.kind in seen]
    may_ask = Permission.CUSTOMERS_REQUEST_UNFREEZE in may and not waits
    return page(
        "console/customers/one.html",
        status=status,
        one=one,
        email=reveals.veil("email", one.id, identity.address_for_system(login_id)),
        phone=reveals.veil("phone", phone.id, identity.number_for_operators(phone.id)) if phone else None,
        factors=identity.factors_of(owner=login_id),
        sessions=len(identity.sessions_of(owner=login_id)),
        accounts=[(each, reveals.veil("account_number", each.id, each.account_number)) for each in accounts],
        account_uses=withdrawals.uses_for_operators([each.id for each in accounts]),
        account_paid=withdrawals.last_paid_for_operators([each.id for each in accounts]),
        alike_from=risk.thresholds_without_owner()["name_match_percent"],
        names_asked={each.id: governance.about_for_operators(name_requests.target_of(each.id)) for each in accounts},
        standing=limits.of_customer(customer_id=one.id) if Permission.LIMITS_READ in may else None,
        tier_changes=queries.tier_changes(customer_id=one.id) if Permission.LIMITS_READ in may else [],
        tier_names=limits.NAMES,
        held=customer_parts.held_by(one.id, ""),
        restrictions=restrictions.active_for_operators(one.id),
        restrictions_ended=restrictions.ended_for_operators(one.id),
        closure=queries.open_closure(customer_id=one.id),
        recoveries=asked,
        pending=pending,
        may_ask_unfreeze=may_ask and one.state == State.LOCKED,
        tier=TIERS[Tier(one.tier)],
        applications=applications.of_customer_for_operators(one.id),
        application_words=customer_parts.APPLICATIONS,
        staff=identity.names_for_operators(),
        wanted_by=[(key, words.capitalize()) for key, words in requests.WANTED_BY.items()],
        lock_hours=int(rules.SAFETY_LOCK.total_seconds()) // 3600,
        sent=request.form,
        fault=fault,
        fault_of=fault_of,
        may=may,
    )
