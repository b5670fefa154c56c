"""Restrictions for tests: placed by one of compliance, lifted by two."""

from datetime import timedelta

from app.clients.paystack import Charge
from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.governance import flows
from app.governance import service as governance
from app.governance.models import Request
from app.payments import deposits
from app.restrictions import requests, service
from app.restrictions.rules import Kind
from tests.makers import people
from tests.makers.people import Customer

SYSTEM = actor.system("test")
NOTE = "Note for compliance alone: heron-4711."


def placed(
    owner: Customer,
    kind: Kind = Kind.NO_DEBIT,
    *,
    reason: str = "unusual_activity",
    note: str = NOTE,
    lasts: timedelta | None = None,
    by: str = "",
) -> str:
    """A restriction of this customer's account: its id."""
    who = actor.operator(by or people.operator(Role.COMPLIANCE_OFFICER)[0])
    until = clock.now() + lasts if lasts else None
    with transaction(who):
        found = service.place(owner.id, kind=kind, reason=reason, note=note, expires_at=until, actor=who)
    leave()
    return found.id


def asked(restriction_id: str, *, authority: str = "", by: str = "") -> Request:
    """A request to lift it."""
    maker = by or people.operator(Role.COMPLIANCE_OFFICER)[0]
    with transaction(actor.operator(maker)):
        return requests.request_lift(
            restriction_id, authority=authority, reason="It is settled.", maker=maker, actor=actor.operator(maker)
        )


def approve(request: Request, *, by: str = "") -> None:
    """A manager's yes."""
    voter = by or people.operator(Role.COMPLIANCE_MANAGER)[0]
    with transaction(actor.operator(voter)):
        governance.approve(request.id, operator_id=voter, shown=request.payload_hash, actor=actor.operator(voter))
    leave()


def lifted(restriction_id: str, *, authority: str = "") -> Request:
    """Have it lifted by the two."""
    request = asked(restriction_id, authority=authority)
    approve(request)
    flows.carry_out(request.id, actor=SYSTEM)
    leave()
    return request


def run_out(restriction_id: str) -> None:
    """Wait until its time is over, by the clock of the database, which no test holds."""
    leave()
    rows(
        "SELECT pg_sleep(greatest(extract(epoch FROM expires_at - clock_timestamp()), 0)::float + 0.01)"
        " FROM restrictions WHERE id = :id",
        id=restriction_id,
    )
    leave()


def waiting(owner: Customer) -> str:
    """NGN 700 that came for them while their account took nothing in, which has ended: the item in suspense."""
    with transaction(owner.actor):
        deposit = deposits.start(owner.id, amount=people.naira(700), actor=owner.actor)
    stopped = placed(owner, Kind.NO_CREDIT)
    charge = Charge(deposit.reference, "success", 710_00, 700_00, 10_00, "NGN", "test", "card", None)
    with transaction(SYSTEM):
        deposits.settle(deposit.id, charge=charge, our_domain="test", actor=SYSTEM)
    item_id = rows("SELECT id FROM suspense_items WHERE reference = :reference", reference=deposit.reference)[0].id
    lifted(stopped)
    return str(item_id)
