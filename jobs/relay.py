"""Outbox → tasks, due tasks → wake-ups. Any number of these may run at once: rows taken by one are passed by others."""

from app.core import actor, outbox, tasks
from app.core.db import transaction
from jobs.handlers import HANDLERS
from jobs.hears import HEARS
from jobs.queues import Waker

BATCH = 100


def relay_events() -> int:
    """Ask for one task per hearer of each waiting event: how many events there were."""
    with transaction(actor.system("relay")):
        events = outbox.take(limit=BATCH)
        for event in events:
            for kind in HEARS.get(event.name, ()):
                tasks.add(kind, ref=f"{event.subject}#{event.id}", queue=HANDLERS[kind].queue)
    return len(events)


def wake_due(waker: Waker) -> int:
    """Wake workers for tasks that are due or were abandoned: how many."""
    with transaction(actor.system("sweeper")):
        due = tasks.due(limit=BATCH)
    for task_id, queue in due:
        waker.task(task_id, queue=queue)
    return len(due)


def relay_all() -> None:
    """Relay until nothing is left to relay."""
    while relay_events() == BATCH:
        pass


def wake_all(waker: Waker) -> None:
    """Wake until nobody is left to wake."""
    while wake_due(waker) == BATCH:
        pass


def sweep(waker: Waker) -> None:
    """Do both until nothing is left to do."""
    relay_all()
    wake_all(waker)
