"""Every door by which staff look after customers' accounts leaves a record of its own request, in their name."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from app.core.db import leave, rows
from app.core.permissions import Role
from tests.makers import browse, care, people
from tests.web.console.conftest import enter

Call = Callable[[Flask, Engine], TestResponse]


def of_customer(role: Role, deed: str, *before: str) -> Call:
    """Somebody of this role does this to an account, after somebody of compliance did the others."""

    def call(app: Flask, _engine: Engine) -> TestResponse:
        place = f"/console/customers/{people.customer().id}"
        for each in before:
            officer = enter(app, Role.COMPLIANCE_OFFICER)
            browse.send(officer, f"{place}/{each}", form_at=place, reason="A reason.")
        return browse.send(enter(app, role), f"{place}/{deed}", form_at=place, reason="A reason.", wanted_by="us")

    return call


def reveal(app: Flask, _engine: Engine) -> TestResponse:
    """An auditor sees an address."""
    place = f"/console/reveal/email/{people.customer().id}"
    return browse.send(enter(app, Role.AUDITOR), place, why="Other", reason="The yearly review.")


def request_recovery(app: Flask, engine: Engine) -> TestResponse:
    """Support asks that a recovery be carried out, when its time has come."""
    recovery_id = care.lost_mailbox(people.customer())
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text("UPDATE recoveries SET possible_at = created_at WHERE id = :id"), {"id": recovery_id})
    return browse.send(enter(app, Role.SUPPORT), f"/console/recoveries/{recovery_id}", reason="A reason.")


RECORDED: dict[str, Call] = {
    "console.freeze_customer": of_customer(Role.COMPLIANCE_MANAGER, "freeze"),
    "console.safety_lock_customer": of_customer(Role.SUPPORT, "safety-lock"),
    "console.request_unfreeze": of_customer(Role.COMPLIANCE_OFFICER, "unfreeze", "freeze"),
    "console.reveal": reveal,
    "console.request_recovery": request_recovery,
}


@pytest.mark.parametrize("endpoint", RECORDED)
def test_it_leaves_a_record_of_its_request(app: Flask, inside: Flask, owner_engine: Engine, endpoint: str) -> None:
    answer = RECORDED[endpoint](app, owner_engine)
    assert answer.status_code < 400, answer.text
    found = rows("SELECT actor, reason FROM audit.records WHERE request_id = :id", id=answer.headers["X-Request-Id"])
    leave()
    told = [row for row in found if "A reason." in row.reason or "The yearly review." in row.reason]
    assert told, found
    assert all(row.actor.startswith("operator:") for row in told)
