"""That a bank account counts as its customer's although its bank names it otherwise is a request.

An officer asks with what shows it, a manager of compliance agrees. It holds for the name that the customer had then.
"""

from app.applications import looking
from app.core.actor import Actor
from app.core.db import db
from app.core.permissions import Permission
from app.customers import queries as customers
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.identification import names
from app.payments import errors, queries
from app.payments.models import BankAccount
from app.risk import queries as risk


def given_name(customer_id: str) -> str:
    """The name that a customer's bank accounts are held against: as it was verified, or as they gave it."""
    return looking.name_of(customer_id) or customers.one_for_operators(customer_id).name


def agreed_for_system(account: BankAccount) -> bool:
    """Whether two people said that this account is the customer's, by the name that they have now."""
    if account.name_request_id is None:
        return False
    payload = governance_queries.one_for_operators(account.name_request_id).request.payload
    return bool(payload["given"] == given_name(account.customer_id))


def target_of(account_id: str) -> str:
    """What requests about a bank account are filed under."""
    return f"bank_account:{account_id}"


def request(account_id: str, *, customer_id: str, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that an account whose name differs count as its customer's.

    Raises NotFound, NameFits, NameAskedAlready, and as governance does.
    """
    account = queries.bank_account(account_id, customer_id=customer_id)
    given = given_name(customer_id)
    payload = {
        "account_id": account.id,
        "customer_id": customer_id,
        "given": given,
        "account_name": account.account_name,
        "bank": account.bank_name,
        "score": names.compare(given, account.account_name).score,
    }
    _check(payload)
    if governance_queries.about_for_operators(target_of(account_id)):
        raise errors.NameAskedAlready
    return governance.submit(KIND.name, payload, target=target_of(account_id), reason=reason, maker=maker, actor=actor)


def _check(payload: Payload) -> None:
    account = queries.bank_account(payload["account_id"], customer_id=payload["customer_id"])
    if account.removed_at is not None or account.name_request_id is not None:
        raise errors.NameFits
    given = given_name(payload["customer_id"])
    needed = risk.thresholds_without_owner()["name_match_percent"]
    if payload["given"] != given or names.compare(given, account.account_name).score >= needed:
        raise errors.NameFits


def _agree(agreed: Agreed) -> str:
    """The database looks at the request too."""
    _check(agreed.payload)
    account = queries.bank_account(agreed.payload["account_id"], customer_id=agreed.payload["customer_id"])
    account.name_request_id = agreed.request_id
    db.session.flush()
    return f"{agreed.payload['account_name']} counts as {agreed.payload['given']}"


KIND = Kind(
    name="payments.override_name",
    title="Name of a bank account",
    make=Permission.APPLICATIONS_REQUEST,
    dry_run=_check,
    execute=_agree,
    describe=lambda payload: [
        Line("Customer", payload["given"]),
        Line("Name at the bank", f"{payload['account_name']} ({payload['bank']}), alike by {payload['score']} %"),
    ],
    summary=lambda payload: f"Take {payload['account_name']} at {payload['bank']} for {payload['given']}",
    touches=lambda payload: frozenset({payload["customer_id"]}),
)
