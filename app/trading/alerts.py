"""Alerts on prices: set, set again, taken away by their owner; fired by the clock, once each time that they are set."""

from decimal import Decimal

from sqlalchemy import func, or_, select

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.pricing import queries as pricing
from app.pricing.errors import NoPrice
from app.risk import service as risk
from app.trading import errors, events, watching
from app.trading.models import Alert
from app.trading.watching import Beyond, State

KEPT_MAX = 20
AT_ONCE = 500  # fired in one transaction: the clock comes again


def set_up(customer_id: str, *, base: str, quote: str, beyond: Beyond, price: Decimal, actor: Actor) -> Alert:
    """Tell its owner once when one whole `base` (ticker) costs so much in `quote`, or more, or less.

    Raises NoPrice (nothing is priced so), BadAlertPrice, ThereAlready, TooManyKept.
    """
    if base == quote:
        raise NoPrice
    if not price.is_finite() or not 0 < price < watching.PRICE_LIMIT:
        raise errors.BadAlertPrice
    refuse_there(base, quote, beyond=beyond, price=price)
    risk.one_at_a_time(customer_id)  # (what they have is counted)
    kept = select(func.count()).where(Alert.customer_id == customer_id, Alert.state != State.ENDED)
    if (db.session.scalar(kept) or 0) >= KEPT_MAX:
        raise errors.TooManyKept(most=KEPT_MAX)
    moment = clock.now()
    made = Alert(
        id=ids.new("pal"),
        customer_id=customer_id,
        base=base,
        quote=quote,
        beyond=beyond,
        price=price,
        state=State.ARMED,
        armed_at=moment,
        created_at=moment,
    )
    machine.begin(made, machine=watching.MACHINE, actor=actor)
    return made


def set_again(alert_id: str, *, customer_id: str, actor: Actor) -> None:
    """Wait for the same price anew, once it was told. Raises NotFound, ThereAlready, NoPrice, IllegalMove."""
    found = _locked(alert_id, customer_id)
    if found.state == State.FIRED:
        refuse_there(found.base, found.quote, beyond=Beyond(found.beyond), price=found.price)
    found.armed_at = clock.now()
    machine.move(found, State.ARMED, machine=watching.MACHINE, actor=actor)


def take_away(alert_id: str, *, customer_id: str, actor: Actor) -> None:
    """Have it no more. Raises NotFound, IllegalMove."""
    found = _locked(alert_id, customer_id)
    found.ended_at = clock.now()
    machine.move(found, State.ENDED, machine=watching.MACHINE, actor=actor)


def fire(base: str, quote: str, *, actor: Actor) -> int:
    """Fire what waits for the price of now: how many.

    Without a price that nobody doubts nothing is fired, and the clock comes again: nobody is told of an error of feeds.
    """
    try:
        now = pricing.sound(base, quote).mid
    except NoPrice:
        return 0
    # (one that another worker has, or its owner takes away at this moment, is passed over)
    waiting = (
        select(Alert)
        .where(Alert.base == base, Alert.quote == quote, Alert.state == State.ARMED)
        .where(
            or_(
                (Alert.beyond == Beyond.ABOVE) & (Alert.price <= now),
                (Alert.beyond == Beyond.BELOW) & (Alert.price >= now),
            )
        )
        .order_by(Alert.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    found = list(db.session.scalars(waiting.execution_options(populate_existing=True)))
    for one in found:
        one.fired_at, one.fired_price = clock.now(), now
        machine.move(one, State.FIRED, machine=watching.MACHINE, actor=actor)
        outbox.emit(events.PriceReached(alert_id=one.id, customer_id=one.customer_id))
    return len(found)


def refuse_there(base: str, quote: str, *, beyond: Beyond, price: Decimal) -> None:
    """Raise ThereAlready where an alert would fire at once. Raises NoPrice."""
    if watching.is_reached(beyond, price=price, now=pricing.price(base, quote).mid):
        raise errors.ThereAlready


def _locked(alert_id: str, customer_id: str) -> Alert:
    mine = select(Alert).where(Alert.id == alert_id, Alert.customer_id == customer_id).with_for_update()
    found = db.session.scalars(mine.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound
    return found
