"""The commands about the books: what they print, and the exit code by which a program knows."""

import csv
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, create_engine, pool, text

from app.core import clock
from app.core.clock import WAT
from app.core.db import rows
from app.core.money import plain
from app.ledger import proof, seal, trial
from app.web import commands
from config import Settings
from dev import programs
from dev.embedded import Servers
from dev.pnl_from_beancount import Books, read
from tests.conftest import ROOT
from tests.makers import assets, books
from tests.makers.databases import Database, fresh_database
from tests.makers.environment import environment
from tests.makers.sandbox import SandboxProcess

pytestmark = pytest.mark.xdist_group("ledger-commands")

BLOCK = 4  # journals: a few blocks are enough
SENTENCE = r"Error: [^\n]+\.\n"


@pytest.fixture(scope="module")
def made(given: Servers, home: Path) -> Iterator[Database]:
    """A database of this file alone."""
    with fresh_database(given, home) as found:
        yield found


@pytest.fixture(scope="module")
def desk(made: Database, settings: Settings) -> Iterator[Flask]:
    """Sealed books with their commands, and a journal that is not sealed yet."""
    with books.desk(made.app_url) as room:
        commands.register(room)
        room.extensions["settings"] = settings
        with room.app_context():
            assets.live()
            books.settle_seal(ids=BLOCK)
            books.post(assets.move("asset:wallet:hot:ETH", assets.ALIKE[1], 5))
        yield room


@pytest.fixture
def inside(desk: Flask) -> Iterator[Flask]:
    """At those books."""
    with desk.app_context():
        yield desk


@pytest.fixture
def owner(made: Database) -> Iterator[Engine]:
    """Somebody who can take the guards off."""
    engine = create_engine(made.owner_url, poolclass=pool.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def tampered(owner: Engine) -> Iterator[int]:
    """Books in which one unit was moved behind everybody's back, and the journal's id; sound again afterwards."""
    with owner.begin() as connection:
        found = int(connection.execute(text("SELECT min(id) + 1 FROM ledger.journals")).scalar_one())
    alter(owner, found, 1)
    yield found
    alter(owner, found, -1)


def alter(engine: Engine, journal: int, units: int) -> None:
    """What only a superuser can do."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE ledger.entries_p0 DISABLE TRIGGER ALL"))
        connection.execute(
            text("UPDATE ledger.entries SET amount = amount + :units WHERE journal_id = :journal AND leg = 1"),
            {"units": units, "journal": journal},
        )
        connection.execute(text("ALTER TABLE ledger.entries_p0 ENABLE TRIGGER ALL"))
        connection.execute(
            text(
                "ALTER TABLE ledger.entries_p0 ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER balanced,"
                " ENABLE ALWAYS TRIGGER never_emptied"
            )
        )


def run(desk: Flask, *arguments: str) -> Result:
    """Run `flask ledger …`."""
    return desk.test_cli_runner().invoke(args=["ledger", *arguments])


def table(result: Result) -> list[dict[str, str]]:
    """Csv that it printed."""
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


class TestExport:
    @pytest.mark.parametrize(
        ("format_", "begins"),
        [("beancount", "; The books"), ("hledger", "; The books"), ("csv", "journal_id,booked_at,")],
    )
    def test_prints_the_books(self, desk: Flask, format_: str, begins: str) -> None:
        result = run(desk, "export", "--format", format_)
        assert result.exit_code == 0
        assert result.stdout.startswith(begins)
        assert result.stderr == ""

    def test_writes_a_file_when_it_is_whole(self, desk: Flask, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"
        path.write_text("the one before")
        result = run(desk, "export", "--format", "csv", "--output", str(path))
        assert (result.exit_code, result.output) == (0, "")
        assert path.read_text() == run(desk, "export", "--format", "csv").stdout
        assert list(tmp_path.iterdir()) == [path]

    def test_takes_a_date_as_a_whole_day_of_west_africa_time(self, desk: Flask, inside: Flask) -> None:
        today = rows("SELECT max(booked_at) AS at FROM ledger.journals")[0].at.astimezone(WAT).date()
        whole = table(run(desk, "export", "--format", "csv"))
        assert table(run(desk, "export", "--format", "csv", "--from", f"{today}", "--to", f"{today}")) == whole
        later = table(run(desk, "export", "--format", "csv", "--from", f"{today + timedelta(days=1)}"))
        assert {row["journal_id"] for row in later} == {"0"}
        assert table(run(desk, "export", "--format", "csv", "--to", f"{today - timedelta(days=1)}")) == []

    def test_takes_a_time_with_its_zone(self, desk: Flask, inside: Flask) -> None:
        last = rows("SELECT max(booked_at) AS at FROM ledger.journals")[0].at
        before = table(run(desk, "export", "--format", "csv", "--to", last.astimezone(WAT).isoformat()))
        since = table(run(desk, "export", "--format", "csv", "--from", last.isoformat().replace("+00:00", "Z")))
        assert all(datetime.fromisoformat(row["booked_at"]) < last for row in before)
        assert {row["reference"] for row in since if row["journal_id"] != "0"} == {
            rows("SELECT ref FROM ledger.journals ORDER BY id DESC LIMIT 1")[0].ref
        }

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--from", "2026-11-21T10:00:00"),
            ("--to", "yesterday"),
            ("--to", "9999-12-31"),
            ("--from", "2026-11-22", "--to", "2026-11-21"),
            ("--output", "/nowhere/books.csv"),
            ("--output", "/dev/full"),
        ],
    )
    def test_says_in_a_sentence_why_not(self, desk: Flask, arguments: tuple[str, ...]) -> None:
        result = run(desk, "export", "--format", "csv", *arguments)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert re.fullmatch(SENTENCE, result.stderr)


class TestProfitAndLoss:
    def test_is_what_a_program_tells_that_knows_the_export_alone(self, desk: Flask) -> None:
        told = run(desk, "profit-and-loss").stdout.splitlines()
        assert told == list(Books(read(run(desk, "export", "--format", "beancount").stdout)).lines())
        assert any(line.startswith("BTC,") for line in told)

    def test_begins_with_a_day(self, desk: Flask) -> None:
        later = (clock.now() + timedelta(days=2)).astimezone(WAT).date()
        whole, none = (run(desk, "profit-and-loss", *more).stdout for more in ((), ("--from", f"{later}")))
        assert none == whole[: whole.index("\n") + 1] + whole[whole.index("asset,position") :]


class TestTrialBalance:
    def test_prints_each_account(self, desk: Flask, inside: Flask) -> None:
        result = run(desk, "trial-balance", "--format", "csv")
        assert result.stdout.startswith("account,asset,balance\n")
        assert table(result) == [
            {"account": line.code, "asset": line.asset, "balance": plain(line.balance)}
            for line in trial.trial_balance(each_customer=True)
        ]

    def test_tells_of_another_time(self, desk: Flask, inside: Flask) -> None:
        last = rows("SELECT max(booked_at) AS at FROM ledger.journals")[0].at
        then = table(run(desk, "trial-balance", "--at", (last - timedelta(microseconds=1)).isoformat()))
        now = table(run(desk, "trial-balance", "--at", last.isoformat()))
        changed = [new["account"] for old, new in zip(then, now, strict=True) if old != new]
        assert changed == ["asset:wallet:hot:ETH", assets.ALIKE[1]]
        assert now == table(run(desk, "trial-balance", "--at", f"{last.astimezone(WAT).date()}"))

    def test_tells_what_had_taken_effect(self, desk: Flask, inside: Flask) -> None:
        yesterday = (rows("SELECT min(booked_at) AS at FROM ledger.journals")[0].at - timedelta(hours=1)).isoformat()
        booked = table(run(desk, "trial-balance", "--at", yesterday))
        effective = table(run(desk, "trial-balance", "--at", yesterday, "--basis", "effective"))
        assert {row["balance"].strip("0.") for row in booked} == {""}
        assert next(row["balance"] for row in effective if row["account"].endswith("cold:USDT.TRC20")) == "3.000000"
        assert table(run(desk, "trial-balance", "--basis", "effective")) == table(run(desk, "trial-balance"))

    def test_refuses_a_time_without_its_zone(self, desk: Flask) -> None:
        result = run(desk, "trial-balance", "--at", "2026-11-21T10:00:00")
        assert result.exit_code == 2
        assert result.stderr == (
            "Error: --at 2026-11-21T10:00:00 does not say its time zone:"
            " write 2026-11-21 or 2026-11-21T10:00:00+01:00.\n"
        )


class TestVerify:
    def test_says_how_much_was_verified(self, desk: Flask, inside: Flask) -> None:
        result = run(desk, "verify")
        sealed = rows("SELECT count(*) - 1 AS n FROM ledger.journals")[0].n
        blocks = rows("SELECT count(*) AS n FROM ledger.blocks")[0].n
        assert result.exit_code == 0
        said = f"Verified blocks: {blocks}; journals in them: {sealed}; journals not sealed yet: 1.\n"
        assert result.stdout == said
        assert blocks > 1

    def test_names_the_block_and_the_journal(self, desk: Flask, tampered: int) -> None:
        result = run(desk, "verify")
        assert result.exit_code == 1
        assert result.stdout.splitlines()[0] == f"block 1: journal {tampered} was altered"
        assert len(result.stdout.splitlines()) == 2

    def test_holds_the_seal_against_its_anchors(self, desk: Flask, inside: Flask, tmp_path: Path) -> None:
        head = seal.head()
        kept = tmp_path / "anchors"
        kept.write_text(f"{head}\n")
        good = run(desk, "verify", "--anchors", str(kept))
        kept.write_text(f"{head}\n".replace(" ", " 00", 1))
        bad = run(desk, "verify", "--anchors", str(kept))
        assert (good.exit_code, bad.exit_code) == (0, 1)
        assert "; anchors that hold: 1; " in good.stdout
        assert head
        assert bad.stdout.startswith(f"block {head.no}: block is not the one that was anchored\n")

    def test_holds_it_against_its_own_file_of_anchors_once_there_is_one(
        self, desk: Flask, inside: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = tmp_path / "anchors"
        monkeypatch.setitem(desk.extensions, "settings", replace(settings, anchor_file=str(kept)))
        none_yet = run(desk, "verify")
        kept.write_text(f"{seal.head()}\n")
        assert (none_yet.exit_code, "anchors" in none_yet.stdout) == (0, False)
        assert "; anchors that hold: 1; " in run(desk, "verify").stdout

    def test_misses_a_block_that_was_anchored(self, desk: Flask, inside: Flask, tmp_path: Path) -> None:
        head = seal.head()
        assert head
        kept = tmp_path / "anchors"
        kept.write_text(f"{head.no + 1} {head.hash} 99 x\n")
        result = run(desk, "verify", "--anchors", str(kept))
        assert (result.exit_code, result.stdout.splitlines()[0]) == (1, f"block {head.no + 1}: block is missing")

    @pytest.mark.parametrize("content", [None, "nonsense\n", "1 aa\n1 bb\n", "é 1\n"])
    def test_says_in_a_sentence_that_anchors_are_none(self, desk: Flask, tmp_path: Path, content: str | None) -> None:
        kept = tmp_path / "anchors"
        if content is not None:
            kept.write_text(content)
        result = run(desk, "verify", "--anchors", str(kept))
        assert result.exit_code == 2
        assert result.stderr.startswith(f"Error: {kept} ")
        assert result.stderr.count("\n") == 1


class TestCheck:
    def test_says_ok_of_each_invariant(self, desk: Flask) -> None:
        result = run(desk, "check")
        assert result.exit_code == 0
        count = len(proof.INVARIANTS)
        assert result.stdout.splitlines() == [
            *(f"ok      {name}" for name in proof.INVARIANTS),
            f"{count} of {count} invariants hold",
        ]

    def test_names_what_breaks_one(self, desk: Flask, tampered: int) -> None:
        result = run(desk, "check")
        assert result.exit_code == 1
        assert f"BROKEN  journal sums to zero per asset: {tampered}" in result.stdout.splitlines()
        assert "ok      no account is below its floor" in result.stdout.splitlines()


@pytest.mark.slow
class TestFromTheShell:
    """As people call them: `flask --app wsgi ledger …`, with the product's limits on statements."""

    @pytest.fixture
    def env(self, made: Database, desk: Flask, given: Servers, vendor: SandboxProcess) -> dict[str, str]:
        return {**os.environ, **environment(made, given, vendor)}

    def shell(self, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603
            programs.flask("ledger", *arguments), cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )

    def test_print_nothing_but_the_books(self, env: dict[str, str], desk: Flask) -> None:
        said = self.shell(env, "export", "--format", "csv")
        assert (said.returncode, said.stderr) == (0, "")
        assert said.stdout == run(desk, "export", "--format", "csv").stdout

    def test_say_in_a_sentence_that_the_database_is_away(self, env: dict[str, str]) -> None:
        nowhere = "postgresql+psycopg2://nobody@127.0.0.1:1/nothing"
        said = self.shell({**env, "DATABASE_URL": nowhere}, "verify")
        assert (said.returncode, said.stdout) == (2, "")
        assert said.stderr.startswith("Error: The database does not answer")
        assert said.stderr.count("\n") == 1

    def test_end_quietly_when_nobody_reads_on(self, env: dict[str, str]) -> None:
        piped = f"{shlex.quote(sys.executable)} -m flask --app wsgi ledger export --format csv | head -n 1"
        said = subprocess.run(piped, shell=True, cwd=ROOT, env=env, capture_output=True, text=True, check=False)  # noqa: S602
        assert said.stdout.startswith("journal_id,")
        assert said.stderr == ""
