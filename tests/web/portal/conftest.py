"""A customer before the way to a tier, and what they send."""

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.applications import queries
from app.applications.rules import Step
from app.core.db import leave
from app.customers.rules import Tier
from tests.makers import browse, people
from tests.makers.people import Customer


@pytest.fixture
def owner(inside: Flask) -> Customer:
    """A customer whom nobody has verified, with a confirmed phone."""
    known = people.customer(tier=Tier.T0)
    people.confirm_phone(known.login_id)
    leave()
    return known


@pytest.fixture
def visitor(app: Flask, owner: Customer) -> FlaskClient:
    """Their browser."""
    return at_home(app, owner)


def at_home(app: Flask, owner: Customer) -> FlaskClient:
    client = app.test_client()
    browse.come_in(client, owner.email)
    return client


def send(client: FlaskClient, path: str, *, at: str = "", files: Any = None, **fields: str) -> TestResponse:
    """Send a page's form with files, as a browser without a script does."""
    page = client.get(at or path)
    assert page.status_code == 200, f"{at or path}: {page.status_code} {page.location}"
    body: dict[str, Any] = {"csrf_token": browse.token_of(page), **fields}
    body |= {name: (io.BytesIO(content), file) for name, (content, file) in (files or {}).items()}
    return client.post(path, data=body, content_type="multipart/form-data")


def begin(client: FlaskClient, tier: Tier, **more: str) -> TestResponse:
    return send(client, "/verification", tier=str(tier), **more)


def state_of(owner: Customer, step: Step) -> str:
    leave()
    application = queries.open_one(owner=owner.id)
    assert application is not None
    return str(queries.step(application.id, step, owner=owner.id).row.state)


def token_of_page(client: FlaskClient) -> dict[str, Any]:
    """The form token of whatever page has one."""
    return {"csrf_token": browse.token_of(client.get("/deposit"))}
