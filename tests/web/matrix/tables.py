"""The tables of the matrix: which doors there are, and what each is expected to say to whom. Plain files, for readers.

A line is a door: its method, its address and whose object the address names. A column is an actor (`actors.py`).
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from app.core.permissions import Role
from app.identity.scopes import Scope
from app.web import guards
from tests.web.matrix.actors import STALE_SUFFIX
from tests.web.matrix.things import objects_of

HERE = Path(__file__).parent
UNTRIED = "-"
IN = "in"
UNSENT = {"HEAD", "OPTIONS"}
# Doors after which the visitor has no session, or no form's token, any more: they come last.
LEAVING = frozenset({"portal.sign_out", "portal.end_view", "console.sign_out", "api.close_session"})

_ROLES = [str(role) for role in Role]
_AT_HOME = ["anonymous", "customer", "neighbour", "no_factor", "half", "stale", "viewer"]
_STAFF_HALVES = ["staff_half", "staff_new"]
_SESSIONS = ["session", "session_neighbour", "session_no_factor", "session_half", "session_stale"]
COLUMNS: dict[str, list[str]] = {
    "portal": [*_AT_HOME, *_ROLES, *_STAFF_HALVES, "staff_token", "key_all"],
    "console": [
        *["anonymous", "customer", "half", *_ROLES, *(f"{role}{STALE_SUFFIX}" for role in _ROLES)],
        *[*_STAFF_HALVES, "customer_token", "key_all"],
    ],
    "api": [
        *["anonymous", "customer", "treasury", "staff_bearer", *_SESSIONS],
        *(f"key_{scope}" for scope in Scope),
        "key_all",
        "signed",
    ],
    "others": ["anonymous", "customer", "treasury", "key_all"],
}
ACTORS = list(dict.fromkeys(column for columns in COLUMNS.values() for column in columns))
FACES = {"portal": "portal", "api": "api", "console": "console", "journals": "console", "admin": "console"}


@dataclass(frozen=True, order=True)
class Line:
    """One door, and what its address is about."""

    rule: str
    method: str
    object: str
    endpoint: str

    @property
    def table(self) -> str:
        """Where it stands."""
        return FACES.get(self.endpoint.partition(".")[0], "others")

    @property
    def key(self) -> tuple[str, str, str]:
        """How it is written."""
        return self.method, self.rule, self.object

    def __str__(self) -> str:
        return " ".join(filter(None, [self.method, self.rule, self.object and f"({self.object})"]))


Cells = dict[tuple[str, str, str], dict[str, str]]


def lines(app: Flask) -> list[Line]:
    """Every door of the application with every kind of object, in the order in which they are tried: reads first."""
    found = {
        Line(rule.rule, method, whose, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - UNSENT
        for whose in objects_of(rule.endpoint, set(rule.arguments) - set(rule.defaults or {}))
    }
    return sorted(found, key=lambda line: (line.endpoint in LEAVING, line.method != "GET", line))


def is_tried(app: Flask, line: Line, column: str) -> bool:
    """Whether this actor comes to this door: an old proof says something only where a fresh one is asked for."""
    if column not in COLUMNS[line.table]:
        return False
    door = guards.door_of(app, line.endpoint)
    return not (line.table == "console" and column.endswith(STALE_SUFFIX)) or bool(door and door.fresh)


def read(table: str) -> Cells:
    """A table as it stands in its file; a line that stands twice is a fault."""
    written = (HERE / f"{table}.csv").read_text(encoding="utf-8")
    heads, *rest = ([cell.strip() for cell in row] for row in csv.reader(io.StringIO(written)))
    cells: Cells = {}
    for method, rule, whose, *found in rest:
        assert (method, rule, whose) not in cells, f"{table}.csv: {method} {rule} {whose} stands twice"
        cells[method, rule, whose] = dict(zip(heads[3:], found, strict=True))
    return cells


def write(table: str, doors: Iterable[Line], cells: dict[tuple[Line, str], str]) -> None:
    """Write a table anew, its columns under each other."""
    heads = ["method", "address", "object", *COLUMNS[table]]
    rows = [heads] + [
        [*line.key, *(cells.get((line, column), UNTRIED) for column in COLUMNS[table])]
        for line in sorted(doors)
        if line.table == table
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(heads))]
    text = "\n".join(
        ", ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
    (HERE / f"{table}.csv").write_text(f"{text}\n", encoding="utf-8")
