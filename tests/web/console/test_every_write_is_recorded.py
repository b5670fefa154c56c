"""Every door that writes leaves a record of the request, once it has succeeded. A new door without a call here fails.

The calls stand in `tests/web/scenes`, a file a topic. In a house of its own: months are closed and payouts halted here.
"""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.core.db import leave, rows
from app.core.permissions import Role
from tests.makers import browse
from tests.makers.databases import Database
from tests.makers.sandbox import SandboxProcess
from tests.web.scenes import (
    account,
    agreed,
    breaks,
    care,
    closing,
    console,
    dealing,
    elsewhere,
    joined,
    ledger,
    matching_rules,
    payouts,
    portal,
    programs,
    rates,
    reporting,
    review,
    safety,
    statements,
    trading,
    transfers,
    verification,
)
from tests.web.scenes.stage import Call, Scene

READS = {"GET", "HEAD", "OPTIONS"}
TOPICS = (
    *(portal, trading, transfers, safety, verification, account, programs, care),
    *(console, breaks, review, ledger, agreed, payouts, rates, dealing, reporting, statements, closing),
    *(matching_rules, joined),
)
RECORDED: dict[str, Call] = {endpoint: call for topic in TOPICS for endpoint, call in topic.CALLS.items()}
KEPT_ELSEWHERE: dict[str, Call] = elsewhere.CALLS
# flask-admin's own doors, which its tables keep closed: they answer by leading back to the list.
CLOSED = ("action_view", "ajax_update", "create_view", "delete_view", "edit_view")


@pytest.fixture
def scene(own_house: Flask, own_database: Database, sandbox: SandboxProcess) -> Scene:
    return Scene(own_house, own_database, sandbox)


def writing(app: Flask) -> set[str]:
    """Every endpoint that takes a method that writes."""
    return {rule.endpoint for rule in app.url_map.iter_rules() if (rule.methods or set()) - READS}


def records_of(answer: TestResponse) -> list[str]:
    """The actors of what the request of this answer left in the record."""
    found = rows("SELECT actor FROM audit.records WHERE request_id = :id", id=answer.headers["X-Request-Id"])
    leave()
    return [row.actor for row in found]


def test_every_door_that_writes_is_called_here(own_house: Flask) -> None:
    closed = {endpoint for endpoint in writing(own_house) if endpoint.partition(".")[2] in CLOSED}
    assert writing(own_house) - closed == RECORDED.keys() | KEPT_ELSEWHERE
    assert {endpoint.partition(".")[0] for endpoint in closed} == {"journals"}


@pytest.mark.parametrize("endpoint", RECORDED)
def test_it_leaves_a_record_of_its_request(scene: Scene, endpoint: str) -> None:
    answer = RECORDED[endpoint](scene)
    assert answer.status_code < 400, answer.text
    made = records_of(answer)
    assert made, f"{endpoint} left no record"
    theirs = endpoint.startswith("console.") or endpoint == "portal.end_view"  # (staff look as a customer there)
    side = "operator:" if theirs else "customer:"
    assert all(who.startswith((side, "system:door:")) for who in made), made


@pytest.mark.parametrize("endpoint", KEPT_ELSEWHERE)
def test_it_leaves_what_it_says_instead(scene: Scene, endpoint: str) -> None:
    answer = KEPT_ELSEWHERE[endpoint](scene)
    assert answer.status_code < 400
    assert records_of(answer) == []  # or it belongs into the other table


@pytest.mark.parametrize("name", CLOSED)
def test_a_tables_own_doors_change_nothing(scene: Scene, name: str) -> None:
    adapter = scene.app.url_map.bind("localhost")
    path = adapter.build(f"journals.{name}", method="POST")
    before = rows("SELECT max(id) AS id, count(*) AS n FROM ledger.journals")
    leave()
    auditor = scene.staff(Role.AUDITOR)
    token = browse.token_of(auditor.get("/console/audit"))
    answer = auditor.post(path, data={"csrf_token": token, "id": "1", "rowid": "1", "action": "delete"})
    assert answer.status_code >= 300
    assert records_of(answer) == []
    assert rows("SELECT max(id) AS id, count(*) AS n FROM ledger.journals") == before
    leave()
