"""The database's guard of borrowed roles: a row that is right, and that each case spoils in one place."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, text

from app.core.db import leave
from app.core.permissions import Role
from tests.makers import people
from tests.makers.bare import act_as, past, put_request
from tests.makers.books import refused, undone

BORROW = (
    "INSERT INTO borrowed_roles (id, operator_id, role, reason, review_id, since, until)"
    " VALUES (:id, :me, :role, :reason, :review, now(), now() + CAST(:long AS interval))"
)
RIGHT = {"id": "brw_x", "role": "treasury", "reason": "x", "long": "60 min"}


@pytest.fixture
def owner(inside: Flask, owner_engine: Engine) -> Iterator[Connection]:
    """The owner's connection; what it does does not stay."""
    with undone(owner_engine) as made:
        yield made


def operator(role: Role) -> str:
    """Somebody of this role."""
    found = people.operator(role)[0]
    leave()
    return found


def review(owner: Connection, maker: str, **changes: Any) -> str:
    """A review that waits."""
    given = {"kind": "staff.review", "payload": {"borrowed_id": "brw_x"}, "state": "pending", **changes}
    return put_request(owner, given.pop("kind"), given.pop("payload"), maker=maker, **given)


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        ({}, ""),
        ({"long": "61 min"}, "23514"),
        ({"long": "-1 min"}, "23514"),
        ({"role": "admin"}, "23514"),
        ({"role": "auditor"}, "23514"),
        ({"role": "compliance_manager"}, "23514"),
        ({"reason": ""}, "23514"),
        ({"id": "brw_another"}, "BU005"),
    ],
)
def test_is_as_its_review_says_and_for_an_hour(owner: Connection, spoilt: dict[str, str], code: str) -> None:
    me = operator(Role.ADMIN)
    found = review(owner, me)
    act_as(owner, f"operator:{me}")
    assert refused(owner, BORROW, me=me, review=found, **{**RIGHT, **spoilt}) == code


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_is_an_administrators(owner: Connection, role: Role) -> None:
    me = operator(role)
    found = review(owner, me)
    act_as(owner, f"operator:{me}")
    assert refused(owner, BORROW, me=me, review=found, **RIGHT) == "BU005"


@pytest.mark.parametrize("spoilt", [{"kind": "staff.roles"}, {"state": "denied"}, {"payload": {}}])
def test_has_a_review_that_waits(owner: Connection, spoilt: dict[str, object]) -> None:
    me = operator(Role.ADMIN)
    found = review(owner, me, **spoilt)
    act_as(owner, f"operator:{me}")
    assert refused(owner, BORROW, me=me, review=found, **RIGHT) == "BU005"


def test_is_in_ones_own_name_and_under_ones_own_review(owner: Connection) -> None:
    me, other = operator(Role.ADMIN), operator(Role.ADMIN)
    theirs = review(owner, other)
    act_as(owner, f"operator:{me}")
    assert refused(owner, BORROW, me=me, review=theirs, **RIGHT) == "BU005"
    mine = review(owner, me)
    for who in (f"operator:{other}", "system:test"):
        act_as(owner, who)
        assert refused(owner, BORROW, me=me, review=mine, **RIGHT) == "BU005"


@pytest.mark.parametrize(
    ("state", "given_back", "code"),
    [
        ("denied", "", "BU005"),  # reviewed, and had still
        ("denied", "given back", ""),
        ("pending", "given back", "BU005"),  # given back, and not reviewed
        ("approved", "given back", "BU005"),
        ("failed", "given back", "BU005"),
    ],
)
def test_is_one_at_a_time_and_the_last_was_reviewed(owner: Connection, state: str, given_back: str, code: str) -> None:
    me = operator(Role.ADMIN)
    before, found = review(owner, me, payload={"borrowed_id": "brw_before"}, state=state), review(owner, me)
    act_as(owner, f"operator:{me}")
    past(owner, "borrowed_roles", "borrowing", BORROW, me=me, review=before, **{**RIGHT, "id": "brw_before"})
    if given_back:
        owner.execute(text("UPDATE borrowed_roles SET returned_at = now() WHERE operator_id = :me"), {"me": me})
    assert refused(owner, BORROW, me=me, review=found, **RIGHT) == code
