"""kill -9 of the worker while it makes the orders of a day: one order for each, none lost, none twice.

One round in the everyday tests, more in `make faults`. Kills fall at moments that are drawn from a printed seed; and
one falls where a lock holds the worker, with everything of the order written and nothing committed.
"""

import os
import random
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import Engine, text

from app.core.db import leave, rows, transaction
from app.trading import queries, recurring
from app.trading.rhythms import Every, Rhythm, RunState
from dev.embedded import Servers
from jobs import relay
from jobs import trading as work_of_trading
from jobs.queues import Waker
from jobs.work import Work
from tests.faults.test_killed_worker import ROUNDS, SEED, Worker
from tests.makers import priced, trading
from tests.makers.coins import BTC
from tests.makers.databases import Database
from tests.makers.environment import environment
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess
from tests.makers.trading import TEST
from tests.makers.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180 + 60 * ROUNDS)]
MANY, KILLS = (18, 4) if ROUNDS > 1 else (10, 2)
KILL_WITHIN_SECONDS = 0.3  # (an order takes about a tenth of a second)
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
_BALANCE = text("SELECT FROM ledger.balances WHERE code = :code FOR UPDATE")


@pytest.fixture
def worker(database: Database, given: Servers, sandbox: SandboxProcess) -> Iterator[Worker]:
    """A real worker with a short lease, so that an abandoned task is taken up soon."""
    env = environment(database, given, sandbox) | {"TASK_LEASE_SECONDS": "7", "PAYSTACK_TIMEOUT_SECONDS": "2"}
    running = Worker(os.environ | env)
    yield running
    running.kill()


def due(app: Flask, engine: Engine, who: Customer, *, many: int) -> set[str]:
    """So many recurring orders of theirs are due, and their runs wait for the worker: the runs' ids."""
    for _ in range(many):
        with transaction(who.actor):
            kept = recurring.set_up(who.id, give=naira(10_000), get=BTC, rhythm=Rhythm(Every.WEEK, 0), actor=who.actor)
        leave()
        trading.make_due(engine, kept)
    work_of_trading.begin_recurring(Work("test", "", {}, app.extensions["clients"], TEST))
    leave()
    runs = {
        row.id for row in rows("SELECT id FROM recurring_runs WHERE customer_id = :me AND state = 'due'", me=who.id)
    }
    leave()
    assert len(runs) == many
    return runs


def done(runs: set[str]) -> int:
    """How many of them are done by now."""
    leave()
    return sum(queries.run_for_system(run).state == RunState.DONE for run in runs)


def orders_of(who: Customer) -> list[str]:
    """For which runs they have an order."""
    leave()
    return [row.run_id for row in rows("SELECT run_id FROM orders WHERE customer_id = :me", me=who.id)]


def test_one_order_for_each_day(inside: Flask, given: Servers, worker: Worker, owner_engine: Engine) -> None:
    luck, waker = random.Random(SEED), Waker(Redis.from_url(given.redis_url))  # noqa: S311
    for number in range(ROUNDS):
        trading.market_opens()
        who = trading.dealer()
        runs = due(inside, owner_engine, who, many=MANY)

        def some_done(least: int, wanted: set[str] = runs) -> bool:
            priced.at()  # (a price is dealt at for a minute; a busy machine starts a worker in some ten seconds)
            relay.sweep(waker)
            return done(wanted) >= least

        seen = []
        for _ in range(KILLS):
            least = done(runs) + 1
            until(lambda least=least: some_done(least))  # type: ignore[misc]
            time.sleep(luck.uniform(0, KILL_WITHIN_SECONDS))  # any moment of the work, which is the point
            worker.restart()
            seen.append(done(runs))
        print(f"seed {SEED} round {number}: killed with {seen} of {MANY} done")  # noqa: T201
        until(lambda: some_done(MANY))
        assert sorted(orders_of(who)) == sorted(runs)
        assert trading.has(who) == naira(1_000_000 - 10_000 * len(runs))


def test_one_order_although_it_dies_just_before_the_end(
    inside: Flask, given: Servers, worker: Worker, owner_engine: Engine
) -> None:
    trading.market_opens()
    waker, who = Waker(Redis.from_url(given.redis_url)), trading.dealer()
    runs = due(inside, owner_engine, who, many=1)
    with owner_engine.connect() as lock, owner_engine.connect() as watch:
        lock.execute(_BALANCE, {"code": who.account})

        def waits() -> bool:
            priced.at()
            relay.sweep(waker)
            found = watch.execute(_WAITING).scalar_one()
            watch.rollback()
            return bool(found)

        until(waits)
        worker.kill()
        assert done(runs) == 0
        lock.rollback()
    worker.start()

    def is_done() -> bool:
        priced.at()
        relay.sweep(waker)
        return done(runs) == 1

    until(is_done)
    assert orders_of(who) == list(runs)
    assert trading.has(who) == naira(990_000)
