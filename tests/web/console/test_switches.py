"""Switches on the pages: everybody of staff sees what is off, who stops says why, customers read that they wait."""

import pytest
from flask import Flask

from app.core.permissions import Role
from app.risk import queries
from tests.makers import browse, people, switched
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")
BANNER = "Payouts of BNB are turned off since"


def test_what_is_off_stands_on_every_page_of_the_console(visitor: Visitor) -> None:
    with switched.stopped("asset:BNB"):
        for role, page in ((Role.SUPPORT, "/console/"), (Role.TREASURY, "/console/payouts")):
            assert BANNER in visitor(role).get(page).text
    assert BANNER not in visitor(Role.SUPPORT).get("/console/").text


def test_nothing_is_stopped_without_a_reason_or_by_who_may_not(visitor: Visitor) -> None:
    switched.all_on("asset:BNB")
    treasury, support, place = visitor(Role.TREASURY), visitor(Role.SUPPORT), "/console/switches"
    for fields in ({"scope": "asset:BNB", "reason": " "}, {"scope": "nothing", "reason": "x"}):
        assert browse.send(treasury, place, **fields).status_code == 422
    assert "Turn something off" not in support.get(place).text
    assert not [one for one in queries.switches_off_for_operators() if one.scope == "asset:BNB"]


def test_all_payouts_stop_after_a_second_look(visitor: Visitor) -> None:
    switched.all_on("all")
    treasury, place, said = visitor(Role.TREASURY), "/console/switches", {"scope": "all", "reason": "An <i>attack</i>."}
    look = browse.send(treasury, place, **said).text
    assert "Turn off all payouts?" in look
    assert "An &lt;i&gt;attack&lt;/i&gt;." in look
    assert not [one for one in queries.switches_off_for_operators() if one.scope == "all"]
    try:
        assert browse.send(treasury, place, **said, sure="all").status_code == 303
        assert [one.reason for one in queries.switches_off_for_operators() if one.scope == "all"] == [said["reason"]]
    finally:
        switched.all_on("all")


def test_customers_read_that_withdrawals_stand_still(app: Flask) -> None:
    owner, client = people.customer(enrolled=True), app.test_client()
    people.bank_account(owner, app=app)
    browse.come_in(client, owner.email)
    with switched.stopped("rail:bank"):
        assert "Withdrawals stand still" in client.get("/withdraw").text
    assert "Withdrawals stand still" not in client.get("/withdraw").text
