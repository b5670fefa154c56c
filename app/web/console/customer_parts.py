"""The parts of a customer's page that come when they are looked at: each is a door of its own, and a page of its own.

What compliance knows of a customer is compliance's: the parts say to each role what product and law let it know.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import request
from flask.wrappers import Response
from flask_login import current_user

from app.applications import queries as applications
from app.audit.rules import COMPLIANCE
from app.core import clock
from app.core.errors import Malformed
from app.core.money import ASSETS, Money
from app.core.permissions import Permission
from app.customers import queries as customers
from app.customers import requests
from app.customers.models import Customer
from app.documents import queries as documents
from app.governance import kinds
from app.governance import queries as governance
from app.identity import queries as identity
from app.identity import recoveries, visits
from app.ledger import balances
from app.ledger.balances import BalanceNow
from app.payments import queries as payments
from app.restrictions import queries as restrictions
from app.screening import queries as screening
from app.wallets import queries as wallets
from app.web import guards
from app.web.console import history, reveals
from app.web.console.approvals import inbox
from app.web.console.base import bp, is_own, refuse_own
from app.web.console.books import times
from app.web.fragments import page
from app.withdrawals import refused
from reports import movements, shared

REQUESTS, ENTRIES = 10, 20
DOCUMENTS_COMPARED = 100  # the newest
# What an application's state is called to all staff. Who holds it and why is compliance's.
APPLICATIONS = {
    "draft": "With the customer",
    "submitted": "Under review",
    "escalated": "Under review",
    "waiting": "With the customer",
    "proposed": "Under review",
    "approved": "Approved",
    "rejected": "Refused",
    "abandoned": "Given up",
}


@bp.get("/customers/<customer_id>/related")
@guards.operator(Permission.SCREENING_READ)
def customer_related(customer_id: str) -> Response:
    """Who has a device, a number, an account or a document in common with them: for compliance and the auditor."""
    one = customers.one_for_operators(customer_id)
    refuse_own(one.id)
    sent = [each.id for each in documents.of_customer(owner=one.id)[:DOCUMENTS_COMPARED]]
    return page(
        "console/customers/related.html",
        block="related",
        one=one,
        shared=shared.of_customer(one.id, files=documents.shared_for_operators(sent)),
    )


@dataclass(frozen=True)
class Held:
    """What a customer has now and, where a moment was given, had then; or why that moment is none."""

    balances: list[tuple[str, BalanceNow]]
    then: list[tuple[str, Money]]
    moment: datetime | None
    given: str
    presets: list[times.Preset]
    fault: str = ""


@bp.get("/customers/<customer_id>/money")
@guards.operator(Permission.CUSTOMERS_READ)
def customer_money(customer_id: str) -> Response:
    """What they have now, and what they had at the end of a minute."""
    one, held = customers.one_for_operators(customer_id), held_by(customer_id, request.args.get("at", "").strip())
    return page("console/customers/money.html", block="money", status=422 if held.fault else 200, one=one, held=held)


@bp.get("/customers/<customer_id>/activity")
@guards.operator(Permission.CUSTOMERS_READ)
def customer_activity(customer_id: str) -> Response:
    """Their money's movements, newest first; and what they were refused at the door."""
    one = customers.one_for_operators(customer_id)
    after = request.args.get("after", "")
    lines, following = movements.of_customer(one.id, after=movements.place_of(after))
    tried = refused.of_for_operators(one.id) if not after else []
    return page(
        "console/customers/activity.html",
        block="activity",
        one=one,
        tried=tried,
        accounts=payments.accounts_for_operators({each.bank_account_id for each in tried if each.bank_account_id}),
        lines=lines,
        older=following.written() if following else "",
        first=not after,
        may=current_user.permissions,
    )


@bp.get("/customers/<customer_id>/devices")
@guards.operator(Permission.CUSTOMERS_READ)
def customer_devices(customer_id: str) -> Response:
    """With what they came, when first and last."""
    one = customers.one_for_operators(customer_id)
    found = visits.devices_for_operators(one.login_id)
    return page(
        "console/customers/devices.html",
        block="devices",
        one=one,
        devices=[(each, reveals.veil("ip", each.session_id, each.ip)) for each in found],
    )


@bp.get("/customers/<customer_id>/documents")
@guards.operator(Permission.CUSTOMERS_READ)
def customer_documents(customer_id: str) -> Response:
    """What they sent and how it stands. What a file is called, and what is in it, is for those who review."""
    one = customers.one_for_operators(customer_id)
    return page(
        "console/customers/documents.html",
        block="documents",
        one=one,
        documents=documents.of_customer(owner=one.id),
        opens=Permission.DOCUMENTS_READ in current_user.permissions,
    )


@bp.get("/customers/<customer_id>/approvals")
@guards.operator(Permission.APPROVALS_READ)
def customer_approvals(customer_id: str) -> Response:
    """Requests about them, waiting and over, of the kinds that are the reader's."""
    one, before = customers.one_for_operators(customer_id), request.args.get("before")
    found = governance.about_any_for_operators(
        _targets(one), kinds=kinds_about(one.id), before=before, limit=REQUESTS + 1
    )
    return page(
        "console/customers/requests.html",
        block="requests",
        one=one,
        rows=found[:REQUESTS],
        older=found[REQUESTS - 1].request.id if len(found) > REQUESTS else None,
        first=before is None,
        staff=identity.names_for_operators(),
    )


@bp.get("/customers/<customer_id>/timeline")
@guards.operator(Permission.CUSTOMERS_READ)
def customer_timeline(customer_id: str) -> Response:
    """What happened to the account, as far as the reader may know."""
    one = customers.one_for_operators(customer_id)
    before = clock.written(request.args["before"]) if request.args.get("before") else None
    entries, older = history.page_of(_objects(one), before=before, limit=ENTRIES, quiet=_quiet(one.id))
    return page(
        "console/customers/timeline.html",
        block="timeline",
        one=one,
        entries=entries,
        older=older.isoformat() if older else "",
        first=before is None,
        staff=identity.names_for_operators(),
    )


@bp.get("/customers/<customer_id>/risk")
@guards.operator(Permission.SCREENING_READ)
def customer_risk(customer_id: str) -> Response:
    """The risk class and how they stand against the lists: for compliance and the auditor, and nobody else."""
    one = customers.one_for_operators(customer_id)
    refuse_own(one.id)
    asked = applications.of_customer_for_operators(one.id)
    return page(
        "console/customers/risk.html",
        block="risk",
        one=one,
        newest=asked[0] if asked else None,
        standing=screening.standing_for_operators(one.id),
    )


def held_by(customer_id: str, given: str) -> Held:
    """What they hold, now and at the end of the given minute."""
    now, presets = wallets.balances_of(customer_id=customer_id), times.moments()[1:]
    try:
        moment = times.ends(given)
    except Malformed as refused:
        return Held(now, [], None, given, presets, refused.message)
    then = (
        [(asset, Money(ASSETS[asset], balances.at(balance.code, moment))) for asset, balance in now] if moment else []
    )
    return Held(now, then, moment, given, presets)


def kinds_about(customer_id: str) -> frozenset[str] | None:
    """The kinds of requests about a customer that the reader may know of; None for all of them."""
    if is_own(customer_id):
        return inbox.own_kinds() - kinds.hidden_from(())
    if not _candid(customer_id):
        return inbox.own_kinds()
    hidden = inbox.hidden_kinds()
    return inbox.every_kind() - hidden if hidden else None


def _candid(customer_id: str) -> bool:
    """Whether the reader may know what compliance knows of this customer, who is not they themselves."""
    return Permission.SCREENING_READ in current_user.permissions and not is_own(customer_id)


def _quiet(customer_id: str) -> history.Quiet:
    """Of whom the reader learns only what changed: reasons are told by customers, and by staff outside compliance."""
    if _candid(customer_id):
        return lambda _actor: False
    silent = {f"operator:{one.id}" for one in identity.operators_for_operators() if COMPLIANCE & set(one.roles)} - {
        f"operator:{current_user.id}"
    }
    return lambda actor: actor in silent or actor.startswith("system:")


def _targets(one: Customer) -> set[str]:
    theirs = {requests.target_of(one.id)}
    theirs |= {f"application:{each.id}" for each in applications.of_customer_for_operators(one.id)}
    return theirs | {f"restriction:{each}" for each in _restriction_ids(one)}


def _objects(one: Customer) -> list[str]:
    """Of what the timeline tells: the account and, for those who may know of them, what compliance did with it."""
    may = current_user.permissions
    found = [one.id, one.login_id, *(each.id for each in payments.bank_accounts(customer_id=one.id))]
    if Permission.RECOVERIES_READ in may:
        found += [each.id for each in recoveries.recoveries_of(owner=one.login_id)]
    if _candid(one.id):
        found += [each.id for each in applications.of_customer_for_operators(one.id)]
        found += _restriction_ids(one)
    if Permission.DOCUMENTS_READ in may:
        found += [each.id for each in documents.of_customer(owner=one.id)]
    return found


def _restriction_ids(one: Customer) -> list[str]:
    standing, ended = restrictions.active_for_operators(one.id), restrictions.ended_for_operators(one.id)
    return [each.id for each in (*standing, *ended)]
