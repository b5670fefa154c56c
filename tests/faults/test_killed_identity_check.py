"""kill -9 of the worker while a register takes its time: the check is taken up, and answered once."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from flask import Flask
from redis import Redis

from app.core.db import db, leave, rows
from app.identification.models import IdentityCheck
from dev.embedded import Servers
from jobs import relay
from jobs.queues import Waker
from tests.makers import identities, people
from tests.makers.databases import Database
from tests.makers.environment import environment
from tests.makers.sandbox import SandboxProcess
from tests.makers.waiting import until

ROOT = Path(__file__).resolve().parents[2]
LATE_MS = 6_000
LEASE = timedelta(minutes=2)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


@pytest.fixture
def worker(database: Database, given: Servers, sandbox: SandboxProcess) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker with a short lease."""
    env = environment(database, given, sandbox) | {"TASK_LEASE_SECONDS": "4", "PAYSTACK_TIMEOUT_SECONDS": "1"}
    running = subprocess.Popen(
        [sys.executable, "-m", "jobs.worker", "default"], cwd=ROOT, env=os.environ | env, stderr=subprocess.DEVNULL
    )
    yield running
    if running.poll() is None:
        kill(running)


def kill(process: subprocess.Popen[bytes]) -> None:
    """As a power cut would, work-horse and all."""
    family = psutil.Process(process.pid)
    for one in [family, *family.children(recursive=True)]:
        one.send_signal(signal.SIGKILL)
    process.wait()


def test_is_taken_up_and_answered_once(
    inside: Flask,
    given: Servers,
    sandbox: SandboxProcess,
    worker: subprocess.Popen[bytes],
    work_off: Callable[..., int],
) -> None:
    waker, owner = Waker(Redis.from_url(given.redis_url)), people.customer()
    sandbox.knobs(registry="late", late_ms=LATE_MS)
    asked = identities.ask(owner, identities.number(identities.ECHO))

    def begun() -> bool:
        relay.sweep(waker)
        return sandbox.calls("/registry/lookups", reference=asked) == 1

    until(begun)
    kill(worker)
    sandbox.knobs(registry="normal")
    leave()
    assert db.session.get_one(IdentityCheck, asked).state == "asked"

    def answered() -> bool:
        work_off(LEASE)  # (ahead of the lease that died with the worker)
        leave()
        return db.session.get_one(IdentityCheck, asked).state == "answered"

    until(answered)
    found = db.session.get_one(IdentityCheck, asked)
    assert (found.verdict, found.attempts) == ("match", 2)
    assert len(rows("SELECT id FROM outbox WHERE name = 'identification.answered' AND subject = :id", id=asked)) == 1
    assert sandbox.calls("/registry/lookups", reference=asked) == 2
