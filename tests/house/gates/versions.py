"""Migrations: numbered without a gap, one head, each with its why and its way back, and SQL that does not block.

Timeouts and the advisory lock are set once, in migrations/env.py, for all of them.
"""

import ast
import json
import re
import subprocess
import sysconfig
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.dialects.postgresql import DOMAIN

from tests.house.gates.source import Source, fault, sources

VERSION = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+")
ENV_MUST_SET = ("lock_timeout", "statement_timeout", "pg_advisory_lock")
NOT_ASKED = {
    "require-lock-timeout": "env.py sets it for every migration",
    "require-statement-timeout": "env.py sets it for every migration",
    "ban-create-domain-with-constraint": "the ledger's domains came before any row",
    "prefer-bigint-over-int": "counters of tries and attempts, bounded by rules",
    "prefer-bigint-over-smallint": "decimals, sides and leg numbers, bounded by CHECKs",
}
INTERNAL_TABLES = frozenset({"alembic_version"})


def faults(root: Path) -> list[str]:
    """Gaps, second heads, a stale HEAD, silent versions, and missing SQL or timeouts."""
    versions = [source for source in sources(root, ["migrations/versions"]) if source.stem != "__init__"]
    return [*_chain(versions), *_papers(root, versions), *_head(root, versions), *_env(root)]


def _chain(versions: list[Source]) -> Iterator[str]:
    for expected, source in enumerate(versions, 1):
        name = VERSION.fullmatch(source.stem)
        if name is None or int(name["number"]) != expected:
            yield fault(source.path, 1, f"name it {expected:04d}_what_it_does.py: versions are numbered without gaps.")
            continue
        before = f"{expected - 1:04d}" if expected > 1 else None
        if _constant(source, "revision") != name["number"]:
            yield fault(source.path, 1, f'revision must be "{name["number"]}", the number in the file name.')
        if _constant(source, "down_revision") != before:
            yield fault(source.path, 1, f"down_revision must be {before!r}: the chain has one head.")


def _papers(root: Path, versions: list[Source]) -> Iterator[str]:
    for source in versions:
        docstring = ast.get_docstring(source.tree) or ""
        for word in ("Why:", "Undo:"):
            if not re.search(rf"^{word} \S+", docstring, re.MULTILINE):
                yield fault(source.path, 1, f'the docstring lacks "{word} …".')
        sql = root / "migrations" / "sql"
        files = [*sql.glob(f"{source.stem}.sql"), *sql.glob(f"{source.stem}_*.sql")]  # whole, or in parts
        if not files:
            yield fault(source.path, 1, f"it must run migrations/sql/{source.stem}.sql.")
        for file in files:
            if f'"{file.name}"' not in source.text:
                yield fault(source.path, 1, f"it must run migrations/sql/{file.name}.")


def _head(root: Path, versions: list[Source]) -> Iterator[str]:
    head = root / "migrations" / "HEAD"
    newest = versions[-1].stem if versions else ""
    if not head.exists() or head.read_text().strip() != newest:
        yield fault(
            "migrations/HEAD", 1, f"write {newest} here, so that two branches collide in git and not in production."
        )


def _env(root: Path) -> Iterator[str]:
    env = root / "migrations" / "env.py"
    text = env.read_text() if env.exists() else ""
    for word in ENV_MUST_SET:
        if word not in text:
            yield fault("migrations/env.py", 1, f"it must set {word} before any migration runs.")


def _constant(source: Source, name: str) -> object:
    for node in source.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(getattr(target, "id", "") == name for target in targets):
            return ast.literal_eval(node.value) if getattr(node, "value", None) else None  # type: ignore[attr-defined]
    return "missing"


def sql_faults(root: Path) -> list[str]:
    """What squawk finds in migrations/sql, but for NOT_ASKED."""
    files = sorted((root / "migrations" / "sql").glob("*.sql"))
    squawk = Path(sysconfig.get_path("scripts")) / "squawk"
    options = ["--reporter", "json", "--assume-in-transaction", "--pg-version", "18"]
    options += [f"--exclude={rule}" for rule in NOT_ASKED]
    run = subprocess.run([squawk, *options, *files], capture_output=True, text=True, check=False)
    if not files or run.stderr.strip():
        return [fault("migrations/sql", 1, run.stderr.strip() or "there is no SQL to look at.")]
    return [
        fault(
            Path(each["file"]).relative_to(root).as_posix(), each["line"] + 1, f"{each['rule_name']}: {each['message']}"
        )
        for each in json.loads(run.stdout or "[]")
    ]


def drift(connection: Connection, metadata: MetaData, *, mapped_for_reading: Collection[str] = ()) -> list[str]:
    """How the tables of a migrated database differ from the models.

    Of schemas `mapped_for_reading`, what is mapped is compared, by columns: the rest is their SQL's alone.
    """

    def is_ours(item: Any, name: str | None, kind: str, reflected: bool, twin: Any) -> bool:  # noqa: FBT001
        schema = item.schema if kind == "table" else item.table.schema
        if schema in mapped_for_reading:
            return kind == "column" or (kind == "table" and not (reflected and twin is None))
        return schema is None and name not in INTERNAL_TABLES

    options = {"compare_type": _differs, "include_schemas": True, "include_object": is_ours}
    context = MigrationContext.configure(connection, opts=options)
    return [f"models and migrations differ: {_said(difference)}" for difference in compare_metadata(context, metadata)]


def _differs(_context: object, _column: object, _model: object, database: Any, model: Any) -> bool | None:
    """A domain is compared by the type under it; None leaves the rest to Alembic."""
    return database.data_type._type_affinity is not model._type_affinity if isinstance(database, DOMAIN) else None


def _said(difference: Any) -> str:
    """Alembic's difference in a few words: `add_index ix_deposits_customer_id`."""
    parts = difference[0] if isinstance(difference, list) else difference
    return " ".join(
        str(getattr(part, "name", part)) for part in parts if part is not None and not isinstance(part, dict)
    )
