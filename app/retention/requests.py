"""A run is asked for by one side and agreed to by the other: administration and compliance."""

from datetime import datetime

from app.core import clock
from app.core.actor import Actor
from app.core.permissions import Permission
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.rules import Facts
from app.identity import queries as identity
from app.retention import errors, queries, rules, service

TARGET = "retention"


def request_run(*, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that what is due now be forgotten. Raises NothingDue, RunUnderWay, and as governance does."""
    moment = clock.now()
    payload = {
        "up_to": moment.isoformat(),
        "side": str(rules.side_of(identity.roles_for_system(maker))),
        "due": [
            {"title": due.rule.title, "action": due.rule.action, "count": due.count, "held": due.held}
            for due in service.plan(at=moment)
            if due.count
        ],
    }
    if governance_queries.about_for_operators(TARGET):
        raise errors.RunUnderWay
    return governance.submit(RUN.name, payload, target=TARGET, reason=reason, maker=maker, actor=actor)


def _check(payload: Payload) -> None:
    if queries.under_way_for_system() is not None:
        raise errors.RunUnderWay
    if all(due["count"] == due["held"] for due in payload["due"]):
        raise errors.NothingDue


def _run(agreed: Agreed) -> str:
    _check(agreed.payload)
    run_id = service.begin(agreed.request_id, up_to=datetime.fromisoformat(agreed.payload["up_to"]), actor=agreed.actor)
    return f"Run {run_id} has begun"


def _goes(payload: Payload) -> int:
    return sum(due["count"] - due["held"] for due in payload["due"])


def _describe(payload: Payload) -> list[Line]:
    lines = [Line("Due until", payload["up_to"])]
    for due in payload["due"]:
        held = f", {due['held']} more are held" if due["held"] else ""
        lines.append(Line(due["title"], f"{due['action']} {due['count'] - due['held']}{held}"))
    return lines


RUN = Kind(
    name="retention.run",
    title="Forgetting what is due",
    make=Permission.RETENTION_REQUEST,
    dry_run=_check,
    execute=_run,
    describe=_describe,
    summary=lambda payload: f"Forget {_goes(payload)} records whose time is over",
    facts=lambda payload: Facts(target=payload["side"]),
)
