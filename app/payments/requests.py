"""What becomes of money in suspense is a request: finance asks, treasury agrees.

It is placed (credited to whose it is known to be), assigned (to a customer, with evidence), returned, or split.
"""

from app.core.actor import Actor
from app.core.money import NGN, Money
from app.core.permissions import Permission
from app.customers import queries as customers
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.rules import Facts
from app.payments import deposits, errors, placing

EVIDENCE_MIN, EVIDENCE_MAX = 20, 500


def target_of(item_id: str) -> str:
    """What requests about an item are filed under."""
    return f"suspense:{item_id}"


def request_placing(item_id: str, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that an item's money be credited to its customer.

    Raises NotFound, NotPlaceable, ChargeDisputed, TakesNothingIn, PlacingAskedAlready, and as governance does.
    """
    deposit = deposits.check_placing(item_id)
    _refuse_second(item_id)
    payload = {
        "item_id": item_id,
        "deposit_id": deposit.id,
        "customer_id": deposit.customer_id,
        "name": customers.one_for_operators(deposit.customer_id).name,
        "amount": str(deposit.amount),
    }
    return governance.submit(PLACE.name, payload, target=target_of(item_id), reason=reason, maker=maker, actor=actor)


def request_assigning(item_id: str, *, customer_id: str, evidence: str, maker: str, actor: Actor) -> Request:
    """Ask that an item's money be credited to this customer, for what shows that it is theirs.

    Raises NotFound, NoSuchCustomer, NotPlaceable, ChargeDisputed, TakesNothingIn, EvidenceMissing,
    PlacingAskedAlready, and as governance does.
    """
    item, amount = placing.check_assigning(item_id, customer_id=customer_id)
    shown = evidence.strip()
    if not EVIDENCE_MIN <= len(shown) <= EVIDENCE_MAX:
        raise errors.EvidenceMissing
    _refuse_second(item_id)
    payload = {
        "item_id": item_id,
        "deposit_id": placing.suspended_deposit(item, customer_id=customer_id),
        "customer_id": customer_id,
        "name": customers.one_for_operators(customer_id).name,
        "payer": item.payer,
        "amount": str(amount),
        "units": str(amount.units),
        "evidence": shown,
    }
    return governance.submit(ASSIGN.name, payload, target=target_of(item_id), reason=shown, maker=maker, actor=actor)


def request_splitting(item_id: str, *, parts: list[Money], reason: str, maker: str, actor: Actor) -> Request:
    """Ask that an item become several, each to be placed by itself.

    Raises NotFound, NotPlaceable, PartsDoNotSum, PlacingAskedAlready, and as governance does.
    """
    placing.check_parts(item_id, parts)
    _refuse_second(item_id)
    whole = Money(NGN, sum(part.units for part in parts))
    payload = {
        "item_id": item_id,
        "amount": str(whole),
        "units": str(whole.units),
        "parts": [str(part.units) for part in parts],
    }
    return governance.submit(SPLIT.name, payload, target=target_of(item_id), reason=reason, maker=maker, actor=actor)


def request_returning(item_id: str, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that an item's money go back to whoever paid it.

    Raises NotFound, NotPlaceable, NotReturnable, ChargeDisputed, RefundUnderWay, PlacingAskedAlready, and as governance
    does.
    """
    item, amount = placing.check_returning(item_id)
    _refuse_second(item_id)
    payload = {
        "item_id": item_id,
        "reference": item.reference,
        "payer": item.payer,
        "amount": str(amount),
        "units": str(amount.units),
    }
    return governance.submit(RETURN.name, payload, target=target_of(item_id), reason=reason, maker=maker, actor=actor)


def _refuse_second(item_id: str) -> None:
    if governance_queries.about_for_operators(target_of(item_id)):
        raise errors.PlacingAskedAlready


def _worth(payload: Payload) -> Facts:
    return Facts(amount=int(payload["units"]))


def _parts(payload: Payload) -> list[Money]:
    return [Money(NGN, int(units)) for units in payload["parts"]]


def _check_assigning(payload: Payload) -> None:
    placing.check_assigning(payload["item_id"], customer_id=payload["customer_id"])


def _assign(agreed: Agreed) -> str:
    told = agreed.payload
    note = f"Assigned by request {agreed.request_id}."
    placing.assign(
        told["item_id"],
        customer_id=told["customer_id"],
        deposit_id=told["deposit_id"],
        note=note,
        actor=agreed.actor,
    )
    return f"{told['name']} has {told['amount']}"


def _describe_assigning(payload: Payload) -> list[Line]:
    return [
        Line("Customer", payload["name"]),
        Line("Credit", payload["amount"]),
        Line("Sent by", payload["payer"] or "not known"),
        Line("What shows that it is theirs", payload["evidence"]),
    ]


def _split(agreed: Agreed) -> str:
    note = f"Split by request {agreed.request_id}."
    made = placing.split(agreed.payload["item_id"], parts=_parts(agreed.payload), note=note, actor=agreed.actor)
    return f"{len(made)} items were made of it"


def _check_returning(payload: Payload) -> None:
    placing.check_returning(payload["item_id"])


def _return(agreed: Agreed) -> str:
    note = f"Returned to its sender by request {agreed.request_id}."
    refund_id = placing.give_back(agreed.payload["item_id"], note=note, actor=agreed.actor)
    return f"refund {refund_id} of {agreed.payload['amount']}"


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

ASSIGN = Kind(
    name="payments.assign",
    title="Assigning of money in suspense",
    make=Permission.SUSPENSE_RESOLVE,
    dry_run=_check_assigning,
    execute=_assign,
    describe=_describe_assigning,
    summary=lambda payload: f"Credit {payload['name']} {payload['amount']} that nobody could place",
    facts=_worth,
    touches=lambda payload: frozenset({payload["customer_id"]}),
)

SPLIT = Kind(
    name="payments.split",
    title="Splitting of money in suspense",
    make=Permission.SUSPENSE_RESOLVE,
    dry_run=lambda payload: placing.check_parts(payload["item_id"], _parts(payload)),
    execute=_split,
    describe=lambda payload: [
        Line("Whole", payload["amount"]),
        *(Line(f"Part {number}", str(part)) for number, part in enumerate(_parts(payload), 1)),
    ],
    summary=lambda payload: f"Split {payload['amount']} in suspense into {len(payload['parts'])}",
    facts=_worth,
)

RETURN = Kind(
    name="payments.return",
    title="Return of money in suspense",
    make=Permission.SUSPENSE_RESOLVE,
    dry_run=_check_returning,
    execute=_return,
    describe=lambda payload: [
        Line("Give back", payload["amount"]),
        Line("Sent by", payload["payer"] or "not known"),
        Line("Payment", payload["reference"]),
    ],
    summary=lambda payload: f"Send {payload['amount']} in suspense back to its sender",
    facts=_worth,
)
