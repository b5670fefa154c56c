"""`operators create`: the first two administrators and a compliance manager, and nobody after them."""

from collections.abc import Iterator

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, text

from app.core.db import leave, rows
from tests.makers.books import fresh

PASSWORD = "a long enough word of mine"


@pytest.fixture
def nobody_yet(inside: Flask, owner_engine: Engine) -> Iterator[None]:
    """A house whose operators may not sign in; afterwards they may again."""
    with owner_engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        shut = "UPDATE logins SET disabled_at = now() WHERE audience = 'operator' AND disabled_at IS NULL RETURNING id"
        closed = list(connection.execute(text(shut)).scalars())
    yield
    with owner_engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        again = text("UPDATE logins SET disabled_at = NULL WHERE id = ANY(:ids)")
        connection.execute(again, {"ids": closed})


def create(app: Flask, *roles: str, email: str = "", password: str = PASSWORD) -> Result:
    leave()
    given = [part for role in roles for part in ("--role", role)]
    address = email or f"{fresh()}@test.example"
    return app.test_cli_runner().invoke(
        args=["operators", "create", address, "Ada Obi", *given, "--password", password]
    )


@pytest.mark.usefixtures("nobody_yet")
class TestTheFirst:
    def test_are_two_administrators_and_a_compliance_manager(self, inside: Flask) -> None:
        made = [create(inside, role) for role in ("admin", "admin", "compliance_manager")]
        assert [each.exit_code for each in made] == [0, 0, 0], [each.output for each in made]
        for role in ("admin", "compliance_manager"):
            one_more = create(inside, role)
            assert one_more.exit_code == 1
            assert "ask them for an invitation" in one_more.output
        record = "SELECT actor FROM audit.records WHERE row_id = :id AND action = 'insert' AND table_name = 'operators'"
        found = {row.actor for each in made for row in rows(record, id=each.output.strip())}
        assert found == {"system:command:operators create"}

    def test_have_no_role_that_moves_money(self, inside: Flask) -> None:
        for role in ("treasury", "finance", "support", "auditor", "compliance_officer"):
            assert create(inside, role).exit_code == 2

    def test_have_roles_that_may_meet(self, inside: Flask) -> None:
        refused = create(inside, "admin", "compliance_manager")
        assert refused.exit_code == 1
        assert "may not meet" in refused.output

    def test_have_a_password_worth_the_name_and_an_address_of_their_own(self, inside: Flask) -> None:
        assert "at least 10 characters" in create(inside, "admin", password="short").output
        address = f"{fresh()}@test.example"
        assert create(inside, "admin", email=address).exit_code == 0
        assert "There is an operator with this address" in create(inside, "admin", email=address).output


def test_there_is_no_other_way(inside: Flask) -> None:
    assert inside.test_cli_runner().invoke(args=["operators", "add", "a@b.example", "Ada Obi"]).exit_code == 2
