"""The page of one item in suspense: what finance can ask for, and what it says when that cannot be."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import actor
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.payments import deposits, queries, requests
from tests.makers import browse, paying, people
from tests.makers.people import naira
from tests.web.console.conftest import enter


@pytest.fixture
def item_id(inside: Flask) -> str:
    return paying.stray(naira(700))


@pytest.fixture
def finance(app: Flask, inside: Flask) -> FlaskClient:
    return enter(app, Role.FINANCE)


def page(client: FlaskClient, item_id: str) -> str:
    return " ".join(client.get(f"/console/suspense/{item_id}").get_data(as_text=True).split())


def send(client: FlaskClient, item_id: str, act: str, **fields: str) -> tuple[int, str]:
    place = f"/console/suspense/{item_id}"
    answer = browse.send(client, f"{place}/{act}", form_at=place, **fields)
    return answer.status_code, " ".join(answer.get_data(as_text=True).split())


def test_finance_asks_and_the_page_says_so(finance: FlaskClient, item_id: str) -> None:
    shown = page(finance, item_id)
    assert "ADA OBI" in shown
    assert "Ask that they be credited" in shown
    owner = people.customer()
    leave()
    status, _ = send(finance, item_id, "assign", customer=owner.email, evidence="Their bank's statement shows it.")
    assert status == 303
    assert "was asked for" in page(finance, item_id)


@pytest.mark.parametrize(
    ("chosen", "shows"),
    [
        ("topic=unknown&money=1&turn=finance", True),
        ("topic=name", False),
        ("age=day", False),
        ("turn=treasury", False),
        ("topic=nonsense&age=nonsense&turn=nonsense", True),
    ],
)
def test_the_queue_is_looked_through(finance: FlaskClient, item_id: str, chosen: str, *, shows: bool) -> None:
    queue = finance.get(f"/console/suspense?{chosen}")
    assert (queue.status_code, item_id in queue.get_data(as_text=True)) == (200, shows)


def test_a_name_to_look_at_leads_to_the_refund_and_closes_with_a_note(finance: FlaskClient) -> None:
    owner = people.customer()
    number = paying.account_number(owner)
    charge = paying.came(50_000, number, sender="ADA")
    account = queries.dedicated_by_number_for_system(number)
    assert account is not None
    leave()
    with transaction(paying.SYSTEM):
        deposits.receive(charge, account=account, our_domain="test", actor=paying.SYSTEM)
    leave()
    found = paying.item_of(charge.reference).id
    leave()
    shown = page(finance, found)
    assert "ask that it go back" in shown
    assert f"/console/refunds?reference={charge.reference}" in shown
    status, _ = send(finance, found, "resolve", note="It is her short name: her statement shows it.")
    assert (status, paying.item_of(charge.reference).state) == (303, "resolved")


@pytest.mark.parametrize(
    ("act", "fields", "says"),
    [
        ("assign", {"customer": "nobody@test.example", "evidence": "Their bank's statement."}, "no such customer"),
        ("assign", {"customer": "", "evidence": "Short."}, "no such customer"),
        ("split", {"parts": "300\n300", "split_reason": "x"}, "add up to the whole"),
        ("split", {"parts": "300\nmany", "split_reason": "x"}, "field-error"),
        ("return", {"return_reason": ""}, "field-error"),
    ],
)
def test_what_cannot_be_asked_is_said_where_it_was_typed(
    finance: FlaskClient, item_id: str, act: str, fields: dict[str, str], says: str
) -> None:
    status, shown = send(finance, item_id, act, **fields)
    assert status in {404, 409, 422}
    assert says in shown


def test_parts_and_their_whole_lead_to_each_other(finance: FlaskClient, item_id: str) -> None:
    maker = people.operator(Role.FINANCE)[0]
    with transaction(who := actor.operator(maker)):
        asked = requests.request_splitting(
            item_id, parts=[naira(300), naira(400)], reason="Two payers.", maker=maker, actor=who
        )
    paying.agreed(asked)
    first, second = queries.suspense_parts_for_operators(item_id)
    leave()
    whole = page(finance, item_id)
    assert all(f"/console/suspense/{part}" in whole for part in (first.id, second.id))
    assert f"/console/suspense/{item_id}" in page(finance, first.id)


def test_who_may_only_look_is_shown_no_form(app: Flask, item_id: str) -> None:
    shown = page(enter(app, Role.AUDITOR), item_id)
    assert "Ask that" not in shown
    assert "Finance asks that it be credited" in shown


def test_the_list_can_leave_out_what_no_money_stands_behind(finance: FlaskClient, item_id: str) -> None:
    assert f"/console/suspense/{item_id}" in finance.get("/console/suspense?money=1").get_data(as_text=True)
