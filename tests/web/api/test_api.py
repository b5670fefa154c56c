"""The API: a token, exact amounts, and the same key twice."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.identity import queries as identity
from tests.makers import apps, people, sessions
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess


@pytest.fixture
def owner(inside: Flask) -> people.Customer:
    return people.customer(enrolled=True)


@pytest.fixture
def bearer(client: FlaskClient, owner: people.Customer) -> dict[str, str]:
    proof = {"email": owner.email, "password": people.PASSWORD, "code": apps.code(owner.email)}
    answer = client.post("/api/v1/sessions", json=proof)
    assert answer.status_code == 201
    assert answer.json is not None
    return {"Authorization": f"Bearer {answer.json['token']}"}


def test_no_token_no_answer(client: FlaskClient) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic abc"}):
        answer = client.get("/api/v1/balances", headers=headers)
        assert answer.status_code == 401
        assert answer.json is not None
        assert answer.json["error"]["code"] == "unauthenticated"


@pytest.mark.parametrize("code", ["000000x", 123456, "", None])
def test_with_a_wrong_code_no_session_is_left(client: FlaskClient, owner: people.Customer, code: object) -> None:
    proof = {"email": owner.email, "password": people.PASSWORD, "code": code}
    answer = client.post("/api/v1/sessions", json=proof)
    assert answer.status_code in {400, 422}
    assert identity.sessions_of(owner=owner.login_id) == []


def test_a_session_that_waits_for_its_code_can_be_closed(client: FlaskClient, owner: people.Customer) -> None:
    half = client.post("/api/v1/sessions", json={"email": owner.email, "password": people.PASSWORD}).json
    assert half is not None
    waiting = {"Authorization": f"Bearer {half['token']}"}
    assert client.delete("/api/v1/sessions/current", headers=waiting).status_code == 204
    assert identity.sessions_of(owner=owner.login_id) == []


def test_without_its_code_a_session_opens_nothing_until_one_is_proved(
    client: FlaskClient, owner: people.Customer
) -> None:
    half = client.post("/api/v1/sessions", json={"email": owner.email, "password": people.PASSWORD}).json
    assert half is not None
    waiting = {"Authorization": f"Bearer {half['token']}"}
    refused = client.get("/api/v1/balances", headers=waiting)
    assert (refused.status_code, (refused.json or {})["error"]["code"]) == (403, "factor_stale")
    wrong = client.post("/api/v1/sessions/current/factor", json={"code": "000000x"}, headers=waiting)
    assert (wrong.status_code, (wrong.json or {})["error"]["code"]) == (422, "wrong_factor")
    proved = client.post("/api/v1/sessions/current/factor", json={"code": apps.code(owner.email)}, headers=waiting)
    assert proved.status_code == 200
    assert client.get("/api/v1/balances", headers=waiting).status_code == 401
    assert proved.json is not None
    opened = {"Authorization": f"Bearer {proved.json['token']}"}
    assert client.get("/api/v1/balances", headers=opened).status_code == 200


def test_a_withdrawal_needs_a_fresh_factor(client: FlaskClient, owner: people.Customer, inside: Flask) -> None:
    proof = {"email": owner.email, "password": people.PASSWORD, "code": apps.code(owner.email)}
    entry = client.post("/api/v1/sessions", json=proof).json
    assert entry is not None
    sessions.let_factor_age(entry["id"])
    bearer = {"Authorization": f"Bearer {entry['token']}", "Idempotency-Key": "stale"}
    refused = client.post("/api/v1/withdrawals", json={}, headers=bearer)
    assert (refused.status_code, (refused.json or {})["error"]["code"]) == (403, "factor_stale")
    assert client.get("/api/v1/balances", headers=bearer).status_code == 200


def test_a_closed_session_is_dead(client: FlaskClient, bearer: dict[str, str]) -> None:
    assert client.delete("/api/v1/sessions/current", headers=bearer).status_code == 204
    assert client.get("/api/v1/balances", headers=bearer).status_code == 401


def test_amounts_are_digits_of_the_smallest_unit(
    app: Flask, client: FlaskClient, owner: people.Customer, bearer: dict[str, str], sandbox: SandboxProcess
) -> None:
    people.paid_in(owner, naira(2_500), app=app, sandbox=sandbox)
    answer = client.get("/api/v1/balances", headers=bearer).json
    assert answer == {"balances": [{"asset": "NGN", "available": "250000", "held": "0", "booked": "250000"}]}
    movements = client.get("/api/v1/activity", headers=bearer).json
    assert movements is not None
    assert movements["movements"][0]["amount"] == {"asset": "NGN", "units": "250000"}


def test_the_same_key_is_the_same_withdrawal(
    app: Flask, client: FlaskClient, owner: people.Customer, bearer: dict[str, str], sandbox: SandboxProcess
) -> None:
    people.paid_in(owner, naira(50_000), app=app, sandbox=sandbox)
    account = people.bank_account(owner, app=app)
    body = {"amount": {"asset": "NGN", "units": "1000000"}, "bank_account": account}
    keyed = bearer | {"Idempotency-Key": "one-and-only"}
    first = client.post("/api/v1/withdrawals", json=body, headers=keyed)
    second = client.post("/api/v1/withdrawals", json=body, headers=keyed)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json == second.json
    assert owner.balance().held == naira(10_025)
    other = client.post("/api/v1/withdrawals", json=body | {"bank_account": "ba_other"}, headers=keyed)
    assert other.status_code == 422
    assert other.json is not None
    assert other.json["error"]["code"] == "idempotency_key_reused"
    assert client.post("/api/v1/withdrawals", json=body, headers=bearer).status_code == 400


def test_a_deposit_says_where_to_pay(client: FlaskClient, bearer: dict[str, str], sandbox: SandboxProcess) -> None:
    body = {"amount": {"asset": "NGN", "units": "500000"}}
    keyed = bearer | {"Idempotency-Key": "deposit-1"}
    first = client.post("/api/v1/deposits", json=body, headers=keyed)
    assert first.status_code == 201
    assert first.json is not None
    assert first.json["checkout_url"].startswith(sandbox.url)
    assert client.post("/api/v1/deposits", json=body, headers=keyed).json == first.json
    assert client.get(f"/api/v1/deposits/{first.json['id']}", headers=bearer).json == first.json


@pytest.mark.parametrize(
    "body",
    [
        "text",
        [],
        {},
        {"amount": 5},
        {"amount": {"asset": "NGN", "units": 5000}},
        {"amount": {"asset": "NGN", "units": "5e3"}},
        {"amount": {"asset": "NGN", "units": "-5"}},
        {"amount": {"asset": "BTC", "units": "5"}},
        {"amount": {"asset": "NGN", "units": "9" * 60}},
        {"amount": {"asset": "NGN", "units": "٣٠٠"}},
    ],
)
def test_bad_amounts_are_refused(client: FlaskClient, bearer: dict[str, str], body: object) -> None:
    answer = client.post("/api/v1/deposits", json=body, headers=bearer | {"Idempotency-Key": "bad"})
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]["code"] == "malformed"
