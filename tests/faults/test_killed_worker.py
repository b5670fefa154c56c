"""kill -9 of the worker while it sends money: one payout each, none lost.

One round of each in the everyday tests, more in `make faults`. Where in the sending a kill falls is drawn from a
printed seed; and once it falls on each line, where a lock or a frozen vendor holds the worker.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import Engine, text

from app.core import actor
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.payments import queries as payments
from app.withdrawals import queries, service
from app.withdrawals.models import Withdrawal
from app.withdrawals.rules import State
from dev.embedded import Servers
from jobs import relay
from jobs.queues import Waker
from tests.makers import people
from tests.makers.databases import Database
from tests.makers.environment import environment
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess
from tests.makers.waiting import until

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
SEED = int(os.environ.get("FAULT_SEED", "2026"))
ANSWER_LATE_MS = 700
KILL_WITHIN_SECONDS = 1.1  # before the call, during it, or after its answer

# Between two writes, and what is seen when the kill falls there: the withdrawal, its payout, transfers at the vendor.
LINES = {
    "nothing written": ("approved", None, 0),
    "on its way": ("sending", "sending", 0),
    "done there": ("sending", "sending", 1),
    "answered": ("sending", "sending", 1),
    "paid": ("sending", "paid", 1),
}
LONG_LATE_MS = 1_900  # time to put a lock in the way of what comes after the answer
_ARRIVED = "01"  # of /proc/net/tcp: the connection stands
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
_PAYOUT = "SELECT id FROM payouts WHERE id = :id FOR UPDATE"
_WITHDRAWAL = "SELECT id FROM withdrawals WHERE payout_id = :id FOR UPDATE"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + 40 * ROUNDS)]


class Worker:
    """`python -m jobs.worker money`, killed as a power cut would, work-horse and all."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env
        self.process = self.start()

    def kill(self) -> None:
        """SIGKILL to the worker and its work-horse."""
        family = psutil.Process(self.process.pid)
        for one in [family, *family.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):  # (a work-horse may have come to its end by itself)
                one.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """Kill it and start another."""
        self.kill()
        self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Start another, once it was killed."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jobs.worker", "money"], cwd=ROOT, env=self._env, stderr=subprocess.DEVNULL
        )
        return self.process


@pytest.fixture
def worker(database: Database, given: Servers, sandbox: SandboxProcess) -> Iterator[Worker]:
    """A real worker with a short lease, so that an abandoned task is taken up soon."""
    env = environment(database, given, sandbox) | {"TASK_LEASE_SECONDS": "7", "PAYSTACK_TIMEOUT_SECONDS": "2"}
    running = Worker(os.environ | env)
    yield running
    running.kill()


def state(withdrawal_id: str) -> str:
    """How a withdrawal stands, freshly read."""
    leave()
    return queries.one_for_operators(withdrawal_id).state


def payout_state(reference: str) -> str | None:
    """How a payout stands, freshly read; None while there is none."""
    leave()
    payout = payments.payout_for_system(reference)
    return payout.state if payout else None


def unheard(port: int) -> bool:
    """Whether a call lies at this port that nobody has read."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    there = [row for row in rows if row[1].endswith(f":{port:04X}") and row[3] == _ARRIVED]
    return any(int(row[4].partition(":")[2], 16) for row in there)


def agreed(owner: Customer, account: str, operator_id: str, *, amount: int) -> Withdrawal:
    """A withdrawal that was asked for, checked and agreed to."""
    asked = people.asked_for(owner, naira(amount), account=account)
    staff = actor.operator(operator_id)
    with transaction(staff):
        service.approve(asked.id, operator_id=operator_id, content_hash=asked.content_hash, owns=None, actor=staff)
    return asked


def paid_there(sandbox: SandboxProcess, reference: str) -> int:
    """How many transfers the vendor has of this reference."""
    listed = sandbox.call("GET", "/transfer", params={"perPage": 100}).json()["data"]
    return sum(row["reference"] == reference for row in listed)


def booked(ref: str, owner_engine: Engine) -> int:
    """How many journals there are about this."""
    with owner_engine.connect() as connection:
        counted = connection.execute(text("SELECT count(*) FROM ledger.journals WHERE ref = :ref"), {"ref": ref})
        return int(counted.scalar_one())


def test_one_payout_each(
    inside: Flask, given: Servers, sandbox: SandboxProcess, worker: Worker, owner_engine: Engine
) -> None:
    luck = random.Random(SEED)  # noqa: S311
    waker = Waker(Redis.from_url(given.redis_url))
    operator_id, _ = people.operator(Role.TREASURY)
    owner = people.customer(enrolled=True)
    people.paid_in(owner, naira(1_000_000), app=inside, sandbox=sandbox)
    account = people.bank_account(owner, app=inside)
    sandbox.knobs(answer="late_ms", late_ms=ANSWER_LATE_MS)

    number = hits = 0
    while hits < ROUNDS:  # (a kill that came after the end of its sending does not count)
        number += 1
        asked = agreed(owner, account, operator_id, amount=10_000 + number)

        def sweeps(wanted: set[str], withdrawal_id: str = asked.id) -> bool:
            relay.sweep(waker)
            return state(withdrawal_id) in wanted

        until(lambda: sweeps({"sending", "settled"}))
        pause = luck.uniform(0, KILL_WITHIN_SECONDS)
        time.sleep(pause)  # the kill comes at any moment of the sending, which is the point: nothing to wait for
        before = state(asked.id)
        worker.restart()
        until(lambda: sweeps({"settled"}))
        transfers, journals = paid_there(sandbox, asked.payout_id), booked(asked.id, owner_engine)
        print(f"seed {SEED} round {number}: killed {pause:.2f} s into it ({before}), transfers {transfers}")  # noqa: T201
        assert (transfers, journals) == (1, 1)
        hits += before == State.SENDING
    assert owner.balance().held == naira(0)


@pytest.mark.parametrize("line", LINES if ROUNDS > 1 else ["answered"])
def test_one_payout_wherever_it_falls(
    line: str, inside: Flask, given: Servers, sandbox: SandboxProcess, worker: Worker, owner_engine: Engine
) -> None:
    """Each line between writing `sending` and writing `paid`: a lock or a frozen vendor holds the worker there."""
    waker = Waker(Redis.from_url(given.redis_url))
    operator_id, _ = people.operator(Role.TREASURY)
    owner = people.customer(enrolled=True)
    people.paid_in(owner, naira(100_000), app=inside, sandbox=sandbox)
    account = people.bank_account(owner, app=inside)
    asked = agreed(owner, account, operator_id, amount=10_000)
    payout = {"id": asked.payout_id}
    sandbox.knobs(answer="late_ms", late_ms=LONG_LATE_MS, answer_to="/transfer")

    def swept(reached: Callable[[], bool]) -> None:
        def look() -> bool:
            relay.sweep(waker)
            return reached()

        until(look)

    with owner_engine.connect() as lock, owner_engine.connect() as watch, ExitStack() as vendor:

        def waits() -> bool:
            found = watch.execute(text(_WAITING)).scalar_one()
            watch.rollback()
            return bool(found)

        if line == "nothing written":
            lock.execute(text(_WITHDRAWAL), payout)
            swept(waits)
        elif line == "on its way":
            vendor.enter_context(sandbox.frozen())
            swept(lambda: state(asked.id) == State.SENDING and unheard(sandbox.port))
        else:
            swept(lambda: paid_there(sandbox, asked.payout_id) == 1)
            if line != "done there":
                lock.execute(text(_PAYOUT if line == "answered" else _WITHDRAWAL), payout)
                swept(waits)
        there = 0 if line == "on its way" else paid_there(sandbox, asked.payout_id)
        worker.kill()
        seen = state(asked.id), payout_state(asked.payout_id), there
        lock.rollback()
    if line == "on its way":  # what had left arrives all the same, though nobody is there who sent it
        until(lambda: paid_there(sandbox, asked.payout_id) == 1)
    worker.start()
    sandbox.knobs(answer="normal")
    swept(lambda: state(asked.id) == State.SETTLED)
    assert seen == LINES[line]
    assert (paid_there(sandbox, asked.payout_id), booked(asked.id, owner_engine)) == (1, 1)
    assert owner.balance().held == naira(0)
