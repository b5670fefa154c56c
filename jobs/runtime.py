"""Where a wake-up becomes work: the worker's application, one attempt at one task, and what else is due."""

import time
from datetime import timedelta
from functools import cache

from flask import Flask
from redis import Redis
from rq import get_current_job

from app import assembly
from app.core import actor, clock, ids, logs, outbox, tasks
from app.core.db import for_everyone, transaction
from app.core.tasks import Claim
from app.ledger import assets
from config import Settings
from jobs import relay as relays
from jobs.handlers import HANDLERS
from jobs.queues import GO_ON_SECONDS, Waker
from jobs.work import Work

# Looking for whom to wake costs as much as a small task: who goes on does it so often, and the clock does it too.
WAKE_EVERY_SECONDS = 1.0

log = logs.get("jobs")


@cache
def runtime() -> tuple[Flask, Waker, Settings]:
    """The worker's application, built once per process."""
    settings = Settings.from_env()
    return assembly.assemble(settings), Waker(Redis.from_url(settings.redis_url)), settings


def relay() -> None:
    """RQ's entry: somebody committed work."""
    app, waker, _ = runtime()
    with app.app_context(), for_everyone():
        relays.sweep(waker)


def run(task_id: int, more_seconds: int) -> None:
    """RQ's entry: one attempt at one task, that may take so many seconds more than is usual; then what else is due."""
    app, waker, settings = runtime()
    lease_seconds = settings.task_lease_seconds + more_seconds
    with app.app_context(), for_everyone():
        attempt(task_id, app=app, lease_seconds=lease_seconds)
        relays.sweep(waker)  # what this attempt left behind goes on at once
    woken = get_current_job()
    if woken is not None:
        go_on(woken.origin, app=app, waker=waker, lease_seconds=lease_seconds)


def go_on(queue: str, *, app: Flask, waker: Waker, lease_seconds: int, seconds: float = GO_ON_SECONDS) -> int:
    """Do what is due in this queue until nothing is, or so many seconds are over: how many tasks.

    What a task tells of becomes work right after it; workers of other queues are woken for theirs within a second.
    """
    done, until, woke_at = 0, time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < until:
        with app.app_context(), for_everyone():
            with transaction(actor.system("worker")):
                claim = tasks.claim_next(queue, lease_seconds=lease_seconds)
            if claim is None:
                break
            _attempt(claim, app)
            relays.relay_all()
            if time.monotonic() - woke_at > WAKE_EVERY_SECONDS:
                relays.wake_all(waker)
                woke_at = time.monotonic()
        done += 1
    if done:
        with app.app_context(), for_everyone():
            relays.sweep(waker)
    return done


def attempt(task_id: int, *, app: Flask, lease_seconds: int) -> None:
    """Claim the task, do it, write down how it went. Nothing to do when somebody else has it."""
    with transaction(actor.system("worker")):
        claim = tasks.claim(task_id, lease_seconds=lease_seconds)
    if claim is not None:
        _attempt(claim, app)


def _attempt(claim: Claim, app: Flask) -> None:
    with logs.during(ids.new("job")):
        _do(claim, app)


def _do(claim: Claim, app: Flask) -> None:
    assets.freshen()
    try:
        again = HANDLERS[claim.kind].function(_work(claim, app))
    except Exception as error:  # noqa: BLE001 (whatever it was, the task's row must say so)
        _note_failure(claim, error)
        return
    with transaction(actor.system("worker")):
        kept = tasks.later(claim, due_at=clock.now() + again) if again else tasks.finish(claim)
    if not kept:
        log.warning("another attempt took over", extra={"facts": {"task": claim.id, "attempt": claim.attempt}})


def _work(claim: Claim, app: Flask) -> Work:
    subject, _, outbox_id = claim.ref.partition("#")
    facts = dict(outbox.read(int(outbox_id)).facts) if outbox_id else {}
    return Work(
        cause=f"{claim.kind}:{claim.ref}",
        subject=subject,
        facts=facts,
        clients=app.extensions["clients"],
        actor=actor.system(claim.kind, request_id=logs.request_id.get()),
        public_url=app.extensions["settings"].public_url,
        console_url=app.extensions["settings"].console_url,
        tries=claim.attempt,
        last=claim.attempt >= tasks.ATTEMPTS_MAX,
        asked_at=claim.asked_at,
        aside=app.app_context,
    )


def _note_failure(claim: Claim, error: Exception) -> None:
    facts = {"task": claim.id, "kind": claim.kind, "ref": claim.ref, "attempt": claim.attempt}
    log.warning("task failed", extra={"facts": facts}, exc_info=error)
    words = logs.masked(f"{type(error).__name__}: {error}")[:500]
    with transaction(actor.system("worker")):
        tasks.failed(claim, error=words)


def drain(app: Flask, *, lease_seconds: int = 60, horizon: timedelta = timedelta(0)) -> int:
    """Do every task that is due within `horizon` here and now, without a queue: how many. For commands and tests."""
    done = 0
    with clock.at(clock.now() + horizon), for_everyone():
        while True:
            while relays.relay_events():
                pass
            with transaction(actor.system("sweeper")):
                due = tasks.due(limit=relays.BATCH)
            if not due:
                return done
            for task_id, _ in due:
                attempt(task_id, app=app, lease_seconds=lease_seconds)
                done += 1
