"""A house in a storm: four web processes and its workers, killed at any moment, before a vendor who misbehaves.

A delivery is one webhook that the vendor has to bring: each event has three, drawn past events are brought again, and
the tries it takes are not counted. Drivers (processes of their own) do business until there are so many deliveries;
meanwhile the process that began them kills, looks after what was killed, and tells how it stands.
"""

import multiprocessing
import os
import random
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkProcess
from pathlib import Path

import psutil
from flask import Flask
from redis import Redis
from rq import Worker
from sqlalchemy import text

from app import assembly
from app.core.db import db, for_everyone, leave
from config import Settings
from dev import programs
from dev.children import Child, wait_until
from dev.embedded import Servers
from dev.environment import Addresses
from jobs import relay, runtime
from jobs.queues import Waker
from tests.faults.business import Business
from tests.makers.databases import fresh_database
from tests.makers.environment import environment
from tests.makers.house import redis_database
from tests.makers.sandbox import SandboxProcess, free_port

COPIES = 3  # deliveries of each event, besides those that are replayed
WEATHER = {
    "repeat": COPIES - 1, "carriers": 6, "reorder": True, "delay_ms": 400, "lose": 20, "lose_times": 2,
    "transfer_delay_seconds": 0.1,
}  # fmt: skip
CALM = {
    "answer": "normal", "repeat": 0, "reorder": False, "delay_ms": 0, "lose": 0, "transfer_delay_seconds": 0,
    "transfer_outcome": "success",
}  # fmt: skip
START_SECONDS = 600.0  # the processes start at once, on whatever machine this is
BACK_SECONDS = 1_800.0  # what is not back by then will not come: how soon it was is in the report
CALL_SECONDS = 600.0  # for what the vendor is asked to do in one go: bring all that waits, settle all there is
LOOK_SECONDS = 0.1
TELL_SECONDS = 60.0
# Deliveries that wait for their time or for a carrier, and events that wait for a worker: with more of them the drivers
# pause, so that what is killed is always in the midst of what goes on, and not hours behind.
WAITING_MAX, UNREAD_MAX = 1_500, 150
_STANDING = (
    # (What only asks again what became of something is the sweep's: nothing waits for it here.)
    "SELECT (SELECT count(*) FROM tasks WHERE queue = 'money' AND status IN ('due', 'leased')"
    " AND kind NOT LIKE 'payments.watch%' AND due_at <= now() + interval '30 seconds') AS tasks,"
    " (SELECT count(*) FROM outbox WHERE relayed_at IS NULL) AS news,"
    " (SELECT count(*) FROM inbox WHERE source = 'paystack' AND handled_at IS NULL) AS unread,"
    " (SELECT count(*) FROM withdrawals WHERE state IN ('approved', 'sending')) AS underway,"
    " (SELECT count(*) FROM refunds WHERE state IN ('asked', 'sent')) AS refunds"
)
_STANDING_ONES = (
    "SELECT 'task', kind, ref, status, attempt::text, due_at - now(), lease_until - now(), woken_at - now(),"
    " last_error FROM tasks WHERE queue = 'money' AND status IN ('due', 'leased')"
    " AND kind NOT LIKE 'payments.watch%' AND due_at <= now() + interval '30 seconds'"
    " UNION ALL SELECT 'withdrawal', w.id, w.state, p.state, p.vendor_words, now() - w.created_at, NULL, NULL,"
    " coalesce(p.vendor_status, '') FROM withdrawals w LEFT JOIN payouts p ON p.id = w.payout_id"
    " WHERE w.state IN ('approved', 'sending')"
    " UNION ALL SELECT 'switch', scope, state, reason, '', now() - turned_off_at, NULL, NULL, '' FROM switches"
)
_WHY = (
    "SELECT kind || ' ' || status || ' ' || left(last_error, 60) AS why, count(*) AS times FROM tasks"
    " WHERE queue = 'money' AND status IN ('due', 'leased') AND due_at <= now() + interval '30 seconds'"
    " GROUP BY 1 ORDER BY 2 DESC LIMIT 3"
)
_UNREAD = "SELECT count(*) FROM inbox WHERE source = 'paystack' AND handled_at IS NULL"
_UNDER_WAY = "SELECT id || ':' || attempt FROM tasks WHERE status = 'leased'"
_FORK = multiprocessing.get_context("fork")  # what was imported is there at once


@dataclass
class Tally:
    """What was done to the house, for the report."""

    operations: Counter[str] = field(default_factory=Counter)
    recovered: dict[str, list[float]] = field(default_factory=dict)
    rage_seconds: float = 0.0
    calm_seconds: float = 0.0

    def back(self, what: str, seconds: float) -> None:
        """Something was killed, and works again after so long."""
        self.recovered.setdefault(what, []).append(seconds)

    def recoveries(self) -> str:
        """How often what was back, and how soon: half of the times, and at most."""
        times = {what: sorted(each) for what, each in self.recovered.items()}
        return "; ".join(
            f"{len(each)} x {what} after {each[len(each) // 2]:.1f} s by half, {each[-1]:.1f} s at most"
            for what, each in times.items()
        )


@dataclass(frozen=True)
class Size:
    """How much of a house, and of a business, stands in the storm. `queues` have a worker each."""

    web: int = 4
    queues: tuple[str, ...] = ("money", "money", "default")
    drivers: int = 3
    customers: int = 6  # of each driver
    patience_seconds: int = 2  # with the vendor


@dataclass(frozen=True)
class Recovery:
    """Something that was killed, until it is back."""

    what: str
    back: Callable[[], bool]
    began: float = field(default_factory=time.monotonic)


class House:
    """The processes, and the application in this one."""

    def __init__(self, env: dict[str, str], *, port: int, home: Path, vendor: SandboxProcess, size: Size) -> None:
        self.vendor, self.tally, self.size = vendor, Tally(), size
        self.under_repair: list[Recovery] = []
        self._killed = ""
        self._where = Addresses("127.0.0.1", port, None)
        self.env = env | {"PUBLIC_URL": f"http://localhost:{port}", "PORT": str(port), "PYTHONUNBUFFERED": "1"}
        workers = ("--workers", str(size.web), "--threads", "2", "--bind", f"127.0.0.1:{port}")
        self._web = self._child("web", ("-m", "gunicorn", "wsgi:app", *programs.GUNICORN, *workers), home)
        self._workers = [
            self._child(f"worker-{number}-{queue}", ("-m", "jobs.worker", queue), home)
            for number, queue in enumerate(size.queues)
        ]
        # Who drives and who compares the books has the patience that the house has not.
        self.patient = self.env | {"PAYSTACK_TIMEOUT_SECONDS": "15", "TASK_LEASE_SECONDS": "60"}
        self.app = assembly.assemble(Settings.from_env(self.patient))
        self.redis = Redis.from_url(env["REDIS_URL"])
        self.waker = Waker(self.redis)

    def _child(self, name: str, command: tuple[str, ...], home: Path) -> Child:
        return Child(name, programs.python(*command), log=home / f"{name}.log", env={**os.environ, **self.env})

    def start(self) -> None:
        """Everything, until the web answers."""
        for child in (self._web, *self._workers):
            child.start()
        wait_until(self._answers, self._web, seconds=START_SECONDS)

    def stop(self) -> None:
        """Everything, at once."""
        for child in (self._web, *self._workers):
            child.kill()

    def kill_one(self, luck: random.Random) -> None:
        """SIGKILL to a web process, or to a worker with its work-horse, which then starts again."""
        # In turn after the first, so that the shortest storm has one of each.
        what = {"web": "worker", "worker": "web"}.get(self._killed, luck.choice(("web", "worker")))
        self._killed = what
        if what == "web":
            processes = psutil.Process(self._web.pid).children()
            with suppress(psutil.NoSuchProcess, IndexError):
                luck.choice(processes).send_signal(signal.SIGKILL)
            self.under_repair.append(Recovery("web", self._answers))
            return
        worker = luck.choice(self._workers)
        family = psutil.Process(worker.pid)
        for one in [family, *family.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)
        abandoned = self._under_way()
        worker.kill()
        worker.start()
        self.under_repair.append(Recovery("worker", lambda: self._listens(worker.pid)))
        if abandoned:  # (of the other workers too: the claim on a task does not say whose it is)
            self.under_repair.append(Recovery("work under way", lambda: not abandoned & self._under_way()))

    def look_after(self) -> None:
        """Write down what is back. Raises AssertionError for what does not come back."""
        for one in list(self.under_repair):
            seconds = time.monotonic() - one.began
            if one.back():
                self.under_repair.remove(one)
                self.tally.back(one.what, seconds)
            assert seconds < BACK_SECONDS, f"{one.what} is not back after {seconds:.0f} s"

    def what_stands(self) -> list[str]:
        """What is not done yet, one line each, for whoever reads why a storm did not end."""
        leave()
        rows = db.session.execute(text(_STANDING_ONES)).all()
        leave()
        return [" | ".join(str(value) for value in row) for row in rows]

    def standing(self) -> dict[str, int]:
        """What is not done yet, by what it is."""
        leave()
        row = db.session.execute(text(_STANDING)).mappings().one()
        leave()
        return {name: int(count) for name, count in row.items() if count}

    def why(self) -> dict[str, int]:
        """What most of the tasks are that wait, and what went wrong with them."""
        leave()
        rows = db.session.execute(text(_WHY)).all()
        leave()
        return {row.why.strip(): row.times for row in rows}

    def _answers(self) -> bool:
        return programs.serves(self._where, "/readyz")

    def _listens(self, pid: int) -> bool:
        return any(one.pid == pid for one in Worker.all(connection=self.redis))

    def _under_way(self) -> set[str]:
        leave()
        found = set(db.session.scalars(text(_UNDER_WAY)))
        leave()
        return found


class Crew:
    """The drivers: forked, each with an application and customers of its own, until there are so many deliveries."""

    def __init__(self, house: House, *, deliveries: int, seed: int) -> None:
        self._house, self._deliveries, self._seed = house, deliveries, seed
        self._go, self._ready = _FORK.Event(), _FORK.Semaphore(0)
        self._told: multiprocessing.SimpleQueue[Counter[str] | str] = _FORK.SimpleQueue()
        leave()
        db.engine.dispose()  # a connection must not be shared across a fork
        self._drivers: list[ForkProcess] = [
            _FORK.Process(target=self._drive, args=(number,), daemon=True) for number in range(house.size.drivers)
        ]
        for one in self._drivers:
            one.start()

    def begin(self) -> None:
        """Once all have their customers."""
        for _ in self._drivers:
            while not self._ready.acquire(timeout=1):
                assert all(one.is_alive() for one in self._drivers), self.end()
        self._go.set()

    @property
    def at_work(self) -> bool:
        """Whether one of them still is."""
        return any(one.is_alive() for one in self._drivers)

    def end(self) -> list[str]:
        """Their operations into the tally; what went wrong with any of them."""
        troubles = []
        for one in self._drivers:
            one.join()
        while not self._told.empty():
            told = self._told.get()
            if isinstance(told, str):
                troubles.append(told)
            else:
                self._house.tally.operations.update(told)
        return troubles + [f"{one.name} ended with {one.exitcode}" for one in self._drivers if one.exitcode]

    def _drive(self, number: int) -> None:
        self._house.vendor.meet()
        app = assembly.assemble(Settings.from_env(self._house.patient))
        try:
            with app.app_context(), for_everyone():
                self._told.put(self._do_business(app, number))
        except BaseException:  # noqa: BLE001 (whatever it was, the storm is not what it should be)
            self._told.put(traceback.format_exc())

    def _do_business(self, app: Flask, number: int) -> Counter[str]:
        vendor, luck = self._house.vendor, random.Random(f"{self._seed}:{number}")  # noqa: S311
        # An answer is late beyond the patience of the house: so the event comes before it.
        late_ms = self._house.size.patience_seconds * 1000 + 200
        customers = self._house.size.customers
        business = Business(app, vendor, luck, customers=customers, late_ms=late_ms, alone=number == 0)
        self._ready.release()
        self._go.wait()
        acts, made = 0, 0
        while made < self._deliveries or not business.began:
            acts += 1
            business.act(acts)
            if acts % 10 == 0:
                vendor.replay(5, number=acts * self._house.size.drivers + number)
            counts = vendor.delivered()
            made = counts["waiting"] + counts["delivered"]
            while vendor.delivered()["waiting"] > WAITING_MAX or _unread() > UNREAD_MAX:
                time.sleep(0.5)  # for the vendor's carriers and the house's workers, who are in other processes
        return business.operations


def _unread() -> int:
    leave()
    unread = db.session.scalar(text(_UNREAD))
    leave()
    return int(unread or 0)


@contextmanager
def stormy_house(given: Servers, home: Path, *, redis_number: int, size: Size) -> Iterator[House]:
    """A migrated house whose vendor tells it what happens; not yet started."""
    port = free_port()
    book, told = home / "storm" / "sandbox.sqlite3", f"http://127.0.0.1:{port}/callbacks/paystack"
    with SandboxProcess(book, webhook_url=told) as vendor, fresh_database(given, home) as made:
        vendor.timeout_seconds = CALL_SECONDS
        env = environment(made, given, vendor) | {
            "REDIS_URL": redis_database(given.redis_url, redis_number),
            "TASK_LEASE_SECONDS": str(3 * size.patience_seconds + 1),
            "PAYSTACK_TIMEOUT_SECONDS": str(size.patience_seconds),
        }
        yield House(env, port=port, home=home / "storm", vendor=vendor, size=size)


class Reporter:
    """Says now and then how it stands."""

    def __init__(self, house: House) -> None:
        self._house, self._began, self._told_at = house, time.monotonic(), time.monotonic()

    def look(self, when: str) -> None:
        """A line, when the last one is a while ago."""
        if time.monotonic() < self._told_at + TELL_SECONDS:
            return
        self._told_at = time.monotonic()
        counts, standing = self._house.vendor.delivered(), self._house.standing()
        print(  # noqa: T201
            f"{time.monotonic() - self._began:7.0f} s {when}: {counts}, standing {standing}, most"
            f" {self._house.why()}; back {self._house.tally.recoveries()}",
            flush=True,
        )


def rage(house: House, luck: random.Random, *, deliveries: int, kills: int, seed: int) -> list[str]:
    """Business and trouble until the vendor has that many deliveries to make, with the kills spread over them.

    What went wrong with the drivers, who should come to their end.
    """
    crew = Crew(house, deliveries=deliveries, seed=seed)
    house.start()
    crew.begin()
    house.vendor.knobs(**WEATHER)
    reporter, began, killed = Reporter(house), time.monotonic(), 0
    while crew.at_work or house.under_repair:
        relay.sweep(house.waker)  # as the clock does
        house.look_after()
        reporter.look("of the storm")
        counts = house.vendor.delivered()
        made = counts["waiting"] + counts["delivered"]
        if crew.at_work and killed < kills and made >= deliveries * (killed + 1) // (kills + 1):
            killed += 1
            house.kill_one(luck)
        time.sleep(LOOK_SECONDS)  # nothing to wait for but what other processes do, asked for before and after
    house.tally.rage_seconds = time.monotonic() - began
    return crew.end()


def calm_down(house: House, *, patience_seconds: float) -> dict[str, int]:
    """Good weather, until nothing is under way any more or patience ends; what is not done then."""
    house.vendor.knobs(**CALM)
    reporter, began = Reporter(house), time.monotonic()
    left = {"begun": 1}
    while left and time.monotonic() < began + patience_seconds:
        relay.sweep(house.waker)
        house.vendor.flush(early=True)
        left = house.standing() | {name: n for name, n in house.vendor.delivered().items() if name == "waiting" and n}
        reporter.look("of calm")
        time.sleep(0.1)  # nothing to wait for but other processes' work, asked for before and after
    house.tally.calm_seconds = time.monotonic() - began
    return left


def sweep_ahead(house: House, *, horizon: timedelta, steps: int = 4) -> int:
    """The sweeps of the hours to come, here and now: everything that is watched is asked about."""
    reporter, swept = Reporter(house), 0
    for step in range(1, steps + 1):
        swept += runtime.drain(house.app, horizon=horizon * step / steps)
        reporter.look(f"of sweeping, {swept} swept")
    return swept
