"""Runs of retention for tests: asked for by one, agreed to by another; what is due put out of the way."""

from datetime import datetime

from flask import Flask

from app.core import actor, clock
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.models import Request
from app.restrictions.rules import Kind
from app.retention import queries, requests, service
from app.retention.queries import Due, Story
from jobs import runtime
from tests.makers import people, restricted
from tests.makers.people import Customer


def ask(role: Role = Role.ADMIN, *, at: datetime | None = None) -> Request:
    """Somebody of this role asks, at a moment."""
    who, _ = people.operator(role)
    leave()
    with clock.at(at or clock.now()), transaction(actor.operator(who)):
        return requests.request_run(reason="The yearly forgetting.", maker=who, actor=actor.operator(who))


def agree(asked: Request, role: Role) -> None:
    """Somebody of this role says yes."""
    who, _ = people.operator(role)
    leave()
    with transaction(actor.operator(who)):
        governance.approve(asked.id, operator_id=who, shown=asked.payload_hash, actor=actor.operator(who))


def plan(at: datetime) -> dict[str, Due]:
    """What would go, by class."""
    leave()
    return {due.rule.data_class: due for due in service.plan(at=at)}


def last_run() -> Story:
    """The newest."""
    leave()
    return queries.runs_for_operators(limit=1)[0]


def hold(owner: Customer) -> None:
    """Somebody orders that nothing of theirs goes."""
    restricted.placed(owner, Kind.LEGAL_HOLD, reason="court_order")


def take_back() -> None:
    """Whoever asked for a run thinks better of it."""
    leave()
    for standing in governance_queries.about_for_operators(requests.TARGET):
        maker = actor.operator(standing.request.maker)
        with transaction(maker):
            governance.cancel(standing.request.id, operator_id=maker.id, actor=maker)
    leave()


def forget_all(app: Flask) -> None:
    """Let everything go that is due now."""
    take_back()
    if any(due.goes for due in plan(clock.now()).values()):
        agree(ask(), Role.COMPLIANCE_MANAGER)
        runtime.drain(app)
    leave()
