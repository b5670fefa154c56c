"""A month whose truth is known: every line, every entry, every tie-out, whichever of the bank's formats is read."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.assembly import assemble
from bench.scenario import replay
from bench.score import score
from bench.servers import Ground, ground
from dev.embedded import Servers
from tests.makers import keys
from tests.makers.statements import SAMPLES

MONTH = SAMPLES / "scenario_a"
TRUTH: dict[str, Any] = json.loads((MONTH / "truth.json").read_text())


@pytest.fixture(scope="module")
def on(given: Servers, home: Path) -> Iterator[Ground]:
    """The tests' own server; its databases for this are dropped at the end. It brings another key along."""
    with keys.put_back(), ground(given.database_url, home) as made:
        yield made


def told(on: Ground, folder: Path) -> dict[str, Any]:
    """What came of a folder."""
    database = on.books()
    return replay(assemble(database.settings), database, folder)


def bank(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """What came of the bank's lines."""
    return [line for line in answer["statement_lines"] if line["source"] == "bank"]


@pytest.mark.slow
def test_meets_its_truth_line_by_line_in_either_format_of_the_bank(on: Ground, tmp_path: Path) -> None:
    answer = told(on, MONTH)
    found = score(answer, TRUTH)
    assert found["wrong"] == []
    assert (found["met"], found["ledger_only_met"], found["tie_out_wrong"]) == (len(TRUTH["statement_lines"]), True, [])
    assert answer["summary"] == TRUTH["summary"]
    assert all(sums["ties"] for sums in answer["tie_out"]["proof"].values())
    other = tmp_path / "month"
    shutil.copytree(MONTH, other)
    (other / "bank_ngn.mt940").unlink()
    (other / "chain_balances.json").unlink()
    again = told(on, other)
    assert bank(again) == bank(answer)
    assert {name: sums["drift"] for name, sums in answer["tie_out"]["chain"].items()} == {"BTC": "0", "USDT-TRC20": "0"}
    assert "chain" not in again["tie_out"]
    assert score(again, TRUTH)["wrong"] == []
