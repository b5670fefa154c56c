"""Whose turn it is to call under one key: a venue refuses what does not carry a higher number than the call before.

Calls of several processes may overtake each other on their way. So each waits for its turn, which is kept in Redis,
takes a number above all earlier ones, and keeps its turn until it was answered. While Redis is away, or somebody's turn
does not end, calls go on without: what was overtaken then is refused by the venue, and tried again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256

from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from app.core import logs

LOOK_AGAIN_SECONDS = 0.01
_NEXT = """
local number = math.max(tonumber(redis.call('get', KEYS[1]) or '0') + 1, tonumber(ARGV[1]))
redis.call('set', KEYS[1], string.format('%.0f', number))
return string.format('%.0f', number)
"""
log = logs.get("clients")


class Turns:
    """The turns of one key at one venue. A call takes about so many seconds at most, and nobody waits longer."""

    def __init__(self, redis: Redis | None, *, venue: str, key: str, seconds: float) -> None:
        self._redis, self._seconds = redis, seconds
        self._name = f"venue:{venue}:{sha256(key.encode()).hexdigest()[:16]}"  # (a key is nobody's to read)

    @contextmanager
    def take(self, moment: Callable[[], int]) -> Iterator[int]:
        """Wait for a turn, and have it for the length of the body: the number of the call that is made in it.

        `moment` tells the time in microseconds, which is the number, where no clock was ahead of this one.
        """
        held = self._wait()
        try:
            yield self._number(moment())
        finally:
            if held is not None:
                with suppress(LockError, RedisError):  # (it had ended by itself, or ends so)
                    held.release()

    def _wait(self) -> Lock | None:
        if self._redis is None:
            return None
        lock = self._redis.lock(f"{self._name}:turn", timeout=2 * self._seconds, sleep=LOOK_AGAIN_SECONDS)
        try:
            return lock if lock.acquire(blocking_timeout=self._seconds) else None
        except RedisError as error:
            log.warning("no turn was taken", extra={"facts": {"error": type(error).__name__}})
            return None

    def _number(self, moment: int) -> int:
        with suppress(RedisError):
            if self._redis is not None:
                return int(self._redis.eval(_NEXT, 1, f"{self._name}:last", moment))
        return moment
