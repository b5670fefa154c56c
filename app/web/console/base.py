"""The console's blueprint: its sidebar shows what the operator may see, with what waits in each queue."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, g, request, url_for
from flask_login import current_user

from app.adjustments.service import KIND as JOURNALS
from app.applications import queries as applications
from app.cases import queries as cases
from app.cases.rules import OWNERS
from app.core import clock
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.customers import queries as customers
from app.customers.rules import ClosureState
from app.disputes import queries as disputes
from app.disputes.rules import State as DisputeState
from app.exchange import queries as exchange
from app.exchange.rules import UNCERTAIN
from app.governance import queries as governance
from app.governance.rules import State
from app.identity import queries as identity
from app.identity import recoveries
from app.identity.rules import RecoveryState
from app.ledger import health
from app.payments import payout_queries as payouts
from app.payments import refund_queries as refunds
from app.payments.refund_rules import RefundState
from app.payments.rules import PayoutState
from app.risk import queries as risk
from app.risk.rules import switch_in_words
from app.screening import queries as screening
from app.screening.rules import HitState
from reports import overview

bp = Blueprint("console", __name__, url_prefix="/console", template_folder="templates")

P = Permission


@dataclass(frozen=True)
class Item:
    """One place in the sidebar."""

    name: str
    url: str
    icon: str
    key: str
    current: bool
    count: int


@dataclass(frozen=True)
class Place:
    """Where an item leads, who may go there, and the letter after `g` that goes there.

    `below` is an address beside its own whose pages belong to it too.
    """

    name: str
    endpoint: str
    icon: str
    key: str
    permission: Permission
    below: str = ""


PLACES: tuple[tuple[str, tuple[Place, ...]], ...] = (
    ("", (Place("Overview", "console.overview", "layout-dashboard", "o", P.OVERVIEW_READ),)),
    (
        "Work",
        (
            Place("Approvals", "console.approvals", "checks", "v", P.APPROVALS_READ),
            Place("Applications", "console.applications", "id-badge-2", "i", P.APPLICATIONS_READ),
            Place("Withdrawals", "console.withdrawals", "arrow-up-right", "w", P.WITHDRAWALS_READ),
            Place("Payouts", "console.payouts", "building-bank", "7", P.WITHDRAWALS_READ),
            Place("Cases", "console.cases", "flag", "9", P.CASES_READ),
            Place("Suspense", "console.suspense", "inbox", "s", P.SUSPENSE_READ),
            Place("Disputes", "console.disputes", "alert-circle", "5", P.DISPUTES_READ),
            Place("Refunds", "console.refunds", "rotate", "6", P.REFUNDS_READ),
            Place("Customers", "console.customers", "user", "k", P.CUSTOMERS_READ),
            Place("Restrictions", "console.restrictions", "ban", "b", P.RESTRICTIONS_READ),
            Place("View as customer", "console.find_to_view", "eye", "e", P.CUSTOMERS_VIEW_AS),
            Place("Screening", "console.screening", "filter", "z", P.SCREENING_READ),
            Place("Recoveries", "console.recoveries", "user-check", "f", P.RECOVERIES_READ),
            Place("Closure requests", "console.closures", "user-x", "c", P.CLOSURES_READ),
        ),
    ),
    (
        "Markets",
        (
            Place("Rates", "console.rates", "trending-up", "4", P.RATES_READ),
            Place("Orders", "console.orders", "arrows-exchange", "1", P.ORDERS_READ),
            Place("Exposure", "console.exposure", "activity", "0", P.EXCHANGE_READ),
        ),
    ),
    (
        "Treasury",
        (
            Place("Owed and held", "console.owed_and_held", "scale", ".", P.EXCHANGE_READ),
            Place("Reserves", "console.reserves", "shield-check", "\\", P.EXCHANGE_READ),
            Place("Venue balances", "console.venue_balances", "database", ",", P.EXCHANGE_READ),
        ),
    ),
    (
        "Books",
        (
            Place("Accounts", "console.ledger", "book-2", "l", P.LEDGER_READ),
            Place("Journals", "journals.index_view", "list-details", "n", P.LEDGER_READ, "/console/ledger/journals"),
            Place("Manual journals", "console.journal_requests", "pencil", "h", P.JOURNALS_READ),
            Place("Financial statements", "console.reports", "scale", "t", P.LEDGER_READ),
            Place("Months", "console.ledger_periods", "calendar", "p", P.LEDGER_READ),
            Place("Proof", "console.ledger_proof", "shield-check", "x", P.LEDGER_READ),
            Place("Reconciliation", "console.reconciliation", "scale", "r", P.RECONCILIATION_READ),
            Place("Breaks", "console.breaks", "scale", "=", P.RECONCILIATION_READ),
            Place("Tie-out", "console.tie_out", "checks", "]", P.RECONCILIATION_READ),
            Place("Statements", "console.statement_sources", "stack-2", "[", P.STATEMENTS_READ),
            Place("Settlement", "console.settlements", "building-bank", "2", P.SETTLEMENT_READ),
            Place("Reports", "console.report_catalogue", "file-text", "-", P.REPORTS_READ),
        ),
    ),
    (
        "System",
        (
            Place("Operators", "console.operators", "users", "u", P.OPERATORS_READ),
            Place("Policies", "console.policies", "adjustments", "y", P.POLICIES_READ),
            Place("Switches", "console.switches_page", "plug", "8", P.SWITCHES_READ),
            Place("Limits", "console.limits", "gauge", "q", P.LIMITS_READ),
            Place("Thresholds", "console.thresholds", "chart-bar", "3", P.LIMITS_READ),
            Place("Fees", "console.fees", "receipt", "g", P.LIMITS_READ),
            Place("Assets", "console.assets", "coins", ";", P.ASSETS_READ),
            Place("Jobs", "console.jobs", "cpu", "j", P.JOBS_READ),
            Place("Mailbox", "console.mailbox", "send", "m", P.MAILBOX_READ),
            Place("Audit", "console.audit", "history", "a", P.AUDIT_READ),
            Place("Retention", "console.retention", "clock", "d", P.RETENTION_READ),
        ),
    ),
)


@bp.app_context_processor
def around() -> dict[str, Any]:
    """Sidebar, operator, a halt that stands, and what the environment is called; nothing outside the console.

    A part of a page has nothing around it: for it nothing is counted.
    """
    if g.get("plain") or not request.path.startswith("/console"):
        return {}
    settings = current_app.extensions["settings"]
    environment = "" if settings.production else settings.environment.capitalize()
    if not current_user.is_authenticated:
        return {"environment": environment}
    if g.get("part"):
        return {"environment": environment, "operator": current_user}
    urls = {place: url_for(place.endpoint) for _, places in PLACES for place in places}
    here = _here(urls)
    nav = [(section, [_item(place, urls, here) for place in places if _may_see(place)]) for section, places in PLACES]
    return {
        "nav": [(section, items) for section, items in nav if items],
        "operator": current_user,
        "search_url": url_for("console.find"),
        "account_items": ({"name": "My account", "url": url_for("console.my_account"), "icon": "shield-lock"},),
        "borrowed": identity.borrowed_for_system(current_user.id),
        "environment": environment,
        "halt": health.standing(),
        "switched_off": [(one, switch_in_words(one.scope)) for one in risk.switches_off_for_operators()],
        "standstill": health.overdue(clock.now()) if P.LEDGER_READ in current_user.permissions else None,
    }


def is_own(customer_id: str) -> bool:
    """Whether the one who looks is, privately, this customer."""
    return customers.is_related_for_system(current_user.id, [customer_id])


def refuse_own(customer_id: str) -> None:
    """Raise NotFound where the one who looks is this customer: nobody reads what compliance keeps about themselves."""
    if is_own(customer_id):
        raise NotFound


def _may_see(place: Place) -> bool:
    if place.endpoint == "console.mailbox" and not current_app.extensions["clients"].mailer.keeps:
        return False
    return place.permission in current_user.permissions


def _item(place: Place, urls: dict[Place, str], here: Place | None) -> Item:
    waiting = _WAITING.get(place.endpoint)
    return Item(place.name, urls[place], place.icon, place.key, place is here, waiting() if waiting else 0)


def _here(urls: dict[Place, str]) -> Place | None:
    """The place that the page belongs to: of those above it the nearest."""
    above = [
        (len(root), place)
        for place, url in urls.items()
        for root in (url.rstrip("/"), place.below)
        if root and (request.path.rstrip("/") == root or _is_below(place, root))
    ]
    return max(above, key=lambda found: found[0])[1] if above else None


def _is_below(place: Place, root: str) -> bool:
    return place.endpoint != "console.overview" and request.path.startswith(f"{root}/")


def _payouts_waiting() -> int:
    """How many payouts wait for somebody of treasury."""
    counts = payouts.counts_for_operators()
    return counts.get(PayoutState.AWAITING_OTP, 0) + counts.get(PayoutState.AWAITING_FLOAT, 0)


def _positions_amiss() -> int:
    """Positions beyond a limit, and orders of our own that nobody can tell of."""
    unknown = sum(exchange.states_for_operators()[state] for state in UNCERTAIN)
    return unknown + len({alert.asset for alert in exchange.alerts_standing_for_operators()})


def queues() -> list[str]:
    """The queues of cases that the one who looks works on; a borrowed role brings none."""
    if P.CASES_WORK not in current_user.permissions:
        return []
    return [role for role in identity.roles_for_system(current_user.id) if role in OWNERS]


def _hits_to_look_at() -> int:
    return screening.counts_for_operators().get(HitState.OPEN, 0)


def _needing_me() -> int:
    """How many approval requests wait for the one who looks; a borrowed role does not count."""
    held = identity.roles_for_system(current_user.id)
    return governance.needing_count_for_operators(current_user.id, roles=held)


def _unclaimed() -> int:
    """How many applications nobody has in hand."""
    return applications.counts_for_operators(operator_id=current_user.id, views=("unclaimed",))["unclaimed"]


# What waits at a place; asked for those alone who may go there.
_WAITING: dict[str, Callable[[], int]] = {
    "console.withdrawals": lambda: overview.waiting_withdrawals().count,
    "console.payouts": _payouts_waiting,
    "console.suspense": lambda: overview.open_suspense().count,
    "console.journal_requests": lambda: governance.count_for_operators(
        (State.PENDING, State.FAILED), kind=JOURNALS.name
    ),
    "console.approvals": _needing_me,
    "console.cases": lambda: cases.needing_count_for_operators(owners=queues()),
    "console.applications": _unclaimed,
    "console.closures": lambda: customers.closure_count_for_operators(state=ClosureState.ASKED),
    "console.recoveries": lambda: recoveries.recovery_counts_for_operators().get(RecoveryState.ASKED, 0),
    "console.screening": _hits_to_look_at,
    "console.exposure": _positions_amiss,
    "console.jobs": overview.dead_tasks,
    "console.disputes": lambda: disputes.counts_for_operators().get(DisputeState.OPEN, 0),
    "console.refunds": lambda: refunds.counts_for_operators().get(RefundState.NEEDS_ATTENTION, 0),
}
