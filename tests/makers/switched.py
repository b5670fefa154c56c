"""Switches for tests: turned off by one, turned on again by two; and none left off behind a test."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.core import actor
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.governance import flows
from app.governance import service as governance
from app.governance.models import Request
from app.governance.queries import about_for_operators
from app.governance.rules import State
from app.risk import queries, switches
from app.risk.models import Switch
from tests.makers import people

SYSTEM = actor.system("test")


def off(scope: str = "rail:chain", *, by: str = "", reason: str = "Something is wrong.") -> Switch:
    """Something that is turned off."""
    who = actor.operator(by or people.operator(Role.TREASURY)[0])
    with transaction(who):
        return switches.turn_off(scope, reason=reason, actor=who)


def asked(switch_id: str, *, by: str = "") -> Request:
    """A request to turn it on again."""
    maker = by or people.operator(Role.TREASURY)[0]
    with transaction(who := actor.operator(maker)):
        return switches.request_on(switch_id, reason="It is put right.", maker=maker, actor=who)


def agree(request: Request, *, by: str = "") -> None:
    """A manager's yes."""
    voter = by or people.operator(Role.COMPLIANCE_MANAGER)[0]
    with transaction(who := actor.operator(voter)):
        governance.approve(request.id, operator_id=voter, shown=request.payload_hash, actor=who)
    leave()


def on(switch_id: str) -> None:
    """Have it turned on again by two; nothing where it is on."""
    if queries.switch_for_operators(switch_id).state == "off":
        waiting = about_for_operators(switches.target_of(switch_id))
        leave()
        request = waiting[0].request if waiting else asked(switch_id)
        if request.state == State.FAILED:
            with transaction(who := actor.operator(request.maker)):
                governance.retry(request.id, operator_id=who.id, actor=who)
        else:
            agree(request)
        flows.carry_out(request.id, actor=SYSTEM)
    leave()


def all_on(scope: str) -> None:
    """Have it on, whatever an earlier test left behind."""
    for standing in queries.switches_off_for_operators():
        if standing.scope == scope:
            leave()
            on(standing.id)


@contextmanager
def stopped(scope: str) -> Iterator[Switch]:
    """Something is off for the body, and on again after it."""
    all_on(scope)
    switch = off(scope)
    try:
        yield switch
    finally:
        on(switch.id)
