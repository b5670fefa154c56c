"""A browser without a browser: fetch a page, take its form token, send its form."""

import base64
import json
import re

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import crypto
from app.core.db import db, for_everyone, leave
from app.identity.models import Login
from app.identity.rules import Audience
from tests.makers import apps, sessions
from tests.makers.people import PASSWORD

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
COOKIES = {Audience.OPERATOR: "bursar_console", Audience.CUSTOMER: "bursar"}
_KEY = re.compile(r'name="key"[^>]*value="([^"]+)"')


def token_of(page: TestResponse) -> str:
    """The form token of a page."""
    found = _TOKEN.search(page.text)
    assert found, "the page has no form token"
    return found[1]


def key_of(page: TestResponse) -> str:
    """The idempotency key of a money form."""
    found = _KEY.search(page.text)
    assert found, "the page has no key"
    return found[1]


def send(client: FlaskClient, path: str, *, form_at: str = "", **fields: str) -> TestResponse:
    """Fetch the page with the form, send it with its token."""
    page = client.get(form_at or path)
    assert page.status_code == 200, f"{form_at or path}: {page.status_code}"
    return client.post(path, data={"csrf_token": token_of(page), **fields})


def sign_in(client: FlaskClient, email: str, *, console: bool = False) -> TestResponse:
    """Sign in by the door, with the code of their app where somebody has one."""
    answer = with_password(client, email, console=console)
    return prove(client, email, console=console) if apps.has(email) else answer


def come_in(client: FlaskClient, email: str, *, console: bool = False) -> None:
    """Put an open session into the browser, every factor proved, without the forms: for tests of what comes after."""
    audience = Audience.OPERATOR if console else Audience.CUSTOMER
    with client.application.app_context(), for_everyone():
        login_id = db.session.scalars(select(Login.id).filter_by(email=email, audience=audience)).one()
        leave()
        client.set_cookie(COOKIES[audience], sessions.opened(login_id, audience, proved=apps.has(email)))


def with_password(client: FlaskClient, email: str, *, console: bool = False) -> TestResponse:
    """As far as the password goes."""
    answer = send(client, "/console/sign-in" if console else "/sign-in", email=email, password=PASSWORD)
    assert answer.status_code == 303, answer.text
    return answer


def prove(client: FlaskClient, email: str, *, console: bool = False) -> TestResponse:
    """Type the code of their app."""
    answer = send(client, "/console/prove" if console else "/prove", code=apps.code(email))
    assert answer.status_code == 303, answer.text
    return answer


def claim_of(client: FlaskClient) -> tuple[str, str]:
    """The claim that a browser confirms, which only we can read: login and stamp."""
    with client.session_transaction() as kept:
        login_id, stamp, _ = json.loads(crypto.unseal(base64.b64decode(kept["pending"]), context="pending"))
    return login_id, stamp


def let_code_age(client: FlaskClient) -> None:
    """Let the minute pass that a browser waits before it asks for another code."""
    told = json.dumps([*claim_of(client), "2026-01-01T00:00:00+00:00"])
    with client.session_transaction() as kept:
        kept["pending"] = base64.b64encode(crypto.seal(told, context="pending")).decode()
