"""Many at once: each body in a thread of its own, with a session of its own, all let go at the same moment."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, text

from app.core import actor
from app.core.db import for_everyone, transaction

WAIT_SECONDS = 20
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def at_once(app: Flask, bodies: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each body answered or raised, in the order of the bodies."""
    start = Barrier(len(bodies))

    def run(body: Callable[[], Any]) -> Any:
        with app.app_context(), for_everyone():
            start.wait(WAIT_SECONDS)
            try:
                return body()
            except Exception as error:  # noqa: BLE001  (what it raised is the answer)
                return error

    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(run, bodies))


def meanwhile(app: Flask, engine: Engine, first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """What `second` answers or raises that comes while `first` is done and not committed, and would wait for it.

    It goes on once `second` waits for a lock, or is through without waiting.
    """

    def come() -> Any:
        with app.app_context(), for_everyone():
            try:
                return second()
            except Exception as error:  # noqa: BLE001  (what it raised is the answer)
                return error

    with ThreadPoolExecutor(1) as threads:
        with transaction(actor.system("test")), engine.connect() as watch:
            first()
            coming = threads.submit(come)
            until_it_waits(watch, coming)
        return coming.result(WAIT_SECONDS)


def until_it_waits(watch: Connection, coming: Future[Any]) -> None:
    """Come back when somebody waits for a lock, or what comes is through. PostgreSQL has to be asked for that."""
    until = time.monotonic() + WAIT_SECONDS
    while not watch.execute(_WAITING).scalar() and not coming.done() and time.monotonic() < until:
        time.sleep(0.02)  # between two questions: nothing tells when a lock begins to be waited for


def meet(barrier: Barrier) -> None:
    """Wait for the others, but not for ever."""
    barrier.wait(WAIT_SECONDS)
