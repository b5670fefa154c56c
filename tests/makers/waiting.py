"""Waiting for other processes, which say nothing by themselves when they come to a point."""

import time
from collections.abc import Callable

BETWEEN_SECONDS = 0.05
PATIENCE_SECONDS = 100  # a busy machine starts a worker in some ten


def until(reached: Callable[[], bool]) -> None:
    """Ask again and again whether it came to that; AssertionError when it does not within PATIENCE_SECONDS."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < give_up_at, "it never came to that"
        time.sleep(BETWEEN_SECONDS)  # no guess of how long it takes: what is waited for is asked before and after
