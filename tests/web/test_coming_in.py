"""Coming in over somebody else's session, and with a copy of one: there is one person in a browser, and one token."""

import secrets
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text

from app.core import actor
from app.core.db import db, leave, transaction
from app.core.permissions import Role
from app.governance import service as governance
from app.identity.models import Login, SignedIn
from app.staff import service as staff
from tests.makers import browse, people, sessions
from tests.web.test_renewal import NEW

WORD = "a word that they chose"
Deed = Callable[[FlaskClient], object]


@pytest.fixture
def owner(inside: Flask) -> people.Customer:
    return people.customer()


def token(client: FlaskClient, name: str = "bursar") -> str:
    found = client.get_cookie(name)
    assert found is not None
    return found.value


def copy_of(client: FlaskClient, app: Flask, name: str = "bursar") -> FlaskClient:
    thief = app.test_client()
    thief.set_cookie(name, token(client, name))
    return thief


def fresh_address() -> str:
    return f"second-{secrets.token_hex(4)}@test.example"


class TestOverSomebodysSession:
    def test_the_one_before_is_over(self, app: Flask, client: FlaskClient, owner: people.Customer) -> None:
        browse.sign_in(client, owner.email)
        before = copy_of(client, app)
        assert before.get("/activity").status_code == 200
        browse.sign_in(client, people.customer().email)
        assert before.get("/activity").status_code == 303
        assert client.get("/activity").status_code == 200

    def test_the_one_before_is_over_at_the_console_too(self, app: Flask, inside: Flask) -> None:
        client, (_, first), (_, second) = (
            app.test_client(),
            people.operator(Role.FINANCE),
            people.operator(Role.FINANCE),
        )
        browse.sign_in(client, first, console=True)
        before = copy_of(client, app, "bursar_console")
        browse.sign_in(client, second, console=True)
        assert before.get("/console/").status_code == 303

    def test_nobody_is_said_to_have_opened_anothers(
        self, client: FlaskClient, owner: people.Customer, owner_engine: Engine
    ) -> None:
        browse.sign_in(client, owner.email)
        other = people.customer()
        browse.sign_in(client, other.email)
        leave()
        opened = db.session.scalars(select(SignedIn.id).where(SignedIn.login_id == other.login_id)).one()
        who = text(
            "SELECT actor FROM audit.records WHERE table_name = 'sessions' AND action = 'insert' AND row_id = :id"
        )
        with owner_engine.connect() as connection:
            assert connection.execute(who, {"id": opened}).scalars().all() == ["system:door:portal.sign_in"]

    def test_somebody_else_signs_up(self, app: Flask, client: FlaskClient, owner: people.Customer) -> None:
        browse.sign_in(client, owner.email)
        before, email = copy_of(client, app), fresh_address()
        answer = browse.send(
            client, "/sign-up", name="Eno Udo", email=email, phone=people.phone_number(), password=WORD
        )
        assert (answer.status_code, answer.location) == (303, "/confirm-email")
        login_id = db.session.scalars(select(Login.id).where(Login.email == email)).one()
        leave()
        assert browse.send(client, "/confirm-email", code=people.newest_code(login_id)).status_code == 303
        assert "Eno" in client.get("/").text
        assert before.get("/activity").status_code == 303


def change_password(client: FlaskClient) -> object:
    return browse.send(client, "/security/password", present=people.PASSWORD, password=NEW)


def freeze(client: FlaskClient) -> object:
    return browse.send(client, "/security/freeze")


def sign_out_elsewhere(client: FlaskClient) -> object:
    browse.sign_in(client.application.test_client(), _address(client))  # (the button is there when there is elsewhere)
    return browse.send(client, "/security/sessions/end-others", form_at="/security")


def _address(client: FlaskClient) -> str:
    kept = client.get_cookie("bursar")
    assert kept
    found = select(Login.email).join(SignedIn, SignedIn.login_id == Login.id)
    return db.session.scalars(found.where(SignedIn.id == sessions.id_of(kept.value))).one()


@pytest.mark.parametrize("deed", [change_password, freeze, sign_out_elsewhere], ids=lambda deed: deed.__name__)
def test_a_copy_of_the_session_at_work_is_dead(
    app: Flask, client: FlaskClient, owner: people.Customer, deed: Deed
) -> None:
    browse.sign_in(client, owner.email)
    thief = copy_of(client, app)
    assert thief.get("/activity").status_code == 200
    deed(client)
    leave()
    assert client.get("/activity").status_code == 200
    assert thief.get("/activity").status_code == 303


def test_other_roles_end_an_operators_sessions(app: Flask, inside: Flask, work_off: Callable[..., int]) -> None:
    client, (operator_id, email) = app.test_client(), people.operator(Role.FINANCE)
    browse.sign_in(client, email, console=True)
    thief = copy_of(client, app, "bursar_console")
    maker, checker = (actor.operator(people.operator(Role.ADMIN)[0]) for _ in range(2))
    with transaction(maker):
        asked = staff.request_roles(operator_id, roles=["support"], reason="Moved.", maker=maker.id, actor=maker)
    with transaction(checker):
        governance.approve(asked.id, operator_id=checker.id, shown=asked.payload_hash, actor=checker)
    work_off()
    assert thief.get("/console/").status_code == 303
