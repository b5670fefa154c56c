"""Staff look at a customer's pages for a while, named, for reading alone; and the customer learns of it."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import InternalError
from werkzeug.test import TestResponse

from app.applications import queries
from app.applications.rules import Step, Subject
from app.core import actor, clock
from app.core.db import db, leave, read_only, rows, sqlstate, transaction
from app.core.permissions import Role
from app.customers import service
from app.customers.errors import ViewLinkSpent
from app.customers.models import Customer
from app.customers.rules import Tier
from app.identity import service as identity
from app.identity.rules import Audience
from app.web import guards
from app.withdrawals import service as withdrawals
from jobs import customers as work_of_customers
from jobs import work
from tests.conftest import Browser
from tests.makers import applicants, apps, browse, governed, people
from tests.makers.books import refused, undone
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess


class At(Browser):
    """A browser at one of our names."""

    def __init__(self, app: Flask, host: str) -> None:
        super().__init__(app, app.response_class)
        self.host = host

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """A request to that name."""
        return super().open(*args, base_url=f"http://{self.host}", **kwargs)


VIEWERS = (Role.SUPPORT, Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER)
TICKET = "T-1042"


@pytest.fixture
def customer(inside: Flask) -> people.Customer:
    return people.customer(enrolled=True)


@pytest.fixture
def viewer(app: Flask, inside: Flask, customer: people.Customer) -> FlaskClient:
    """Support, looking at the customer's pages."""
    client = signed_in(app, Role.SUPPORT)
    assert view(client, customer).location == "/"
    return client


def signed_in(app: Flask, role: Role) -> FlaskClient:
    """A browser with staff of this role in it."""
    client = app.test_client()
    browse.come_in(client, people.operator(role)[1], console=True)
    leave()
    return client


def view(client: FlaskClient, customer: people.Customer, **fields: str) -> TestResponse:
    """Ask to look, and follow the link to the portal."""
    answer = browse.send(
        client,
        f"/console/view-as/{customer.id}",
        form_at=f"/console/view-as?q={customer.email}",
        **({"ticket": TICKET, "reason": "They cannot find a deposit."} | fields),
    )
    return client.get(answer.location) if answer.status_code == 303 else answer


class TestBeginning:
    def test_finds_the_customer_by_address_and_by_id(self, app: Flask, customer: people.Customer) -> None:
        client = signed_in(app, Role.SUPPORT)
        for asked in (customer.email, customer.email.upper(), customer.id):
            assert f"/console/view-as/{customer.id}" in client.get(f"/console/view-as?q={asked}").text
        assert "There is no customer" in client.get("/console/view-as?q=nobody").text

    @pytest.mark.parametrize("role", list(Role))
    def test_is_for_those_who_help_or_check_customers(self, app: Flask, customer: people.Customer, role: Role) -> None:
        client = signed_in(app, role)
        assert client.get("/console/view-as").status_code == (200 if role in VIEWERS else 403)
        token = browse.token_of(client.get("/console/"))
        sent = client.post(
            f"/console/view-as/{customer.id}", data={"csrf_token": token, "ticket": TICKET, "reason": "Because."}
        )
        assert sent.status_code == (303 if role in VIEWERS else 403)
        if role in VIEWERS:
            client.get(sent.location)
        assert bool(client.get_cookie("bursar_view")) == (role in VIEWERS)

    @pytest.mark.parametrize("fields", [{"ticket": " "}, {"reason": " "}, {"ticket": ""}, {"reason": ""}])
    def test_needs_a_ticket_and_a_reason(self, app: Flask, customer: people.Customer, fields: dict[str, str]) -> None:
        client = signed_in(app, Role.SUPPORT)
        assert view(client, customer, **fields).status_code == 422
        assert client.get_cookie("bursar_view") is None
        assert rows("SELECT FROM viewings WHERE customer_id = :id", id=customer.id) == []
        leave()


class TestLooking:
    def test_shows_the_customers_pages_under_a_banner_that_names_who_looks(
        self, viewer: FlaskClient, customer: people.Customer
    ) -> None:
        for path in ("/", "/activity", "/deposit", "/withdraw", "/withdraw/account", "/sign-in", "/nowhere"):
            page = viewer.get(path)
            assert page.status_code == (404 if path == "/nowhere" else 200), path
            assert "Bola Ade looks at this account" in page.text, path
        assert "Ada Obi" in viewer.get("/").text

    def test_changes_nothing_by_any_method_of_any_door(self, app: Flask, viewer: FlaskClient) -> None:
        tried = 0
        token = browse.token_of(viewer.get("/deposit"))
        for rule in app.url_map.iter_rules():
            if not rule.endpoint.startswith("portal.") or rule.endpoint == "portal.end_view":
                continue
            path = app.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, "1"), method=None)
            for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
                answer = viewer.open(path, method=method, data={"csrf_token": token})
                assert answer.status_code == 403, (method, path)
                tried += 1
        assert tried >= 8

    def test_writes_nothing_in_the_database_whatever_a_view_does(self, app: Flask, inside: Flask) -> None:
        def write() -> None:
            with transaction(actor.system("test")):
                db.session.get_one(Customer, customer_id).name = "Somebody Else"
                db.session.flush()

        customer_id = people.customer().id
        with app.app_context():
            read_only()
            for _ in range(2):  # the second transaction of a request is bound as the first
                with pytest.raises(InternalError) as refused:
                    write()
                assert sqlstate(refused.value) == "25006"
        with app.app_context():  # another request is free again
            write()

    def test_is_read_only_at_the_doors_themselves(
        self, app: Flask, viewer: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        @guards.customer
        def write() -> str:
            with transaction(actor.system("test")):
                identity.open_session(
                    rows("SELECT id FROM logins LIMIT 1")[0].id,
                    audience=Audience.CUSTOMER,
                    device=identity.Device("x"),
                )
            return "written"

        monkeypatch.setitem(app.view_functions, "portal.activity", write)
        assert viewer.get("/activity").status_code == 403

    def test_hides_bank_account_numbers(
        self, app: Flask, inside: Flask, customer: people.Customer, sandbox: SandboxProcess
    ) -> None:
        people.paid_in(customer, naira(10_000), app=app, sandbox=sandbox)
        account = people.bank_account(customer, app=app)
        number = rows("SELECT account_number FROM bank_accounts WHERE id = :id", id=account)[0].account_number
        with transaction(customer.actor):
            withdrawals.request(customer.id, bank_account_id=account, amount=naira(1_000), actor=customer.actor)
        asked = rows("SELECT id FROM withdrawals WHERE customer_id = :id", id=customer.id)[0].id
        leave()
        client, own = signed_in(app, Role.SUPPORT), app.test_client()
        browse.come_in(own, customer.email)
        view(client, customer)
        for path in ("/", "/activity", "/withdraw", f"/withdrawals/{asked}"):
            assert number[-4:] in own.get(path).text, path
            assert number[-4:] not in client.get(path).text, path

    def test_hides_what_they_say_and_send_to_be_verified(self, viewer: FlaskClient, customer: people.Customer) -> None:
        applicants.begin(customer, Tier.T3_PLUS, subject=Subject.BUSINESS)
        applicants.do(customer, queries.all_of(owner=customer.id)[0].id, [Step.PROFILE], today="2026-11-01")
        leave()
        page = viewer.get("/verification")
        assert page.status_code == 200
        assert "1 of 11 steps done" in page.text
        for closed in ("/verification/profile", "/verification/check"):
            assert viewer.get(closed).status_code == 404

    def test_is_not_the_customers_session(self, app: Flask, viewer: FlaskClient, customer: people.Customer) -> None:
        assert viewer.get_cookie("bursar") is None
        assert rows("SELECT FROM sessions WHERE login_id = :id", id=customer.login_id) == []
        leave()


class TestAsLongAs:
    def test_the_role_allows_it(self, app: Flask, customer: people.Customer, owner_engine: Engine) -> None:
        operator_id, email = people.operator(Role.SUPPORT)
        client = app.test_client()
        browse.sign_in(client, email, console=True)
        view(client, customer)
        assert client.get("/activity").status_code == 200
        governed.set_roles(owner_engine, operator_id, Role.FINANCE)
        assert client.get("/console/").status_code == 200
        assert client.get("/activity").status_code == 303

    def test_no_longer_than_a_quarter_of_an_hour(
        self, viewer: FlaskClient, customer: people.Customer, owner_engine: Engine
    ) -> None:
        again = (
            "INSERT INTO viewings (id, customer_id, operator_id, session_id, token_hash, reason, ticket, began_at,"
            " expires_at) SELECT id || 'x', customer_id, operator_id, session_id, 'x', reason, ticket, began_at,"
            " began_at + CAST(:long AS interval) FROM viewings WHERE customer_id = :id"
        )
        leave()
        with undone(owner_engine) as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
            assert refused(connection, again, id=customer.id, long="15 min") == ""
            assert refused(connection, again, id=customer.id, long="15 min 1 s") == "23514"


class TestEnding:
    def test_takes_the_cookie_and_the_right(self, app: Flask, viewer: FlaskClient) -> None:
        kept = viewer.get_cookie("bursar_view")
        assert kept is not None
        answer = browse.send(viewer, "/view-as/end", form_at="/")
        assert answer.status_code == 303
        assert viewer.get_cookie("bursar_view") is None
        viewer.set_cookie("bursar_view", kept.value)
        assert viewer.get("/activity").status_code == 303

    def test_comes_by_itself_when_the_time_is_over(
        self, viewer: FlaskClient, customer: people.Customer, owner_engine: Engine
    ) -> None:
        assert viewer.get("/activity").status_code == 200
        (row,) = rows("SELECT id, expires_at - began_at AS lives FROM viewings WHERE customer_id = :id", id=customer.id)
        leave()
        assert row.lives == timedelta(minutes=15)
        with owner_engine.begin() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            connection.execute(text("UPDATE viewings SET expires_at = now() WHERE id = :id"), {"id": row.id})
        assert viewer.get("/activity").status_code == 303

    def test_comes_with_the_end_of_the_operators_own_session(self, viewer: FlaskClient) -> None:
        viewer.delete_cookie("bursar_console")
        assert viewer.get("/activity").status_code == 303

    def test_comes_when_the_cookie_is_in_another_operators_browser(self, app: Flask, viewer: FlaskClient) -> None:
        kept = viewer.get_cookie("bursar_view")
        assert kept is not None
        other = signed_in(app, Role.SUPPORT)
        other.set_cookie("bursar_view", kept.value)
        assert other.get("/activity").status_code == 303

    def test_a_token_without_our_signature_opens_nothing(self, app: Flask, customer: people.Customer) -> None:
        operator_id, email = people.operator(Role.SUPPORT)
        client = app.test_client()
        browse.sign_in(client, email, console=True)
        (session,) = rows("SELECT id FROM sessions WHERE login_id = :id", id=apps.login_of(email))
        begun = {"operator_id": operator_id, "session_id": session.id, "reason": "x", "ticket": "x"}
        with transaction(actor.operator(operator_id)):
            token = service.begin_view(customer.id, **begun)
            service.open_view(token)
        leave()
        client.set_cookie("bursar_view", token)
        assert client.get("/activity").status_code == 303


class TestTheSession:
    def test_that_waits_for_its_factor_looks_at_nothing(
        self, viewer: FlaskClient, customer: people.Customer, owner_engine: Engine
    ) -> None:
        assert viewer.get("/activity").status_code == 200
        with owner_engine.begin() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            unproved = text(
                "UPDATE sessions SET factor_at = NULL FROM viewings v WHERE v.session_id = sessions.id"
                " AND v.customer_id = :id"
            )
            connection.execute(unproved, {"id": customer.id})
        assert viewer.get("/activity").status_code == 303

    def test_that_comes_after_signing_out_does_not_take_the_view_up_again(
        self, app: Flask, viewer: FlaskClient, customer: people.Customer
    ) -> None:
        (row,) = rows("SELECT operator_id FROM viewings WHERE customer_id = :id", id=customer.id)
        address = rows(
            "SELECT email FROM logins JOIN operators ON login_id = logins.id WHERE operators.id = :i", i=row[0]
        )
        leave()
        browse.send(viewer, "/console/sign-out", form_at="/console/")
        (ended,) = rows("SELECT ended_at FROM viewings WHERE customer_id = :id", id=customer.id)
        leave()
        assert ended.ended_at is not None
        browse.come_in(viewer, address[0].email, console=True)
        assert viewer.get("/activity").status_code == 303


class TestTheLink:
    def begin(self, client: FlaskClient, customer: people.Customer) -> str:
        fields = {"ticket": TICKET, "reason": "They cannot find a deposit."}
        form_at = f"/console/view-as?q={customer.email}"
        return str(browse.send(client, f"/console/view-as/{customer.id}", form_at=form_at, **fields).location)

    def test_works_once(self, app: Flask, customer: people.Customer) -> None:
        client = signed_in(app, Role.SUPPORT)
        link = self.begin(client, customer)
        assert client.get(link).status_code == 303
        assert client.get(link).status_code == 404

    def test_works_at_once_or_not(self, app: Flask, customer: people.Customer) -> None:
        client = signed_in(app, Role.SUPPORT)
        link = self.begin(client, customer)
        later = clock.at(clock.now() + timedelta(seconds=61))
        with later, pytest.raises(ViewLinkSpent), transaction(actor.system("test")):
            service.open_view(link.rpartition("/")[2])

    def test_opens_the_second_customer_to_who_looks_at_a_first(self, app: Flask, viewer: FlaskClient) -> None:
        other = people.customer()
        leave()
        assert view(viewer, other).location == "/"
        assert viewer.get("/activity").status_code == 200


class TestTwoNames:
    """The console at a name of its own: browsers show neither face the cookies of the other."""

    @pytest.fixture
    def console(self, inside: Flask, monkeypatch: pytest.MonkeyPatch) -> str:
        settings = replace(inside.extensions["settings"], console_host="console.test")
        monkeypatch.setitem(inside.extensions, "settings", settings)
        return settings.console_url

    def test_a_view_is_carried_from_the_console_to_the_portal_and_back(
        self, app: Flask, customer: people.Customer, console: str
    ) -> None:
        _, email = people.operator(Role.SUPPORT)
        leave()
        client = At(app, "console.test")
        browse.sign_in(client, email, console=True)
        link = TestTheLink().begin(client, customer)
        assert link.startswith("http://localhost/view-as/")
        allowed = client.get("/console/view-as").headers["Content-Security-Policy"]
        assert "form-action 'self' http://localhost;" in allowed
        portal = At(app, "localhost")
        assert portal.get(urlsplit(link).path).location == "/"
        page = portal.get("/activity")
        assert "Bola Ade looks at this account" in page.text
        assert f"form-action 'self' {console};" in page.headers["Content-Security-Policy"]
        ended = browse.send(portal, "/view-as/end", form_at="/activity")
        assert ended.location == f"{console}/console/view-as"
        assert portal.get("/activity").status_code == 303

    def test_a_view_ends_with_the_session_at_the_other_name(
        self, app: Flask, customer: people.Customer, console: str
    ) -> None:
        _, email = people.operator(Role.SUPPORT)
        leave()
        client, portal = At(app, "console.test"), At(app, "localhost")
        browse.sign_in(client, email, console=True)
        portal.get(urlsplit(TestTheLink().begin(client, customer)).path)
        assert portal.get("/activity").status_code == 200
        browse.send(client, "/console/sign-out", form_at="/console/")
        assert portal.get("/activity").status_code == 303


class TestTelling:
    def test_the_customer_reads_of_it_in_their_activity(
        self, app: Flask, viewer: FlaskClient, customer: people.Customer
    ) -> None:
        own = app.test_client()
        browse.come_in(own, customer.email)
        page = own.get("/activity").text
        assert "Our staff looked at your pages" in page
        assert f"Ticket {TICKET}" in page
        assert "Bola Ade" not in page

    def test_every_look_can_be_read_page_by_page(self, app: Flask, inside: Flask, customer: people.Customer) -> None:
        looker, session_id = people.at_work(Role.SUPPORT)
        for number in range(11):
            begun = {"operator_id": looker, "session_id": session_id, "reason": "x", "ticket": f"T-{number:02}x"}
            with transaction(actor.operator(looker)):
                service.begin_view(customer.id, **begun)
        leave()
        own = app.test_client()
        browse.come_in(own, customer.email)
        newest = own.get("/activity").text
        assert "Ticket T-10x" in newest
        assert "Ticket T-01x" in newest
        assert "Ticket T-00x" not in newest
        older = re.search(r'href="(/activity\?looks_before=\w+)"', newest)
        assert older
        assert re.findall(r"Ticket (T-\d+x)", own.get(older[1]).text) == ["T-00x"]

    def test_begin_and_end_are_recorded_with_ticket_and_reason(
        self, viewer: FlaskClient, customer: people.Customer
    ) -> None:
        browse.send(viewer, "/view-as/end", form_at="/")
        (row,) = rows("SELECT id, operator_id FROM viewings WHERE customer_id = :id", id=customer.id)
        begun, opened, ended = rows("SELECT * FROM audit.records WHERE row_id = :id ORDER BY id", id=row.id)
        leave()
        assert (begun.action, begun.actor) == ("insert", f"operator:{row.operator_id}")
        assert begun.reason == f"{TICKET}: They cannot find a deposit."
        assert begun.after["token_hash"] == "[masked]"
        assert list(opened.after) == ["opened_at"]
        assert (ended.action, list(ended.after)) == ("update", ["ended_at"])
        assert ended.actor == f"operator:{row.operator_id}"

    def test_the_end_of_one_that_ran_out_is_recorded_too(
        self, app: Flask, viewer: FlaskClient, customer: people.Customer
    ) -> None:
        job = work.Work("test", "slot", {}, app.extensions["clients"], actor.system("views"))
        work_of_customers.end_spent_views(job)
        (row,) = rows("SELECT id, ended_at FROM viewings WHERE customer_id = :id", id=customer.id)
        leave()
        assert row.ended_at is None
        with clock.at(clock.now() + timedelta(minutes=15)):
            work_of_customers.end_spent_views(job)
        _, _, ended = rows("SELECT actor FROM audit.records WHERE row_id = :id ORDER BY id", id=row.id)
        leave()
        assert ended.actor == "system:views"
