"""The side of a crowd's member: does one thing again and again for as long as it is told. The standard library alone.

A line on stdin is a number of seconds; the answer on stdout is `turn`, how often it was done, and in how many seconds.
"""

import sys
import time
from collections.abc import Callable

WARM = 5  # calls


def serve(once: Callable[[int], object]) -> None:
    """Take turns until stdin ends. `once` is told how often it was called before."""
    done = 0
    while done < WARM:  # the first calls connect and fill caches; they are not measured
        once(done)
        done += 1
    print("turn 0 0", flush=True)
    for line in sys.stdin:
        first, began = done, time.perf_counter()
        while time.perf_counter() - began < float(line):
            once(done)
            done += 1
        print(f"turn {done - first} {time.perf_counter() - began}", flush=True)
