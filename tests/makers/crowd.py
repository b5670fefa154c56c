"""Many at once: each body in a thread of its own, with a session of its own, all let go at the same moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from flask import Flask

from app.core.db import for_everyone

WAIT_SECONDS = 20


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


def meet(barrier: Barrier) -> None:
    """Wait for the others, but not for ever."""
    barrier.wait(WAIT_SECONDS)
