"""Asking what a file is, without keeping it."""

from pathlib import Path

import pytest

from app.reconciliation.formats.cli import main
from tests.makers.statements import SAMPLES


def test_says_what_a_file_is_and_whether_it_ties(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([str(SAMPLES / "bank_mt940" / "jejik_ing.sta")]) == 0
    assert "does not tie, by 49.06" in capsys.readouterr().out
    assert main([str(SAMPLES / "scenario_a" / "bank_ngn.csv"), "--asset", "NGN", "--zone", "Africa/Lagos"]) == 0
    assert "8 lines, 1158711.64; ties" in capsys.readouterr().out
    assert main([str(SAMPLES / "bank_mt940" / "jejik_ing.sta"), "--format", "kraken-ledgers"]) == 1
    assert "This looks like: MT940 bank statement" in capsys.readouterr().out
    other = tmp_path / "letter.txt"
    other.write_text("Dear Sir\n")
    assert main([str(other)]) == 2
