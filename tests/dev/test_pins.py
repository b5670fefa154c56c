"""Every dependency is pinned with hashes, and every direct one says why it is here."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = ("requirements", "requirements-dev")
REQUIREMENT = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==([^\s;\\]+)")


def pins(path: Path) -> dict[str, str]:
    """Name to version; a line that pins nothing is a fault."""
    lines = [line for line in path.read_text().splitlines() if line and line[0] not in "# -"]
    found = [REQUIREMENT.match(line) for line in lines]
    loose = [line for line, match in zip(lines, found, strict=True) if not match]
    assert not loose, f"{path.name}: {loose} is not pinned with =="
    return {match[1]: match[2] for match in found if match}


@pytest.mark.parametrize("name", FILES)
def test_what_is_asked_for_is_what_is_locked(name: str) -> None:
    locked = pins(ROOT / f"{name}.txt")
    assert {package: locked.get(package) for package in pins(ROOT / f"{name}.in")} == pins(ROOT / f"{name}.in")


@pytest.mark.parametrize("name", FILES)
def test_every_pin_has_hashes(name: str) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / f"{name}.txt").read_text())[1:]
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_every_direct_dependency_says_why() -> None:
    listed = set(re.findall(r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs" / "dependencies.md").read_text(), re.MULTILINE))
    assert listed == {package for name in FILES for package in pins(ROOT / f"{name}.in")}
