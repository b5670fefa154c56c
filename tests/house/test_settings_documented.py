"""Every setting is documented, and every documented setting exists."""

from pathlib import Path

from tests.house.conftest import ExpectNone, Plant
from tests.house.gates import documented

GOOD = {
    "config.py": 'a = env.get("LOG_LEVEL", "INFO")\nb = env["PORT"]\nc = required("SECRET_KEY")\nd = "NOT_READ"\n',
    "docs/settings.md": "| name | says |\n|---|---|\n| `LOG_LEVEL` | x |\n| `PORT` | `LATER` |\n| `SECRET_KEY` | x |\n",
}


def test_the_page_is_true(root: Path, expect_none: ExpectNone) -> None:
    expect_none(documented.settings_faults(root))


def test_a_true_page_passes(plant: Plant) -> None:
    assert documented.settings_faults(plant(GOOD)) == []


def test_bites_a_setting_that_is_not_documented(plant: Plant) -> None:
    (fault,) = documented.settings_faults(plant(GOOD | {"config.py": GOOD["config.py"] + 'e = env.get("BRAND")\n'}))
    assert fault.startswith("config.py:5: BRAND is not in docs/settings.md")


def test_bites_a_row_that_nothing_reads(plant: Plant) -> None:
    (fault,) = documented.settings_faults(plant(GOOD | {"docs/settings.md": GOOD["docs/settings.md"] + "| `OLD` |\n"}))
    assert fault.startswith("docs/settings.md:6: the code knows no OLD")


def test_bites_a_missing_page(plant: Plant) -> None:
    (fault,) = documented.settings_faults(plant({"config.py": ""}))
    assert "this page is missing" in fault
