"""Alerts on prices: told once when the price is there, and again when their owner sets them again."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.core.db import atomically, leave, rows, transaction
from app.core.errors import IllegalMove, NotFound
from app.pricing.errors import NoPrice
from app.trading import alerts, errors, queries
from app.trading.models import Alert
from app.trading.watching import Beyond, State
from jobs import trading as work_of_trading
from jobs.work import Work
from tests.makers import crowd, people, priced, rated, trading
from tests.makers.people import Customer
from tests.makers.trading import TEST

pytestmark = pytest.mark.usefixtures("inside", "market")
WorkOff = Callable[..., int]


@pytest.fixture
def who() -> Customer:
    return people.customer()


def waits(who: Customer, beyond: Beyond, price: str, *, base: str = "BTC", quote: str = "NGN") -> Alert:
    """An alert of theirs. A bitcoin is at 96,000,000 naira."""
    with transaction(who.actor):
        made = alerts.set_up(who.id, base=base, quote=quote, beyond=beyond, price=Decimal(price), actor=who.actor)
    leave()
    return made


def look(app: Flask) -> None:
    """What the clock does every minute."""
    work_of_trading.look_at_prices(Work("test", "", {}, app.extensions["clients"], TEST))
    leave()


def stands(alert: Alert) -> tuple[str, Decimal | None]:
    """Its state, and the price at which it fired last."""
    found = queries.alert_for_system(alert.id)
    leave()
    return found.state, found.fired_price


@pytest.mark.parametrize(
    ("beyond", "price", "usdt"), [(Beyond.ABOVE, "97600000", "61000"), (Beyond.BELOW, "94400000", "59000")]
)
def test_it_is_told_once_when_the_price_is_there(
    app: Flask, work_off: WorkOff, who: Customer, beyond: Beyond, price: str, usdt: str
) -> None:
    alert = waits(who, beyond, price)
    waits(who, Beyond.ABOVE, "990000000")  # (so that the pair is looked at afterwards, too)
    look(app)
    assert stands(alert) == (State.ARMED, None)
    priced.at(BTC_USDT=usdt)
    for _ in range(3):
        look(app)
    assert stands(alert) == (State.FIRED, Decimal(price))
    work_off()
    (letter,) = trading.told(who)
    assert letter.subject == f"BTC is at {int(price):,} NGN"


def test_of_two_who_look_at_the_same_moment_one_tells_it(app: Flask, owner_engine: Engine, who: Customer) -> None:
    alert = waits(who, Beyond.ABOVE, "97000000")
    priced.at(BTC_USDT="61000")

    def looks() -> int:
        return atomically(lambda: alerts.fire("BTC", "NGN", actor=TEST), actor=TEST)

    crowd.meanwhile(app, owner_engine, lambda: alerts.fire("BTC", "NGN", actor=TEST), looks)
    leave()
    told = rows("SELECT FROM outbox WHERE name = 'trading.price_reached' AND facts ->> 'alert_id' = :id", id=alert.id)
    assert len(told) == 1


def test_set_again_it_is_told_again(app: Flask, work_off: WorkOff, who: Customer) -> None:
    alert = waits(who, Beyond.ABOVE, "97000000")
    for usdt in ("61000", "62000"):
        priced.at(BTC_USDT=usdt)
        look(app)
        work_off()
        priced.at()
        with transaction(who.actor):
            alerts.set_again(alert.id, customer_id=who.id, actor=who.actor)
    assert stands(alert) == (State.ARMED, Decimal(99_200_000))
    subjects = [letter.subject for letter in trading.told(who)]
    assert subjects == ["BTC is at 97,600,000 NGN", "BTC is at 99,200,000 NGN"]


def test_it_is_not_set_for_a_price_that_is_there(app: Flask, who: Customer) -> None:
    for beyond in Beyond:
        with pytest.raises(errors.ThereAlready):
            waits(who, beyond, "96000000")
    alert = waits(who, Beyond.ABOVE, "97000000")
    priced.at(BTC_USDT="61000")
    look(app)
    with pytest.raises(errors.ThereAlready), transaction(who.actor):
        alerts.set_again(alert.id, customer_id=who.id, actor=who.actor)


def test_without_a_price_nothing_fires(app: Flask, who: Customer) -> None:
    alert = waits(who, Beyond.BELOW, "94000000")
    priced.at(BTC_USDT="")
    look(app)
    assert stands(alert)[0] == State.ARMED
    with pytest.raises(NoPrice):
        waits(who, Beyond.BELOW, "1")


def test_of_a_price_that_somebody_doubts_nobody_is_told(app: Flask, who: Customer) -> None:
    alert = waits(who, Beyond.ABOVE, "150000000")
    halt = rated.off("BTC/USDT", reason="Its feeds err by a factor.")
    priced.at(BTC_USDT="600000")
    look(app)
    assert stands(alert) == (State.ARMED, None)
    rated.agree(rated.ask_go_on(halt.id))
    look(app)
    assert stands(alert) == (State.FIRED, Decimal(960_000_000))


def test_it_can_be_on_a_price_that_is_crossed(app: Flask, who: Customer) -> None:
    alert = waits(who, Beyond.ABOVE, "21", base="BTC", quote="ETH")
    priced.at(BTC_USDT="63000")
    look(app)
    assert stands(alert) == (State.FIRED, Decimal(21))


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity", "1e20"])
def test_what_is_no_price_is_refused(who: Customer, price: str) -> None:
    with pytest.raises(errors.BadAlertPrice):
        waits(who, Beyond.ABOVE, price)


def test_taken_away_it_stays_away_and_is_its_owners(app: Flask, who: Customer) -> None:
    alert, other = waits(who, Beyond.ABOVE, "97000000"), people.customer()
    for change in (alerts.set_again, alerts.take_away):
        with pytest.raises(NotFound), transaction(other.actor):
            change(alert.id, customer_id=other.id, actor=other.actor)
    with transaction(who.actor):
        alerts.take_away(alert.id, customer_id=who.id, actor=who.actor)
    priced.at(BTC_USDT="61000")
    look(app)
    assert stands(alert) == (State.ENDED, None)
    assert queries.alerts(customer_id=who.id) == []
    with pytest.raises(IllegalMove), transaction(who.actor):
        alerts.set_again(alert.id, customer_id=who.id, actor=who.actor)


def test_of_too_many_is_refused(who: Customer) -> None:
    for step in range(alerts.KEPT_MAX):
        waits(who, Beyond.ABOVE, str(97_000_000 + step))
    with pytest.raises(errors.TooManyKept):
        waits(who, Beyond.ABOVE, "98000000")
    assert len(queries.alerts(customer_id=who.id, base="BTC")) == alerts.KEPT_MAX
