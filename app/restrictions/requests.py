"""Lifting a restriction before its time is a request: one of compliance asks, a manager of compliance agrees."""

from app.core.actor import Actor
from app.core.permissions import Permission
from app.customers import queries as customers
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.restrictions import errors, queries, rules, service
from app.restrictions.rules import State


def target_of(restriction_id: str) -> str:
    """What requests about a restriction are filed under: it, not its customer, whose page all staff read."""
    return f"restriction:{restriction_id}"


def request_lift(restriction_id: str, *, authority: str, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that one be lifted; a legal hold by whose word (`authority`).

    Raises NoSuchRestriction, NotStanding, AuthorityMissing, LiftAskedAlready, and as governance does.
    """
    one, target = queries.one_for_operators(restriction_id), target_of(restriction_id)
    customer = customers.one_for_operators(one.shown.customer_id)
    if governance_queries.about_for_operators(target):
        raise errors.LiftAskedAlready
    payload = {
        "restriction_id": one.shown.id,
        "customer_id": customer.id,
        "name": customer.name,
        "kind": str(one.kind),
        "authority": " ".join(authority.split())[: rules.AUTHORITY_MAX],
    }
    return governance.submit(LIFT.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def _check(payload: Payload) -> None:
    one = queries.one_for_operators(payload["restriction_id"])
    if one.shown.state != State.PLACED:
        raise errors.NotStanding
    if one.kind is rules.Kind.LEGAL_HOLD and not payload["authority"]:
        raise errors.AuthorityMissing


def _lift(agreed: Agreed) -> str:
    _check(agreed.payload)
    service.lift(agreed.payload["restriction_id"], request_id=agreed.request_id, actor=agreed.actor)
    return f"Lifted from {agreed.payload['name']}'s account"


def _describe(payload: Payload) -> list[Line]:
    title = rules.TITLES[rules.Kind(payload["kind"])]
    by_word_of = [Line("By the word of", payload["authority"])] if payload["authority"] else []
    return [Line("Customer", payload["name"]), Line("Restriction", "none", was=title), *by_word_of]


LIFT = Kind(
    name="restrictions.lift",
    title="Lifting of a restriction",
    make=Permission.RESTRICTIONS_REQUEST_LIFT,
    dry_run=_check,
    execute=_lift,
    describe=_describe,
    summary=lambda payload: f"Lift a restriction of {payload['name']}'s account",
    touches=lambda payload: frozenset({payload["customer_id"]}),
    sees=Permission.RESTRICTIONS_INSPECT,  # (what stands, and by whose word, stands in it)
)
