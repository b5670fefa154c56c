"""A real worker reads files that mean harm: it stays, and no reader outlives it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from flask import Flask
from redis import Redis

from app.core.db import leave
from app.documents import queries
from dev.embedded import Servers
from jobs import relay
from jobs.queues import Waker
from tests.makers import hostile, papers, people
from tests.makers.databases import Database
from tests.makers.environment import environment
from tests.makers.sandbox import SandboxProcess
from tests.makers.waiting import until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def worker(database: Database, given: Servers, vendor: SandboxProcess) -> Iterator[psutil.Process]:
    """A worker of the queue in which documents are checked."""
    with subprocess.Popen(
        [sys.executable, "-m", "jobs.worker", "documents"],
        cwd=ROOT,
        env=os.environ | environment(database, given, vendor),
        stderr=subprocess.DEVNULL,
    ) as started:
        yield psutil.Process(started.pid)
        started.terminate()


def readers(worker: psutil.Process) -> list[psutil.Process]:
    """The locked rooms below a worker."""
    found = []
    for each in worker.children(recursive=True):
        try:
            found += [each] if any("locked_room" in word for word in each.cmdline()) else []
        except psutil.NoSuchProcess:
            continue  # it ended while it was looked at
    return found


def test_it_works_on_after_each(
    app: Flask, inside: Flask, given: Servers, vendor: SandboxProcess, worker: psutil.Process
) -> None:
    waker, owner = Waker(Redis.from_url(given.redis_url)), people.customer()
    wanted = {"PNG of 50,000 x 50,000", "JPEG cut short", "PDF whose pages are their own parents", "animated PNG"}
    files = [file for file in hostile.EVERYTHING if file.what in wanted]
    sent = {papers.sent(owner, app=app, body=file.make()): file.fate.partition(":")[0] for file in files}
    assert len(sent) == len(wanted)

    def states() -> dict[str, str]:
        relay.sweep(waker)
        leave()
        return {each.id: each.state for each in queries.many_for_operators(sent)}

    until(lambda: states() == sent)
    assert worker.is_running()
    endless = papers.sent(owner, app=app, body=hostile.laughing(9))
    relay.sweep(waker)
    until(lambda: bool(readers(worker)))
    (reader,) = readers(worker)
    horse = reader.parent()
    assert horse
    assert horse.pid != worker.pid
    horse.kill()  # what it did is lost, and its reader with it
    until(lambda: not reader.is_running() or reader.status() == psutil.STATUS_ZOMBIE)
    assert worker.is_running()
    leave()
    assert queries.one_for_operators(endless).state == "received"
    last = papers.sent(owner, app=app)
    sent.clear()
    sent[last] = "ready"
    until(lambda: states() == sent)
