"""The console's pages of refunds and disputes: the time that is left, both beside each other, and who may ask."""

from datetime import timedelta

import pytest
from flask import Flask

from app.core import clock
from app.core.db import leave, rows
from app.core.permissions import Role
from app.web import filters
from tests.makers import browse, giving_back, people
from tests.makers.people import Customer, naira
from tests.web.console.conftest import enter

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


@pytest.fixture
def charge(owner: Customer) -> str:
    return giving_back.credited(owner, naira(50_000))


def test_the_queue_says_how_much_time_is_left(app: Flask, charge: str) -> None:
    due_at = clock.now() + timedelta(hours=3, minutes=20, seconds=30)
    found = giving_back.dispute(giving_back.told_dispute(charge, naira(9), due_at=due_at), naira(9))
    page = enter(app, Role.FINANCE).get("/console/disputes").text
    assert f'href="/console/disputes/{found.id}"' in page
    assert "3 h 20 min left" in page
    assert filters.wat(due_at) in page
    assert filters.wat(due_at) in enter(app, Role.FINANCE).get(f"/console/disputes/{found.id}").text


def test_one_page_shows_what_is_held_what_was_said_and_the_refund_beside_it(app: Flask, charge: str) -> None:
    giving_back.adopted(giving_back.told_refund(charge, naira(1_000)))
    found = giving_back.dispute(giving_back.told_dispute(charge, naira(50_000)), naira(50_000))
    page = enter(app, Role.SUPPORT).get(f"/console/disputes/{found.id}").text
    assert "49,000" in page  # held
    assert "goes back by a refund too" in page
    assert "To be answered" in page


def test_a_lost_one_shows_what_is_owed(app: Flask, owner: Customer, charge: str) -> None:
    giving_back.spent(owner, naira(40_000))
    told = giving_back.told_dispute(charge, naira(50_000), giving_back.LOST)
    found = giving_back.dispute(told, naira(50_000))
    page = enter(app, Role.FINANCE).get(f"/console/disputes/{found.id}").text
    assert "40,000" in page
    assert f"/console/ledger/journals/{found.journal_id}" in page
    assert found.id in enter(app, Role.FINANCE).get("/console/disputes?view=lost").text


def test_what_is_no_state_is_the_first_view(app: Flask) -> None:
    assert enter(app, Role.FINANCE).get("/console/disputes?view=nonsense&after=dsp_none").status_code == 200


def test_finance_asks_for_a_refund_and_reads_why_not(app: Flask, charge: str) -> None:
    finance = enter(app, Role.FINANCE)
    fields = {"reference": charge, "amount": "60,000", "reason": "They ask for it."}
    refused = browse.send(finance, "/console/refunds", form_at="/console/refunds", **fields)
    assert refused.status_code == 422
    assert "more than is left" in refused.text
    assert 'value="60,000"' in refused.text  # what was typed is there still
    asked = browse.send(finance, "/console/refunds", form_at="/console/refunds", **fields | {"amount": "50,000"})
    assert asked.status_code == 303
    leave()
    assert giving_back.pending(f"refund:{charge}") == 1


def test_a_stuck_one_asks_for_an_account_under_the_name_its_bank_gives(app: Flask, owner: Customer) -> None:
    people.bank_account(owner, app=app)  # (the list of banks is here, then)
    place = f"/console/refunds/{giving_back.stuck()}"
    finance = enter(app, Role.FINANCE)
    assert place in finance.get("/console/refunds?view=stuck").text
    fields = {"bank_code": people.ZENITH, "account_number": "012345678", "reason": "Their bank says so."}
    refused = browse.send(finance, f"{place}/redirect", form_at=place, **fields)
    assert (refused.status_code, "10 digits" in refused.text) == (422, True)
    asked = browse.send(finance, f"{place}/redirect", form_at=place, **fields | {"account_number": "0123456789"})
    assert asked.status_code == 303
    leave()
    target = place.replace("/console/refunds/", "redirect:")
    (request,) = rows("SELECT payload FROM approval_requests WHERE target = :target", target=target)
    assert request.payload["account_name"]
    assert "was asked for" in finance.get(place).text


def test_one_says_why_it_was_asked_for_and_leads_to_who_agreed(app: Flask, charge: str) -> None:
    giving_back.agree(asked := giving_back.ask_refund(charge, naira(500)))
    (refund,) = rows("SELECT id FROM refunds WHERE reference = :reference", reference=charge)
    page = enter(app, Role.AUDITOR).get(f"/console/refunds/{refund.id}").text
    assert "They ask for it." in page
    assert f'href="/console/approvals/{asked.id}"' in page


def test_who_may_not_ask_sees_no_form(app: Flask) -> None:
    place = f"/console/refunds/{giving_back.stuck()}"
    page = enter(app, Role.TREASURY).get(place).text
    assert "Finance asks that it go to another account" in page
    assert "/redirect" not in page


def test_the_first_page_of_the_day_tells_of_what_must_be_answered(app: Flask, charge: str) -> None:
    giving_back.dispute(giving_back.told_dispute(charge, naira(1)), naira(1))
    page = enter(app, Role.FINANCE).get("/console/").text
    assert "Disputes to answer" in page
    assert "Unanswered they count as accepted" in page
