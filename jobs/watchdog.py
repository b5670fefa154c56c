"""The watchdog: what stands in a state for longer than its machine lets it becomes a case, and no case is forgotten.

A table names every machine that waits and where its rows are; a gate holds it against the machines that there are.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.applications import rules as applications
from app.applications.models import Application
from app.breaks import rules as breaks
from app.breaks.models import Bulk
from app.breaks.models import Case as BreakCase
from app.cases import queries, service
from app.closing import rules as closing
from app.closing.models import ProofDay
from app.core import clock
from app.core.db import atomically
from app.core.machine import Machine
from app.customers import rules as customers
from app.customers.models import ClosureRequest, Customer
from app.disputes import rules as disputes
from app.disputes.models import Dispute
from app.documents import rules as documents
from app.documents.models import Document
from app.exchange import rules as exchange
from app.exchange.models import Deal, Hedge
from app.exports import rules as exports
from app.exports.models import ReportFile
from app.governance import rules as governance
from app.governance.models import Request
from app.identification import rules as identification
from app.identification.models import IdentityCheck
from app.identity import rules as identity
from app.identity.models import Recovery
from app.payments import dedicated_rules as dedicated
from app.payments import refund_rules as refunds
from app.payments import rules as payments
from app.payments.models import DedicatedAccount, Deposit, Payout, SuspenseItem
from app.payments.refund_models import Refund
from app.pricing import rules as pricing
from app.pricing.models import PairHalt
from app.reconciliation import rules as reconciliation
from app.reconciliation.models import Reconciliation
from app.restrictions import rules as restrictions
from app.restrictions.models import Restriction
from app.retention import rules as retention
from app.retention.models import Run as RetentionRun
from app.risk import rules as risk
from app.risk.models import Switch
from app.screening import rules as screening
from app.screening.models import Hit
from app.settlement import rules as settlement
from app.settlement.models import Settlement, TopUp
from app.statements import rules as statements
from app.statements.models import Pull, StatementFile
from app.trading import rhythms
from app.trading import rules as trading
from app.trading.models import Order, Run
from app.transfers import rules as transfers
from app.transfers.models import MoneyRequest
from app.withdrawals import rules as withdrawals
from app.withdrawals.models import Withdrawal
from jobs.work import Work


@dataclass(frozen=True)
class Watched:
    """A machine, the table whose rows are in its states, and the column there of the customer whose they are."""

    machine: Machine
    model: Any
    whose: str = "customer_id"


# Money first: what is found is opened in this order.
WATCHED: tuple[Watched, ...] = (
    Watched(withdrawals.MACHINE, Withdrawal),
    Watched(payments.PAYOUT, Payout),
    Watched(trading.MACHINE, Order),
    Watched(rhythms.RUN, Run),
    Watched(risk.SWITCH, Switch),
    Watched(pricing.HALT, PairHalt),
    Watched(payments.DEPOSIT, Deposit),
    Watched(payments.SUSPENSE, SuspenseItem),
    Watched(dedicated.DEDICATED, DedicatedAccount),
    Watched(refunds.REFUND, Refund),
    Watched(disputes.MACHINE, Dispute),
    Watched(settlement.SETTLEMENT, Settlement),
    Watched(settlement.TOP_UP, TopUp),
    Watched(exchange.HEDGE, Hedge),
    Watched(exchange.DEAL, Deal),
    Watched(reconciliation.RUN, Reconciliation),
    Watched(statements.FILE, StatementFile),
    Watched(breaks.MACHINE, BreakCase),
    Watched(breaks.BULK, Bulk),
    Watched(statements.PULL, Pull),
    Watched(closing.DAY, ProofDay),
    Watched(governance.MACHINE, Request),
    Watched(restrictions.MACHINE, Restriction),
    Watched(customers.MACHINE, Customer, whose="id"),
    Watched(screening.HIT, Hit),
    Watched(applications.MACHINE, Application),
    Watched(identification.CHECK, IdentityCheck),
    Watched(documents.MACHINE, Document),
    Watched(identity.RECOVERY, Recovery),
    Watched(customers.CLOSURE, ClosureRequest),
    Watched(transfers.REQUEST, MoneyRequest),
    Watched(retention.MACHINE, RetentionRun),
    Watched(exports.MACHINE, ReportFile),
)


def watch(work: Work) -> timedelta | None:
    """Close what has moved on, open what stands still, and see to what was put off or left lying.

    Each table in a transaction of its own: what is wrong with one keeps no other from being watched.
    """
    actor, failed = work.actor, list[Exception]()
    atomically(lambda: service.close_moved_on(actor=actor), actor=actor)
    atomically(lambda: service.close_tasks(actor=actor), actor=actor)
    atomically(lambda: service.open_for_tasks(actor=actor), actor=actor)
    for each in WATCHED:
        try:
            atomically(lambda each=each: _open(each, work), actor=actor)  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 (it is raised below, when the others were looked at)
            failed.append(error)
    atomically(lambda: service.open_again(actor=actor), actor=actor)
    atomically(lambda: service.raise_overdue(actor=actor), actor=actor)
    atomically(service.tell, actor=actor)
    if failed:
        raise failed[0]
    return None


def _open(each: Watched, work: Work) -> int:
    stuck = queries.stuck_for_system(each.machine, each.model, whose=each.whose, at=clock.now())
    return sum(service.open_stuck(one, of=each.machine, actor=work.actor) is not None for one in stuck)
