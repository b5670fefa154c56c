"""Every periodic job has a pace, a limit, a lock and an owner."""

import importlib
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.house.conftest import ExpectNone
from tests.house.gates import periodic


@dataclass(frozen=True)
class Entry:
    """An entry as jobs.schedule writes it."""

    name: str = "banks"
    kind: str = "payments.refresh_banks"
    every_seconds: int = 3600
    limit_seconds: int = 45
    lock: str = "slot"
    owner: str = "treasury"


KINDS = {"payments.refresh_banks"}


def test_the_schedule_is_complete(expect_none: ExpectNone) -> None:
    schedule = importlib.import_module("jobs.schedule").SCHEDULE
    expect_none(periodic.faults(schedule, kinds=importlib.import_module("jobs.handlers").HANDLERS))


def test_each_has_the_time_that_its_queue_gives() -> None:
    """What is longer in its queue than that is killed at the same place each time, and never done."""
    handlers, queues = importlib.import_module("jobs.handlers").HANDLERS, importlib.import_module("jobs.queues").QUEUES
    schedule = importlib.import_module("jobs.schedule").SCHEDULE
    assert [one.name for one in schedule if one.limit_seconds > queues[handlers[one.kind].queue]] == []


def test_what_reads_the_vendors_whole_lists_has_the_time_for_it() -> None:
    handlers = importlib.import_module("jobs.handlers").HANDLERS
    assert {handlers[kind].queue for kind in ("reconciliation.run", "settlement.pull")} == {"slow"}


def test_a_complete_entry_passes() -> None:
    assert periodic.faults([Entry(), Entry(name="banks at noon")], kinds=KINDS) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"every_seconds": 0}, "banks: every_seconds is not set"),
        ({"limit_seconds": 0}, "banks: limit_seconds is not set"),
        ({"lock": ""}, "banks: lock is not set"),
        ({"owner": ""}, "banks: owner is not set"),
        ({"kind": "payments.gone"}, "which is not a kind of job"),
        ({"limit_seconds": 90_000}, "runs would queue behind each other"),
    ],
)
def test_bites(change: dict[str, Any], says: str) -> None:
    (fault,) = periodic.faults([replace(Entry(), **change)], kinds=KINDS)
    assert says in fault


def test_bites_a_name_used_twice() -> None:
    assert periodic.faults([Entry(), Entry()], kinds=KINDS) == ["banks: scheduled 2 times; names are unique."]
