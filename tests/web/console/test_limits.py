"""Limits and fees in the console, and a customer's own: read by words, asked for by a form."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import leave, rows, transaction
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.customers.rules import Tier
from app.risk import service as risk
from app.risk.rules import Direction, Rail
from app.risk.service import Intent
from tests.makers import books, browse, people
from tests.makers.people import naira
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")

LIMITS, FEES, THRESHOLDS = "/console/limits", "/console/fees", "/console/thresholds"
FIELDS = {"tier": "t1", "scope": "bank.in", "single": "40,000", "day": "", "balance": "0", "reason": "The law."}


def tomorrow() -> str:
    return (clock.now().astimezone(WAT).date() + timedelta(days=1)).isoformat()


def of_request(place: str) -> dict[str, object]:
    """What was asked for."""
    (found,) = rows("SELECT payload FROM approval_requests WHERE id = :id", id=place.rpartition("/")[2])
    leave()
    return dict(found.payload)


class TestLimits:
    def test_say_what_is_no_limit_and_what_is_blocked(self, visitor: Visitor) -> None:
        text = visitor(Role.AUDITOR).get(LIMITS).text
        assert "no limit" in text
        assert "blocked" in text
        assert "₦50,000.00" in text
        assert "Ask for other limits" not in text

    def test_are_asked_for_by_a_form(self, visitor: Visitor) -> None:
        client = visitor(Role.ADMIN)
        sent = browse.send(client, LIMITS, **FIELDS, starts_on=tomorrow(), key=books.fresh())
        assert sent.status_code == 303
        asked = of_request(sent.location)
        assert asked["bounds"] == {"single": "4000000", "balance": "0"}
        assert asked["scope"] == ["bank", "in", "*"]
        shown = client.get(sent.location).text
        assert "blocked" in shown
        assert "₦40,000.00" in shown
        assert sent.location in client.get(LIMITS).text

    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ({"single": "x"}, "Write the amount in digits"),
            ({"scope": "moon.in"}, "Choose a tier"),
            ({"tier": "t9"}, "Choose a tier"),
            ({"starts_on": "soon"}, "on which day"),
            ({"starts_on": "2026-01-01"}, "a day to come"),
            ({"single": "9", "day": "8"}, "fits a day"),
        ],
    )
    def test_that_cannot_be_stay_in_the_form(self, visitor: Visitor, typed: dict[str, str], told: str) -> None:
        fields = {**FIELDS, "starts_on": tomorrow(), "key": books.fresh(), **typed}
        answer = browse.send(visitor(Role.ADMIN), LIMITS, **fields)
        assert answer.status_code == 422
        assert told in answer.text
        assert "The law." in answer.text

    def test_begin_with_what_counts_where_a_link_names_it(self, visitor: Visitor) -> None:
        text = visitor(Role.ADMIN).get(f"{LIMITS}?tier=t1&scope=bank.out").text
        assert 'value="300000.00"' in text


class TestFees:
    def test_are_asked_for_by_a_form(self, visitor: Visitor) -> None:
        client = visitor(Role.FINANCE)
        assert "₦25.00" in client.get(FEES).text
        fields = {"over-0": "0", "flat-0": "10", "share-0": "1.25", "cap-0": "2,000", "reason": "The vendor."}
        place = f"{FEES}/bank.out.NGN"
        sent = browse.send(client, place, form_at=FEES, **fields, starts_on=tomorrow(), key=books.fresh())
        assert sent.status_code == 303
        assert of_request(sent.location)["bands"] == [{"over": "0", "flat": "1000", "bps": 125, "cap": "200000"}]
        assert "₦10.00 and 1.25 %, at most ₦2,000.00" in client.get(sent.location).text

    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ({"share-0": "1.255"}, "at most 2 decimals"),
            ({"share-0": "101"}, "more than the whole"),
            ({"over-0": "5"}, "first band"),
            ({"starts_on": ""}, "on which day"),
        ],
    )
    def test_that_cannot_be_stay_in_the_form(self, visitor: Visitor, typed: dict[str, str], told: str) -> None:
        fields = {"over-0": "0", "flat-0": "10", "reason": "Why not.", "starts_on": tomorrow(), "key": books.fresh()}
        place = f"{FEES}/bank.out.NGN"
        answer = browse.send(visitor(Role.FINANCE), place, form_at=FEES, **(fields | typed))
        assert answer.status_code == 422
        assert told in answer.text
        assert "Why not." in answer.text


class TestThresholds:
    def test_are_asked_for_by_a_form(self, visitor: Visitor) -> None:
        client = visitor(Role.ADMIN)
        assert 'value="100000.00"' in client.get(f"{THRESHOLDS}?name=dormant_amount").text
        fields = {"name": "dormant_amount", "value": "90,000", "reason": "They wake up sooner."}
        sent = browse.send(client, THRESHOLDS, **fields, starts_on=tomorrow(), key=books.fresh())
        assert sent.status_code == 303
        asked = of_request(sent.location)
        assert (asked["value"], asked["was"]) == ("9000000", "10000000")
        assert "₦90,000.00" in client.get(sent.location).text
        assert sent.location in client.get(THRESHOLDS).text

    def test_are_read_by_who_may_not_ask(self, visitor: Visitor) -> None:
        text = visitor(Role.AUDITOR).get(THRESHOLDS).text
        assert "80 %" in text
        assert "Ask for another" not in text

    @pytest.mark.parametrize(
        ("typed", "told"),
        [({"name": "x"}, "Choose a threshold"), ({"starts_on": ""}, "which day"), ({"value": ""}, "digits")],
    )
    def test_that_cannot_be_stay_in_the_form(self, visitor: Visitor, typed: dict[str, str], told: str) -> None:
        fields = {"name": "dormant_days", "value": "90", "reason": "Why not.", "starts_on": tomorrow()} | typed
        answer = browse.send(visitor(Role.ADMIN), THRESHOLDS, **fields, key=books.fresh())
        assert answer.status_code == 422
        assert told in answer.text
        assert "Why not." in answer.text


class TestOfACustomer:
    def test_are_seen_by_them_and_by_staff(self, visitor: Visitor, client: FlaskClient) -> None:
        who = people.customer(tier=Tier.T1)
        with transaction(who.actor):
            risk.check(Intent(books.fresh(), who.id, Rail.BANK, Direction.OUT, naira(20_000)))
        leave()
        browse.come_in(client, who.email)
        own = client.get("/limits").text
        assert "₦20,000.00 of ₦50,000.00" in own
        assert "₦30,000.00 left" in own
        assert "Next: Tier 2" in own
        assert "up to ₦200,000.00" in own
        assert "₦20,000.00 of ₦50,000.00" in client.get("/withdraw").text
        text = visitor(Role.SUPPORT).get(f"/console/customers/{who.id}").text
        assert "₦20,000.00 of ₦50,000.00" in text
        assert "Tier 1" in text
        assert "Documents were looked at." in text

    def test_that_money_came_over_are_flagged(self, visitor: Visitor) -> None:
        who = people.customer(tier=Tier.T1)
        with transaction(actor.system("test")):
            came = Intent(books.fresh(), who.id, Rail.BANK, Direction.IN, Money(NGN, 60_000_00))
            risk.count_what_came(came)
        leave()
        client = visitor(Role.COMPLIANCE_OFFICER)
        assert f"/console/customers/{who.id}" in client.get(LIMITS).text
        assert "₦60,000.00 came over a limit" in client.get(f"/console/customers/{who.id}").text
