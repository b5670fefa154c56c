"""The commands: a run, the proof, a match by hand and its end; what cannot be is said, with its exit code."""

import pytest
from click.testing import Result
from flask import Flask

from app.core.db import leave, rows
from tests.makers.books import fresh
from tests.makers.matching import Outside


@pytest.fixture
def outside(inside: Flask) -> Outside:
    """A line and an entry that no rule puts together, and a pair."""
    made = Outside()
    made.tell((1_000, fresh("theirs")), (70, ref := fresh("dep")))
    made.book(900, ref=fresh("ours"))
    made.book(70, ref=ref)
    return made


def say(app: Flask, *words: str) -> Result:
    """Run a command."""
    leave()
    return app.test_cli_runner().invoke(args=["matching", *words])


def test_match_prove_link_and_end(app: Flask, outside: Outside) -> None:
    ran = say(app, "run", outside.account)
    assert (ran.exit_code, ran.output) == (
        0, f"{outside.account}: our reference 1, 2 breaks opened, 0 closed\n"
    )  # fmt: skip
    assert "nothing new" in say(app, "run", outside.account).output
    proof = say(app, "proof", outside.account)
    assert (proof.exit_code, proof.output) == (
        0, f"{outside.account}: told 10.70, booked 9.70, breaks 1.00: ties\n"
    )  # fmt: skip
    (line,) = rows("SELECT line_id AS id FROM breaks WHERE account = :a AND line_id IS NOT NULL", a=outside.account)
    (entry,) = rows("SELECT journal_id, leg FROM breaks WHERE account = :a AND leg IS NOT NULL", a=outside.account)
    linked = say(
        app,
        "link",
        outside.account,
        "--line",
        str(line.id),
        "--entry",
        f"{entry.journal_id}.{entry.leg}",
        "--reason",
        "x",
    )
    assert linked.exit_code == 0
    assert outside.breaks == [("amount_mismatch", 100)]
    group = linked.output.removeprefix("match ").strip()
    assert say(app, "end", group, "--reason", "no").output == "ended\n"
    again = say(app, "end", group, "--reason", "no")
    assert (again.exit_code, "ended already" in again.stderr) == (2, True)


def test_what_cannot_be_is_refused(app: Flask, outside: Outside) -> None:
    nobody = say(app, "run", outside.other)
    assert (nobody.exit_code, "No source" in nobody.stderr) == (2, True)
    badly = say(app, "link", outside.account, "--line", "1", "--entry", "12", "--reason", "x")
    assert (badly.exit_code, "is no entry" in badly.stderr) == (2, True)
