"""Who gets in, and that being let out is final."""

import dataclasses
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from app.core import actor, clock, logs
from app.core.db import db, leave, transaction
from app.core.permissions import Role
from app.factory import create_app
from app.governance import service as governance
from app.identity import service as identity
from app.identity.models import Login
from app.staff import service as staff
from app.web import guards
from app.web.assets import static_url
from app.web.guards import CUSTOMER, OPERATOR
from config import Settings
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

    def test_the_librarys_own_cookie_makes_nobody_a_stranger(
        self, client: FlaskClient, customer: people.Customer
    ) -> None:
        browse.sign_in(client, customer.email)
        client.set_cookie("remember_token", "x")
        assert client.get("/activity").status_code == 200

    def test_of_ones_own_account_open_to_staff_without_a_role(self, app: Flask, inside: Flask) -> None:
        client = app.test_client()
        _, email = people.operator()
        browse.sign_in(client, email, console=True)
        for path in ("/console/account", "/console/account/password"):
            assert client.get(path).status_code == 200, path
        assert client.get("/console/customers").status_code == 403
        ended = browse.send(client, "/console/account/sessions/end-others", form_at="/console/account")
        assert ended.location == "/console/account"

    def test_a_customer_is_a_stranger_in_the_console(self, client: FlaskClient, customer: people.Customer) -> None:
        browse.sign_in(client, customer.email)
        client.set_cookie("bursar_console", cookie(client))
        assert client.get("/console/").status_code == 303

    def test_who_tries_another_ones_door_is_noted(
        self, app: Flask, inside: Flask, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = app.test_client()
        operator_id, email = people.operator(Role.SUPPORT)
        browse.sign_in(client, email, console=True)
        with caplog.at_level(logging.WARNING, "web"):
            assert client.get("/console/ledger").status_code == 403
        (noted,) = [record.facts for record in caplog.records if record.name == "web"]  # type: ignore[attr-defined]
        assert (noted["door"], noted["permission"], noted["who"]) == ("console.ledger", "ledger:read", operator_id)

    def test_a_demoted_operator_is_stopped_at_the_next_request(
        self, client: FlaskClient, inside: Flask, work_off: Callable[..., int]
    ) -> None:
        operator_id, email = people.operator(Role.FINANCE)
        browse.sign_in(client, email, console=True)
        assert client.get("/console/ledger").status_code == 200
        maker, checker = (actor.operator(people.operator(Role.ADMIN)[0]) for _ in range(2))
        with transaction(maker):
            asked = staff.request_roles(operator_id, roles=["support"], reason="Moved.", maker=maker.id, actor=maker)
        assert client.get("/console/ledger").status_code == 200
        with transaction(checker):
            governance.approve(asked.id, operator_id=checker.id, shown=asked.payload_hash, actor=checker)
        work_off()
        assert client.get("/console/ledger").status_code == 303  # (their sessions ended with it)
        browse.sign_in(client, email, console=True)
        assert client.get("/console/ledger").status_code == 403


class TestSessions:
    def test_a_copied_cookie_is_dead_after_sign_out(
        self, app: Flask, client: FlaskClient, customer: people.Customer
    ) -> None:
        browse.sign_in(client, customer.email)
        thief = app.test_client()
        thief.set_cookie("bursar", cookie(client))
        assert thief.get("/activity").status_code == 200
        answer = browse.send(client, "/sign-out", form_at="/activity")
        assert answer.headers["Clear-Site-Data"] == '"cache"'
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
            if "POST" not in (rule.methods or ()) or rule.rule.startswith(("/api/", "/callbacks/", "/csp-report")):
                continue
            path = app.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, "1"))
            answer = client.post(path)
            unread = getattr(
                app.view_functions[rule.endpoint], "__body_bytes__", 0
            )  # (files of strangers are not read)
            assert answer.status_code == 400 or (unread and "/sign-in" in answer.location), path


class TestSignUp:
    def test_a_taken_address_looks_the_same_to_the_end(self, app: Flask, customer: people.Customer) -> None:
        seen = []
        for email in (customer.email, "fresh-address@test.example"):
            stranger = app.test_client()
            first = browse.send(
                stranger, "/sign-up", name="Ada Obi", email=email, phone=people.PHONE, password=people.PASSWORD
            )
            wrong = browse.send(stranger, "/confirm-email", code="000000x")
            again = browse.send(stranger, "/confirm-email/again", form_at="/confirm-email")
            told = stranger.get("/confirm-email").text
            said = "wrong or has run out" in wrong.text, "Wait a minute" in told
            seen.append((first.status_code, first.location, wrong.status_code, again.status_code, *said))
        assert seen == [(303, "/confirm-email", 422, 303, True, True)] * 2

    def test_a_confirmed_address_cannot_be_entered_by_a_code(
        self, client: FlaskClient, inside: Flask, customer: people.Customer
    ) -> None:
        browse.send(
            client,
            "/sign-up",
            name="A Thief",
            email=customer.email,
            phone=people.PHONE,
            password="the thief's own word",
        )
        assert browse.send(client, "/confirm-email", code=people.newest_code(customer.login_id)).status_code == 422
        assert client.get("/activity").status_code == 303

    def test_the_last_sign_up_before_confirmation_counts(self, app: Flask, inside: Flask) -> None:
        email, stranger, owner = "taken-first@test.example", app.test_client(), app.test_client()
        browse.send(
            stranger, "/sign-up", name="A Stranger", email=email, phone=people.PHONE, password="the stranger's own word"
        )
        first = people.newest_code(browse.claim_of(stranger)[0])
        browse.send(owner, "/sign-up", name="The Owner", email=email, phone=people.PHONE, password=people.PASSWORD)
        assert browse.send(stranger, "/confirm-email", code=first).status_code == 422
        assert browse.send(owner, "/confirm-email", code=first).status_code == 422  # spent by the second sign-up
        login_id = browse.claim_of(owner)[0]
        browse.let_code_age(owner)
        leave()
        with clock.at(clock.now() + timedelta(minutes=2)), transaction(actor.system("test")):
            identity.issue_code(identity.claim_of(db.session.get_one(Login, login_id)))
        newest = people.newest_code(login_id)
        assert browse.send(stranger, "/confirm-email", code=newest).status_code == 422
        assert browse.send(owner, "/confirm-email", code=newest).status_code == 303
        assert (
            browse.send(app.test_client(), "/sign-in", email=email, password="the stranger's own word").status_code
            == 422
        )
        browse.sign_in(app.test_client(), email)

    def test_a_code_has_five_tries(self, inside: Flask, client: FlaskClient) -> None:
        browse.send(
            client, "/sign-up", name="Ada Obi", email="five@test.example", phone=people.PHONE, password=people.PASSWORD
        )
        statuses = [browse.send(client, "/confirm-email", code="000000x").status_code for _ in range(6)]
        assert statuses == [422] * 6
        right = people.newest_code(browse.claim_of(client)[0])
        assert browse.send(client, "/confirm-email", code=right).status_code == 422

    @pytest.mark.parametrize(
        ("field", "value"),
        [("password", "short"), ("email", "nobody"), ("name", "Ada"), ("name", "Ada \u202eOb\u202ci")],
    )
    def test_what_is_wrong_is_said(self, client: FlaskClient, field: str, value: str) -> None:
        fields = {
            "name": "Ada Obi",
            "phone": people.PHONE,
            "email": "wrong@test.example",
            "password": people.PASSWORD,
        } | {field: value}
        assert browse.send(client, "/sign-up", **fields).status_code == 422


class TestOddAddresses:
    def test_are_not_found_rather_than_faults(self, app: Flask, inside: Flask) -> None:
        client = app.test_client()
        _, email = people.operator(Role.AUDITOR)
        browse.sign_in(client, email, console=True)
        for path in (
            "/console/jobs?before=99999999999999999999",
            "/console/ledger/accounts/asset:paystack:NGN?before=99999999999999999999",
            "/console/audit/99999999999999999999",
            "/console/audit?before=99999999999999999999",
            "/console/withdrawals/wd_%00",
            "/console/withdrawals?after=%00",
            "/deposits/%00",
        ):
            assert client.get(path).status_code in {200, 303, 404}, path

    def test_no_door_takes_trace(self, client: FlaskClient) -> None:
        for path in ("/", "/sign-in", "/console/", "/api/v1/balances", "/livez"):
            assert client.open(path, method="TRACE").status_code == 405, path

    def test_the_error_page_needs_no_database(self, settings: Settings) -> None:
        lost = dataclasses.replace(settings, database_url="postgresql+psycopg2://nobody@127.0.0.1:1/nowhere")
        client = create_app(lost).test_client()
        client.set_cookie("bursar", "whoever")
        assert client.get("/").status_code == 503
        assert client.get("/nowhere").status_code == 404


class TestHeaders:
    @pytest.mark.parametrize("path", ["/", "/sign-in", "/console/sign-in", "/nowhere", "/health"])
    def test_every_answer_is_dressed(self, client: FlaskClient, path: str) -> None:
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert "HX-Request" in headers["Vary"]

    def test_over_https_all_cookies_and_answers_are_bound_to_it(self, settings: Settings) -> None:
        client = create_app(dataclasses.replace(settings, public_url="https://localhost")).test_client()
        for path in ("/sign-in", "/nowhere", static_url("app.css")):
            answer = client.get(path, base_url="https://localhost")
            answer.close()
            assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
            for cookie in answer.headers.getlist("Set-Cookie"):
                assert cookie.startswith("__Host-")
                assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert client.get_cookie("__Host-bursar_form")

    @pytest.mark.parametrize(("console", "site"), [(False, "Lax"), (True, "Strict")])
    def test_over_https_nobody_else_gets_at_who_is_signed_in(
        self, settings: Settings, inside: Flask, *, console: bool, site: str
    ) -> None:
        home, door = "https://localhost", "/console/sign-in" if console else "/sign-in"
        email = people.operator(Role.AUDITOR)[1] if console else people.customer().email
        leave()
        client = create_app(dataclasses.replace(settings, public_url=home)).test_client()
        fields = {"csrf_token": browse.token_of(client.get(door, base_url=home)), "email": email}
        sent = {"base_url": home, "headers": {"Referer": home + door}}
        answer = client.post(door, data=fields | {"password": people.PASSWORD}, **sent)
        name = f"__Host-bursar{'_console' if console else ''}"
        (given,) = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith(f"{name}=")]
        assert {"Secure", "HttpOnly", "Path=/", f"SameSite={site}"} <= set(given.split("; "))
        assert all(each.startswith("__Host-") for each in answer.headers.getlist("Set-Cookie"))
        assert given.partition("=")[2].partition(";")[0] not in answer.text

    def test_over_https_light_and_dark_are_bound_to_the_host_too(self, settings: Settings, inside: Flask) -> None:
        home = "https://localhost"
        client = create_app(dataclasses.replace(settings, public_url=home)).test_client()
        for name, theme in (("theme", "light"), ("__Host-theme", "dark")):
            client.set_cookie(name, "dark", secure=True)
            assert f'data-bs-theme="{theme}"' in client.get("/sign-in", base_url=home).text

    def test_of_a_form_without_its_token_names_the_request(self, client: FlaskClient) -> None:
        answer = client.post("/sign-in", data={"email": "a@test.example"})
        assert answer.status_code == 400
        assert answer.headers["X-Request-Id"].startswith("req_")

    def test_of_a_form_to_another_host_say_nothing_of_its_token(self, client: FlaskClient) -> None:
        answer = client.post("/sign-in", data={}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403

    @pytest.mark.parametrize("path", ["/", "/nowhere", "/?q=%00"])
    def test_names_the_request_and_lets_its_name_go_with_it(self, app: Flask, path: str) -> None:
        in_this_thread = FlaskClient(app, Response)
        assert in_this_thread.get(path).headers["X-Request-Id"].startswith("req_")
        assert logs.request_id.get() == ""
