"""Every state that is not final has a limit, an owner and a way out, and the watchdog looks at its rows."""

import importlib
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

import pytest

from app.core.machine import Machine, Wait
from tests.house.conftest import ExpectNone
from tests.house.gates import waits

# The clock raises a case that stands still: a case about a case would help nobody.
WATCHES_ITSELF = frozenset({"case"})
# Machines of money whose waits come with the commands that end them; a name that has its waits goes from here.
WITHOUT_YET = frozenset({"payout", "withdrawal"})


class S(StrEnum):
    """States of a machine that is there to be found fault with."""

    ASKED = "asked"
    KEPT = "kept"
    DONE = "done"


class Row:
    """What a table is to the gate."""

    id = state = customer_id = ""


@dataclass(frozen=True)
class Watched:
    """An entry as jobs.watchdog writes it."""

    machine: Machine
    model: Any = Row
    whose: str = "customer_id"


WAIT = Wait(timedelta(hours=1), "treasury", "Send it again.")
SOUND = Machine(
    "errand",
    {S.ASKED: frozenset({S.KEPT, S.DONE}), S.KEPT: frozenset({S.DONE})},
    waits={S.ASKED: WAIT},
    rests={S.KEPT: "it is kept"},
)


def test_nothing_waits_without_an_end(expect_none: ExpectNone) -> None:
    watched = importlib.import_module("jobs.watchdog").WATCHED
    every = waits.machines()
    assert len(every) >= len(watched)
    ready = [machine for machine in every if machine.name not in WITHOUT_YET]
    expect_none(waits.faults(ready, watched=watched, watches_itself=WATCHES_ITSELF))


def test_none_is_excused_that_has_its_waits() -> None:
    assert {machine.name for machine in waits.machines() if not machine.waits} >= WITHOUT_YET


def test_each_is_looked_at_once() -> None:
    names = [each.machine.name for each in importlib.import_module("jobs.watchdog").WATCHED]
    assert len(names) == len(set(names))


def test_a_sound_machine_passes() -> None:
    assert waits.faults([SOUND], watched=[Watched(SOUND)], watches_itself=()) == []


def _wait(**change: Any) -> Machine:
    return replace(SOUND, waits={S.ASKED: replace(WAIT, **change)})


@pytest.mark.parametrize(
    ("machine", "says"),
    [
        (replace(SOUND, waits={}), "asked has no wait"),
        (replace(SOUND, rests={}), "kept has no wait"),
        (replace(SOUND, rests={S.KEPT: "it is kept", S.ASKED: "both"}), "asked has no wait"),
        (replace(SOUND, rests={S.KEPT: " "}), "kept rests without a reason"),
        (replace(SOUND, waits={S.ASKED: WAIT, S.DONE: WAIT}), "done is final"),
        (_wait(limit=timedelta(0)), "a limit of nothing"),
        (_wait(owner="auditor"), "the queue of auditor"),
        (_wait(owner="somebody"), "the queue of somebody"),
        (_wait(exit=""), "no way out"),
    ],
)
def test_bites(machine: Machine, says: str) -> None:
    (fault,) = waits.faults([machine], watched=[Watched(machine)], watches_itself=())
    assert says in fault


def test_bites_a_machine_that_nobody_looks_at() -> None:
    (fault,) = waits.faults([SOUND], watched=[], watches_itself=())
    assert "Add it to WATCHED" in fault
    assert waits.faults([SOUND], watched=[], watches_itself={"errand"}) == []


def test_bites_a_table_without_states_and_one_whose_cases_are_nobodys() -> None:
    (blind,) = waits.faults([SOUND], watched=[Watched(SOUND, model=object)], watches_itself=())
    (nobodys,) = waits.faults([SOUND], watched=[Watched(SOUND, whose="id")], watches_itself=())
    assert "no state or no id" in blind
    assert "whose they are" in nobodys
