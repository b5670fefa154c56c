"""The schema's history is a single line, safe to walk, and ends where the models are."""

import importlib
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, Text, create_engine

from tests.house.conftest import ExpectNone, Plant
from tests.house.gates import versions

VERSION = '''"""Books.

Why: they begin here.
Undo: drop them.
"""
revision = "{number}"
down_revision = {before}


def upgrade():
    steps.run("{number}_{name}.sql")
'''
LINE = {
    "migrations/HEAD": "0002_entries\n",
    "migrations/env.py": "SET lock_timeout; SET statement_timeout; SELECT pg_advisory_lock(1)",
    "migrations/versions/0001_accounts.py": VERSION.format(number="0001", name="accounts", before=None),
    "migrations/versions/0002_entries.py": VERSION.format(number="0002", name="entries", before='"0001"'),
    "migrations/sql/0001_accounts.sql": "CREATE TABLE accounts (id bigint PRIMARY KEY);\n",
    "migrations/sql/0002_entries.sql": "CREATE TABLE entries (id bigint PRIMARY KEY);\n",
}


class TestTheHouse:
    def test_has_one_line_of_versions(self, root: Path, expect_none: ExpectNone) -> None:
        expect_none(versions.faults(root))

    def test_has_sql_that_does_not_block(self, root: Path, expect_none: ExpectNone) -> None:
        expect_none(versions.sql_faults(root))

    def test_has_models_that_are_its_tables(self, owner_engine: Engine, expect_none: ExpectNone) -> None:
        for face in ("app.factory", "jobs.schedule"):  # between them they load every room's models
            importlib.import_module(face)
        metadata = importlib.import_module("app.core.db").db.metadata
        with owner_engine.connect() as connection:
            expect_none(versions.drift(connection, metadata, mapped_for_reading={"audit", "ledger"}))


class TestTheLine:
    def test_passes_when_sound(self, plant: Plant) -> None:
        assert versions.faults(plant(LINE)) == []

    @pytest.mark.parametrize(
        ("path", "text", "says"),
        [
            ("versions/0004_gap.py", VERSION.format(number="0004", name="gap", before='"0003"'), "name it 0003_"),
            ("versions/0002_again.py", VERSION.format(number="0002", name="again", before='"0001"'), "name it 0003_"),
            (
                "versions/0002_entries.py",
                VERSION.format(number="2", name="entries", before='"0001"'),
                "revision must be",
            ),
            ("versions/0002_entries.py", VERSION.format(number="0002", name="entries", before=None), "one head"),
            (
                "versions/0002_entries.py",
                LINE["migrations/versions/0002_entries.py"].replace("Why:", ""),
                'lacks "Why:',
            ),
            (
                "versions/0002_entries.py",
                LINE["migrations/versions/0002_entries.py"].replace("Undo:", ""),
                'lacks "Undo:',
            ),
            ("versions/0002_entries.py", VERSION.format(number="0002", name="other", before='"0001"'), "it must run"),
            ("HEAD", "0001_accounts\n", "write 0002_entries here"),
            ("env.py", "SET lock_timeout; SELECT pg_advisory_lock(1)", "it must set statement_timeout"),
            ("env.py", "SET lock_timeout; SET statement_timeout", "it must set pg_advisory_lock"),
        ],
    )
    def test_bites(self, plant: Plant, path: str, text: str, says: str) -> None:
        assert any(says in fault for fault in versions.faults(plant(LINE | {f"migrations/{path}": text})))


class TestTheSQL:
    def test_passes_when_it_builds_what_is_new(self, plant: Plant) -> None:
        assert versions.sql_faults(plant(LINE)) == []

    @pytest.mark.parametrize(
        ("statement", "rule"),
        [
            ("ALTER TABLE accounts ADD COLUMN kind text NOT NULL;", "adding-required-field"),
            ("CREATE INDEX ix_accounts_kind ON accounts (kind);", "require-concurrent-index-creation"),
            ("ALTER TABLE accounts DROP COLUMN kind;", "ban-drop-column"),
        ],
    )
    def test_bites_what_blocks_a_live_table(self, plant: Plant, statement: str, rule: str) -> None:
        faults = versions.sql_faults(plant(LINE | {"migrations/sql/0002_entries.sql": statement}))
        assert any(f"migrations/sql/0002_entries.sql:1: {rule}" in fault for fault in faults)


class TestTheDrift:
    def test_sees_tables_and_columns_that_only_one_side_has(self) -> None:
        engine = create_engine("sqlite://")
        _accounts("balance").create_all(engine)
        with engine.connect() as connection:
            assert versions.drift(connection, _accounts("balance")) == []
            assert len(versions.drift(connection, _accounts("balance", "kind"))) == 1
            assert len(versions.drift(connection, _accounts())) == 1
            assert len(versions.drift(connection, MetaData())) == 1


def _accounts(*columns: str) -> MetaData:
    metadata = MetaData()
    Table("accounts", metadata, Column("id", Integer, primary_key=True), *(Column(name, Text) for name in columns))
    return metadata
