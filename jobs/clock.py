"""The clock: sweeps for due work and takes the slots of periodic jobs, once a second, on as many nodes as there are."""

import signal
import sys
import threading

from redis import Redis

from app import assembly
from app.core import logs
from app.core.db import for_everyone
from config import BadSettings, Settings
from jobs import relay, schedule
from jobs.queues import Waker

EVERY_SECONDS = 1

log = logs.get("clock")


def main() -> int:
    """Tick until told to stop: exit code 0, or 2 when the settings are wrong."""
    try:
        settings = Settings.from_env()
    except BadSettings as faults:
        sys.stderr.write(f"{faults}\n")
        return 2
    app, waker = assembly.assemble(settings), Waker(Redis.from_url(settings.redis_url))
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(EVERY_SECONDS):
        with app.app_context(), for_everyone():
            try:
                schedule.tick()
                relay.sweep(waker)
            except Exception:  # (the database may be away for a while: the next tick tries again)
                log.exception("tick failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
