"""What comes again: begun once for each of its days, tried within the day, told as missed, never piled up."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.core import clock
from app.core.db import leave, rows, transaction
from app.core.errors import IllegalMove, NotFound
from app.core.money import NGN, Asset, Money
from app.customers import closures
from app.trading import errors, queries, recurring, rhythms
from app.trading.models import Recurring
from app.trading.rhythms import Every, Rhythm, RunState, State
from jobs import trading as work_of_trading
from jobs.work import Work
from tests.makers import priced, switched, trading
from tests.makers.coins import BTC, ETH, USD
from tests.makers.people import Customer, naira
from tests.makers.trading import TEST

pytestmark = pytest.mark.usefixtures("inside", "market")
WEEKLY = Rhythm(Every.WEEK, 0)
WorkOff = Callable[..., int]


def kept(who: Customer, give: Money | None = None, *, get: Asset = BTC, rhythm: Rhythm = WEEKLY) -> Recurring:
    """A recurring order of theirs: ten thousand naira for bitcoin every Monday at nine."""
    with transaction(who.actor):
        made = recurring.set_up(who.id, give=give or naira(10_000), get=get, rhythm=rhythm, actor=who.actor)
    leave()
    return made


def work(app: Flask, subject: str) -> Work:
    """As a worker is given it."""
    return Work("test", subject, {}, app.extensions["clients"], TEST)


def tried(app: Flask, run_id: str) -> timedelta | None:
    """One try, as a worker makes it: when it is made again."""
    try:
        return work_of_trading.run_recurring(work(app, run_id))
    finally:
        leave()


def orders_of(who: Customer) -> int:
    """How many they have."""
    leave()
    return len(rows("SELECT FROM orders WHERE customer_id = :me", me=who.id))


def run_of(run_id: str) -> tuple[str, int, str]:
    """Where it stands, how often it was tried, and what stood in the way."""
    found = queries.run_for_system(run_id)
    leave()
    return found.state, found.tries, found.code


class TestSettingUp:
    def test_says_when_it_is_due_first(self) -> None:
        who = trading.dealer()
        made = kept(who)
        assert made.next_at == rhythms.next_after(WEEKLY, after=made.created_at)
        assert [one.id for one in queries.recurring(customer_id=who.id)] == [made.id]

    def test_refuses_what_could_never_be(self) -> None:
        who = trading.dealer()
        for give, get, refusal in (
            (naira(99), BTC, errors.BelowMinimum),
            (naira(60_000_000), BTC, errors.AboveMaximum),
            (Money(BTC, 10**9), NGN, errors.AboveMaximum),
            (naira(1_000), NGN, errors.SameAsset),
        ):
            with pytest.raises(refusal):
                kept(who, give, get=get)

    def test_of_too_many_is_refused(self) -> None:
        who = trading.dealer()
        made = [kept(who) for _ in range(recurring.KEPT_MAX)]
        with pytest.raises(errors.TooManyKept):
            kept(who)
        with transaction(who.actor):
            recurring.end(made[0].id, customer_id=who.id, actor=who.actor)
        kept(who)

    def test_is_its_owners_to_change(self) -> None:
        made, other = kept(trading.dealer()), trading.dealer()
        for change in (recurring.pause, recurring.resume, recurring.end):
            with pytest.raises(NotFound), transaction(other.actor):
                change(made.id, customer_id=other.id, actor=other.actor)

    def test_paused_it_is_not_due_and_goes_on_from_the_next_time(self) -> None:
        who = trading.dealer()
        made = kept(who)
        assert made.next_at
        with transaction(who.actor):
            recurring.pause(made.id, customer_id=who.id, actor=who.actor)
        later = made.next_at + timedelta(days=10)
        with clock.at(later):
            assert made.id not in queries.recurring_due_for_system(at=later, limit=1_000)
            with transaction(TEST):
                assert recurring.begin_run(made.id, actor=TEST) is None
            with transaction(who.actor):
                recurring.resume(made.id, customer_id=who.id, actor=who.actor)
        found = queries.one_recurring(made.id, customer_id=who.id)
        assert found.next_at == made.next_at + timedelta(days=14)

    def test_is_paused_when_its_owner_asks_to_leave(self, work_off: WorkOff) -> None:
        who, stays = trading.dealer(), trading.dealer()
        mine, ended, other = kept(who), kept(who), kept(stays)
        with transaction(who.actor):
            recurring.end(ended.id, customer_id=who.id, actor=who.actor)
            closures.ask(who.id, reason="", actor=who.actor)
        work_off()
        states = [queries.one_recurring(one.id, customer_id=who.id).state for one in (mine, ended)]
        assert states == [State.PAUSED, State.ENDED]
        assert queries.one_recurring(other.id, customer_id=stays.id).state == State.ACTIVE

    def test_ended_it_stays_ended(self) -> None:
        who = trading.dealer()
        made = kept(who)
        with transaction(who.actor):
            recurring.end(made.id, customer_id=who.id, actor=who.actor)
        for change in (recurring.pause, recurring.resume, recurring.end):
            with pytest.raises(IllegalMove), transaction(who.actor):
                change(made.id, customer_id=who.id, actor=who.actor)
        leave()
        assert queries.one_recurring(made.id, customer_id=who.id).state == State.ENDED


class TestADay:
    def test_makes_one_order_however_often_it_is_worked_on(self, app: Flask) -> None:
        who = trading.dealer()
        made = kept(who)
        run_id = trading.due(made)
        assert [tried(app, run_id) for _ in range(5)] == [None] * 5
        assert orders_of(who) == 1
        assert run_of(run_id) == (RunState.DONE, 1, "")
        assert trading.has(who) == naira(990_000)
        ((run, order_id),) = queries.runs(made.id, customer_id=who.id)
        assert (run.id, order_id is not None) == (run_id, True)

    def test_begins_once_and_moves_on_to_the_next(self) -> None:
        made = kept(trading.dealer())
        assert made.next_at
        trading.due(made)
        with clock.at(made.next_at), transaction(TEST):
            assert recurring.begin_run(made.id, actor=TEST) is None
        assert queries.recurring_for_system(made.id).next_at == made.next_at + timedelta(weeks=1)

    def test_without_the_money_is_tried_again_within_the_day(self, app: Flask) -> None:
        who = trading.dealer(naira(1_000))
        run_id = trading.due(made := kept(who))
        assert made.next_at
        with clock.at(made.next_at):
            priced.at()
            assert tried(app, run_id) == timedelta(hours=1)
        assert run_of(run_id) == (RunState.DUE, 1, "not_enough")
        trading.give(who, naira(20_000))
        with clock.at(made.next_at + timedelta(hours=1)):
            priced.at()
            assert tried(app, run_id) is None
        assert (run_of(run_id)[0], orders_of(who)) == (RunState.DONE, 1)

    @pytest.mark.parametrize("what", ["no price", "turned off"])
    def test_without_a_price_or_while_all_stands_still_it_waits(self, app: Flask, what: str) -> None:
        who = trading.dealer()
        run_id = trading.due(made := kept(who))
        assert made.next_at
        with clock.at(made.next_at):
            priced.at(BTC_USDT="" if what == "no price" else "60000")
            if what == "no price":
                assert tried(app, run_id) == timedelta(hours=1)
            else:
                with switched.stopped("rail:inside"):
                    assert tried(app, run_id) == timedelta(hours=1)
        assert run_of(run_id)[2] == ("no_price" if what == "no price" else "trading_off")
        assert orders_of(who) == 0

    def test_that_is_over_is_missed_and_told_once(self, app: Flask, work_off: WorkOff) -> None:
        who = trading.dealer(naira(1_000))
        run_id = trading.due(made := kept(who))
        assert made.next_at
        with clock.at(made.next_at + timedelta(hours=14, minutes=1)):
            priced.at()
            assert tried(app, run_id) is None
            assert run_of(run_id) == (RunState.MISSED, 1, "not_enough")
            trading.give(who, naira(20_000))
            assert tried(app, run_id) is None  # (it is not made up for)
        work_off()
        assert orders_of(who) == 0
        (letter,) = trading.told(who)
        assert letter.subject == "Your recurring order of ₦10,000.00 was missed"
        assert "That takes ₦10,000.00; ₦1,000.00 is available." in letter.body

    def test_that_passed_while_nobody_looked_is_missed_and_not_piled_up(self, work_off: WorkOff) -> None:
        who = trading.dealer()
        made = kept(who)
        assert made.next_at
        with clock.at(made.next_at + timedelta(days=22)), transaction(TEST):
            run_id = recurring.begin_run(made.id, actor=TEST)
            assert recurring.begin_run(made.id, actor=TEST) is None
        leave()
        assert run_id
        assert run_of(run_id) == (RunState.MISSED, 0, "too_late")
        assert queries.recurring_for_system(made.id).next_at == made.next_at + timedelta(days=28)
        leave()
        assert len(queries.runs(made.id, customer_id=who.id)) == 1
        work_off()
        assert len(trading.told(who)) == 1

    @pytest.mark.parametrize(
        ("early", "state"), [(timedelta(microseconds=1), RunState.DUE), (timedelta(0), RunState.MISSED)]
    )
    def test_is_over_at_midnight(self, early: timedelta, state: RunState) -> None:
        made = kept(trading.dealer())
        assert made.next_at
        with clock.at(rhythms.given_up_at(made.next_at) - early), transaction(TEST):
            run_id = recurring.begin_run(made.id, actor=TEST)
        leave()
        assert run_id
        assert run_of(run_id)[0] == state

    @pytest.mark.parametrize("stop", [recurring.pause, recurring.end], ids=["paused", "ended"])
    def test_that_is_being_tried_comes_to_nothing_when_its_owner_stops_it(
        self, app: Flask, work_off: WorkOff, stop: Callable[..., None]
    ) -> None:
        who = trading.dealer()
        made = kept(who)
        run_id = trading.due(made)
        with transaction(who.actor):
            stop(made.id, customer_id=who.id, actor=who.actor)
        if stop is recurring.pause:
            with transaction(who.actor):
                recurring.resume(made.id, customer_id=who.id, actor=who.actor)
        assert tried(app, run_id) is None
        assert run_of(run_id) == (RunState.MISSED, 0, "stopped")
        work_off()
        assert (orders_of(who), trading.told(who)) == (0, [])

    def test_of_a_sale_or_a_swap_is_an_order_too(self, app: Flask) -> None:
        who = trading.dealer(Money(BTC, 10**7))
        for get in (NGN, ETH, USD):
            assert tried(app, trading.due(kept(who, Money(BTC, 100_000), get=get))) is None
        assert orders_of(who) == 3


def test_the_clock_begins_it_a_worker_does_it_and_a_mail_tells(app: Flask, work_off: WorkOff) -> None:
    """The whole way: what is due becomes a run, its event a task, the task an order, the order a mail."""
    who = trading.dealer()
    made = kept(who)
    assert made.next_at
    with clock.at(made.next_at):
        priced.at()
        work_of_trading.begin_recurring(work(app, ""))
        work_of_trading.begin_recurring(work(app, ""))
        work_off()
        work_off()
    assert orders_of(who) == 1
    (order,) = queries.orders(customer_id=who.id)[0]
    assert [letter.subject for letter in trading.told(who)] == [f"You bought {order.get}"]


def test_what_is_wrong_with_one_keeps_no_other_waiting(app: Flask, work_off: WorkOff) -> None:
    poor, rich = trading.dealer(naira(1_000)), trading.dealer()
    moments = [kept(poor).next_at, kept(rich).next_at]
    moment = max(one for one in moments if one)
    with clock.at(moment):
        priced.at()
        work_of_trading.begin_recurring(work(app, ""))
        work_off()
    assert (orders_of(poor), orders_of(rich)) == (0, 1)
    (found,) = rows("SELECT state, due_at FROM recurring_runs WHERE customer_id = :me", me=poor.id)
    leave()
    trading.give(poor, naira(20_000))
    for hours in (1, 2):  # (where something came in the way of the first try, too; it is bought once all the same)
        with clock.at(moment + timedelta(hours=hours)):
            trading.market_opens()  # (a poll that an earlier test left undone may have stopped the pair meanwhile)
            work_off()
    after = rows("SELECT state, code, why, tries FROM recurring_runs WHERE customer_id = :me", me=poor.id)
    after += rows("SELECT pair, cause, reason, begun_by, begun_at FROM pair_halts WHERE state <> 'ended'")
    leave()
    assert (found.state, orders_of(poor)) == (RunState.DUE, 1), after
