"""The console's page of an object, known by the prefix of its id, for those who may open it."""

from dataclasses import dataclass

from flask import url_for
from flask_login import current_user

from app.cases import queries as cases
from app.cases import rules as case_rules
from app.cases.models import Case
from app.core.permissions import Permission, Role

P = Permission


@dataclass(frozen=True)
class Subject:
    """A page: what the object is called, and who may open it. Without an argument it is the list in which it stands."""

    name: str
    endpoint: str
    argument: str
    permission: Permission


# A deposit has no page of its own in the console yet.
SUBJECTS = {
    "wd": Subject("Withdrawal", "console.withdrawal", "withdrawal_id", P.WITHDRAWALS_READ),
    "po": Subject("Payout", "console.payout", "payout_id", P.WITHDRAWALS_READ),
    "app": Subject("Application", "console.application", "application_id", P.APPLICATIONS_READ),
    "cus": Subject("Customer", "console.customer", "customer_id", P.CUSTOMERS_READ),
    "res": Subject("Restriction", "console.restriction", "restriction_id", P.RESTRICTIONS_INSPECT),
    "op": Subject("Operator", "console.operator", "operator_id", P.OPERATORS_READ),
    "grq": Subject("Approval request", "console.approval", "request_id", P.APPROVALS_READ),
    "dsp": Subject("Dispute", "console.dispute", "dispute_id", P.DISPUTES_READ),
    "rfd": Subject("Refund", "console.refund", "refund_id", P.REFUNDS_READ),
    "case": Subject("Case", "console.case", "case_id", P.CASES_READ),
    "sus": Subject("Suspense item", "console.suspense_item", "item_id", P.SUSPENSE_READ),
    "hit": Subject("Screening hit", "console.screening_hit", "hit_id", P.SCREENING_READ),
    "set": Subject("Settlement", "console.settlement", "settlement_id", P.SETTLEMENT_READ),
    "ord": Subject("Order", "console.order", "order_id", P.ORDERS_READ),
    "otc": Subject("Deal over the counter", "console.deals", "", P.EXCHANGE_READ),
    "brk": Subject("Break", "console.break_case", "work_id", P.RECONCILIATION_READ),
    "bbk": Subject("Many breaks at once", "console.break_bulk", "bulk_id", P.RECONCILIATION_READ),
    "hdg": Subject("Hedge", "console.hedge", "hedge_id", P.EXCHANGE_READ),
    "rpf": Subject("File of a report", "console.report_file", "report_id", P.REPORTS_READ),
    "rps": Subject("Schedule of a report", "console.report_schedules", "", P.REPORTS_READ),
    "prd": Subject("Proof of a day", "console.tie_out", "", P.RECONCILIATION_READ),
    "src": Subject("Source of statements", "console.statement_source", "source_id", P.STATEMENTS_READ),
    "rec": Subject("Reconciliation", "console.reconciliation_run", "run_id", P.RECONCILIATION_READ),
}


def place_of(object_id: str) -> tuple[str, str] | None:
    """What an object is called and the address of its page; None where there is none for who is signed in."""
    subject = SUBJECTS.get(object_id.partition("_")[0])
    if subject is None or subject.permission not in current_user.permissions:
        return None
    places: dict[str, str] = {subject.argument: object_id} if subject.argument else {}
    return subject.name, url_for(subject.endpoint, **places)  # type: ignore[arg-type]


def whose_cases() -> frozenset[Role]:
    """Whose queues of cases the one who looks may read."""
    return case_rules.seen(confidential=P.SCREENING_READ in current_user.permissions)


def cases_about(*subjects: str) -> list[Case]:
    """The cases that stand about these, for those who may read them."""
    if P.CASES_READ not in current_user.permissions:
        return []
    return cases.about_for_operators(subjects, owners=whose_cases())
