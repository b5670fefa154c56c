"""Shutting accounts out and signing them out, from the machine that runs the house."""

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from app.core.db import leave, rows
from app.core.permissions import Role
from tests.makers import apps, browse, people
from tests.makers.people import PASSWORD

pytestmark = pytest.mark.usefixtures("inside")


def run(app: Flask, *arguments: str) -> Result:
    leave()
    return app.test_cli_runner().invoke(args=["accounts", *arguments, "--reason", "They left."])


def at_work(app: Flask) -> tuple[FlaskClient, str]:
    client, (_, email) = app.test_client(), people.operator(Role.AUDITOR)
    browse.sign_in(client, email, console=True)
    assert client.get("/console/").status_code == 200
    return client, email


def reason_recorded(email: str) -> bool:
    found = rows(
        "SELECT FROM audit.records WHERE table_name = 'logins' AND row_id = :login AND reason = 'They left.'"
        " AND actor LIKE 'system:command:accounts %'",
        login=apps.login_of(email),
    )
    leave()
    return bool(found)


class TestDisabling:
    def test_an_operator_ends_sessions_and_closes_every_way_in(self, app: Flask) -> None:
        client, email = at_work(app)
        said = run(app, "disable", "operator", email)
        assert said.exit_code == 0, said.output
        assert client.get("/console/").location == "/console/sign-in"
        answer = browse.send(app.test_client(), "/console/sign-in", email=email, password=PASSWORD)
        assert answer.status_code == 422
        assert reason_recorded(email)

    def test_a_customer_closes_the_api_too(self, app: Flask) -> None:
        customer, client = people.customer(), app.test_client()
        body = {"email": customer.email, "password": PASSWORD}
        token = client.post("/api/v1/sessions", json=body).json
        assert token
        bearer = {"Authorization": f"Bearer {token['token']}"}
        assert client.get("/api/v1/balances", headers=bearer).status_code == 200
        assert run(app, "disable", "customer", customer.email).exit_code == 0
        assert client.get("/api/v1/balances", headers=bearer).status_code == 401
        assert client.post("/api/v1/sessions", json=body).status_code in {401, 422}

    def test_can_be_taken_back_and_leaves_sessions_ended(self, app: Flask) -> None:
        client, email = at_work(app)
        run(app, "disable", "operator", email)
        assert run(app, "enable", "operator", email).exit_code == 0
        assert client.get("/console/").location == "/console/sign-in"
        assert browse.sign_in(app.test_client(), email, console=True).status_code == 303


class TestEndingSessions:
    def test_of_one_leaves_others(self, app: Flask) -> None:
        (mine, email), (others, _) = at_work(app), at_work(app)
        assert run(app, "end-sessions", "operator", email).exit_code == 0
        assert mine.get("/console/").location == "/console/sign-in"
        assert others.get("/console/").status_code == 200

    def test_of_everybody(self, app: Flask) -> None:
        (one, _), (other, _) = at_work(app), at_work(app)
        said = run(app, "end-sessions", "--everybody")
        assert said.output.startswith("Sessions ended: ")
        assert {client.get("/console/").location for client in (one, other)} == {"/console/sign-in"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("disable", "operator", "nobody@nowhere.example"), 1),
        (("disable", "operator", "no address"), 1),
        (("disable", "customer", ""), 1),
        (("end-sessions",), 2),
        (("end-sessions", "operator", "a@b.example", "--everybody"), 2),
    ],
)
def test_what_cannot_be_is_said(app: Flask, arguments: tuple[str, ...], code: int) -> None:
    assert run(app, *arguments).exit_code == code
