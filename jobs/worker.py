"""A worker: `python -m jobs.worker money`. One queue per process, so that a wake-up is never popped and forgotten."""

import gc
import sys

from redis import Redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from sqlalchemy.orm import configure_mappers

from app.clients import venues
from app.core.db import db
from config import BadSettings, Settings
from jobs.queues import QUEUES
from jobs.runtime import runtime

SPEAK_TO_VENUES = ("prices", "exchange")


def main(arguments: list[str]) -> int:
    """Work until told to stop: exit code 0, or 2 with one sentence when it cannot begin."""
    if len(arguments) != 1 or arguments[0] not in QUEUES:
        sys.stderr.write(f"Name one queue: {', '.join(QUEUES)}.\n")
        return 2
    try:
        app, _, settings = runtime()  # built before the fork, so that each work-horse starts ready
    except BadSettings as faults:
        sys.stderr.write(f"{faults}\n")
        return 2
    if arguments[0] in SPEAK_TO_VENUES:
        venues.load()  # large: once, and not in each work-horse
    configure_mappers()  # (and so what every model comes down to: each work-horse would find it out for itself)
    with app.app_context():
        db.engine.dispose()  # a connection must not be shared across a fork
    gc.collect()
    gc.freeze()  # what is loaded stays: a work-horse's collector neither looks through it nor copies its pages
    _worker(arguments[0], settings).work(with_scheduler=False, logging_level="WARNING")
    return 0


def _worker(queue: str, settings: Settings) -> Worker:
    redis = Redis.from_url(settings.redis_url)
    return Worker(
        [Queue(queue, connection=redis, serializer=JSONSerializer)],
        connection=redis,
        serializer=JSONSerializer,
        maintenance_interval=60,
        log_job_description=False,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
