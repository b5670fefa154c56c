"""The phone pages: confirmed after sign-up or later, changed with a fresh factor, asked for before money leaves."""

import re
import secrets
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import db, leave
from app.core.permissions import Role
from app.identity import queries
from app.identity.models import Login
from tests.makers import apps, browse, people, sessions
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess

WorkOff = Callable[..., int]
NOTICE = "Confirm your phone number"
_VARYING = re.compile(r'nonce="[^"]*"|name="csrf_token" value="[^"]*"|"X-CSRFToken": "[^"]*"|•••• \d{4}')


def signed_up(app: Flask, number: str) -> tuple[FlaskClient, str]:
    """Somebody who confirmed their address and is asked for the code of their phone: browser and login."""
    client, email = app.test_client(), f"new-{secrets.token_hex(4)}@test.example"
    browse.send(client, "/sign-up", name="Ngozi Eze", email=email, phone=number, password=people.PASSWORD)
    login_id = db.session.scalars(select(Login.id).where(Login.email == email)).one()
    answer = browse.send(client, "/confirm-email", code=people.newest_code(login_id))
    assert (answer.status_code, answer.location) == (303, "/phone")
    leave()
    return client, login_id


def bare(text: str) -> str:
    return _VARYING.sub("", text)


class TestAfterSignUp:
    def test_a_code_comes_and_opens_the_way_out(
        self, app: Flask, inside: Flask, work_off: WorkOff, vendor: SandboxProcess
    ) -> None:
        number = people.phone_number()
        client, _ = signed_up(app, f"0{number[4:]}")
        assert NOTICE in client.get("/").text  # it may be put off
        assert "Confirm your phone number first" not in client.get("/withdraw").text  # (the factor is asked for first)
        work_off()
        found = re.search(r"\d{6}", vendor.texts(number)[0])
        assert found
        page = client.get("/phone").text
        assert number[-4:] in page
        assert number not in page
        assert browse.send(client, "/phone", code="000000x").status_code == 422
        assert browse.send(client, "/phone", code=found[0]).location == "/"
        assert NOTICE not in client.get("/").text
        assert "Confirmed." in client.get("/security").text

    def test_another_code_waits_a_minute(self, app: Flask, inside: Flask) -> None:
        client, login_id = signed_up(app, people.phone_number())
        before = people.newest_phone_code(login_id)
        browse.send(client, "/phone/again", form_at="/phone")
        assert "Wait a minute" in client.get("/phone").text
        leave()
        assert people.newest_phone_code(login_id) == before

    @pytest.mark.parametrize("number", ["0803", "nonsense", "01 270 1234"])
    def test_what_is_no_mobile_number_is_refused_in_place(self, client: FlaskClient, number: str) -> None:
        fields = {"name": "Ada Obi", "email": "bad-phone@test.example", "phone": number, "password": people.PASSWORD}
        answer = browse.send(client, "/sign-up", **fields)
        assert answer.status_code == 422
        assert "That is not a mobile number" in answer.text

    def test_a_number_of_somebody_else_looks_like_any_other(
        self, app: Flask, inside: Flask, work_off: WorkOff, vendor: SandboxProcess
    ) -> None:
        owner = people.customer().login_id
        waiting = queries.waiting_phone(owner=owner)
        assert waiting is not None
        taken = queries.number_for_system(waiting.id)
        people.confirm_phone(owner)
        seen = []
        for number in (taken, people.phone_number()):
            client, _ = signed_up(app, number)
            pages = [client.get("/phone").text, browse.send(client, "/phone", code="000000x").text]
            pages += [browse.send(client, "/phone/change", phone=number).headers["Location"], client.get("/phone").text]
            seen.append([bare(page) for page in pages])
        assert seen[0] == seen[1]
        work_off()
        assert vendor.texts(taken) == []  # (the owner's own code was never sent by a job here)


class TestWithdrawing:
    def test_waits_for_a_confirmed_number(self, app: Flask, inside: Flask, sandbox: SandboxProcess) -> None:
        who = people.customer()
        apps.give(who.login_id, who.email)
        people.paid_in(who, naira(20_000), app=app, sandbox=sandbox)
        account = people.bank_account(who, app=app)
        client = app.test_client()
        browse.sign_in(client, who.email)
        page = client.get("/withdraw")
        assert 'href="/phone"' in page.text
        assert 'name="amount"' not in page.text

        sent = {"email": who.email, "password": people.PASSWORD, "code": apps.code(who.email)}
        token = (client.post("/api/v1/sessions", json=sent).json or {})["token"]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(8)}
        body = {"amount": {"asset": "NGN", "units": "100000"}, "bank_account": account}
        answer = client.post("/api/v1/withdrawals", json=body, headers=headers)
        error = (answer.json or {})["error"]
        assert (answer.status_code, error["code"]) == (403, "phone_unconfirmed")
        assert error["page"] == "http://localhost/phone"
        leave()
        assert who.balance().held.units == 0

        leave()
        people.confirm_phone(who.login_id)
        assert client.post("/api/v1/withdrawals", json=body, headers=headers).status_code == 201
        assert 'name="amount"' in client.get("/withdraw").text

    def test_by_the_form_is_refused_too(self, app: Flask, inside: Flask, sandbox: SandboxProcess) -> None:
        who = people.customer()
        apps.give(who.login_id, who.email)
        people.paid_in(who, naira(20_000), app=app, sandbox=sandbox)
        account = people.bank_account(who, app=app)
        client = app.test_client()
        browse.sign_in(client, who.email)
        fields = {"csrf_token": browse.token_of(client.get("/deposit")), "key": secrets.token_hex(8), "amount": "1000"}
        answer = client.post("/withdraw", data={**fields, "account": account})
        assert answer.status_code == 422
        assert 'href="/phone"' in answer.text
        leave()
        assert who.balance().held.units == 0


class TestChanging:
    def test_needs_a_fresh_factor_of_who_has_one(self, app: Flask, inside: Flask) -> None:
        who, client = people.customer(enrolled=True), app.test_client()
        browse.sign_in(client, who.email)
        assert client.get("/phone/change").status_code == 200
        cookie = client.get_cookie("bursar")
        assert cookie is not None
        token = browse.token_of(client.get("/phone/change"))
        sessions.let_factor_age(sessions.id_of(cookie.value))
        assert client.get("/phone/change").location == "/prove"
        refused = client.post("/phone/change", data={"csrf_token": token, "phone": people.phone_number()})
        assert refused.location == "/prove"
        leave()
        assert queries.waiting_phone(owner=who.login_id) is None

    def test_says_what_is_wrong_in_place(self, app: Flask, inside: Flask) -> None:
        client = app.test_client()
        browse.sign_in(client, people.customer().email)
        answer = browse.send(client, "/phone/change", phone="0803")
        assert answer.status_code == 422
        assert "That is not a mobile number" in answer.text


def test_staff_see_the_last_digits_alone(app: Flask, inside: Flask) -> None:
    who = people.customer(enrolled=True)
    counting = queries.counting_phone(owner=who.login_id)
    assert counting is not None
    number = queries.number_for_system(counting.id)
    _, email = people.operator(Role.SUPPORT)
    client = app.test_client()
    browse.sign_in(client, email, console=True)
    page = client.get(f"/console/view-as?q={who.email}").text
    assert f"•••• {number[-4:]}" in page
    assert number[-8:] not in page
