"""Placing money that waits in suspense is a request: finance asks, treasury agrees."""

from app.core.actor import Actor
from app.core.permissions import Permission
from app.customers import queries as customers
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.payments import deposits, errors


def target_of(item_id: str) -> str:
    """What requests about an item are filed under."""
    return f"suspense:{item_id}"


def request_placing(item_id: str, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that an item's money be credited to its customer.

    Raises NotFound, NotPlaceable, TakesNothingIn, PlacingAskedAlready, and as governance does.
    """
    deposit = deposits.check_placing(item_id)
    if governance_queries.about_for_operators(target_of(item_id)):
        raise errors.PlacingAskedAlready
    payload = {
        "item_id": item_id,
        "deposit_id": deposit.id,
        "customer_id": deposit.customer_id,
        "name": customers.one_for_operators(deposit.customer_id).name,
        "amount": str(deposit.amount),
    }
    return governance.submit(PLACE.name, payload, target=target_of(item_id), reason=reason, maker=maker, actor=actor)


def _check(payload: Payload) -> None:
    deposits.check_placing(payload["item_id"])


def _place(agreed: Agreed) -> str:
    note = f"Placed by request {agreed.request_id}."
    deposits.place(agreed.payload["item_id"], note=note, actor=agreed.actor)
    return f"{agreed.payload['name']} has {agreed.payload['amount']}"


PLACE = Kind(
    name="payments.place",
    title="Placing of money in suspense",
    make=Permission.SUSPENSE_RESOLVE,
    dry_run=_check,
    execute=_place,
    describe=lambda payload: [Line("Customer", payload["name"]), Line("Credit", payload["amount"])],
    summary=lambda payload: f"Credit {payload['name']} {payload['amount']} that stands in suspense",
    touches=lambda payload: frozenset({payload["customer_id"]}),
)
