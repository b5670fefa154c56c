"""What may be done, `resource:action`, and which roles may do it. Roles add up; some pairs may not meet in one person.

The matrix grows with the rooms; a permission that no door asks for is a fault.
"""

from collections.abc import Iterable
from enum import StrEnum


class Permission(StrEnum):
    """Everything a door of the console can ask for."""

    OVERVIEW_READ = "overview:read"
    WITHDRAWALS_READ = "withdrawals:read"
    WITHDRAWALS_APPROVE = "withdrawals:approve"
    WITHDRAWALS_WITNESS = "withdrawals:witness"
    WITHDRAWALS_RETRY = "withdrawals:retry"
    LEDGER_READ = "ledger:read"
    LEDGER_CLOSE = "ledger:close"
    LEDGER_LIFT = "ledger:lift"
    JOURNALS_READ = "journals:read"
    JOURNALS_REQUEST = "journals:request"
    APPROVALS_READ = "approvals:read"
    APPROVALS_DECIDE = "approvals:decide"
    POLICIES_READ = "policies:read"
    POLICIES_REQUEST = "policies:request"
    OPERATORS_READ = "operators:read"
    OPERATORS_REQUEST = "operators:request"
    RECONCILIATION_READ = "reconciliation:read"
    RECONCILIATION_RUN = "reconciliation:run"
    STATEMENTS_READ = "statements:read"
    STATEMENTS_IMPORT = "statements:import"
    STATEMENTS_DOWNLOAD = "statements:download"
    SETTLEMENT_READ = "settlement:read"
    SETTLEMENT_RUN = "settlement:run"
    SETTLEMENT_REQUEST_FLOAT = "settlement:request_float"
    SETTLEMENT_ABANDON = "settlement:abandon"
    LIMITS_READ = "limits:read"
    LIMITS_REQUEST = "limits:request"
    LIMITS_REQUEST_FEES = "limits:request_fees"
    ASSETS_READ = "assets:read"
    ASSETS_REQUEST = "assets:request"
    CLOSURES_READ = "closures:read"
    SWITCHES_READ = "switches:read"
    SWITCHES_TURN_OFF = "switches:turn_off"
    SWITCHES_REQUEST_ON = "switches:request_on"
    RATES_READ = "rates:read"
    RATES_HALT = "rates:halt"
    RATES_REQUEST = "rates:request"
    RATES_REQUEST_SPREADS = "rates:request_spreads"
    WITHDRAWALS_ATTEND = "withdrawals:attend"
    WITHDRAWALS_REQUEST_MARK = "withdrawals:request_mark"
    CASES_READ = "cases:read"
    CASES_WORK = "cases:work"
    SUSPENSE_READ = "suspense:read"
    SUSPENSE_RESOLVE = "suspense:resolve"
    REFUNDS_READ = "refunds:read"
    REFUNDS_REQUEST = "refunds:request"
    DISPUTES_READ = "disputes:read"
    ORDERS_READ = "orders:read"
    JOBS_READ = "jobs:read"
    JOBS_RETRY = "jobs:retry"
    MAILBOX_READ = "mailbox:read"
    AUDIT_READ = "audit:read"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_VIEW_AS = "customers:view_as"
    CUSTOMERS_REVEAL = "customers:reveal"
    CUSTOMERS_SAFETY_LOCK = "customers:safety_lock"
    CUSTOMERS_FREEZE = "customers:freeze"
    CUSTOMERS_REQUEST_UNFREEZE = "customers:request_unfreeze"
    RESTRICTIONS_READ = "restrictions:read"
    RESTRICTIONS_INSPECT = "restrictions:inspect"
    RESTRICTIONS_PLACE = "restrictions:place"
    RESTRICTIONS_REQUEST_LIFT = "restrictions:request_lift"
    RECOVERIES_READ = "recoveries:read"
    RECOVERIES_REQUEST = "recoveries:request"
    APPLICATIONS_READ = "applications:read"
    APPLICATIONS_REVIEW = "applications:review"
    APPLICATIONS_REQUEST = "applications:request"
    DOCUMENTS_READ = "documents:read"
    SCREENING_READ = "screening:read"
    SCREENING_DECIDE = "screening:decide"
    SCREENING_REQUEST = "screening:request"
    EXCHANGE_READ = "exchange:read"
    EXCHANGE_REQUEST = "exchange:request"
    EXCHANGE_HEDGE = "exchange:hedge"
    EXCHANGE_ABANDON = "exchange:abandon"
    REPORTS_READ = "reports:read"
    REPORTS_MAKE = "reports:make"
    RETENTION_READ = "retention:read"
    RETENTION_REQUEST = "retention:request"


class Role(StrEnum):
    """Who staff are to the business."""

    SUPPORT = "support"
    COMPLIANCE_OFFICER = "compliance_officer"
    COMPLIANCE_MANAGER = "compliance_manager"
    FINANCE = "finance"
    TREASURY = "treasury"
    ADMIN = "admin"
    AUDITOR = "auditor"


P = Permission
# Whose records of the audit each role sees: app/audit/rules.py.
_EVERYONE = frozenset({P.OVERVIEW_READ, P.AUDIT_READ, P.CUSTOMERS_READ, P.CASES_READ, P.SWITCHES_READ, P.ASSETS_READ})

ROLES: dict[Role, frozenset[Permission]] = {
    Role.SUPPORT: _EVERYONE
    | {
        P.LIMITS_READ,
        P.WITHDRAWALS_READ,
        P.CUSTOMERS_VIEW_AS,
        P.CUSTOMERS_SAFETY_LOCK,
        P.RECOVERIES_READ,
        P.RECOVERIES_REQUEST,
        P.APPROVALS_READ,
        P.CLOSURES_READ,
        P.RESTRICTIONS_READ,
        P.CASES_WORK,
        P.REFUNDS_READ,
        P.ORDERS_READ,
        P.DISPUTES_READ,
    },
    Role.COMPLIANCE_OFFICER: _EVERYONE
    | {
        P.SWITCHES_TURN_OFF,
        P.SWITCHES_REQUEST_ON,
        P.CASES_WORK,
        P.DOCUMENTS_READ,
        P.LIMITS_READ,
        P.WITHDRAWALS_READ,
        P.WITHDRAWALS_APPROVE,
        P.CUSTOMERS_VIEW_AS,
        P.CUSTOMERS_REVEAL,
        P.CUSTOMERS_FREEZE,
        P.CUSTOMERS_REQUEST_UNFREEZE,
        P.APPLICATIONS_READ,
        P.APPLICATIONS_REVIEW,
        P.APPLICATIONS_REQUEST,
        P.SCREENING_READ,
        P.SCREENING_DECIDE,
        P.SCREENING_REQUEST,
        P.RECOVERIES_READ,
        P.APPROVALS_READ,
        P.APPROVALS_DECIDE,
        P.CLOSURES_READ,
        P.RESTRICTIONS_READ,
        P.RESTRICTIONS_INSPECT,
        P.RESTRICTIONS_PLACE,
        P.RESTRICTIONS_REQUEST_LIFT,
        P.ORDERS_READ,
        P.DISPUTES_READ,
    },
    Role.COMPLIANCE_MANAGER: _EVERYONE
    | {
        P.SWITCHES_TURN_OFF,
        P.SWITCHES_REQUEST_ON,
        P.CASES_WORK,
        P.DOCUMENTS_READ,
        P.LIMITS_READ,
        P.WITHDRAWALS_READ,
        P.WITHDRAWALS_APPROVE,
        P.CUSTOMERS_VIEW_AS,
        P.CUSTOMERS_REVEAL,
        P.CUSTOMERS_FREEZE,
        P.APPLICATIONS_READ,
        P.APPLICATIONS_REVIEW,
        P.RECOVERIES_READ,
        P.CLOSURES_READ,
        P.APPROVALS_READ,
        P.APPROVALS_DECIDE,
        P.POLICIES_READ,
        P.OPERATORS_READ,
        P.RESTRICTIONS_READ,
        P.RESTRICTIONS_INSPECT,
        P.RESTRICTIONS_PLACE,
        P.RETENTION_READ,
        P.RETENTION_REQUEST,
        P.SCREENING_READ,
        P.SCREENING_DECIDE,
        P.ORDERS_READ,
        P.DISPUTES_READ,
    },
    Role.FINANCE: _EVERYONE
    | {
        P.CASES_WORK,
        P.LIMITS_READ,
        P.LIMITS_REQUEST_FEES,
        P.ASSETS_REQUEST,
        P.RATES_READ,
        P.RATES_REQUEST_SPREADS,
        P.APPROVALS_READ,
        P.WITHDRAWALS_READ,
        P.WITHDRAWALS_REQUEST_MARK,
        P.LEDGER_READ,
        P.LEDGER_CLOSE,
        P.JOURNALS_READ,
        P.JOURNALS_REQUEST,
        P.RECONCILIATION_READ,
        P.RECONCILIATION_RUN,
        P.REPORTS_READ,
        P.REPORTS_MAKE,
        P.STATEMENTS_READ,
        P.STATEMENTS_IMPORT,
        P.STATEMENTS_DOWNLOAD,
        P.SETTLEMENT_READ,
        P.SETTLEMENT_RUN,
        P.SETTLEMENT_REQUEST_FLOAT,
        P.SETTLEMENT_ABANDON,
        P.EXCHANGE_READ,
        P.EXCHANGE_REQUEST,
        P.EXCHANGE_ABANDON,
        P.SUSPENSE_READ,
        P.SUSPENSE_RESOLVE,
        P.REFUNDS_READ,
        P.REFUNDS_REQUEST,
        P.ORDERS_READ,
        P.DISPUTES_READ,
    },
    Role.TREASURY: _EVERYONE
    | {
        P.SWITCHES_TURN_OFF,
        P.SWITCHES_REQUEST_ON,
        P.RATES_READ,
        P.RATES_HALT,
        P.RATES_REQUEST,
        P.WITHDRAWALS_ATTEND,
        P.CASES_WORK,
        P.WITHDRAWALS_READ,
        P.WITHDRAWALS_APPROVE,
        P.WITHDRAWALS_RETRY,
        P.LEDGER_READ,
        P.LEDGER_LIFT,
        P.JOURNALS_READ,
        P.APPROVALS_READ,
        P.APPROVALS_DECIDE,
        P.RECONCILIATION_READ,
        P.STATEMENTS_READ,
        P.SETTLEMENT_READ,
        P.SETTLEMENT_ABANDON,
        P.EXCHANGE_READ,
        P.EXCHANGE_HEDGE,
        P.EXCHANGE_ABANDON,
        P.SUSPENSE_READ,
        P.JOBS_READ,
        P.JOBS_RETRY,
        P.RESTRICTIONS_READ,
        P.REFUNDS_READ,
        P.ORDERS_READ,
        P.DISPUTES_READ,
    },
    Role.ADMIN: _EVERYONE
    | {
        P.SWITCHES_TURN_OFF,
        P.CASES_WORK,
        P.WITHDRAWALS_READ,
        P.WITHDRAWALS_WITNESS,
        P.RATES_READ,
        P.RATES_HALT,
        P.LIMITS_READ,
        P.LIMITS_REQUEST,
        P.RETENTION_READ,
        P.RETENTION_REQUEST,
        P.JOBS_READ,
        P.JOBS_RETRY,
        P.MAILBOX_READ,
        P.CUSTOMERS_SAFETY_LOCK,
        P.APPROVALS_READ,
        P.APPROVALS_DECIDE,
        P.POLICIES_READ,
        P.POLICIES_REQUEST,
        P.OPERATORS_READ,
        P.OPERATORS_REQUEST,
    },
    Role.AUDITOR: _EVERYONE
    | {
        P.DOCUMENTS_READ,
        P.LIMITS_READ,
        P.RATES_READ,
        P.APPROVALS_READ,
        P.POLICIES_READ,
        P.OPERATORS_READ,
        P.WITHDRAWALS_READ,
        P.LEDGER_READ,
        P.JOURNALS_READ,
        P.RECONCILIATION_READ,
        P.REPORTS_READ,
        P.STATEMENTS_READ,
        P.STATEMENTS_DOWNLOAD,
        P.SETTLEMENT_READ,
        P.CUSTOMERS_REVEAL,
        P.APPLICATIONS_READ,
        P.RECOVERIES_READ,
        P.CLOSURES_READ,
        P.SUSPENSE_READ,
        P.JOBS_READ,
        P.RESTRICTIONS_READ,
        P.RESTRICTIONS_INSPECT,
        P.RETENTION_READ,
        P.SCREENING_READ,
        P.REFUNDS_READ,
        P.ORDERS_READ,
        P.EXCHANGE_READ,
        P.DISPUTES_READ,
    },
}

# What a role that somebody took alone for an hour brings: looking, and stopping harm. It moves no money, and with it
# nobody asks for or agrees to anything that needs two people.
_STOPS_HARM = frozenset(
    {
        P.CUSTOMERS_VIEW_AS,
        P.CUSTOMERS_SAFETY_LOCK,
        P.CUSTOMERS_FREEZE,
        P.RESTRICTIONS_PLACE,
        P.JOBS_RETRY,
        P.SWITCHES_TURN_OFF,
        P.RATES_HALT,
    }
)
# Customers' papers are nobody's to look at alone, and an administrator who takes an officer's role does not learn who
# stands on a list.
_NOT_LENT = frozenset({P.DOCUMENTS_READ, P.APPLICATIONS_READ, P.SCREENING_READ})
LENT: frozenset[Permission] = _STOPS_HARM | {each for each in Permission if each.endswith(":read")} - _NOT_LENT

# Duties that must stay in different hands, whatever each is allowed alone.
FORBIDDEN_PAIRS: frozenset[frozenset[Role]] = frozenset(
    frozenset(pair)
    for pair in (
        (Role.FINANCE, Role.TREASURY),
        (Role.COMPLIANCE_OFFICER, Role.TREASURY),
        *((Role.ADMIN, role) for role in (Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER)),
        *((Role.ADMIN, role) for role in (Role.FINANCE, Role.TREASURY)),
        *((Role.AUDITOR, role) for role in Role if role is not Role.AUDITOR),
    )
)


def granted(roles: Iterable[str], *, lent: Iterable[str] = ()) -> frozenset[Permission]:
    """The permissions of somebody who has these roles; names that are no roles grant nothing.

    Of what roles in `lent` bring, only that which is in LENT.
    """
    known = {str(role): permissions for role, permissions in ROLES.items()}
    held = frozenset[Permission]().union(*(known.get(name, frozenset()) for name in roles))
    borrowed = frozenset[Permission]().union(*(known.get(name, frozenset()) for name in lent))
    return held | (borrowed & LENT)


def conflicts(roles: Iterable[str]) -> list[tuple[Role, Role]]:
    """The forbidden pairs that this person would hold."""
    held = {Role(name) for name in roles}
    found = [tuple(sorted(pair)) for pair in FORBIDDEN_PAIRS if pair <= held]
    return sorted((first, second) for first, second in found)
