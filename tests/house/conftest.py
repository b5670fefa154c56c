"""What the gates' tests share: the root of the real tree, a way to plant a small one, and a readable failure."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.gates.source import ROOT

Plant = Callable[[dict[str, str]], Path]
ExpectNone = Callable[[list[str]], None]


@pytest.fixture
def root() -> Path:
    """The root of the project."""
    return ROOT


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Write files, by path, into an empty tree; answers with its root. Can be called again to add more."""

    def write(files: dict[str, str]) -> Path:
        for path, text in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return tmp_path

    return write


@pytest.fixture
def expect_none() -> ExpectNone:
    """Fail with the faults, one a line, and no traceback around them."""

    def check(faults: list[str]) -> None:
        if faults:
            pytest.fail("\n".join([f"{len(faults)} fault(s)", *faults]), pytrace=False)

    return check
