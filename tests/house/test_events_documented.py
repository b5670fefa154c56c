"""Every event is documented, and every documented event exists."""

from pathlib import Path

from tests.house.conftest import ExpectNone, Plant
from tests.house.gates import documented

GOOD = {
    "app/pay/events.py": 'class Paid(Event):\n    name: ClassVar[str] = "pay.paid"\n    pay_id: str\n\n\n'
    'class Failed(Event):\n    name = "pay.failed"\n',
    "docs/events.md": "| event | when |\n|---|---|\n| `pay.paid` | x |\n| `pay.failed` | x |\n",
}


def test_the_page_is_true(root: Path, expect_none: ExpectNone) -> None:
    expect_none(documented.events_faults(root))


def test_a_true_page_passes(plant: Plant) -> None:
    assert documented.events_faults(plant(GOOD)) == []
    assert sorted(documented.event_names(plant(GOOD))) == ["pay.failed", "pay.paid"]


def test_bites_both_ways(plant: Plant) -> None:
    tree = plant(GOOD | {"docs/events.md": "| `pay.paid` | x |\n| `pay.refunded` | x |\n"})
    assert documented.events_faults(tree) == [
        "app/pay/events.py:6: pay.failed is not in docs/events.md: document it there.",
        "docs/events.md:2: the code knows no pay.refunded: take the row out.",
    ]


def test_bites_a_row_that_is_there_twice(plant: Plant) -> None:
    tree = plant(GOOD | {"docs/events.md": GOOD["docs/events.md"] + "| `pay.paid` | y |\n"})
    assert documented.events_faults(tree) == [
        "docs/events.md:5: pay.paid stands on line 3 already: say all of it there."
    ]
