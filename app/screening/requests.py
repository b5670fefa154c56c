"""That a customer is whom a list names is not one person's to say: an officer asks, a manager agrees."""

from app.core.actor import Actor
from app.core.permissions import Permission
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.screening import errors, queries, service
from app.screening.rules import WAITING


def request_match(hit_id: str, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a hit be confirmed.

    Raises UnknownHit, HitDecided, MatchAskedAlready, Forbidden, and as governance does.
    """
    hit = service.note_asked(hit_id, operator_id=maker, actor=actor)
    found = queries.hit_for_operators(hit_id)
    payload = {
        "hit_id": hit.id,
        "customer_id": hit.customer_id,
        "given": hit.explanation.get("given") or found.subject.names[0],
        "listed": hit.explanation.get("listed") or found.entry.names[0],
        "entry": f"{found.entry.list_code} {found.entry.entry_ref}",
        "topics": sorted(found.entry.topics),
        "score": hit.score,
    }
    return governance.submit(
        MATCH.name, payload, target=service.target_of(hit_id), reason=reason, maker=maker, actor=actor
    )


def _check(payload: Payload) -> None:
    if queries.hit_for_operators(payload["hit_id"]).hit.state not in WAITING:
        raise errors.HitDecided


def _confirm(agreed: Agreed) -> str:
    _check(agreed.payload)
    service.confirm(agreed.payload["hit_id"], reason=agreed.reason, decided_by=agreed.voters[-1], actor=agreed.actor)
    return "The match is confirmed"


MATCH = Kind(
    name="screening.match",
    title="Match with a list",
    make=Permission.SCREENING_REQUEST,
    sees=Permission.SCREENING_READ,
    dry_run=_check,
    execute=_confirm,
    describe=lambda payload: [
        Line("Our customer", payload["given"]),
        Line("On the list", payload["listed"]),
        Line("Entry", payload["entry"]),
        Line("Listed for", ", ".join(payload["topics"]) or "no reason given"),
        Line("Score", f"{payload['score']} of 100"),
    ],
    summary=lambda payload: f"Confirm that a customer is {payload['listed']}, {payload['entry']}",
    touches=lambda payload: frozenset({payload["customer_id"]}),
)
