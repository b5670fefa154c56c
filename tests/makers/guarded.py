"""Guards of the database, for tests that take one out and see that what it alone refused passes then.

And the pages that list them, with the checks of the product and the test that holds each.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from tests.makers.bare import act_as

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Guard:
    """A condition of a function (a pattern), what to put in its place, and a statement that it alone refuses."""

    name: str
    function: str
    condition: str
    statement: str
    instead: str = "false"


def enter(connection: Connection) -> None:
    """Act, and see everybody's rows."""
    act_as(connection, "system:test")
    connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))


def take_out(connection: Connection, guard: Guard) -> None:
    """Put the function there without this condition."""
    source = connection.execute(
        text("SELECT pg_get_functiondef(CAST(:name AS regproc))"), {"name": guard.function}
    ).scalar_one()
    weaker, count = re.subn(guard.condition, lambda _: guard.instead, source, flags=re.DOTALL)
    assert count == 1, guard.name
    connection.exec_driver_sql(weaker.replace("%", "%%"))


def given(statement: str, facts: dict[str, str]) -> dict[str, str]:
    """Of these what a statement names."""
    return {name: facts[name] for name in re.findall(r"(?<![:\w]):(\w+)", statement)}


def listed(page: Path) -> set[tuple[str, ...]]:
    """The guards that a page lists, each with its function."""
    return {tuple(row) for row in re.findall(r"^\| (.+?) \| `(guard_\w+)` \|$", page.read_text(), re.MULTILINE)}


def tests_named(page: Path) -> int:
    """How many tests a page names; AssertionError for one that there is not."""
    named = re.findall(r"`(tests/\S+?\.py)::([\w:]+)(\[.+?\])?`", page.read_text())
    for path, name, _case in named:
        source = (ROOT / path).read_text()
        for part in name.split("::"):
            assert re.search(rf"^ *(def|class) {part}\b", source, re.MULTILINE), f"{path}::{name}"
    return len(named)
