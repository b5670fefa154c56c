"""Where the console's sidebar, its keys and the links of objects lead."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.clients.paystack_answers import Transfer
from app.core import actor, ids
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.payments import payouts, suspense
from app.staff import service as staff
from app.web.console.base import PLACES
from tests.makers import giving_back, people
from tests.makers.people import naira
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")


def test_no_two_places_have_the_same_key() -> None:
    keys = [place.key for _, places in PLACES for place in places]
    assert len(keys) > 10
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
def test_a_request_leads_to_its_approval_from_the_record(visitor: Visitor, role: Role) -> None:
    maker, subject = (people.operator(each)[0] for each in (Role.ADMIN, Role.SUPPORT))
    who = actor.operator(maker)
    with transaction(who):
        asked = staff.request_roles(subject, roles=["finance"], reason="A job.", maker=maker, actor=who).id
    leave()
    client = visitor(role)
    record = re.search(r'href="(/console/audit/\d+)', client.get(f"/console/audit?object={asked}").text)
    assert record
    assert f'href="/console/approvals/{asked}"' in client.get(record[1]).text


def test_a_reference_leads_to_what_goes_by_it(app: Flask, visitor: Visitor) -> None:
    owner = people.customer()
    reference = giving_back.credited(owner, naira(3_000))
    giving_back.agree(giving_back.ask_refund(reference, naira(500)))
    (refund,) = rows("SELECT id FROM refunds WHERE reference = :reference", reference=reference)
    leave()
    finance, officer = visitor(Role.FINANCE), visitor(Role.COMPLIANCE_OFFICER)

    def found(client: FlaskClient, text: str) -> list[str]:
        return [each["url"] for each in client.get("/console/find", query_string={"q": text}).get_json()]

    both = [f"/console/refunds/{refund.id}", f"/console/customers/{owner.id}"]
    assert found(finance, reference) == both
    assert found(finance, f" {refund.id} ") == both[:1]
    assert found(officer, reference) == both[1:]  # (refunds are none of theirs)
    assert found(finance, "") == found(finance, "nowhere") == found(finance, owner.email) == []


def test_a_transfer_leads_to_its_attempt_and_a_stray_reference_to_suspense(visitor: Visitor) -> None:
    treasurer, second = visitor(Role.TREASURY), f"{ids.new('po')}-2"
    code, stray = ids.new("TRF"), ids.new("stray")
    who = actor.system("test")
    with transaction(who):
        suspense.suspend(suspense.Trouble(stray, "test", stray, "A reason."), actor=who)
        payouts.begin(second, amount=naira(500), recipient_code="RCP_x", actor=who)
        payouts.record(second, transfer=Transfer(second, "pending", 50_000, None, "NGN", code, None), actor=who)
    leave()
    (item,) = rows("SELECT id FROM suspense_items WHERE reference = :stray", stray=stray)
    leave()
    for text, url in ((second, f"payouts/{second}"), (code, f"payouts/{second}"), (stray, f"suspense/{item.id}")):
        answer = visitor(Role.FINANCE) if text == stray else treasurer
        found = answer.get("/console/find", query_string={"q": text}).get_json()
        assert [each["url"] for each in found] == [f"/console/{url}"]


def test_who_only_reads_finds_nothing_to_send(visitor: Visitor) -> None:
    client = visitor(Role.AUDITOR)
    places = (
        "disputes",
        "refunds",
        "payouts",
        "switches",
        "suspense",
        "thresholds",
        "cases",
        "fees",
        "limits",
        "rates",
        "rates/spreads",
        "rates/pairs/BTC-USDT",
        "rates/feeds/luno",
    )
    for place in (*places, "settlements", "settlements/float", "settlements/prices", "withdrawals"):
        answer = client.get(f"/console/{place}")
        assert answer.status_code == 200, place
        body = answer.text.partition("<main")[2].partition("</main>")[0]
        assert body, place
        assert 'method="post"' not in body, place
