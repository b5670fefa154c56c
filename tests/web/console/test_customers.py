"""Customers in the console: found without being spelled out, masked, frozen by one person and thawed by two."""

import html
import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import actor
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.customers import queries, service
from tests.makers import apps, books, browse, people
from tests.makers.people import Customer
from tests.web.console.conftest import Visitor, enter

pytestmark = pytest.mark.usefixtures("inside")

WorkOff = Callable[..., int]
LIST = "/console/customers"


@pytest.fixture
def someone(inside: Flask) -> Customer:
    """A customer with a factor, of a name that nobody else has."""
    return people.customer(enrolled=True)


def named(name: str) -> Customer:
    """A customer of this name."""
    found = people.customer()
    with transaction(actor.system("test")):
        queries.one_for_operators(found.id).name = name
    return found


def listed(client: FlaskClient, **asked: str) -> set[str]:
    """The customers on the first page."""
    answer = client.get(LIST, query_string=asked)
    assert answer.status_code == 200
    return set(re.findall(r'href="/console/customers/(cus_\w+)"', answer.text))


def place(someone: Customer) -> str:
    """The page of somebody."""
    return f"{LIST}/{someone.id}"


class TestFinding:
    def test_is_by_a_part_of_the_name_and_by_a_whole_address_or_id(self, visitor: Visitor) -> None:
        client, other = visitor(Role.SUPPORT), people.customer()
        mark = books.fresh("Zik").replace("-", "")
        found = named(f"Nnamdi {mark} 100%_x")
        for asked in (mark, mark.upper(), "100%_x", found.email, found.email.upper(), found.id):
            assert found.id in listed(client, q=asked), asked
            assert other.id not in listed(client, q=asked), asked

    def test_spells_out_nobody_s_address(self, visitor: Visitor) -> None:
        client, found = visitor(Role.SUPPORT), people.customer()
        local, _, domain = found.email.partition("@")
        for part in (local, f"{local}@", f"%@{domain}", found.email[:-1], found.email[1:]):
            assert found.id not in listed(client, q=part), part

    def test_says_when_there_is_nobody(self, visitor: Visitor) -> None:
        assert "Nobody by that name" in visitor(Role.SUPPORT).get(LIST, query_string={"q": "x" * 300}).text

    def test_shows_those_who_are_frozen(self, visitor: Visitor) -> None:
        client, frozen, other = visitor(Role.AUDITOR), people.customer(), people.customer()
        with transaction(frozen.actor):
            service.lock(frozen.id, here="", actor=frozen.actor)
        found = listed(client, view="frozen")
        assert frozen.id in found
        assert other.id not in found

    def test_goes_on_where_the_page_ends(self, visitor: Visitor) -> None:
        client = visitor(Role.SUPPORT)
        mark = books.fresh("Page").replace("-", "")
        made = [named(f"Ada {mark}").id for _ in range(3)]
        newest = listed(client, q=mark)
        assert newest == set(made)
        assert listed(client, q=mark, before=sorted(made)[1]) == {min(made)}


class TestThePage:
    @pytest.mark.parametrize("role", Role)
    def test_masks_what_is_personal_from_everybody(self, app: Flask, visitor: Visitor, role: Role) -> None:
        owner = people.customer(enrolled=True)
        people.bank_account(owner, app=app)
        (account,) = rows("SELECT account_number FROM bank_accounts WHERE customer_id = :id", id=owner.id)
        leave()
        page = visitor(role).get(place(owner))
        assert page.status_code == 200
        for secret in (owner.email, account.account_number, apps.secret_of(owner.email)):
            assert secret not in page.text
        assert f"•••••• {account.account_number[-4:]}" in page.text
        assert "Authenticator app" in page.text

    @pytest.mark.parametrize(
        ("role", "offers"),
        [
            (Role.SUPPORT, {"safety-lock"}),
            (Role.ADMIN, {"safety-lock"}),
            (Role.COMPLIANCE_OFFICER, {"freeze"}),
            (Role.COMPLIANCE_MANAGER, {"freeze"}),
            (Role.FINANCE, set()),
            (Role.TREASURY, set()),
            (Role.AUDITOR, set()),
        ],
    )
    def test_offers_what_the_role_may_do(
        self, visitor: Visitor, someone: Customer, role: Role, offers: set[str]
    ) -> None:
        page = visitor(role).get(place(someone)).text
        assert set(re.findall(r'data-open="([\w-]+)"', page)) - {"shortcuts"} == offers

    def test_of_nobody_is_not_there(self, visitor: Visitor) -> None:
        assert visitor(Role.SUPPORT).get(f"{LIST}/cus_nobody").status_code == 404


def waiting_for(client: FlaskClient) -> Iterator[str]:
    """Every page of what needs somebody."""
    place: str | None = "/console/approvals?view=me"
    while place:
        page = client.get(place).text
        yield page
        following = re.search(r'href="(/console/approvals\?[^"]*before=[^"]+)"', page)
        place = html.unescape(following[1]) if following else None


class TestFreezing:
    def test_is_done_at_once_and_told(self, app: Flask, visitor: Visitor, someone: Customer, work_off: WorkOff) -> None:
        theirs = app.test_client()
        browse.come_in(theirs, someone.email)
        client = visitor(Role.COMPLIANCE_OFFICER)
        at = place(someone)
        assert browse.send(client, f"{at}/freeze", form_at=at, reason=" ").status_code == 422
        assert browse.send(client, f"{at}/freeze", form_at=at, reason="Reported as stolen.").status_code == 303
        page = client.get(at).text
        assert "The account is frozen" in page
        assert "Reported as stolen." in client.get(f"{at}/timeline").text
        assert theirs.get("/activity").status_code == 303
        assert 'data-open="unfreeze"' in page

    def test_by_support_lasts_a_day_and_compliance_makes_it_stay(self, visitor: Visitor, someone: Customer) -> None:
        at = place(someone)
        support = visitor(Role.SUPPORT)
        sent = browse.send(support, f"{at}/safety-lock", form_at=at, reason="Somebody else is on the line.")
        assert sent.status_code == 303
        assert "Frozen until" in support.get(at).text
        officer = visitor(Role.COMPLIANCE_OFFICER)
        assert "Keep it frozen" in officer.get(at).text
        assert browse.send(officer, f"{at}/freeze", form_at=at, reason="It is so.").status_code == 303
        assert "Frozen until" not in officer.get(at).text
        assert "The account is frozen" in officer.get(at).text

    def test_is_lifted_by_two(
        self, visitor: Visitor, someone: Customer, work_off: WorkOff, app: Flask, inside: Flask
    ) -> None:
        at, officer = place(someone), visitor(Role.COMPLIANCE_OFFICER)
        browse.send(officer, f"{at}/freeze", form_at=at, reason="Reported as stolen.")
        asked = {"reason": "They showed a passport.", "wanted_by": "customer"}
        assert browse.send(officer, f"{at}/unfreeze", form_at=at, **asked).status_code == 303
        page = officer.get(at).text
        assert "A change was asked for by" in page
        assert 'data-open="unfreeze"' not in page
        again = browse.send(officer, f"{at}/unfreeze", form_at=at, **asked)
        assert again.status_code == 409
        assert "it waits for others" in again.text
        manager = enter(app, Role.COMPLIANCE_MANAGER)
        found = re.search(r'href="(/console/approvals/grq_\w+)"', page)
        assert found
        assert found[1] in "".join(waiting_for(manager))
        detail = manager.get(found[1])
        shown = re.search(r'name="shown" value="(\w+)"', detail.text)
        assert shown
        agreed = browse.send(manager, f"{found[1]}/approve", form_at=found[1], shown=shown[1], reason="")
        assert agreed.status_code == 303
        work_off()
        leave()
        assert not queries.is_locked(customer_id=someone.id)
        assert "They showed a passport." in officer.get(f"{at}/timeline").text
