"""kill -9 of the worker while it sends money: one payout each, none lost.

The rounds are three in the everyday tests and ten in `make faults`; where in the sending each kill falls is drawn
from a printed seed.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import Engine, text

from app.core import actor
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.withdrawals import queries, service
from app.withdrawals.rules import State
from dev.embedded import Servers
from jobs import relay
from jobs.queues import Waker
from tests.makers import people
from tests.makers.databases import Database
from tests.makers.environment import environment
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess
from tests.makers.waiting import until

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
SEED = int(os.environ.get("FAULT_SEED", "2026"))
ANSWER_LATE_MS = 700
KILL_WITHIN_SECONDS = 1.1  # before the call, during it, or after its answer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 + 40 * ROUNDS)]


class Worker:
    """`python -m jobs.worker money`, killed as a power cut would, work-horse and all."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env
        self.process = self._start()

    def kill(self) -> None:
        """SIGKILL to the worker and its work-horse."""
        family = psutil.Process(self.process.pid)
        for one in [family, *family.children(recursive=True)]:
            one.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """Kill it and start another."""
        self.kill()
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "jobs.worker", "money"],
            cwd=ROOT,
            env=self._env,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture
def worker(database: Database, given: Servers, sandbox: SandboxProcess) -> Iterator[Worker]:
    """A real worker with a short lease, so that an abandoned task is taken up soon."""
    env = environment(database, given, sandbox) | {"TASK_LEASE_SECONDS": "4", "PAYSTACK_TIMEOUT_SECONDS": "1"}
    running = Worker(os.environ | env)
    yield running
    running.kill()


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

    def state(withdrawal_id: str) -> str:
        leave()
        return queries.one_for_operators(withdrawal_id).state

    number = hits = 0
    while hits < ROUNDS:  # (a kill that came after the end of its sending does not count)
        number += 1
        with transaction(owner.actor):
            asked = service.request(owner.id, bank_account_id=account, amount=naira(10_000 + number), actor=owner.actor)
        asked = people.looked_into(asked.id)
        staff = actor.operator(operator_id)
        with transaction(staff):
            service.approve(asked.id, operator_id=operator_id, content_hash=asked.content_hash, owns=None, actor=staff)

        def sweeps(wanted: set[str], withdrawal_id: str = asked.id) -> bool:
            relay.sweep(waker)
            return state(withdrawal_id) in wanted

        until(lambda: sweeps({"sending", "settled"}))
        pause = luck.uniform(0, KILL_WITHIN_SECONDS)
        time.sleep(pause)  # the kill comes at any moment of the sending, which is the point: nothing to wait for
        before = state(asked.id)
        worker.restart()
        until(lambda: sweeps({"settled"}))
        transfers = [
            row
            for row in sandbox.call("GET", "/transfer", params={"perPage": 100}).json()["data"]
            if row["reference"] == asked.payout_id
        ]
        with owner_engine.connect() as connection:
            journals = connection.execute(
                text("SELECT count(*) FROM ledger.journals WHERE ref = :ref"), {"ref": asked.id}
            ).scalar_one()
        print(f"seed {SEED} round {number}: killed {pause:.2f} s into it ({before}), transfers {len(transfers)}")  # noqa: T201
        assert (len(transfers), journals) == (1, 1)
        hits += before == State.SENDING
    assert owner.balance().held == naira(0)
