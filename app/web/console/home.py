"""What needs a human, first; then what moved, and what we owe against what we hold."""

from datetime import timedelta

from flask import request
from flask.wrappers import Response
from flask_login import current_user

from app.cases import queries as cases
from app.core import clock
from app.core.money import NGN, Money
from app.core.permissions import Permission
from app.customers import queries as customers
from app.disputes import queries as disputes
from app.disputes.rules import State as DisputeState
from app.exchange import queries as exchange
from app.exchange.rules import UNCERTAIN
from app.reconciliation import queries as reconciliation
from app.reconciliation.rules import UNMATCHED
from app.web.console.base import bp
from app.web.console.objects import whose_cases
from app.web.fragments import page
from app.web.guards import operator
from reports import charts
from reports import overview as reports

SPANS = (7, 30, 45)
STUCK_AFTER = timedelta(minutes=30)


@bp.get("/")
@operator(Permission.OVERVIEW_READ)
def overview() -> Response:
    """The first page of the day."""
    days = _span()
    moved = reports.daily(days=days)
    run = reconciliation.latest_for_operators()
    exposes = Permission.EXCHANGE_READ in current_user.permissions
    counts = reconciliation.counts_for_operators(run.id) if run else {}
    return page(
        "console/overview.html",
        spans=SPANS,
        days=days,
        daily=moved,
        today=moved[-1],
        paid_in=Money(NGN, sum(day.deposits.units for day in moved)),
        paid_out=Money(NGN, sum(day.withdrawals.units for day in moved)),
        earned=reports.fees_earned(since=clock.now() - timedelta(days=days)),
        customers=customers.count_for_operators(),
        waiting=reports.waiting_withdrawals(),
        stuck=reports.stuck_withdrawals(older_than=STUCK_AFTER),
        suspense=reports.open_suspense(),
        dead=reports.dead_tasks(),
        disputes=disputes.counts_for_operators().get(DisputeState.OPEN, 0),
        next_due=disputes.next_due_for_operators(),
        cases=cases.needing_count_for_operators(owners=whose_cases()),
        oldest_case=cases.oldest_for_operators(owners=whose_cases()),
        covers=reports.covers(),
        may_expose=exposes,
        exposed=len({alert.asset for alert in exchange.alerts_standing_for_operators()}) if exposes else 0,
        unknown=sum(exchange.states_for_operators()[state] for state in UNCERTAIN) if exposes else 0,
        run=run,
        unmatched=sum(counts.get(verdict, 0) for verdict in UNMATCHED),
    )


@bp.get("/volume.json")
@operator(Permission.OVERVIEW_READ)
def volume() -> Response:
    """The chart of the first page."""
    return Response(charts.volume(reports.daily(days=_span())), mimetype="application/json")


def _span() -> int:
    asked = request.args.get("days", type=int)
    return asked if asked in SPANS else SPANS[1]
