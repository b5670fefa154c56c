"""Halts, prices of our own, feeds and spreads for tests: asked for by one, agreed to by another, carried out."""

from datetime import date, timedelta
from decimal import Decimal

from app.core import actor, clock
from app.core.db import leave, transaction
from app.core.permissions import Role, granted
from app.governance import flows
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.models import Request
from app.governance.rules import State
from app.identity import queries as identity_queries
from app.pricing import queries, requests, service
from app.pricing.models import PairHalt, PriceOverride
from app.pricing.rules import Band, Scope
from tests.makers import people

SYSTEM = actor.system("test")


def off(pair: str = "TON/USDT", *, by: str = "", reason: str = "Something is wrong.") -> PairHalt:
    """A pair that somebody turned off."""
    who = actor.operator(by or people.operator(Role.TREASURY)[0])
    with transaction(who):
        halt = service.turn_off(pair, reason=reason, actor=who)
    leave()
    return halt


def ask_override(pair: str, price: str, *, minutes: int = 60, by: str = "") -> Request:
    """A request for a price of our own."""
    maker = by or people.operator(Role.TREASURY)[0]
    with transaction(who := actor.operator(maker)):
        asked = requests.request_override(
            pair, Decimal(price), minutes=minutes, reason="The feeds are down.", maker=maker, actor=who
        )
    leave()
    return asked


def ask_go_on(halt_id: str, *, by: str = "") -> Request:
    """A request that a pair be dealt in again."""
    maker = by or people.operator(Role.TREASURY)[0]
    with transaction(who := actor.operator(maker)):
        asked = requests.request_go_on(halt_id, reason="It is put right.", maker=maker, actor=who)
    leave()
    return asked


def ask_feed(
    feed: str = "luno", *, weight: int = 2, age_max_seconds: int = 60, active: bool = True, by: str = ""
) -> Request:
    """A request to change a feed."""
    maker = by or people.operator(Role.TREASURY)[0]
    with transaction(who := actor.operator(maker)):
        asked = requests.request_feed(
            feed, weight=weight, age_max_seconds=age_max_seconds, active=active, reason="x", maker=maker, actor=who
        )
    leave()
    return asked


def ask_spreads(scope: Scope, *bands: Band, starts_on: date | None = None, by: str = "") -> Request:
    """A request for other spreads, from tomorrow."""
    maker = by or people.operator(Role.FINANCE)[0]
    begin = starts_on or (clock.now() + timedelta(days=2)).date()
    with transaction(who := actor.operator(maker)):
        asked = requests.request_spreads(scope, bands, starts_on=begin, reason="x", maker=maker, actor=who)
    leave()
    return asked


def agree(asked: Request, *, role: Role = Role.TREASURY, by: str = "") -> None:
    """Another's yes, and what it was for is done."""
    voter = by or people.operator(role)[0]
    with transaction(who := actor.operator(voter)):
        governance.approve(asked.id, operator_id=voter, shown=asked.payload_hash, actor=who)
    leave()
    flows.carry_out(asked.id, actor=SYSTEM)
    leave()


def override(pair: str, price: str, *, minutes: int = 60) -> PriceOverride:
    """A price of our own that counts."""
    asked = ask_override(pair, price, minutes=minutes)
    agree(asked)
    found = next(one for one in queries.overrides_for_operators(pair) if one.request_id == asked.id)
    leave()
    return found


def stopped(pair: str) -> str:
    """A pair that is turned off, by whomever: the halt's id."""
    standing = [halt.id for halt in queries.halts_standing() if (halt.pair, halt.cause) == (pair, "off")]
    leave()
    return standing[0] if standing else off(pair).id


def all_on() -> None:
    """Every pair is dealt in again, whatever an earlier test left behind."""
    standing = [halt.id for halt in queries.halts_standing()]
    leave()
    for halt_id in standing:
        waiting = [one.request for one in governance_queries.about_for_operators(requests.halt_target(halt_id))]
        leave()
        for asked in waiting:
            if asked.state != State.PENDING:  # (agreed to, and not carried out: it failed, or nobody did)
                denier, _ = people.operator(Role.TREASURY)
                with transaction(who := actor.operator(denier)):
                    governance.deny(asked.id, operator_id=denier, reason="It is asked for anew.", actor=who)
        pending = [one for one in waiting if one.state == State.PENDING]
        agree(pending[0] if pending else ask_go_on(halt_id))


def going_on(maker: str) -> Request:
    """That a pair be dealt in again. It is off once: of who asked already, it is that one."""
    halt_id = stopped("TON/NGN")
    waiting = [one.request for one in governance_queries.about_for_operators(requests.halt_target(halt_id))]
    leave()
    if not waiting:
        return ask_go_on(halt_id, by=maker)
    if [one.maker for one in waiting] == [maker]:
        if requests.GO_ON.make in granted(identity_queries.roles_for_system(maker)):
            return waiting[0]
        with transaction(who := actor.operator(maker)):
            return governance.submit(requests.GO_ON.name, waiting[0].payload, reason="x", maker=maker, actor=who)
    agree(waiting[0])
    return ask_go_on(off("TON/NGN").id, by=maker)


def overriding(maker: str) -> Request:
    """A price of our own."""
    return ask_override("TON/USDT", "2.5", by=maker)


def feeding(maker: str) -> Request:
    """A feed whose word may be a little less old."""
    return ask_feed("luno", age_max_seconds=59, by=maker)


def spreading(maker: str) -> Request:
    """Other spreads."""
    return ask_spreads(Scope("TON", "swap", "t3"), Band(0, 145), by=maker)
