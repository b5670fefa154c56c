"""Ending a dispute whose end Paystack never tells: finance asks, treasury agrees, and its money is let go."""

from app.core import clock
from app.core.actor import Actor
from app.core.money import NGN, Money
from app.core.permissions import Permission
from app.disputes import errors, queries, rules, service
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.rules import Facts


def target_of(dispute_id: str) -> str:
    """What requests about ending a dispute are filed under."""
    return f"dispute:{dispute_id}"


def request_letting_go(dispute_id: str, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a dispute count as won, and that what is held for it be let go.

    Raises NotFound, DisputeEnded, TooEarly, EndUnderWay, and as governance does.
    """
    dispute = queries.one_for_operators(dispute_id)
    if governance_queries.about_for_operators(target_of(dispute_id)):
        raise errors.EndUnderWay
    payload = {
        "dispute_id": dispute.id,
        "customer_id": dispute.customer_id,
        "reference": dispute.reference,
        "units": str(dispute.amount.units),
        "said": f"{dispute.vendor_status} {dispute.resolution}".strip(),
    }
    target = target_of(dispute_id)
    return governance.submit(LET_GO.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def _check(payload: Payload) -> None:
    dispute = queries.one_for_operators(payload["dispute_id"])
    if dispute.state not in rules.UNDER_WAY:
        raise errors.DisputeEnded
    if clock.now() < rules.let_go_from(dispute.due_at or dispute.opened_at):
        raise errors.TooEarly


def _let_go(agreed: Agreed) -> str:
    _check(agreed.payload)
    reason = f"By request {agreed.request_id}: Paystack does not say how it ended."
    service.let_go(agreed.payload["dispute_id"], reason=reason, actor=agreed.actor)
    return "What was held for it is let go"


def _amount(payload: Payload) -> Money:
    return Money(NGN, int(payload["units"]))


LET_GO = Kind(
    name="disputes.let_go",
    title="End of a dispute",
    make=Permission.REFUNDS_REQUEST,
    dry_run=_check,
    execute=_let_go,
    describe=lambda payload: [
        Line("Dispute", payload["dispute_id"]),
        Line("Amount", str(_amount(payload))),
        Line("Payment", payload["reference"]),
        Line("Paystack said last", payload["said"]),
    ],
    summary=lambda payload: f"Let a dispute of {_amount(payload)} count as won",
    facts=lambda payload: Facts(amount=int(payload["units"])),
    touches=lambda payload: frozenset({payload["customer_id"]} - {None}),
)
