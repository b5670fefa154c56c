"""Permissions are used, granted, and never let one person do both halves of a four-eyes act."""

from pathlib import Path
from typing import Any

import pytest

from app.core.permissions import FORBIDDEN_PAIRS, ROLES, Permission, conflicts
from tests.house.conftest import ExpectNone, Plant
from tests.house.gates import duties

NAMES = {"PAYS_REQUEST": "pays:request", "PAYS_APPROVE": "pays:approve"}
SOUND: dict[str, Any] = {
    "permissions": NAMES,
    "roles": {"clerk": {"pays:request"}, "chief": {"pays:approve"}},
    "forbidden_pairs": [{"clerk", "chief"}],
    "used": set(NAMES),
}


def test_the_matrix_is_sound(root: Path, expect_none: ExpectNone) -> None:
    names = {permission.name: permission.value for permission in Permission}
    used = duties.asked_for(root)
    expect_none(duties.faults(names, roles=ROLES, forbidden_pairs=FORBIDDEN_PAIRS, used=used))


@pytest.mark.parametrize("pair", sorted(sorted(pair) for pair in FORBIDDEN_PAIRS))
def test_a_forbidden_pair_is_seen(pair: list[str]) -> None:
    assert conflicts(pair) == [tuple(pair)]


def _faults(**change: Any) -> list[str]:
    arguments = SOUND | change
    return duties.faults(arguments.pop("permissions"), **arguments)


def test_a_sound_matrix_passes() -> None:
    assert _faults() == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"used": {"PAYS_APPROVE"}}, "PAYS_REQUEST: no door asks for it"),
        ({"used": {*NAMES, "PAYS_GONE"}}, "PAYS_GONE: a door asks for it and it does not exist"),
        ({"roles": {"clerk": {"pays:request"}, "chief": set()}}, "PAYS_APPROVE: no role has it"),
        ({"roles": {"clerk": {"pays:request", "pays:approve"}, "chief": set()}}, "four eyes need two people"),
        ({"permissions": NAMES | {"PAY": "pays:request"}, "used": {*NAMES, "PAY"}}, "write RESOURCE_ACTION"),
        ({"forbidden_pairs": [{"clerk"}]}, "name two different roles"),
        ({"forbidden_pairs": [{"clerk", "ghost"}]}, "name two different roles"),
    ],
)
def test_bites(change: dict[str, Any], says: str) -> None:
    (fault,) = _faults(**change)
    assert says in fault


def test_reads_what_doors_ask_for(plant: Plant) -> None:
    door = "@guards.operator(Permission.PAYS_APPROVE)\ndef approve(): ...\n\n\n"
    table = "class Pays(Table):\n    door = Door(OPERATOR, P.PAYS_READ)\n\n\nplace = Place(Permission.PAYS_LIST)\n"
    assert duties.asked_for(plant({"app/web/console/pay.py": door + table})) == {"PAYS_APPROVE", "PAYS_READ"}
