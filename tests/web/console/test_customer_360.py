"""A customer's page: one screen tells the whole, each part guards itself, and nobody learns what is compliance's."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.applications import service as applications
from app.applications.rules import About
from app.core import actor, clock
from app.core.db import db, leave, rows, transaction
from app.core.errors import Malformed
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.customers import requests
from app.customers import service as customers
from app.customers.rules import Tier
from app.ledger import balances
from tests.makers import books, browse, papers, people
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")

LIST = "/console/customers"
PARTS = ("money", "activity", "devices", "documents", "approvals", "timeline", "risk", "related")
COMPLIANCES = {"risk", "related"}  # parts that are nobody else's
COMPLIANCE = {Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER, Role.AUDITOR}
TEST = actor.system("test")


@pytest.fixture
def someone(inside: Flask) -> Customer:
    """A customer with a factor, a session and an application."""
    found = people.customer(enrolled=True, tier=Tier.T0)
    with transaction(found.actor):
        applications.begin(found.id, wanted=Tier.T1, about=About.TIER, actor=found.actor)
    leave()
    return found


def part(client: FlaskClient, someone: Customer, name: str, **asked: str) -> str:
    """A part as the page fetches it."""
    answer = client.get(f"{LIST}/{someone.id}/{name}", query_string=asked, headers={"HX-Request": "true"})
    assert answer.status_code == 200, answer.text
    assert "<html" not in answer.text
    return answer.text


def fetched(page: str) -> set[str]:
    """The parts that a page fetches when they are looked at."""
    return set(re.findall(r'hx-get="/console/customers/\w+/(\w+)" hx-trigger="revealed"', page))


class TestEachRole:
    @pytest.mark.parametrize("role", Role)
    def test_is_shown_the_parts_that_are_theirs(self, visitor: Visitor, someone: Customer, role: Role) -> None:
        page = visitor(role).get(f"{LIST}/{someone.id}").text
        theirs = {"activity", "devices", "documents", "approvals", "timeline"}
        assert fetched(page) == (theirs | COMPLIANCES if role in COMPLIANCE else theirs)
        assert "With the customer" in page
        assert ("Related customers" in page) == (role in COMPLIANCE)

    @pytest.mark.parametrize("role", Role)
    def test_meets_a_guard_at_every_part(self, visitor: Visitor, someone: Customer, role: Role) -> None:
        client = visitor(role)
        for name in PARTS:
            status = client.get(f"{LIST}/{someone.id}/{name}").status_code
            assert status == (403 if name in COMPLIANCES and role not in COMPLIANCE else 200), name

    @pytest.mark.parametrize("role", Role)
    def test_learns_of_lists_and_risk_only_in_compliance(self, visitor: Visitor, someone: Customer, role: Role) -> None:
        client = visitor(role)
        everything = client.get(f"{LIST}/{someone.id}").text + client.get(f"{LIST}?q={someone.id}").text
        theirs = [name for name in PARTS if name not in COMPLIANCES or role in COMPLIANCE]
        everything += "".join(client.get(f"{LIST}/{someone.id}/{name}").text for name in theirs)
        said = [word for word in ("Risk", "screening", "Never screened", "Hits", "escalated") if word in everything]
        assert bool(said) == (role in COMPLIANCE), said

    @pytest.mark.parametrize("role", [role for role in Role if role not in COMPLIANCE])
    def test_outside_compliance_reads_no_reason_of_compliance(
        self, visitor: Visitor, someone: Customer, role: Role
    ) -> None:
        officer, _ = people.operator(Role.COMPLIANCE_OFFICER)
        with transaction(actor.operator(officer)):
            customers.freeze(someone.id, reason="We suspect laundering.", actor=actor.operator(officer))
        leave()
        client = visitor(role)
        told = client.get(f"{LIST}/{someone.id}").text + part(client, someone, "timeline")
        assert "Frozen" in told
        assert "suspect" not in told
        assert "We suspect laundering." in part(visitor(Role.COMPLIANCE_MANAGER), someone, "timeline")

    def test_sees_requests_of_their_own_kinds_alone(self, visitor: Visitor, someone: Customer) -> None:
        officer, _ = people.operator(Role.COMPLIANCE_OFFICER)
        who = actor.operator(officer)
        with transaction(who):
            customers.freeze(someone.id, reason="A look.", actor=who)
        with transaction(who):
            requests.request_unfreeze(someone.id, wanted_by="us", reason="No laundering.", maker=officer, actor=who)
        leave()
        for role in Role:
            client = visitor(role)
            told = client.get(f"{LIST}/{someone.id}").text, part(client, someone, "approvals")
            known = role in COMPLIANCE
            assert ["laundering" in told[0], "Customer unfreeze" in told[1]] == [known, known], role

    def test_asks_for_an_address_of_the_network_with_a_reason(
        self, app: Flask, visitor: Visitor, someone: Customer
    ) -> None:
        browse.come_in(app.test_client(), someone.email)
        support, officer = visitor(Role.SUPPORT), visitor(Role.COMPLIANCE_OFFICER)
        assert "127.0.•.•" in part(support, someone, "devices")
        assert "/console/reveal/" not in part(support, someone, "devices")
        told = part(officer, someone, "devices")
        assert "127.0.0.1" not in told
        place = re.search(r'href="(/console/reveal/ip/\w+)"', told)
        assert place
        shown = browse.send(officer, place[1], why="Investigation", reason="Two customers from one place.")
        assert "127.0.0.1" in shown.text

    def test_opens_documents_only_where_they_may_be_read(self, app: Flask, visitor: Visitor, someone: Customer) -> None:
        document_id = papers.taken(someone, app=app, purpose="id_front")
        for role in Role:
            told = part(visitor(role), someone, "documents")
            reads = role in COMPLIANCE
            assert "Id front" in told
            assert ("id.jpg" in told, f"/documents/{document_id}/preview/1" in told) == (reads, reads), role


class TestMoney:
    def test_at_a_moment_is_what_the_books_say(self, app: Flask, visitor: Visitor, sandbox: SandboxProcess) -> None:
        owner = people.customer(enrolled=True)
        people.paid_in(owner, naira(1_000), app=app, sandbox=sandbox)
        client, now = visitor(Role.SUPPORT), clock.now()
        yesterday, soon = now - timedelta(days=1), now + timedelta(minutes=1)
        for moment in (yesterday, soon):
            minute = moment.astimezone(clock.WAT).strftime("%Y-%m-%dT%H:%M")
            end = moment.replace(second=59, microsecond=999_999)
            units = balances.at(owner.account, end)
            told = part(client, owner, "money", at=minute)
            dated = told.partition("At the end of")[2]
            assert str(Money(NGN, units)) in re.sub(r"<[^>]+>|\s+", "", dated).replace("\u2009", ""), dated
        assert balances.at(owner.account, yesterday) == 0
        assert balances.at(owner.account, soon) == naira(1_000).units

    def test_at_no_moment_says_what_to_write(self, visitor: Visitor, someone: Customer) -> None:
        answer = visitor(Role.SUPPORT).get(f"{LIST}/{someone.id}/money", query_string={"at": "yesterday"})
        assert answer.status_code == 422
        assert "Write a day and a time" in answer.text


class TestActivity:
    def test_is_every_movement_once_over_its_pages(self, app: Flask, visitor: Visitor, sandbox: SandboxProcess) -> None:
        owner = people.customer(enrolled=True)
        people.paid_in(owner, naira(1_000), app=app, sandbox=sandbox)
        with transaction(TEST):
            db.session.execute(
                db.text(
                    "INSERT INTO deposits SELECT 'dep_' || lpad(n::text, 26, '0'), customer_id, 'x' || n || id,"
                    " amount_units, 'awaiting_payment', '', NULL, channel,"
                    " created_at - (46 - n) * interval '1 min', NULL"
                    " FROM deposits, generate_series(1, 45) n WHERE customer_id = :customer"
                ),
                {"customer": owner.id},
            )
        books.post(books.move(books.account("asset"), owner.account, 500))
        client, seen, place = visitor(Role.FINANCE), [], f"{LIST}/{owner.id}/activity"
        while place:
            told = client.get(place, headers={"HX-Request": "true"}).text
            seen += re.findall(r"search=(dep_\w+)|/ledger/journals/(\d+)", told)
            following = re.search(r'href="([^"]+)" hx-get="[^"]+" hx-target="#activity" hx-swap="outerHTML">Next', told)
            place = following[1].replace("&amp;", "&") if following else ""
        theirs = rows("SELECT id FROM deposits WHERE customer_id = :id ORDER BY id DESC", id=owner.id)
        assert [deposit for deposit, _ in seen if deposit] == [row.id for row in theirs]
        assert [bool(journal) for _, journal in seen] == [True, *[False] * 46]

    def test_refuses_a_page_that_is_none(self, visitor: Visitor, someone: Customer) -> None:
        assert visitor(Role.SUPPORT).get(f"{LIST}/{someone.id}/activity?after=x~y").status_code == 400


class TestTheTimeline:
    def test_goes_on_where_the_page_ends(self, visitor: Visitor, someone: Customer) -> None:
        for number in range(25):
            with transaction(actor.system("test"), reason=f"Renamed {number:02}."):
                db.session.execute(
                    db.text("UPDATE customers SET name = :name WHERE id = :id"),
                    {"name": f"Ada {number}", "id": someone.id},
                )
        client = visitor(Role.AUDITOR)
        first = part(client, someone, "timeline")
        found = re.search(r'href="[^"]+before=([^"&]+)"', first)
        assert found
        second = part(client, someone, "timeline", before=found[1].replace("%2B", "+").replace("%3A", ":"))
        told = re.findall(r"Renamed (\d\d)", first) + re.findall(r"Renamed (\d\d)", second)
        assert told == [f"{number:02}" for number in reversed(range(25))]


class TestNobody:
    @pytest.mark.parametrize("name", PARTS)
    def test_has_no_parts(self, visitor: Visitor, name: str) -> None:
        assert visitor(Role.AUDITOR).get(f"{LIST}/cus_nobody/{name}").status_code == 404


@pytest.mark.parametrize(
    ("name", "asked"),
    [("timeline", {"before": "0001-01-01T00:00:00+14:00"}), ("activity", {"after": "dep_x~0001-01-01T00:00:00+14:00"})],
)
def test_a_place_before_all_time_is_none(visitor: Visitor, someone: Customer, name: str, asked: dict[str, str]) -> None:
    answer = visitor(Role.SUPPORT).get(f"{LIST}/{someone.id}/{name}", query_string=asked)
    assert answer.status_code == Malformed.status


class TestTheList:
    def test_is_of_one_tier_and_shows_the_risk_to_compliance(self, visitor: Visitor, someone: Customer) -> None:
        officer, support = visitor(Role.COMPLIANCE_OFFICER), visitor(Role.SUPPORT)
        for client, risk in ((officer, True), (support, False)):
            told = client.get(LIST, query_string={"q": someone.id, "tier": "t0"}).text
            assert someone.id in told
            assert "Not verified" in told
            assert ('data-label="Risk"' in told) == risk
        assert "Nobody by that name" in support.get(LIST, query_string={"q": someone.id, "tier": "t3"}).text
