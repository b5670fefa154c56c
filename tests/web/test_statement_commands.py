"""The commands about statements: what a file is, a source, bringing a file once and twice."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from tests.makers.books import fresh
from tests.makers.statements import SAMPLES

SCENARIO = SAMPLES / "scenario_a"
KRAKEN = str(SCENARIO / "kraken_ledgers.csv")


@pytest.fixture
def type_in(app: Flask) -> "Typist":
    """Somebody at a terminal."""
    return Typist(app)


class Typist:
    """Types commands."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __call__(self, *words: str) -> Result:
        return self._app.test_cli_runner().invoke(args=["statements", *words])


def test_say_what_a_file_is_and_whether_it_ties(type_in: Typist, tmp_path: Path) -> None:
    ing = str(SAMPLES / "bank_mt940" / "jejik_ing.sta")
    assert "does not tie, by 49.06" in type_in("look", ing).output
    settings = '{"asset": "NGN", "zone": "Africa/Lagos"}'
    found = type_in("look", str(SCENARIO / "bank_ngn.csv"), "--settings", settings)
    assert "8 lines, 1158711.64; ties" in found.output
    other = type_in("look", ing, "--format", "kraken-ledgers")
    assert (other.exit_code, "This looks like: MT940 bank statement" in other.output) == (2, True)
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir\n")
    assert type_in("look", str(letter)).exit_code == 2
    assert "kraken-ledgers" in type_in("formats").output


def test_bring_a_file_once(type_in: Typist) -> None:
    name = fresh("src")
    made = type_in(
        "add-source", name, "--title", "Kraken", "--format", "kraken-ledgers", "--account", "BTC=asset:venue:kraken:BTC"
    )
    assert made.exit_code == 0, made.output
    assert type_in("add-source", name, "--title", "Kraken", "--format", "kraken-ledgers").exit_code == 2
    first = type_in("import", "--source", name, KRAKEN)
    assert "lines 16, ignored 4, rejected 0. Lines: 16, of these added 16, known 0, restated 0." in first.output
    assert "25000.0000 + 8823.8476 = 33823.8476\n" in first.output
    again = type_in("import", "--source", name, "--from", "2026-01-01", "--to", "2026-03-31", KRAKEN)
    assert "was read before" in again.output
    assert "Covers 2026-01-01 to 2026-03-31, as was said." in again.output
    assert type_in("import", "--source", name, "--to", "2026-03-31", KRAKEN).exit_code == 2
    assert type_in("import", "--source", name, "--from", "2026-03-31", "--to", "2026-03-31", KRAKEN).exit_code == 2
    listed = type_in("sources").output
    assert f"{name:20} kraken-ledgers" in listed
    assert "asset:venue:kraken:BTC" in listed


def test_refuse_in_one_sentence(type_in: Typist) -> None:
    nobody = type_in("import", "--source", "nobody", KRAKEN)
    assert (nobody.exit_code, "no source of statements" in nobody.output) == (2, True)
    twisted = type_in("add-source", fresh("src"), "--title", "A", "--format", "kraken-ledgers", "--settings", "[1]")
    assert twisted.exit_code == 2
    elsewhere = type_in(
        "add-source", fresh("src"), "--title", "A", "--format", "kraken-ledgers", "--account", "BTC=asset:moon:BTC"
    )
    assert (elsewhere.exit_code, "no account of this name" in elsewhere.output) == (2, True)
