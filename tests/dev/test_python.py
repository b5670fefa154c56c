"""The search for a Python: one that will do is run, and where there is none one sentence says what to install."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "dev" / "python.sh"
TOO_OLD = "exit 1"
WITHOUT_VENV = 'case "$2" in *ensurepip*) exit 1 ;; esac'
GOOD = '[ "$1" = -c ] || echo "$0 ran $*"'


def search(folder: Path, pythons: dict[str, str], **env: str) -> subprocess.CompletedProcess[str]:
    """Look for a Python where only these are."""
    for name, body in pythons.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return subprocess.run(  # noqa: S603 (our own script)
        ["/bin/sh", str(SCRIPT), "some file.py", "test"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": str(folder), **env},
    )


def test_takes_the_first_that_will_do(tmp_path: Path) -> None:
    found = search(tmp_path, {"python3": TOO_OLD, "python3.13": WITHOUT_VENV, "python3.12": GOOD, "python3.11": GOOD})
    assert (found.returncode, found.stdout) == (0, f"{tmp_path}/python3.12 ran some file.py test\n")


def test_takes_one_that_is_newer_than_the_wheels_last(tmp_path: Path) -> None:
    too_new = f'case "$2" in *"(3, 14)"*) exit 1 ;; esac\n{GOOD}'
    assert search(tmp_path, {"python3": too_new}).stdout.startswith(f"{tmp_path}/python3 ran")
    assert search(tmp_path, {"python3": too_new, "python3.14": GOOD}).stdout.startswith(f"{tmp_path}/python3.14 ran")


def test_takes_the_one_that_is_named(tmp_path: Path) -> None:
    named = tmp_path / "my python"
    found = search(tmp_path, {"my python": GOOD, "python3": GOOD}, PYTHON=str(named))
    assert found.stdout == f"{named} ran some file.py test\n"


@pytest.mark.parametrize(
    ("pythons", "sentence"),
    [
        ({}, "Bursar needs Python 3.11 or newer: install it, or name it (make run PYTHON=/path/to/python3).\n"),
        ({"python3": TOO_OLD}, "Bursar needs Python 3.11 or newer"),
        ({"python3": WITHOUT_VENV}, "python3 has no venv module: install it"),
    ],
)
def test_says_what_is_missing(tmp_path: Path, pythons: dict[str, str], sentence: str) -> None:
    found = search(tmp_path, pythons, LC_ALL=os.environ.get("LC_ALL", "C"))
    assert found.returncode == 1
    assert found.stderr.startswith(sentence)
    assert found.stderr.count("\n") == 1
