"""Each requirement of the security standard has one true answer."""

from pathlib import Path

import pytest

from tests.house.conftest import ExpectNone, Plant
from tests.house.gates import asvs

TEST = "`tests/test_a.py::TestA::test_holds`"
PAGE = f"""# Page

| no. | level | asks for | here | held by |
|---|---|---|---|---|
| 1.1.1 | 2 | x | in `app/a.py::door` | {TEST} |
| 1.2.1 | 1 | x | in `app/a.py` | reading: `app/a.py` |
| 1.2.6 | 2 | x | **does not apply**: no directory | – |
| 1.3.1 | 1 | x | **not yet**: a reason | the next room |
"""
GOOD = {
    asvs.PAGE: PAGE,
    asvs.NUMBERS: "# source\nnumber,level\n1.1.1,2\n1.2.1,1\n1.2.6,2\n1.3.1,1\n",
    "app/a.py": "def door(): ...\n",
    "tests/test_a.py": "class TestA:\n    def test_holds(self): ...\n",
}


def test_every_requirement_is_answered(root: Path, expect_none: ExpectNone) -> None:
    expect_none(asvs.faults(root))


def test_the_list_is_the_standards_own(root: Path) -> None:
    said = (root / asvs.NUMBERS).read_text()
    assert "CC BY-SA" in said
    assert "https://github.com/OWASP/ASVS" in said
    assert sum(line[:1].isdigit() for line in said.splitlines()) == 229  # counted in its file


def test_good_answers_pass(plant: Plant) -> None:
    assert asvs.faults(plant(GOOD)) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("| 1.2.6 | 2 | x | **does not apply**: no directory | – |\n", "", "1.2.6 has 0 rows"),
        ("| 1.2.6 |", "| 1.1.1 |", "1.1.1 has 2 rows"),
        ("| 1.2.6 |", "| 9.9.9 |", "9.9.9 has 1 rows"),
        ("| 1.2.6 | 2 |", "| 1.2.6 | 1 |", "1.2.6 is of level 2"),
        (TEST, "", "none of them is empty"),
        ("| 1 | x | in", "| 1 |  | in", "none of them is empty"),
        ("test_holds`", "test_gone`", "has no TestA::test_gone"),
        ("tests/test_a.py", "tests/test_b.py", "there is no tests/test_b.py"),
        ("::door`", "::window`", "has no window"),
        ("in `app/a.py` |", "in `app/b.py` |", "there is no app/b.py"),
        (TEST, "–", "name the test"),
        ("reading: `app/a.py`", "reading", "name the test"),
        ("the next room", "–", "say what brings it"),
        ("**does not apply**: no directory", "**does not apply**", "say why"),
        ("**not yet**: a reason", "**not yet**", "say why"),
    ],
)
def test_bites(plant: Plant, old: str, new: str, says: str) -> None:
    assert old in PAGE
    assert any(says in fault for fault in asvs.faults(plant(GOOD | {asvs.PAGE: PAGE.replace(old, new)})))
