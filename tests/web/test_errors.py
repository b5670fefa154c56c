"""A fault of ours: its reader hears that there was one and under which number, the log hears all of it."""

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import actor, clock, inbox
from app.core.db import rows, transaction
from app.factory import create_app
from app.web import guards
from config import Settings
from tests.makers.books import fresh

CANARY = f"inside{fresh()}"


@guards.public
def breaks() -> str:
    """A door with a fault, after it has written something."""
    with transaction(actor.system("test")):
        inbox.receive("test", external_id=CANARY, body=b"x")
        raise LookupError(f"SELECT {CANARY} at {clock.now()}")


@pytest.fixture
def faulty(settings: Settings) -> FlaskClient:
    """A house with that door, at a page's address and at a program's."""
    house: Flask = create_app(settings)
    house.add_url_rule("/breaks", "breaks", breaks)
    house.add_url_rule("/api/v1/breaks", "api.breaks", breaks)
    return house.test_client()


@pytest.mark.parametrize("path", ["/breaks", "/api/v1/breaks"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "block"])
@pytest.mark.usefixtures("inside")
def test_a_fault_is_told_without_what_it_was(
    faulty: FlaskClient, caplog: pytest.LogCaptureFixture, path: str, headers: dict[str, str]
) -> None:
    with caplog.at_level(logging.ERROR, "web"):
        answer = faulty.get(path, headers=headers)
    assert answer.status_code == 500
    for inner in (CANARY, "LookupError", "Traceback", "SELECT"):
        assert inner not in answer.text
        assert inner not in str(answer.headers)
    assert answer.headers["X-Request-Id"].startswith("req_")
    (noted,) = [record for record in caplog.records if record.name == "web"]
    assert noted.exc_info
    assert CANARY in str(noted.exc_info[1])
    assert rows("SELECT FROM inbox WHERE external_id = :canary", canary=CANARY) == []
    assert faulty.get("/livez").status_code == 200
