"""Recoveries in the console: seen by those who answer for them, asked for after 72 hours, agreed to by compliance."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from app.core import actor
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.identity import queries, recoveries, recovery
from app.identity.rules import RECOVERY_COOLS
from tests.makers import books, browse, care, people
from tests.web.console.conftest import Visitor, enter

pytestmark = pytest.mark.usefixtures("inside")

SYSTEM = actor.system("test")
LIST = "/console/recoveries"


def let_cool(engine: Engine, recovery_id: str) -> None:
    """Let the 72 hours pass, as the owner of the database."""
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        earlier = "UPDATE recoveries SET possible_at = possible_at - CAST(:cools AS interval) WHERE id = :id"
        connection.execute(text(earlier), {"cools": RECOVERY_COOLS + timedelta(minutes=1), "id": recovery_id})


def listed(client: FlaskClient, view: str = "asked") -> set[str]:
    """The recoveries on the first page."""
    return set(re.findall(r'href="/console/recoveries/(rc_\w+)"', client.get(f"{LIST}?view={view}").text))


class TestTheList:
    def test_is_for_those_who_answer_for_it(self, visitor: Visitor) -> None:
        sees = {Role.SUPPORT, Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER, Role.AUDITOR}
        for role in Role:
            assert visitor(role).get(LIST).status_code == (200 if role in sees else 403), role

    def test_holds_those_of_known_customers_by_state(self, visitor: Visitor) -> None:
        client, owner = visitor(Role.SUPPORT), people.customer()
        asked = care.lost_mailbox(owner, contact=f"{books.fresh('new')}@test.example")
        noted = care.noted_recovery("nobody@nowhere.example")
        assert asked in listed(client)
        assert noted not in listed(client)
        assert client.get(f"{LIST}/{noted}").status_code == 404
        token = recoveries.recovery_token_for_system(asked)
        assert token
        with transaction(SYSTEM):
            recovery.stop(token, actor=SYSTEM)
        assert asked not in listed(client)
        assert asked in listed(client, "stopped")


class TestOne:
    def test_says_from_when_it_is_possible_and_refuses_before(self, visitor: Visitor) -> None:
        client, owner = visitor(Role.SUPPORT), people.customer()
        contact = f"{books.fresh('new')}@test.example"
        at = f"{LIST}/{care.lost_mailbox(owner, contact=contact)}"
        page = client.get(at)
        assert "Possible in 2 days" in page.text or "Possible in 3 days" in page.text
        assert contact not in page.text
        assert owner.email not in page.text
        token = browse.token_of(client.get("/console/account"))
        sent = client.post(at, data={"csrf_token": token, "reason": "They showed a passport."})
        assert sent.status_code == 409
        assert "72 hours" in sent.text

    def test_is_refused_with_a_reason(self, visitor: Visitor) -> None:
        client, owner = visitor(Role.SUPPORT), people.customer()
        mine = care.lost_mailbox(owner, contact=f"{books.fresh('new')}@test.example")
        other = care.lost_mailbox(owner, contact=f"{books.fresh('new')}@test.example")
        at = f"{LIST}/{mine}"
        assert f"{LIST}/{other}" in client.get(at).text
        assert browse.send(client, f"{at}/refuse", form_at=at, reason=" ").status_code == 422
        assert mine in listed(client)
        assert browse.send(client, f"{at}/refuse", form_at=at, reason="They knew nothing.").status_code == 303
        assert mine not in listed(client)
        assert mine in listed(client, "refused")
        page = client.get(at).text
        assert "They knew nothing." in page
        assert "It is not the owner" not in page

    def test_is_asked_for_by_support_agreed_to_by_compliance_and_carried_out(
        self, app: Flask, visitor: Visitor, owner_engine: Engine, work_off: Callable[..., int]
    ) -> None:
        support, owner = visitor(Role.SUPPORT), people.customer(enrolled=True)
        contact = f"{books.fresh('new')}@test.example"
        recovery_id = care.lost_mailbox(owner, contact=contact)
        let_cool(owner_engine, recovery_id)
        at = f"{LIST}/{recovery_id}"
        assert browse.send(support, at, reason=" ").status_code == 422
        assert browse.send(support, at, reason="They showed a passport.").status_code == 303
        page = support.get(at).text
        assert "A change was asked for by" in page
        found = re.search(r'href="(/console/approvals/grq_\w+)"', page)
        assert found
        assert support.get(found[1]).status_code == 200
        assert "Give Ada Obi their account back" in support.get("/console/approvals?view=mine").text
        officer = enter(app, Role.COMPLIANCE_OFFICER)
        assert found[1] in officer.get("/console/approvals?view=me").text
        detail = officer.get(found[1])
        assert contact not in detail.text
        shown = re.search(r'name="shown" value="(\w+)"', detail.text)
        assert shown
        agreed = browse.send(officer, f"{found[1]}/approve", form_at=found[1], shown=shown[1], reason="")
        assert agreed.status_code == 303
        work_off()
        leave()
        assert queries.address_for_system(owner.login_id) == contact
        assert not queries.enrolled(owner=owner.login_id)
        assert recovery_id in listed(support, "carried_out")
