"""What the clock starts has a pace, a limit, a lock and somebody who is asked when it does not run."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

MUST_BE_SET = ("name", "every_seconds", "limit_seconds", "lock", "owner")


def faults(schedule: Iterable[Any], *, kinds: Collection[str]) -> list[str]:
    """Entries of jobs.schedule.SCHEDULE that are incomplete, doubled, or start a job that does not exist."""
    entries = list(schedule)
    return [sentence for entry in entries for sentence in _entry(entry, kinds)] + [
        f"{name}: scheduled {times} times; names are unique."
        for name, times in Counter(getattr(entry, "name", "?") for entry in entries).items()
        if times > 1
    ]


def _entry(entry: Any, kinds: Collection[str]) -> Iterator[str]:
    name = getattr(entry, "name", entry)
    for field in MUST_BE_SET:
        if not getattr(entry, field, None):
            yield f"{name}: {field} is not set."
    if getattr(entry, "kind", name) not in kinds:
        yield f"{name}: it starts {getattr(entry, 'kind', name)}, which is not a kind of job."
    every, limit = getattr(entry, "every_seconds", 0), getattr(entry, "limit_seconds", 0)
    if every and limit and limit > max(every, 60) * 10:
        yield f"{name}: may run {limit} s but starts every {every} s; runs would queue behind each other."
