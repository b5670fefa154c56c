"""Reads of trading."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select, text, union_all
from sqlalchemy.dialects.postgresql import distinct_on

from app.core import ids
from app.core.db import db
from app.core.errors import NotFound
from app.trading import errors, rhythms, watching
from app.trading.models import Alert, Order, Quote, Recurring, Run
from app.trading.rules import Side, State

COUNTED_MAX = 1_000  # counts beyond are told as "more than so many": they cost what they count

_WAYS = """
SELECT set_config('enable_bitmapscan', :by, true), set_config('enable_seqscan', :by, true),
       set_config('enable_sort', :by, true)
"""


@dataclass(frozen=True)
class Asked:
    """Which orders: of a side, with an asset on either side, of a customer, made from a time on and before another.

    Also in a state, and worth more than so many kobo and at most so many. None is any.
    """

    side: Side | None = None
    asset: str | None = None
    customer_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: State | None = None
    over: int | None = None
    upto: int | None = None


EVERYTHING = Asked()


def quote(quote_id: str, *, customer_id: str) -> Quote:
    """One of the customer's own quotes. Raises NoSuchQuote."""
    own = select(Quote).where(Quote.id == quote_id, Quote.customer_id == customer_id)
    found = db.session.scalars(own).one_or_none()
    if found is None:
        raise errors.NoSuchQuote
    return found


def one(order_id: str, *, customer_id: str) -> Order:
    """One of the customer's own orders. Raises NotFound."""
    own = select(Order).where(Order.id == order_id, Order.customer_id == customer_id)
    found = db.session.scalars(own).one_or_none()
    if found is None:
        raise NotFound
    return found


def of_quote(quote_id: str, *, customer_id: str) -> Order:
    """The order that was made of one of the customer's own quotes. Raises NotFound."""
    own = select(Order).where(Order.quote_id == quote_id, Order.customer_id == customer_id)
    found = db.session.scalars(own).one_or_none()
    if found is None:
        raise NotFound
    return found


def orders(
    *, customer_id: str, asset: str | None = None, before: str | None = None, limit: int = 20
) -> tuple[list[Order], str | None]:
    """A page of the customer's own orders, newest first, and where the older ones begin (None at the end)."""
    return _page(Asked(asset=asset, customer_id=customer_id), before, limit)


def recurring(*, customer_id: str) -> list[Recurring]:
    """The customer's recurring orders that have not ended, the newest first."""
    own = select(Recurring).where(Recurring.customer_id == customer_id, Recurring.state != rhythms.State.ENDED)
    return list(db.session.scalars(own.order_by(Recurring.id.desc())))


def one_recurring(recurring_id: str, *, customer_id: str) -> Recurring:
    """One of the customer's own. Raises NotFound."""
    own = select(Recurring).where(Recurring.id == recurring_id, Recurring.customer_id == customer_id)
    found = db.session.scalars(own).one_or_none()
    if found is None:
        raise NotFound
    return found


def runs(recurring_id: str, *, customer_id: str, limit: int = 12) -> list[tuple[Run, str | None]]:
    """The days of one of the customer's own, the latest first, each with its order where there is one."""
    own = select(Run, Order.id).outerjoin(Order, Order.run_id == Run.id)
    own = own.where(Run.recurring_id == recurring_id, Run.customer_id == customer_id)
    return [(row[0], row[1]) for row in db.session.execute(own.order_by(Run.due_at.desc()).limit(limit))]


def last_runs(*, customer_id: str) -> dict[str, tuple[Run, str | None]]:
    """The latest day of each of the customer's recurring orders, by its id, with the order where there is one."""
    own = select(Run, Order.id).outerjoin(Order, Order.run_id == Run.id).where(Run.customer_id == customer_id)
    latest = own.order_by(Run.recurring_id, Run.due_at.desc()).ext(distinct_on(Run.recurring_id))
    return {row[0].recurring_id: (row[0], row[1]) for row in db.session.execute(latest)}


def alerts(*, customer_id: str, base: str | None = None) -> list[Alert]:
    """The customer's alerts that they did not take away, the newest first."""
    own = select(Alert).where(Alert.customer_id == customer_id, Alert.state != watching.State.ENDED)
    own = own.where(Alert.base == base) if base else own
    return list(db.session.scalars(own.order_by(Alert.id.desc())))


def one_for_system(order_id: str) -> Order:
    """Any order. Raises NotFound."""
    found = db.session.get(Order, order_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def one_for_operators(order_id: str) -> tuple[Order, Quote]:
    """Any order with its quote. Raises NotFound."""
    order = one_for_system(order_id)
    return order, db.session.get_one(Quote, order.quote_id, populate_existing=True)


def orders_for_operators(
    asked: Asked = EVERYTHING, *, before: str | None = None, limit: int = 50
) -> tuple[list[Order], str | None]:
    """A page of orders, newest first, and where the older ones begin (None at the end)."""
    with _along_indexes():
        return _page(asked, before, limit)


def named_for_operators(text: str) -> list[str]:
    """The order that was made of the quote of this id."""
    return list(db.session.scalars(select(Order.id).where(Order.quote_id == text)))


def counts_for_operators(asked: Asked = EVERYTHING) -> dict[Side, int]:
    """How many there are of each side among the newest COUNTED_MAX that are asked for: of fewer, all are counted."""
    newest = select(Order.side, func.count()).where(Order.id.in_(_ids(asked, None, COUNTED_MAX))).group_by(Order.side)
    with _along_indexes():
        found = {row[0]: int(row[1]) for row in db.session.execute(newest)}
    return {side: found.get(side, 0) for side in Side}


def run_for_system(run_id: str) -> Run:
    """One day of a recurring order. Raises NotFound."""
    found = db.session.get(Run, run_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def recurring_for_system(recurring_id: str) -> Recurring:
    """Any recurring order. Raises NotFound."""
    found = db.session.get(Recurring, recurring_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def recurring_due_for_system(*, at: datetime, limit: int) -> list[str]:
    """Recurring orders that are due by a time: their ids, those that wait longest first."""
    due = select(Recurring.id).where(Recurring.next_at <= at).order_by(Recurring.next_at, Recurring.id).limit(limit)
    return list(db.session.scalars(due))


def alert_for_system(alert_id: str) -> Alert:
    """Any alert. Raises NotFound."""
    found = db.session.get(Alert, alert_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def watched_for_system() -> list[tuple[str, str]]:
    """The pairs on which alerts wait."""
    armed = select(Alert.base, Alert.quote).where(Alert.state == watching.State.ARMED).distinct()
    return [(row.base, row.quote) for row in db.session.execute(armed.order_by(Alert.base, Alert.quote))]


def newest_quotes_for_operators(*, limit: int = 20) -> list[Quote]:
    """What was quoted last, the newest first."""
    return list(db.session.scalars(select(Quote).order_by(Quote.id.desc()).limit(limit)))


@contextmanager
def _along_indexes() -> Iterator[None]:
    """Reads follow an index from its end, and stop when they have enough.

    Row-level security hides from the planner how many rows there are for somebody who sees all: it takes them for so
    few that it would collect and sort every one that fits.
    """
    db.session.execute(text(_WAYS), {"by": "off"})
    yield
    db.session.execute(text(_WAYS), {"by": "on"})


def _page(asked: Asked, before: str | None, limit: int) -> tuple[list[Order], str | None]:
    ids_ = list(db.session.scalars(_ids(asked, before, limit + 1)))
    found = db.session.scalars(select(Order).where(Order.id.in_(ids_[:limit])))
    shown = sorted(found, key=lambda order: order.id, reverse=True)
    return shown, ids_[limit - 1] if len(ids_) > limit else None


def _ids(asked: Asked, before: str | None, limit: int) -> Select[str]:
    """The newest so many. What was given and what was got are looked for apart, each along an index of its own."""
    fits = _fitting(asked)
    if before:
        fits.append(Order.id < before)

    def newest(*more: ColumnElement[bool]) -> Select[str]:
        return select(Order.id).where(*fits, *more).order_by(Order.id.desc()).limit(limit)

    if asked.asset is None:
        return newest()
    gave, got = newest(Order.give_asset == asked.asset).subquery(), newest(Order.get_asset == asked.asset).subquery()
    both = union_all(select(gave.c.id), select(got.c.id)).subquery()
    return select(both.c.id).order_by(both.c.id.desc()).limit(limit)


def _fitting(asked: Asked) -> list[ColumnElement[bool]]:
    """All that is asked but the asset. Days are ranges of ids, which sort by time."""
    fits: list[ColumnElement[bool]] = []
    if asked.customer_id is not None:
        fits.append(Order.customer_id == asked.customer_id)
    if asked.side is not None:
        fits.append(Order.side == asked.side)
    if asked.since is not None:
        fits.append(Order.id >= f"ord_{ids.begun_at(asked.since)}")
    if asked.until is not None:
        fits.append(Order.id < f"ord_{ids.begun_at(asked.until)}")
    if asked.state is not None:
        fits.append(Order.state == asked.state)
    if asked.over is not None:
        fits.append(Order.worth_units > asked.over)
    if asked.upto is not None:
        fits.append(Order.worth_units <= asked.upto)
    return fits
