"""Who gets in, and that being let out is final."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from app.core.permissions import ROLES, Role
from app.web import guards
from app.web.guards import CUSTOMER, OPERATOR
from tests.makers import browse, people


@pytest.fixture
def customer(inside: Flask) -> people.Customer:
    return people.customer()


def cookie(client: FlaskClient, name: str = "bursar") -> str:
    found = client.get_cookie(name)
    assert found is not None
    return found.value


class TestDoors:
    def test_strangers_are_turned_away_from_what_is_not_public(self, app: Flask, client: FlaskClient) -> None:
        tried = 0
        for rule in app.url_map.iter_rules():
            door = guards.door_of(app, rule.endpoint)
            if door is None or door.audience not in {CUSTOMER, OPERATOR} or "GET" not in (rule.methods or ()):
                continue
            path = app.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, "1"))
            answer = client.get(path)
            assert answer.status_code == 303, path
            assert "sign-in" in answer.location, path
            tried += 1
        assert tried > 20

    @pytest.mark.parametrize("role", list(Role))
    def test_each_role_enters_exactly_what_it_was_granted(self, app: Flask, inside: Flask, role: Role) -> None:
        client = app.test_client()
        _, email = people.operator(role)
        browse.sign_in(client, email, console=True)
        for rule in app.url_map.iter_rules():
            door = guards.door_of(app, rule.endpoint)
            if door is None or door.permission is None or "GET" not in (rule.methods or ()) or rule.arguments:
                continue
            status = client.get(rule.rule).status_code
            assert (status == 403) == (door.permission not in ROLES[role]), (rule.rule, status)

    def test_a_customer_is_a_stranger_in_the_console(self, client: FlaskClient, customer: people.Customer) -> None:
        browse.sign_in(client, customer.email)
        client.set_cookie("bursar_console", cookie(client))
        assert client.get("/console/").status_code == 303

    def test_a_demoted_operator_is_stopped_at_the_next_request(
        self, client: FlaskClient, inside: Flask, owner_engine: Engine
    ) -> None:
        operator_id, email = people.operator(Role.FINANCE)
        browse.sign_in(client, email, console=True)
        assert client.get("/console/ledger").status_code == 200
        with owner_engine.begin() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            connection.execute(text("UPDATE operators SET roles = '{support}' WHERE id = :id"), {"id": operator_id})
        assert client.get("/console/ledger").status_code == 403


class TestSessions:
    def test_a_copied_cookie_is_dead_after_sign_out(
        self, app: Flask, client: FlaskClient, customer: people.Customer
    ) -> None:
        browse.sign_in(client, customer.email)
        thief = app.test_client()
        thief.set_cookie("bursar", cookie(client))
        assert thief.get("/activity").status_code == 200
        browse.send(client, "/sign-out", form_at="/activity")
        assert thief.get("/activity").status_code == 303
        assert client.get("/activity").status_code == 303

    def test_every_sign_in_is_another_session(self, client: FlaskClient, customer: people.Customer) -> None:
        browse.sign_in(client, customer.email)
        first = cookie(client)
        client.delete_cookie("bursar")
        browse.sign_in(client, customer.email)
        assert cookie(client) != first

    def test_unknown_and_mistaken_are_the_same_answer(self, client: FlaskClient, customer: people.Customer) -> None:
        answers = [
            browse.send(client, "/sign-in", email=email, password="not the password at all")
            for email in (customer.email, "nobody@test.example", "no address")
        ]
        assert [answer.status_code for answer in answers] == [422] * 3
        assert len({answer.text.count("do not match") for answer in answers}) == 1

    def test_onward_goes_only_to_paths_of_ours(self, app: Flask, customer: people.Customer) -> None:
        for wanted in ("//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"):
            client = app.test_client()
            with client.session_transaction() as kept:
                kept["next"] = wanted
            assert browse.sign_in(client, customer.email).location == "/"


class TestOwners:
    def test_somebody_elses_things_are_not_there(
        self, app: Flask, client: FlaskClient, customer: people.Customer
    ) -> None:
        deposit_id, _ = people.open_deposit(customer, people.naira(500), app=app)
        browse.sign_in(client, people.customer().email)
        assert client.get(f"/deposits/{deposit_id}").status_code == 404
        assert client.get("/withdrawals/wd_00000000000000000000000000").status_code == 404


class TestForms:
    def test_a_post_without_a_token_changes_nothing(self, client: FlaskClient, customer: people.Customer) -> None:
        browse.sign_in(client, customer.email)
        assert client.post("/deposit", data={"amount": "1000", "key": "k"}).status_code == 400

    def test_every_post_door_of_people_asks_for_it(self, app: Flask, client: FlaskClient) -> None:
        for rule in app.url_map.iter_rules():
            if "POST" not in (rule.methods or ()) or rule.rule.startswith(("/api/", "/callbacks/")):
                continue
            path = app.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, "1"))
            assert client.post(path).status_code == 400, path


class TestSignUp:
    def test_a_taken_address_looks_the_same(self, app: Flask, customer: people.Customer) -> None:
        answers = [
            browse.send(app.test_client(), "/sign-up", name="Ada Obi", email=email, password=people.PASSWORD)
            for email in (customer.email, "fresh-address@test.example")
        ]
        assert [(answer.status_code, answer.location) for answer in answers] == [(303, "/confirm-email")] * 2

    def test_a_code_has_five_tries(self, inside: Flask, client: FlaskClient) -> None:
        browse.send(client, "/sign-up", name="Ada Obi", email="five@test.example", password=people.PASSWORD)
        statuses = [browse.send(client, "/confirm-email", code="000000x").status_code for _ in range(6)]
        assert statuses == [422] * 6
        with client.session_transaction() as kept:
            right = people.newest_code(kept["pending_login"])
        assert browse.send(client, "/confirm-email", code=right).status_code == 422

    @pytest.mark.parametrize(
        ("field", "value"),
        [("password", "short"), ("email", "nobody"), ("name", "Ada"), ("name", "Ada \u202eOb\u202ci")],
    )
    def test_what_is_wrong_is_said(self, client: FlaskClient, field: str, value: str) -> None:
        fields = {"name": "Ada Obi", "email": "wrong@test.example", "password": people.PASSWORD} | {field: value}
        assert browse.send(client, "/sign-up", **fields).status_code == 422


class TestHeaders:
    @pytest.mark.parametrize("path", ["/", "/sign-in", "/console/sign-in", "/nowhere", "/health"])
    def test_every_answer_is_dressed(self, client: FlaskClient, path: str) -> None:
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "HX-Request" in headers["Vary"]
