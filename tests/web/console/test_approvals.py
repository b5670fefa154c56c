"""Approvals, staff and policies at the console: asked for by one, decided by others, said in words."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, pool
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from app.core.db import leave
from app.core.permissions import Role
from app.governance import queries
from app.governance.rules import Leg, Rule
from app.identity import queries as identity
from jobs import runtime
from tests.makers import browse, governed, mailbox, people
from tests.makers.books import fresh
from tests.makers.databases import Database
from tests.web.console.conftest import Visitor, enter

INBOX = "/console/approvals"


@pytest.fixture
def admin(visitor: Visitor) -> FlaskClient:
    """Who asks."""
    return visitor(Role.ADMIN)


@pytest.fixture
def other(visitor: Visitor) -> FlaskClient:
    """Another of the same role."""
    return visitor(Role.ADMIN)


@pytest.fixture
def person(inside: Flask) -> str:
    """Whose roles it is about."""
    found = people.operator(Role.SUPPORT)[0]
    leave()
    return found


def send(client: FlaskClient, form_at: str, *roles: str, to: str = "", **fields: str) -> TestResponse:
    """Fill a form in and send it; the key of the page counts unless another is given."""
    page = client.get(form_at)
    assert page.status_code == 200, page.text
    sent: MultiDict[str, str] = MultiDict({"csrf_token": browse.token_of(page), "key": browse.key_of(page), **fields})
    for role in roles:
        sent.add("roles", role)
    return client.post(to or form_at, data=sent)


def asked(client: FlaskClient, person: str, *roles: str, **fields: str) -> str:
    """Ask for other roles: the address of the request."""
    place = f"/console/operators/{person}"
    answer = send(client, place, *roles, to=f"{place}/roles", **{"reason": "A new <job>.", **fields})
    assert answer.status_code == 303, answer.text
    return answer.location


def act(client: FlaskClient, place: str, name: str, **fields: str) -> str:
    """Do it and answer the page that comes after."""
    answer = browse.send(client, f"{place}/{name}", form_at=place, **fields)
    assert answer.status_code == 303, answer.text
    return client.get(answer.location).text


def shown(client: FlaskClient, place: str) -> str:
    """The hash of the content on the page."""
    found = re.search(r'name="shown" value="([0-9a-f]+)"', client.get(place).text)
    assert found
    return found[1]


def in_inbox(client: FlaskClient, place: str) -> bool:
    """Whether a request is on one of the inbox's pages: other tests' wait there too."""
    page: str | None = INBOX
    while page:
        text = client.get(page).text
        if place in text:
            return True
        older = re.search(r'href="(/console/approvals\?[^"]*before=[^"]+)"', text)
        page = older[1].replace("&amp;", "&") if older else None
    return False


class TestRoles:
    def test_are_asked_for_and_agreed_to(
        self, admin: FlaskClient, other: FlaskClient, person: str, work_off: Callable[..., int]
    ) -> None:
        place = asked(admin, person, "finance")
        page = admin.get(place).text
        for words in (
            "<del>support</del>",
            "<ins>finance</ins>",
            "A new &lt;job&gt;.",
            "0 of 1 from admin",
            "Time left",
        ):
            assert words in page, words
        assert 'data-open="approve"' not in page
        assert in_inbox(other, place)
        assert place not in admin.get(INBOX).text
        assert place in admin.get(f"{INBOX}?view=mine").text
        assert "A change was asked for" in admin.get(f"/console/operators/{person}").text
        assert "A change waits" in admin.get("/console/operators").text
        assert "being carried out" in act(other, place, "approve", shown=shown(other, place))
        work_off()
        leave()
        assert identity.roles_for_system(person) == ["finance"]
        page = other.get(place).text
        assert "Done" in page
        assert place in other.get(f"{INBOX}?view=ended").text
        assert place in other.get(f"/console/operators/{person}").text

    def test_sent_twice_are_asked_for_once(self, admin: FlaskClient, person: str) -> None:
        key = fresh()
        assert asked(admin, person, "finance", key=key) == asked(admin, person, "finance", key=key)

    @pytest.mark.parametrize(
        ("roles", "reason", "says"),
        [
            (["finance", "treasury"], "x", "may not meet"),
            (["support"], "x", "the roles that they have"),
            (["finance"], " ", "Say why."),
            (["root"], "x", "Choose at least one role."),
        ],
    )
    def test_that_cannot_be_are_refused_in_place(
        self, admin: FlaskClient, person: str, roles: list[str], reason: str, says: str
    ) -> None:
        place = f"/console/operators/{person}"
        answer = send(admin, place, *roles, to=f"{place}/roles", reason=reason)
        assert answer.status_code == 422
        assert says in answer.text

    def test_are_denied_with_a_reason(self, admin: FlaskClient, other: FlaskClient, person: str) -> None:
        place = asked(admin, person, "finance")
        assert "Say why." in act(other, place, "deny", reason="")
        assert "Denied. It is not carried out." in act(other, place, "deny", reason="Not yet.")
        assert "Not yet." in admin.get(place).text

    def test_are_taken_back_by_who_asked(self, admin: FlaskClient, other: FlaskClient, person: str) -> None:
        place = asked(admin, person, "finance")
        assert "Only who asked" in act(other, place, "cancel")
        assert "Taken back. Nothing was changed." in act(admin, place, "cancel")

    def test_are_not_agreed_to_by_who_asked_or_unseen(
        self, admin: FlaskClient, other: FlaskClient, person: str
    ) -> None:
        place = asked(admin, person, "finance")
        assert "It needs a second person." in act(admin, place, "approve", shown="x")
        assert "not what you were shown" in act(other, place, "approve", shown="x")

    def test_in_the_drawer_are_a_fragment(self, admin: FlaskClient, other: FlaskClient, person: str) -> None:
        place = asked(admin, person, "finance")
        page = other.get(place, headers={"HX-Request": "true"})
        assert page.text.lstrip().startswith('<div id="drawer"')
        hash_ = shown(other, place)
        fields = {"csrf_token": browse.token_of(other.get(place)), "shown": hash_}
        answer = other.post(f"{place}/approve", data=fields, headers={"HX-Request": "true"})
        assert (answer.status_code, "decided" in answer.headers["HX-Trigger"]) == (200, True)
        again = other.post(f"{place}/approve", data=fields, headers={"HX-Request": "true"})
        assert again.status_code == 409
        assert again.text.lstrip().startswith('<div id="drawer"')

    def test_that_could_not_be_changed_can_be_tried_again(
        self, admin: FlaskClient, other: FlaskClient, person: str, work_off: Callable[..., int]
    ) -> None:
        first, second = asked(admin, person, "finance"), asked(admin, person, "treasury")
        for place in (first, second):
            act(other, place, "approve", shown=shown(other, place))
            work_off()
        page = other.get(second).text
        assert "It was agreed to and could not be done" in page
        assert "Their roles were changed since" in page
        assert "It is being tried again." in act(other, second, "retry")
        work_off()
        assert "could not be done" in other.get(second).text


class TestWhoMay:
    def test_see_and_ask(self, visitor: Visitor, admin: FlaskClient, person: str) -> None:
        place = asked(admin, person, "finance")
        auditor, finance, support = (visitor(role) for role in (Role.AUDITOR, Role.FINANCE, Role.SUPPORT))
        page = auditor.get(place).text
        assert 'data-open="approve"' not in page
        assert browse.send(auditor, f"{place}/approve", form_at=INBOX).status_code == 403
        assert 'action="/console/operators' not in auditor.get(f"/console/operators/{person}").text
        assert auditor.get("/console/operators/invite").status_code == 403
        assert finance.get("/console/operators").status_code == 403
        assert support.get(place).status_code == finance.get(place).status_code == 404
        assert place not in support.get(f"{INBOX}?view=open").text
        assert place not in finance.get(f"{INBOX}?view=open").text
        assert place in auditor.get(f"{INBOX}?view=open").text
        assert place not in finance.get(INBOX).text

    def test_see_the_matrix(self, visitor: Visitor) -> None:
        page = visitor(Role.AUDITOR).get("/console/operators/roles").text
        row = page.partition('fw-semibold">Customers<')[2].partition("</tr>")[0]
        assert "freeze, read, request unfreeze, reveal, view as" in row  # (an officer's)
        assert "Who takes a role alone for an hour has of it only this" in page
        assert "finance and treasury" in page

    def test_are_counted_what_needs_them(self, admin: FlaskClient, other: FlaskClient, person: str) -> None:
        asked(admin, person, "finance")
        side = other.get("/console/jobs").text.partition(">Approvals<")[2][:200]
        assert "side-count" in side


class TestJoining:
    def test_is_by_a_link_and_a_password(
        self, admin: FlaskClient, other: FlaskClient, client: FlaskClient, work_off: Callable[..., int]
    ) -> None:
        address, form = f"{fresh()}@test.example", "/console/operators/invite"
        wrong = send(admin, form, name="Uche Obi", email=address, reason="Hired.")
        assert (wrong.status_code, "Choose at least one role." in wrong.text) == (422, True)
        place = send(admin, form, "support", name="Uche Obi", email=address, reason="Hired.").location
        assert "Uche Obi" in other.get("/console/operators").text
        act(other, place, "approve", shown=shown(other, place))
        work_off()
        link = mailbox.link_in(mailbox.letters_to(address)[0])
        leave()
        form_at = client.get(link).location  # (the token leaves the address)
        assert "Welcome, Uche Obi" in client.get(form_at).text
        for first, second, says in (("short", "short", "at least 10"), ("a long password", "another", "not the same")):
            answer = browse.send(client, form_at, password=first, again=second)
            assert (answer.status_code, says in answer.text) == (422, True)
        assert browse.send(client, form_at, password=people.PASSWORD, again=people.PASSWORD).status_code == 303
        browse.sign_in(client, address, console=True)
        work_off()
        assert not [one for one in mailbox.subjects_to(address) if "new device" in one]  # (they joined with it)
        assert client.get("/console/").location == "/console/factors"  # nobody works here without a second one
        spent = client.get(client.get(link).location)
        assert (spent.status_code, "This link does not work" in spent.text) == (404, True)
        assert "Joined" in admin.get("/console/operators").text


class TestPolicies:
    PLACE = "/console/policies/staff.invitation"

    def form(self, **changes: str) -> dict[str, str]:
        """The numbers as they stand, but for these."""
        numbers = {"count-0-0": "1", "count-0-1": "1", "count-1-0": "1", "count-2-0": "1"}
        for place in range(3):
            numbers |= {f"hours-{place}": "72", f"minutes-{place}": "0"}
        return {**numbers, "reason": "More care.", **{name.replace("_", "-"): value for name, value in changes.items()}}

    def test_are_listed_with_their_rules(self, admin: FlaskClient) -> None:
        page = admin.get("/console/policies").text
        for words in (
            "Manual journal",
            "above ₦50,000,000.00: 2 of treasury",
            "compliance roles: 1 of compliance manager within 72 h",
        ):
            assert words in page, words
        assert admin.get("/console/policies/nothing").status_code == 404

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"hours_0": "soon"}, "whole numbers"),
            ({"hours_0": "000000000999999999999"}, "whole numbers"),
            ({"hours_0": "9" * 5_000}, "whole numbers"),
            ({"count_1_0": "3"}, "more people come first"),
            ({"count_2_0": "0"}, "1 to 5 people"),
            ({}, "counts now"),
        ],
    )
    def test_that_are_none_are_refused(self, admin: FlaskClient, changes: dict[str, str], says: str) -> None:
        answer = send(admin, self.PLACE, **self.form(**changes))
        assert answer.status_code == 422
        assert says in answer.text

    def test_change_when_both_agree_and_the_cooling_off_is_over(self, own_house: Flask, own_database: Database) -> None:
        """In a house of its own: a policy stays changed. What cools off for an hour does so for four seconds here."""
        engine = create_engine(own_database.owner_url, poolclass=pool.NullPool)
        legs = (Leg(("admin",), 1), Leg(("compliance_manager",), 1))
        governed.set_policy(engine, "governance.policy", Rule(legs, timedelta(days=7), timedelta(seconds=4)))
        engine.dispose()
        admin, other, manager = (enter(own_house, role) for role in (Role.ADMIN, Role.ADMIN, Role.COMPLIANCE_MANAGER))
        asked_at = send(admin, self.PLACE, **self.form(hours_2="24")).location
        assert "<ins>other roles: 1 of admin within 24 h</ins>" in admin.get(asked_at).text
        assert "It needs another person." in act(other, asked_at, "approve", shown=shown(other, asked_at))
        act(manager, asked_at, "approve", shown=shown(manager, asked_at))
        runtime.drain(own_house)
        assert "It is carried out in" in admin.get(asked_at).text
        governed.cool_off(queries.one_for_operators(asked_at.rpartition("/")[2]).request)
        runtime.drain(own_house, horizon=timedelta(seconds=5))
        page = admin.get(self.PLACE).text
        assert "See who agreed to it" in page
        assert "other roles: 1 of admin within 24 h" in page
