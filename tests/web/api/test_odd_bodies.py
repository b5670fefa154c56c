"""What no text of ours may hold is refused where it comes in, and is no fault of ours further in."""

import base64
import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.makers import browse, people

NUL, HALF, DEEP = r"\u0000", r"\ud800", "[" * 100_000
HEADERS = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        f'{{"email": "a{NUL}@example.com", "password": "x"}}',
        f'{{"email": "{HALF}@example.com", "password": "x"}}',
        f'{{"email": "a@example.com", "password": "{HALF}"}}',
        f'{{"email": "a@example.com", "password": "x", "code": ["{HALF}"]}}',
        f'{{"email": "a@example.com", "password": "x", "{NUL}": 1}}',
        DEEP,
        "[1]",
        "",
    ],
)
def test_a_program_is_told_to_send_another(client: FlaskClient, body: str) -> None:
    answer = client.post("/api/v1/sessions", data=body, headers=HEADERS)
    assert (answer.status_code, (answer.json or {})["error"]["code"]) == (400, "malformed")


def test_half_an_emoji_is_refused_and_a_whole_one_is_not(client: FlaskClient) -> None:
    body = r'{"email": "a@example.com", "password": "\ud83d\ude00 wrong"}'
    assert client.post("/api/v1/sessions", data=body, headers=HEADERS).status_code == 422


@pytest.mark.parametrize("key_id", ["a\x00", "\ud800", "sig_\x00"])
def test_a_signed_tokens_key_by_such_a_name_is_not_there(client: FlaskClient, key_id: str) -> None:
    head, claims = ({"alg": "EdDSA", "kid": key_id}, {"sid": "ses_x"})
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (head, claims)]
    token = ".".join([*parts, "c2ln"])
    assert client.get("/api/v1/balances", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize("name", [NUL, HALF])
def test_a_passkey_by_such_a_name_is_refused(app: Flask, inside: Flask, client: FlaskClient, name: str) -> None:
    browse.come_in(client, people.customer().email)
    token = browse.token_of(client.get("/activity"))
    body = f'{{"credential": {{"id": "{name}"}}, "name": "{name}"}}'
    client.post("/factors/passkeys/options", headers={**HEADERS, "X-CSRFToken": token})
    answer = client.post("/factors/passkeys", data=body, headers={**HEADERS, "X-CSRFToken": token})
    assert (answer.status_code, (answer.json or {})["error"]["code"]) == (422, "passkey_refused")


def test_a_report_like_that_is_passed_over(client: FlaskClient) -> None:
    assert client.post("/csp-report", data="[" * 9_000, headers=HEADERS).status_code == 204
