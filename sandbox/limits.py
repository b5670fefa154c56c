"""The doors before every call of the contract: who may come in, how often, and whether anybody is at home.

The windows of the rate limit are kept in memory, as nothing hangs on them; the knobs that close the doors are in the
book. A call turned away here has done nothing at all.
"""

import threading
import time

from flask import Response

from sandbox import answers
from sandbox.answers import Refused
from sandbox.faults import hang_up
from sandbox.knobs import Knobs


class Windows:
    """Counts the calls of the window under way, for all callers together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began: float | None = None
        self._calls = 0

    def count(self, knobs: Knobs) -> dict[str, str]:
        """One more call: the headers that tell of the window, or Refused with the same headers when it is full."""
        if knobs.rate_limit is None:
            self._began = None
            return {}
        with self._lock:
            now = time.monotonic()
            if self._began is None or now - self._began >= knobs.rate_window_seconds:
                self._began, self._calls = now, 0
            self._calls += 1
            left = knobs.rate_limit - self._calls
            # Upwards: who waits this long finds the next window open.
            resets = int(self._began + knobs.rate_window_seconds - now) + 1
        headers = {
            "x-ratelimit-limit": str(knobs.rate_limit),
            "x-ratelimit-remaining": str(max(left, 0)),
            "x-ratelimit-reset": str(resets),
        }
        if left < 0:
            refused = answers.rate_limited()
            refused.headers = headers
            raise refused
        return headers


def nobody_home(knobs: Knobs) -> Response | None:
    """The answer of a vendor that is down; None when it is not."""
    if knobs.down == "no":
        return None
    if knobs.down == "cut":
        hang_up()
    return Refused(503, "Service Unavailable").response()
