"""Decisions are one page each and held by tests that exist."""

from pathlib import Path

import pytest

from tests.house.conftest import ExpectNone, Plant
from tests.house.gates import decisions

PAGE = """# 0001 Floors

## Context

## Decision

**One
sentence.**

## Consequences

- x

Held by: `tests/a.py`
"""
GOOD = {
    "docs/decisions/0001-floors.md": PAGE,
    "docs/decisions/README.md": "| [Floors](0001-floors.md) |\n",
    "tests/a.py": "",
}


def test_every_decision_is_held(root: Path, expect_none: ExpectNone) -> None:
    expect_none(decisions.faults(root))


def test_a_good_page_passes(plant: Plant) -> None:
    assert decisions.faults(plant(GOOD)) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("- x\n", "- x\n" * 30, "a decision is one page"),
        ("## Context", "## Preface", "it lacks ## Context"),
        ("**", "", "one bold sentence"),
        ("Held by", "Believed by", "name the test"),
        ("tests/a.py", "tests/gone.py", "there is no tests/gone.py"),
    ],
)
def test_bites(plant: Plant, old: str, new: str, says: str) -> None:
    (fault,) = decisions.faults(plant(GOOD | {"docs/decisions/0001-floors.md": PAGE.replace(old, new)}))
    assert says in fault


def test_bites_a_gap_and_a_page_that_is_not_listed(plant: Plant) -> None:
    gap, unlisted = decisions.faults(plant(GOOD | {"docs/decisions/0003-late.md": PAGE}))
    assert "name it 0002-" in gap
    assert "list it in docs/decisions/README.md" in unlisted
