"""Wake-ups through RQ. They carry a task's id and nothing else; losing or doubling one is harmless."""

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from app.core import logs

JOB_SECONDS_MAX = 60  # longer than three calls to a vendor and the database's limit together
# Work that reads the whole books has a queue of its own, so that nothing waits for it; so has what reads files, with
# time for a scanner, a reader and a store that takes twenty pages slowly; so have files of reports, of which people may
# ask for many while the proof of the books must not wait; and so have prices, which wait for others every few seconds,
# and our own dealing, which waits for a venue.
QUEUES = {
    "money": JOB_SECONDS_MAX,
    "default": JOB_SECONDS_MAX,
    "prices": JOB_SECONDS_MAX,
    "exchange": JOB_SECONDS_MAX,
    "documents": 300,
    "reports": 540,
    "slow": 540,
}
# A work-horse that has done what it was woken for goes on with what else is due, for so long: a process for each task
# costs more than the task, and a queue that is filled faster than processes start would never be empty again.
GO_ON_SECONDS = 20
WAITING_MAX = 16  # each wakes a work-horse that looks for everything that is due: more would find nothing

log = logs.get("jobs")


class Waker:
    """Puts wake-ups on the queues. A Redis that is away is noted in the log: the sweeper finds the work anyway."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def relay(self) -> None:
        """Somebody committed work: have it relayed now rather than at the next sweep."""
        self._put("default", "jobs.runtime.relay")

    def task(self, task_id: int, *, queue: str) -> None:
        """Wake a worker for one task."""
        self._put(queue, "jobs.runtime.run", task_id, QUEUES[queue] - JOB_SECONDS_MAX)

    def _put(self, queue: str, function: str, *arguments: int) -> None:
        try:
            waiting = Queue(queue, connection=self._redis, serializer=JSONSerializer)
            if waiting.count >= WAITING_MAX:
                return  # those who wait will find this too
            waiting.enqueue(
                function,
                *arguments,
                description=function,
                job_timeout=QUEUES[queue] + GO_ON_SECONDS,
                result_ttl=60,
                failure_ttl=86_400,
            )
        except RedisError as error:
            log.warning("wake-up not sent", extra={"facts": {"queue": queue, "error": type(error).__name__}})
