"""Doors that leave another trace than a record: each call looks for it."""

import hmac
import json
import logging
import secrets
from hashlib import sha512

from werkzeug.test import TestResponse

from app.core import tasks
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.screening import queries
from reports import receipts
from tests.makers import browse, listed
from tests.makers.sandbox import SECRET
from tests.web.scenes.dealing import read_venue
from tests.web.scenes.programs import ask_quote
from tests.web.scenes.stage import TEST, Call, Scene
from tests.web.scenes.statements import propose_columns
from tests.web.scenes.trading import make_quote, requote


def retry_job(scene: Scene) -> TestResponse:
    ref = secrets.token_hex(8)
    with transaction(TEST):
        tasks.add("payments.refresh_banks", ref=ref, queue="default")
    scene.owner_does("UPDATE tasks SET status = 'dead', ended_at = now() WHERE ref = :ref", ref=ref)
    (row,) = rows("SELECT id FROM tasks WHERE ref = :ref", ref=ref)
    leave()
    answer = browse.send(scene.staff(Role.TREASURY), f"/console/jobs/{row.id}/retry", form_at="/console/jobs")
    (move,) = rows("SELECT actor FROM moves WHERE machine = 'task' AND subject = :id", id=str(row.id))
    leave()
    assert move.actor.startswith("operator:")
    return answer


def pull_settlements(scene: Scene) -> TestResponse:
    answer = browse.send(scene.staff(Role.FINANCE), "/console/settlements")
    (event,) = rows("SELECT subject FROM outbox WHERE name = 'settlement.pull_asked' ORDER BY id DESC LIMIT 1")
    leave()
    assert event.subject.startswith("operator:")
    return answer


def receive(scene: Scene) -> TestResponse:
    body = json.dumps({"event": "test", "data": {"reference": secrets.token_hex(8)}}).encode()
    signature = hmac.new(SECRET.encode(), body, sha512).hexdigest()
    answer = scene.app.test_client().post(
        "/callbacks/paystack", data=body, headers={"x-paystack-signature": signature}, content_type="application/json"
    )
    assert len(rows("SELECT FROM inbox WHERE body = :body", body=body)) == 1
    leave()
    return answer


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.kept.append(record)


def policy_report(scene: Scene) -> TestResponse:
    log, lines = logging.getLogger("policy"), Lines()
    told = {"csp-report": {"effective-directive": "img-src", "document-uri": "http://localhost/"}}
    level = log.level
    log.setLevel(logging.WARNING)
    log.addHandler(lines)
    try:
        answer = scene.app.test_client().post("/csp-report", data=json.dumps(told))
    finally:
        log.removeHandler(lines)
        log.setLevel(level)
    assert [line.facts["rule"] for line in lines.kept] == ["img-src"]  # type: ignore[attr-defined]
    return answer


def search_screening(scene: Scene) -> TestResponse:
    name = queries.hit_for_operators(listed.open_hit()).entry.names[0]
    leave()
    answer = browse.send(scene.staff(Role.COMPLIANCE_OFFICER), "/console/screening/search", q=name)
    assert name in answer.text
    return answer


def check_receipt(scene: Scene) -> TestResponse:
    customer, _ = scene.rich()
    deposit_id = rows("SELECT id FROM deposits WHERE customer_id = :me", me=customer.id)[0].id
    code = receipts.code_of(deposit_id)
    leave()
    answer = browse.send(scene.app.test_client(), "/receipts/check", reference=deposit_id, code=code)
    assert "This receipt is ours" in answer.text
    return answer


CALLS: dict[str, Call] = {
    "console.propose_statement_columns": propose_columns,
    "api.ask_quote": ask_quote,
    "portal.make_quote": make_quote,
    "portal.requote": requote,
    "console.pull_settlements": pull_settlements,
    "console.read_venue": read_venue,
    "portal.check_receipt": check_receipt,  # nothing: it is a comparison
    "console.retry_job": retry_job,  # a line in moves: tasks are machinery (app/audit/exempt.py)
    "console.search_screening": search_screening,  # what was found: nothing of a search is kept
    "callbacks.receive": receive,  # the message itself, byte for byte; what is done about it is recorded then
    "reports.policy_report": policy_report,  # a line in the log: a browser's word, which changes nothing
}
