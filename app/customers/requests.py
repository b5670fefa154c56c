"""What staff may not do to a customer's account alone: lift a freeze, give it to somebody who lost the mailbox.

One asks, compliance agrees, and governance carries it out; whoever is privately the customer does neither.
"""

from app.core import actor as actors
from app.core.actor import Actor
from app.core.permissions import Permission
from app.customers import errors, queries, service
from app.customers.rules import State
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.identity import factors, recoveries, recovery
from app.identity.errors import UnknownRecovery

TRYING = actors.system("dry run")
WANTED_BY = {"customer": "the customer", "us": "our own review"}


def target_of(customer_id: str) -> str:
    """What requests about a customer are filed under."""
    return f"customer:{customer_id}"


def request_unfreeze(customer_id: str, *, wanted_by: str, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a freeze be lifted. Raises NoSuchCustomer, NotFrozen, AskedAlready, and as governance does."""
    customer = queries.one_for_operators(customer_id)
    payload = {
        "customer_id": customer.id,
        "name": customer.name,
        "wanted_by": wanted_by if wanted_by in WANTED_BY else "us",
    }
    return _ask(UNFREEZE, payload, reason=reason, maker=maker, actor=actor)


def request_recovery(recovery_id: str, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a recovery be carried out.

    Raises NotFound, IllegalMove, RecoveryCools, AddressTaken, AskedAlready, and as governance does.
    """
    login_id = recoveries.recovery_for_operators(recovery_id).login_id
    customer = queries.by_login(owner=login_id) if login_id else None
    if customer is None:
        raise UnknownRecovery
    payload = {"recovery_id": recovery_id, "customer_id": customer.id, "name": customer.name}
    return _ask(RECOVERY, payload, reason=reason, maker=maker, actor=actor)


def _ask(kind: Kind, payload: Payload, *, reason: str, maker: str, actor: Actor) -> Request:
    target = target_of(payload["customer_id"])
    if any(one.request.kind == kind.name for one in governance_queries.about_for_operators(target)):
        raise errors.AskedAlready
    return governance.submit(kind.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def _check_frozen(payload: Payload) -> None:
    if queries.one_for_operators(payload["customer_id"]).state != State.LOCKED:
        raise errors.NotFrozen


def _unfreeze(agreed: Agreed) -> str:
    _check_frozen(agreed.payload)
    service.unlock(agreed.payload["customer_id"], actor=agreed.actor, reason=agreed.reason)
    return f"{agreed.payload['name']}'s account is not frozen any more"


def _recover(agreed: Agreed) -> str:
    """Another address; and nothing that opened the account before opens it now but the password, which is reset."""
    login_id = queries.login_for_system(agreed.payload["customer_id"])
    recovery.carry_out(agreed.payload["recovery_id"], actor=agreed.actor)
    factors.drop_all(login_id)
    return f"{agreed.payload['name']} comes back by the new address"


UNFREEZE = Kind(
    name="customer.unfreeze",
    title="Lifting of a freeze",
    make=Permission.CUSTOMERS_REQUEST_UNFREEZE,
    dry_run=_check_frozen,
    execute=_unfreeze,
    describe=lambda payload: [
        Line("Customer", payload["name"]),
        Line("Account", "active", was="frozen"),
        Line("Wanted by", WANTED_BY[payload["wanted_by"]]),
    ],
    summary=lambda payload: f"Lift the freeze of {payload['name']}'s account",
    touches=lambda payload: frozenset({payload["customer_id"]}),
)

RECOVERY = Kind(
    name="customer.recovery",
    title="Recovery of an account",
    make=Permission.RECOVERIES_REQUEST,
    dry_run=lambda payload: recovery.check(payload["recovery_id"], actor=TRYING),
    execute=_recover,
    describe=lambda payload: [
        Line("Customer", payload["name"]),
        Line("E-mail address", "the one they asked for", was="the one they lost"),
        Line("Second factors, sessions, API keys", "none", was="as they are"),
    ],
    summary=lambda payload: f"Give {payload['name']} their account back",
    touches=lambda payload: frozenset({payload["customer_id"]}),
)
