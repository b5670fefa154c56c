"""Alive, ready, healthy: and that each can say no."""

import dataclasses
import re

from flask.testing import FlaskClient

from app.factory import create_app
from config import Settings


def test_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/livez").json == {"status": "alive"}
    assert client.get("/readyz").json == {"status": "ready"}


def test_healthy_has_the_agreed_shape(client: FlaskClient) -> None:
    answer = client.get("/health")
    body = answer.json
    assert answer.status_code == 200
    assert body is not None
    assert re.fullmatch(r"\d+h\d+m", body.pop("uptime"))
    assert body == {
        "status": "healthy",
        "service": "bursar",
        "version": "0.1.0",
        "dependencies": {"database": "healthy", "redis": "healthy"},
    }


def test_says_what_is_down(settings: Settings) -> None:
    lost = dataclasses.replace(settings, redis_url="redis://127.0.0.1:1/0")
    answer = create_app(lost).test_client().get("/health")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["dependencies"] == {"database": "healthy", "redis": "unhealthy"}


def test_says_when_the_database_is_away(settings: Settings) -> None:
    lost = dataclasses.replace(settings, database_url="postgresql+psycopg2://nobody@127.0.0.1:1/nowhere")
    client = create_app(lost).test_client()
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").status_code == 503
    assert client.get("/health").status_code == 503


def test_is_not_ready_with_a_role_that_may_change_entries(settings: Settings, database: object) -> None:
    owner = dataclasses.replace(settings, database_url=database.owner_url)  # type: ignore[attr-defined]
    answer = create_app(owner).test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready", "reason": "the app's role may change entries of the ledger"}
