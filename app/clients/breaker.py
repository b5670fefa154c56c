"""When to leave a vendor alone: after silence that lasts, and for as long as it said that we ask too often.

Both memories are a few numbers that a process shares with those it forks: a worker makes a process for each job, and
what one job has learnt must keep the next from waiting for the same silence. They are written without a lock: the worst
that two at the same moment do is one call too many, and one killed in between leaves nothing locked.
"""

import ctypes
import mmap
import time
from zlib import crc32

from app.clients.http import Unreached
from app.core import logs

log = logs.get("clients")
FAILURES = 5
LASTING_SECONDS = 20.0
REST_SECONDS = 30.0
ROUTES = 65_536  # far more than there are, so that two hardly ever share a number
WINDOW_SECONDS = 60  # Paystack counts calls over this long


class CircuitOpen(Unreached):
    """The vendor has been silent for a while and is left alone. No call was made: money was certainly not moved."""

    code = "vendor_resting"
    message = "A service we need has not answered for a while. Nothing was sent; try again in a minute."


def _shared(count: int) -> "ctypes.Array[ctypes.c_double]":
    """Numbers that are one and the same in this process and in those it forks; all nought."""
    kind = ctypes.c_double * count
    return kind.from_buffer(mmap.mmap(-1, ctypes.sizeof(kind)))


class Breaker:
    """Opens when several calls in a row were silent over some time; lets one try through at the end of each rest.

    Over some time, because a handful of answers lost in the same second is an accident, and every call that is refused
    here is work put off. An answer, even a no, closes it.
    """

    def __init__(
        self, *, failures: int = FAILURES, lasting: float = LASTING_SECONDS, rest: float = REST_SECONDS
    ) -> None:
        self._failures, self._lasting, self._rest = failures, lasting, rest
        self._numbers = _shared(3)  # silent calls in a row, since when, at rest until

    @property
    def rests(self) -> bool:
        """Whether calls are held back now."""
        return self._numbers[2] > time.monotonic()

    def ask(self) -> None:
        """Whether a call may be made. Raises CircuitOpen."""
        until, moment = self._numbers[2], time.monotonic()
        if until > moment:
            raise CircuitOpen(retry_after=int(until - moment) + 1)
        if until:
            self._numbers[2] = moment + self._rest  # this one tries; the others wait for what it finds

    def silent(self) -> None:
        """A call had no answer."""
        moment = time.monotonic()
        if not self._numbers[0]:
            self._numbers[1] = moment
        self._numbers[0] += 1
        if self._numbers[0] >= self._failures and moment - self._numbers[1] >= self._lasting:
            self._numbers[2] = moment + self._rest
            log.error("vendor is left alone", extra={"facts": {"silent_calls": int(self._numbers[0])}})

    def answered(self) -> None:
        """A call had an answer."""
        if self._numbers[2]:
            log.warning("vendor answers again")
        if self._numbers[0]:
            self._numbers[0] = self._numbers[2] = 0


class Pace:
    """Until when which kind of call would be one too many."""

    def __init__(self) -> None:
        self._until = _shared(ROUTES)

    def wait(self, route: str) -> float:
        """How many seconds until such a call may be made; nought when now."""
        return max(0.0, self._until[self._place(route)] - time.monotonic())

    def hold(self, route: str, *, seconds: int) -> None:
        """Make no such call for so long, at most until the window must have ended."""
        self._until[self._place(route)] = time.monotonic() + min(seconds, WINDOW_SECONDS)

    def _place(self, route: str) -> int:
        return crc32(route.encode()) % ROUTES
