"""Work of trading: what comes again, prices that somebody waits for, and the mails that tell of both."""

from datetime import timedelta

from app.core import clock
from app.core.db import atomically
from app.core.errors import Refusal
from app.customers import queries as customers
from app.notifications import trading as words
from app.trading import alerts, queries, quotes, recurring, rules
from app.trading.models import Order
from app.trading.rules import Side
from jobs.notifications import tell
from jobs.work import Work, each

AT_ONCE = 500
STEPS_MAX = 20  # of each kind: what is left waits for the next time


def begin_recurring(work: Work) -> timedelta | None:
    """Begin what is due, each in a transaction of its own."""
    for _ in range(STEPS_MAX):
        due = queries.recurring_due_for_system(at=clock.now(), limit=AT_ONCE)
        each(due, lambda one: atomically(lambda: recurring.begin_run(one, actor=work.actor), actor=work.actor))
        if len(due) < AT_ONCE:
            break
    return None


def run_recurring(work: Work) -> timedelta | None:
    """One day's order: tried every hour of that day, then told as missed. What is refused leaves nothing behind."""
    try:
        atomically(lambda: recurring.carry_out(work.subject, actor=work.actor), actor=work.actor)
    except Refusal as refusal:
        refused = refusal
    else:
        return None
    again = atomically(lambda: recurring.note_try(work.subject, refused=refused, actor=work.actor), actor=work.actor)
    return None if again is None else again - clock.now()


def pause_recurring(work: Work) -> timedelta | None:
    """Whoever asked to close their account buys no more by themselves until they say so."""
    who = work.facts["customer_id"]
    atomically(lambda: recurring.pause_all(who, actor=work.actor), actor=work.actor)
    return None


def look_at_prices(work: Work) -> timedelta | None:
    """Fire what waits for the prices of now."""
    for base, quote in queries.watched_for_system():
        for _ in range(STEPS_MAX):
            fired = atomically(lambda b=base, q=quote: alerts.fire(b, q, actor=work.actor), actor=work.actor)  # type: ignore[misc]
            if fired < alerts.AT_ONCE:
                break
    return None


def forget_quotes(work: Work) -> timedelta | None:
    """Forget what nobody used, some at a time."""
    for _ in range(STEPS_MAX):
        if not atomically(lambda: quotes.forget_unused(limit=AT_ONCE), actor=work.actor):
            break
    return None


def order_filled(work: Work) -> timedelta | None:
    """What somebody bought, sold or swapped."""
    order = queries.one_for_system(work.subject)
    told = words.order_filled(Side(order.side), give=order.give, get=order.get, fee=order.fee, rate=_rate(order))
    return tell(work, login_id=customers.login_for_system(order.customer_id), words=told)


def recurring_missed(work: Work) -> timedelta | None:
    """What comes again came to nothing on its day."""
    run = queries.run_for_system(work.subject)
    found = queries.recurring_for_system(run.recurring_id)
    told = words.recurring_missed(
        found.give, into=rules.ticker_of(found.into), due_at=run.due_at.astimezone(clock.WAT), why=run.why
    )
    return tell(work, login_id=customers.login_for_system(run.customer_id), words=told)


def price_reached(work: Work) -> timedelta | None:
    """A price came that somebody waits for. They may have set it again since: then it is told of that time, too."""
    alert = queries.alert_for_system(work.subject)
    if alert.fired_price is None:
        return None
    told = words.price_reached(alert.base, quote=alert.quote, price=alert.fired_price, waited_for=alert.price)
    return tell(work, login_id=customers.login_for_system(alert.customer_id), words=told)


def _rate(order: Order) -> str:
    coin, money = (order.give, order.get) if order.side == Side.SELL else (order.get, order.give)
    return rules.rate_in_words(order.rate, coin=coin.asset, money=money.asset)
