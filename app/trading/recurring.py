"""Orders that come again: set up, paused, gone on with, ended by their owner; begun and tried by the clock.

Each time that one is due is a run, one row for one slot: an order belongs to at most one run and a run has at most one,
so that repeats, races and a worker's death make no second order. What is not possible is tried every hour of that day
and then told as missed. Days that passed meanwhile are not made up for.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound, Refusal
from app.core.money import NGN, Asset, Money
from app.pricing import queries as pricing
from app.risk import queries as risk_queries
from app.risk import service as risk
from app.risk.rules import worth as counts_for
from app.trading import errors, events, orders, queries, quotes, rhythms, rules
from app.trading.models import Recurring, Run
from app.trading.rhythms import Rhythm, RunState, State

KEPT_MAX = 20
TOO_LATE = "too_late"
TOO_LATE_WORDS = "We were not able to begin in time."
STOPPED = "stopped"
STOPPED_WORDS = "You paused or ended it."


def set_up(customer_id: str, *, give: Money, get: Asset, rhythm: Rhythm, actor: Actor) -> Recurring:
    """From the next time on that the rhythm names, give so much of one asset for another.

    Raises SameAsset, NotTraded, NoPrice (of what is not naira, to know its size), BelowMinimum, AboveMaximum,
    TooManyKept.
    """
    rules.side_of(give.asset, get)
    _refuse_size(give, least=quotes.least_traded(give.asset, get)[give.asset])
    risk.one_at_a_time(customer_id)  # (what they have is counted)
    kept = select(func.count()).where(Recurring.customer_id == customer_id, Recurring.state != State.ENDED)
    if (db.session.scalar(kept) or 0) >= KEPT_MAX:
        raise errors.TooManyKept(most=KEPT_MAX)
    moment = clock.now()
    made = Recurring(
        id=ids.new("rco"),
        customer_id=customer_id,
        give_asset=give.asset.code,
        give_units=give.units,
        get_asset=get.code,
        every=rhythm.every,
        day=rhythm.day,
        hour=rhythm.hour,
        state=State.ACTIVE,
        next_at=rhythms.next_after(rhythm, after=moment),
        created_at=moment,
    )
    machine.begin(made, machine=rhythms.MACHINE, actor=actor)
    return made


def pause(recurring_id: str, *, customer_id: str, actor: Actor) -> None:
    """Do nothing until it is gone on with; nor what is due by now and not done. Raises NotFound, IllegalMove."""
    found = _locked(recurring_id, customer_id)
    found.next_at = None
    machine.move(found, State.PAUSED, machine=rhythms.MACHINE, actor=actor)
    _stop_due(found, actor=actor)


def pause_all(customer_id: str, *, actor: Actor) -> None:
    """The same for each that is active."""
    active = select(Recurring.id).where(Recurring.customer_id == customer_id, Recurring.state == State.ACTIVE)
    for recurring_id in db.session.scalars(active.with_for_update()):
        pause(recurring_id, customer_id=customer_id, actor=actor)


def resume(recurring_id: str, *, customer_id: str, actor: Actor) -> None:
    """Go on, from the next time on that it would be due. Raises NotFound, IllegalMove."""
    found = _locked(recurring_id, customer_id)
    found.next_at = rhythms.next_after(found.rhythm, after=clock.now())
    machine.move(found, State.ACTIVE, machine=rhythms.MACHINE, actor=actor)


def end(recurring_id: str, *, customer_id: str, actor: Actor) -> None:
    """End it for good, and what is due by now and not done. Raises NotFound, IllegalMove."""
    found = _locked(recurring_id, customer_id)
    found.next_at, found.ended_at = None, clock.now()
    machine.move(found, State.ENDED, machine=rhythms.MACHINE, actor=actor)
    _stop_due(found, actor=actor)


def begin_run(recurring_id: str, *, actor: Actor) -> str | None:
    """Write down that one is due, tell so, and move on to the next time: the run's id.

    None when it is not due (any more). What is so late that its day is over is missed at once.
    """
    found, moment = _locked(recurring_id), clock.now()
    if found.next_at is None or found.next_at > moment:
        return None
    due_at, found.next_at = found.next_at, rhythms.next_after(found.rhythm, after=moment)
    run = _fresh_run(found, due_at, moment)
    if run is None:
        return None
    machine.begin(run, machine=rhythms.RUN, actor=actor)
    if moment >= rhythms.given_up_at(due_at):
        _miss(run, code=TOO_LATE, why=TOO_LATE_WORDS, actor=actor)
    else:
        outbox.emit(events.RunDue(run_id=run.id))
    return run.id


def carry_out(run_id: str, *, actor: Actor) -> bool:
    """Quote and fill the order of a run: whether it is over by then. Raises as `quotes.make` and `orders.fill` do."""
    run, found = _locked_run(run_id)
    if run.state != RunState.DUE:
        return True
    quote = quotes.make(run.customer_id, give=found.give.asset, get=found.into, typed=found.give)
    orders.fill(quote.id, customer_id=run.customer_id, actor=actor, run_id=run.id)
    run.tries += 1
    _close(run, RunState.DONE, code="", why="", actor=actor)
    return True


def note_try(run_id: str, *, refused: Refusal, actor: Actor) -> datetime | None:
    """Write down that it was not possible and why: when it is tried again; None once its day is over, and told so."""
    run, _ = _locked_run(run_id)
    if run.state != RunState.DUE:
        return None
    run.tries += 1
    again = rhythms.try_again_at(run.due_at, now=clock.now())
    if again is None:
        _miss(run, code=refused.code, why=refused.message, actor=actor)
    else:
        run.code, run.why = refused.code, refused.message
        db.session.flush()
    return again


def _stop_due(found: Recurring, *, actor: Actor) -> None:
    """What is being tried comes to nothing; they know, and are not told."""
    for run in db.session.scalars(select(Run).where(Run.recurring_id == found.id, Run.state == RunState.DUE)):
        _close(run, RunState.MISSED, code=STOPPED, why=STOPPED_WORDS, actor=actor)


def _miss(run: Run, *, code: str, why: str, actor: Actor) -> None:
    _close(run, RunState.MISSED, code=code, why=why, actor=actor)
    outbox.emit(events.Missed(run_id=run.id, customer_id=run.customer_id))


def _close(run: Run, state: RunState, *, code: str, why: str, actor: Actor) -> None:
    run.code, run.why, run.ended_at = code, why, clock.now()
    machine.move(run, state, machine=rhythms.RUN, actor=actor)


def _refuse_size(give: Money, *, least: Money) -> None:
    rules.refuse_less(give, least=least)
    bounds, worth = risk_queries.thresholds_without_owner("order_max"), give
    if give.asset != NGN:
        naira = pricing.price(rules.ticker_of(give.asset), rules.ticker_of(NGN)).mid
        worth = counts_for(give, naira=naira)
    rules.refuse_more(worth, most=Money(NGN, bounds["order_max"]))


def _fresh_run(found: Recurring, due_at: datetime, moment: datetime) -> Run | None:
    """The row of this slot, once: None where another wrote it (the unique key says so, whoever was first)."""
    run_id = ids.new("rrn")
    statement = insert(Run).values(
        id=run_id,
        recurring_id=found.id,
        customer_id=found.customer_id,
        due_at=due_at,
        state=RunState.DUE,
        tries=0,
        code="",
        why="",
        created_at=moment,
    )
    added = db.session.scalar(statement.on_conflict_do_nothing().returning(Run.id))
    return db.session.get_one(Run, added) if added else None


def _locked(recurring_id: str, customer_id: str | None = None) -> Recurring:
    mine = select(Recurring).where(Recurring.id == recurring_id).with_for_update()
    found = db.session.scalars(mine.execution_options(populate_existing=True)).one_or_none()
    if found is None or customer_id not in {None, found.customer_id}:
        raise NotFound
    return found


def _locked_run(run_id: str) -> tuple[Run, Recurring]:
    """A run and what it is of, whose lock is that of its runs: who pauses it at this moment waits, or is waited for."""
    found = _locked(queries.run_for_system(run_id).recurring_id)
    return queries.run_for_system(run_id), found
