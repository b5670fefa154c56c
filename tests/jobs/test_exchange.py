"""Work of our own dealing as workers do it: what is amiss becomes a case, once; beyond the stop nothing is dealt."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.cases import service as service_of_cases
from app.cases.models import Case
from app.clients.bundle import Clients
from app.clients.venue_orders import Order, VenueOrders
from app.core import actor, clock
from app.core.db import db, leave, rows, transaction
from app.core.permissions import Role
from app.exchange import flows, queries, rules, service
from app.exchange.errors import NoKey
from app.pricing import queries as pricing
from dev.embedded import Servers
from jobs import exchange as jobs
from jobs.hears import HEARS
from jobs.work import Work
from tests.makers import dealing, people
from tests.makers.books import fresh
from tests.makers.dealing import SYSTEM, bought
from tests.makers.exchange import ExchangeProcess

pytestmark = pytest.mark.xdist_group("hedges")


@dataclass(frozen=True)
class Desk:
    """Books of their own, and the world with a venue."""

    venue: VenueOrders
    clients: Clients

    def work(self, subject: str = "x", **facts: object) -> Work:
        """A piece of work."""
        leave()
        who = actor.system("exchange.exposure_passed")
        return Work(fresh("cause"), subject, facts, self.clients, who, console_url="http://console.test")


@pytest.fixture
def desk(given: Servers, home: Path, app: Flask, exchange: ExchangeProcess) -> Iterator[Desk]:
    with dealing.desk(given, home, exchange) as (_, venue):
        yield Desk(venue, replace(app.extensions["clients"], venue=venue))
        leave()


def cases() -> list[tuple[str, str]]:
    """What stands open: kind and subject."""
    leave()
    found = db.session.execute(select(Case.kind, Case.subject).where(Case.state != "closed").order_by(Case.kind)).all()
    leave()
    return [(row.kind, row.subject) for row in found]


def close(kind: str) -> None:
    """Treasury has seen to it."""
    who = people.operator(Role.TREASURY)[0]
    with transaction(by := actor.operator(who)):
        case_id = db.session.scalars(select(Case.id).where(Case.kind == kind)).one()
        service_of_cases.close(case_id, note="Somebody dealt by hand; it is booked.", operator_id=who, actor=by)
    leave()


def events(name: str) -> list[tuple[str, dict[str, object]]]:
    """What was told under this name: subject and facts."""
    leave()
    found = [(row.subject, row.facts) for row in rows("SELECT * FROM outbox WHERE name = :name ORDER BY id", name=name)]
    leave()
    return found


def test_a_trade_is_answered_by_an_order_that_is_carried_to_its_end(desk: Desk) -> None:
    assert "exchange.look" in HEARS["trading.traded"]
    bought("BTC", "0.02")
    assert jobs.look(desk.work("ord_x")) is None
    ((hedge_id, _),) = events("exchange.hedge_planned")
    while jobs.carry(desk.work(hedge_id)) is not None:
        pass
    assert [subject for subject, _ in events("exchange.hedge_ended")] == [hedge_id]
    assert jobs.look(desk.work(hedge_id)) is None
    assert (dealing.exposed("BTC"), cases()) == (0, [])


def test_what_keeps_an_order_from_being_placed_is_a_case_once(desk: Desk, exchange: ExchangeProcess) -> None:
    bought("BTC", "0.02")
    exchange.price("BTC/USDT", "90000")
    for _ in range(2):
        jobs.look(desk.work())
    assert cases() == [("venue_price", "BTC")]


def test_a_pair_that_the_venue_does_not_deal_in_is_a_case(desk: Desk, exchange: ExchangeProcess) -> None:
    exchange.knobs(cancel_only="BTC/USDT")
    bought("BTC", "0.02")
    for _ in range(2):
        assert jobs.look(desk.work()) is None
    assert cases() == [("venue_unlisted", "BTC")]


def test_a_silent_venue_is_left_for_the_next_minute_and_the_exposure_is_told(
    desk: Desk, exchange: ExchangeProcess
) -> None:
    bought("BTC", "0.06")
    exchange.knobs(down="503")
    assert jobs.look(desk.work()) is None
    assert [facts["level"] for _, facts in events("exchange.exposure_passed")] == ["soft"]


def test_beyond_the_soft_limit_people_are_told_and_trading_goes_on(desk: Desk) -> None:
    bought("BTC", "0.06")
    alert(desk)
    assert cases() == [("exposure_soft", "BTC")]
    assert pricing.halts_standing() == []


def test_beyond_the_hard_limit_nothing_is_dealt_in_it(desk: Desk) -> None:
    bought("BTC", "0.6")
    for _ in range(2):
        alert(desk)
    assert cases() == [("exposure_hard", "BTC"), ("exposure_soft", "BTC")]
    (halt,) = pricing.halts_standing()
    assert (halt.pair, halt.cause) == ("BTC/NGN", "off")


def alert(desk: Desk) -> None:
    """Note what is passed, and do the work of it."""
    with transaction(SYSTEM):
        service.note_exposure()
    for subject, facts in events("exchange.exposure_passed"):
        jobs.exposure_passed(desk.work(subject, **facts))


def test_what_is_back_by_then_is_no_alarm(desk: Desk) -> None:
    bought("BTC", "0.06")
    with transaction(SYSTEM):
        service.note_exposure()
    bought("BTC", "-0.06")
    with transaction(SYSTEM):
        service.note_exposure()
    ((subject, facts),) = events("exchange.exposure_passed")
    jobs.exposure_passed(desk.work(subject, **facts))
    assert cases() == []


def test_an_order_that_is_none_of_ours_is_a_case(desk: Desk) -> None:
    desk.venue.place(Order("elsewhere", "BTC/USDT", "buy", "0.01", "61000", clock.now() + timedelta(minutes=1)))
    for _ in range(2):
        jobs.sweep(desk.work())
    ((kind, _),) = cases()
    assert kind == "strange_order"
    close("strange_order")
    jobs.sweep(desk.work())  # (the venue goes on showing it; somebody has seen to it)
    assert cases() == []


def test_a_balance_that_stays_another_is_a_case(desk: Desk, exchange: ExchangeProcess) -> None:
    exchange.fund("ETH", "1")
    for _ in range(rules.READINGS_THAT_MATTER):
        jobs.read_balances(desk.work())
    ((subject, _),) = events("exchange.balance_differs")
    jobs.balance_differs(desk.work(subject))
    assert cases() == [("venue_differs", "ETH")]
    assert {each.currency for each in queries.readings_for_operators() if each.differs} == {"ETH"}


def test_a_venue_that_stays_silent_is_a_case_once_and_no_work_is_given_up(
    desk: Desk, exchange: ExchangeProcess
) -> None:
    jobs.read_balances(desk.work())
    exchange.knobs(down="503")
    for minutes, opened in ((29, []), (31, [("venue_silent", "kraken")]), (36, [("venue_silent", "kraken")])):
        with clock.at(clock.now() + timedelta(minutes=minutes)):
            assert (jobs.read_balances(desk.work()), jobs.sweep(desk.work())) == (None, None)
            assert cases() == opened


def test_without_a_key_nothing_is_dealt_and_limits_are_told_of(desk: Desk, exchange: ExchangeProcess) -> None:
    nameless = VenueOrders("kraken", exchange.url, key="", secret="", seconds=5)
    without = replace(desk, clients=replace(desk.clients, venue=nameless))
    bought("BTC", "0.06")
    for do in (jobs.look, jobs.sweep, jobs.read_balances):
        assert do(without.work()) is None
    assert (queries.open_for_system(), queries.readings_for_operators()) == ([], [])
    assert [facts["level"] for _, facts in events("exchange.exposure_passed")] == ["soft"]
    with pytest.raises(NoKey):
        flows.hedge_now("BTC", venue=nameless, actor=SYSTEM)


def test_an_order_that_surfaced_is_a_case(desk: Desk) -> None:
    jobs.hedge_surfaced(desk.work("hdg_x"))
    assert cases() == [("surfaced_order", "hdg_x")]
