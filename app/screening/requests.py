"""What is said of a hit that more than a name speaks for is not one person's to say: an officer asks, a manager agrees.

That they are whom the list names, that they are somebody else, that a match was none after all.
"""

from app.core.actor import Actor
from app.core.permissions import Permission
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.screening import deciding, errors, queries
from app.screening.rules import HitState

VERDICTS = {
    HitState.MATCH: "It is them",
    HitState.NO_MATCH: "It is somebody else",
    HitState.WITHDRAWN: "The match is withdrawn",
}


def request_verdict(hit_id: str, verdict: str, *, shown: str, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that this be agreed on. `shown` is what the maker looked at, and what the others agree to.

    Raises BadVerdict, UnknownHit, HitDecided, HitChanged, AskedAlready, Forbidden, and as governance does.
    """
    if verdict not in VERDICTS:
        raise errors.BadVerdict
    hit = deciding.note_asked(hit_id, HitState(verdict), shown=shown, operator_id=maker, actor=actor)
    found = queries.hit_for_operators(hit_id)
    payload = {
        "hit_id": hit.id,
        "verdict": verdict,
        "content": shown,
        "customer_id": hit.customer_id,
        "given": hit.explanation.get("given") or found.subject.names[0],
        "listed": hit.explanation.get("listed") or found.entry.names[0],
        "entry": f"{found.entry.list_code} {found.entry.entry_ref}",
        "topics": sorted(found.entry.topics),
        "score": hit.score,
    }
    return governance.submit(
        MATCH.name, payload, target=deciding.target_of(hit_id), reason=reason, maker=maker, actor=actor
    )


def _check(payload: Payload) -> None:
    deciding.check(payload["hit_id"], HitState(payload["verdict"]), shown=payload["content"])


def _agree(agreed: Agreed) -> str:
    asked, verdict = agreed.payload, HitState(agreed.payload["verdict"])
    deciding.agree(
        asked["hit_id"], verdict, shown=asked["content"], reason=agreed.reason, decided_by=agreed.voters[-1],
        actor=agreed.actor,
    )  # fmt: skip
    return f"Agreed: {VERDICTS[verdict][0].lower()}{VERDICTS[verdict][1:]}"


MATCH = Kind(
    name="screening.match",
    title="Hit on a list",
    make=Permission.SCREENING_REQUEST,
    sees=Permission.SCREENING_READ,
    dry_run=_check,
    execute=_agree,
    describe=lambda payload: [
        Line("Said of it", VERDICTS[HitState(payload["verdict"])]),
        Line("Our customer", payload["given"]),
        Line("On the list", payload["listed"]),
        Line("Entry", payload["entry"]),
        Line("Listed for", ", ".join(payload["topics"]) or "no reason given"),
        Line("Score", f"{payload['score']} of 100"),
    ],
    summary=lambda payload: (
        f"{VERDICTS[HitState(payload['verdict'])]}: a customer and {payload['listed']}, {payload['entry']}"
    ),
    touches=lambda payload: frozenset({payload["customer_id"]}),
)
