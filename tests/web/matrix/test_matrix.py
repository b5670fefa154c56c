"""Who gets through which door: every actor at every door of the application, with every kind of object in the address.

What is expected stands in the tables beside this file, one for each face. The word in a cell: `in` is whoever got past
the guard to what they asked for; `sign-in`, `prove` and `enrol` is who was led there; a number is a refusal's status,
and `404` says that for them there is nothing of that name; `-` is not tried. Forms are empty but for their token: what
passes the guard is refused by the form.

A new door needs a line in its table, and a new kind of name in an address a maker in `things.py`. Write a line by hand,
or all tables anew with

    MATRIX_WRITE=1 python -m pytest -q -p no:randomly tests/web/matrix/test_matrix.py

and read the difference line by line before it is kept: it is who may do what.
"""

import os

import pytest

from app.core.db import leave, rows
from app.core.permissions import ROLES, Role
from app.web import guards
from tests.web.matrix import tables
from tests.web.matrix.conftest import WRITE, Ground
from tests.web.matrix.knock import knock

pytestmark = pytest.mark.xdist_group("matrix")
CELLS_LEAST = 3_800  # (as many as are tried, in round numbers: a matrix that loses half its doors is noticed)
GRANTS_LEAST = 2_400  # (of them those of staff at doors that ask for a permission)
writes = pytest.mark.skipif(bool(os.environ.get(WRITE)), reason="the tables are being written")


@pytest.mark.parametrize("column", tables.ACTORS)
def test_the_doors_answer_as_the_tables_say(ground: Ground, column: str) -> None:
    visitor, refused, differ = ground.cast.enter(column), [], []
    expected = {} if os.environ.get(WRITE) else {name: tables.read(name) for name in tables.COLUMNS}
    for line in tables.lines(ground.app):
        said = expected.get(line.table, {}).get(line.key, {}).get(column, tables.UNTRIED)
        if said == tables.UNTRIED and not tables.is_tried(ground.app, line, column):
            continue
        word, answer = knock(visitor, line, ground.things)
        ground.found[line, column] = word
        if word != tables.IN:
            refused.append(answer.headers["X-Request-Id"])
        if expected and word != said:
            differ.append(f"{line}: {column} was told {word}, the table says {said}")
    assert not differ, "\n".join(differ)
    assert left_by(refused) == set()


@writes
def test_every_door_has_a_line_and_every_line_a_door(ground: Ground) -> None:
    doors = tables.lines(ground.app)
    for table in tables.COLUMNS:
        expected, there = tables.read(table), {line.key for line in doors if line.table == table}
        assert set(expected) == there, f"{table}.csv: {sorted(set(expected) ^ there)}"


@writes
def test_nothing_is_left_out(ground: Ground) -> None:
    tried = 0
    for table, columns in tables.COLUMNS.items():
        for line in (line for line in tables.lines(ground.app) if line.table == table):
            for column, cell in tables.read(table)[line.key].items():
                assert column in columns
                assert (cell != tables.UNTRIED) == tables.is_tried(ground.app, line, column), (str(line), column)
                tried += cell != tables.UNTRIED
    assert tried >= CELLS_LEAST


@writes
def test_each_role_enters_exactly_what_it_was_granted(ground: Ground) -> None:
    """What the tables say of staff is what permissions say; that the doors answer so is tried above."""
    held, read = 0, {table: tables.read(table) for table in tables.COLUMNS}
    for line in tables.lines(ground.app):
        door = guards.door_of(ground.app, line.endpoint)
        if door is None or door.permission is None:
            continue
        for role in Role:
            word = read[line.table][line.key].get(str(role), tables.UNTRIED)
            if word != tables.UNTRIED:
                assert (word == "403") == (door.permission not in ROLES[role]), (str(line), role, word)
                held += 1
    assert held >= GRANTS_LEAST


def left_by(request_ids: list[str]) -> set[str]:
    """The tables in which these requests changed anything that is recorded."""
    found = rows(
        "SELECT DISTINCT table_name FROM audit.records WHERE request_id = ANY(CAST(:ids AS text[]))", ids=request_ids
    )
    leave()
    return {row.table_name for row in found}
