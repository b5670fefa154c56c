"""Forgotten, reset and changed passwords, through the doors of both faces."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core import actor, clock
from app.core.db import db, leave, rows, transaction
from app.core.permissions import Role
from app.customers import service as customers
from app.identity import errors, queries, renewal, rules
from app.identity.models import PasswordReset, SignedIn
from app.identity.rules import Audience
from tests.makers import apps, browse, mailbox, people, sessions

WorkOff = Callable[..., int]
NEW = "several entirely other words"
_VARYING = re.compile(r'nonce="[^"]*"|(name="csrf_token" value|X-CSRFToken)"?[=:] ?"[^"]*"')


def bare(body: str) -> str:
    """A page without what differs each time for everybody."""
    return _VARYING.sub("", body)


def ask(client: FlaskClient, email: str, *, console: bool = False) -> None:
    """Ask for a link by the door."""
    answer = browse.send(client, f"{'/console' if console else ''}/forgotten-password", email=email)
    assert answer.status_code == 303, answer.text


def newest_link(email: str) -> str:
    return mailbox.link_in(next(one for one in mailbox.letters_to(email) if one.subject == "Set a new password"))


def follow(client: FlaskClient, link: str, password: str = NEW) -> int:
    """Open a mailed link and send its form: the status, or 303 when the link is spent already."""
    opened = client.get(link)
    assert opened.status_code == 303
    shown = client.get(opened.location)
    if shown.status_code != 200:
        return shown.status_code
    return browse.send(client, opened.location, password=password).status_code


def can_sign_in(app: Flask, email: str, password: str, *, console: bool = False) -> bool:
    door = "/console/sign-in" if console else "/sign-in"
    return browse.send(app.test_client(), door, email=email, password=password).status_code == 303


@pytest.fixture
def customer(inside: Flask) -> people.Customer:
    return people.customer()


class TestForgotten:
    def test_a_customer_comes_back_by_mail(self, app: Flask, customer: people.Customer, work_off: WorkOff) -> None:
        thief, owner = app.test_client(), app.test_client()
        browse.sign_in(thief, customer.email)
        ask(owner, customer.email.upper())
        work_off()
        assert follow(owner, newest_link(customer.email)) == 303
        assert thief.get("/activity").status_code == 303
        assert not can_sign_in(app, customer.email, people.PASSWORD)
        assert can_sign_in(app, customer.email, NEW)
        work_off()
        assert "Your password was changed" in mailbox.subjects_to(customer.email)

    def test_an_operator_comes_back_by_the_console(self, app: Flask, inside: Flask, work_off: WorkOff) -> None:
        _, email = people.operator(Role.SUPPORT)
        client = app.test_client()
        ask(client, email)  # at the customers' door there is nobody of that address
        ask(client, email, console=True)
        work_off()
        link = newest_link(email)
        assert [one.subject for one in mailbox.letters_to(email)].count("Set a new password") == 1
        assert link.startswith("/console/reset-password/")
        assert follow(client, link) == 303
        assert can_sign_in(app, email, NEW, console=True)

    def test_it_goes_round_no_factor(self, app: Flask, inside: Flask, work_off: WorkOff) -> None:
        _, email = people.operator(Role.SUPPORT)
        client = app.test_client()
        ask(client, email, console=True)
        work_off()
        assert follow(client, newest_link(email)) == 303
        browse.send(client, "/console/sign-in", email=email, password=NEW)
        assert client.get("/console/").location == "/console/prove"

    def test_a_link_opens_only_its_own_door(self, app: Flask, inside: Flask, work_off: WorkOff) -> None:
        _, email = people.operator(Role.SUPPORT)
        client = app.test_client()
        ask(client, email, console=True)
        work_off()
        token = newest_link(email).rpartition("/")[2]
        client.get(f"/reset-password/{token}")
        assert client.get("/reset-password").status_code == 303
        with pytest.raises(errors.LinkSpent), transaction(actor.system("test")):
            customers.reset_password(token, password=NEW)

    def test_everybody_hears_the_same(self, app: Flask, customer: people.Customer, work_off: WorkOff) -> None:
        unconfirmed = "never-confirmed@test.example"
        browse.send(
            app.test_client(),
            "/sign-up",
            name="Ada Obi",
            email=unconfirmed,
            phone=people.PHONE,
            password=people.PASSWORD,
        )
        _, staff = people.operator(Role.SUPPORT)
        for console in (False, True):
            heard = set()
            for email in (customer.email, "nobody@test.example", unconfirmed, staff, "no address at all"):
                client = app.test_client()
                path = f"{'/console' if console else ''}/forgotten-password"
                answer = browse.send(client, path, email=email)
                shown = client.get(answer.location)
                heard.add((answer.status_code, answer.location, bare(answer.text), shown.status_code, bare(shown.text)))
            assert len(heard) == 1
            assert next(iter(heard))[0] == 303
        work_off()
        mailed = {email: mailbox.subjects_to(email) for email in (customer.email, staff, unconfirmed)}
        asked = {email: subjects.count("Set a new password") for email, subjects in mailed.items()}
        assert asked == {customer.email: 1, staff: 1, unconfirmed: 0}

    def test_the_door_does_not_look(self, app: Flask, customer: people.Customer) -> None:
        moment = clock.now()
        with clock.at(moment), transaction(actor.system("test")):
            renewal.ask(customer.email, audience=Audience.CUSTOMER)
            renewal.ask("nobody@test.example", audience=Audience.CUSTOMER)
        newest = list(db.session.scalars(select(PasswordReset).where(PasswordReset.created_at == moment)))
        assert [(row.login_id, row.token_hash, row.token_sealed) for row in newest] == [(None, None, None)] * 2
        assert all(row.address_sealed for row in newest)

    def test_nothing_of_it_stays_in_the_clear(self, app: Flask, customer: people.Customer, work_off: WorkOff) -> None:
        ask(app.test_client(), customer.email)
        work_off()
        reset = db.session.scalars(select(PasswordReset).where(PasswordReset.login_id == customer.login_id)).one()
        token = newest_link(customer.email).rpartition("/")[2]
        assert reset.address_sealed is None
        assert reset.token_sealed is None
        assert token.encode() not in (reset.token_hash or b"")

    def test_links_lead_where_the_settings_say(self, app: Flask, customer: people.Customer, work_off: WorkOff) -> None:
        client = app.test_client()
        assert client.get("/forgotten-password", headers={"Host": "evil.example"}).status_code == 400
        forged = {"X-Forwarded-Host": "evil.example"}
        page = client.get("/forgotten-password", headers=forged)
        client.post(
            "/forgotten-password",
            data={"csrf_token": browse.token_of(page), "email": customer.email},
            headers=forged,
        )
        work_off()
        letters = mailbox.letters_to(customer.email)
        assert any("http://localhost/reset-password/" in letter.body for letter in letters)
        assert not any("evil" in letter.body for letter in letters)

    def test_a_mailbox_is_not_filled_by_strangers(
        self, app: Flask, customer: people.Customer, work_off: WorkOff
    ) -> None:
        for _ in range(rules.RESETS_AN_HOUR_MAX + 2):
            ask(app.test_client(), customer.email)
        work_off()
        assert mailbox.subjects_to(customer.email).count("Set a new password") == rules.RESETS_AN_HOUR_MAX
        with clock.at(clock.now() + timedelta(hours=1, seconds=1)):
            with transaction(actor.system("test")):
                renewal.ask(customer.email, audience=Audience.CUSTOMER)
            work_off()
        assert mailbox.subjects_to(customer.email).count("Set a new password") == rules.RESETS_AN_HOUR_MAX + 1


class TestLink:
    @pytest.fixture
    def link(self, app: Flask, customer: people.Customer, work_off: WorkOff) -> str:
        ask(app.test_client(), customer.email)
        work_off()
        return newest_link(customer.email)

    def test_looking_uses_nothing_up_and_sending_does(self, app: Flask, customer: people.Customer, link: str) -> None:
        for _ in range(3):
            assert app.test_client().get(link).status_code == 303
        assert can_sign_in(app, customer.email, people.PASSWORD)
        assert follow(app.test_client(), link) == 303
        again = app.test_client()
        again.get(link)
        spent = again.get("/reset-password")
        assert (spent.status_code, spent.location) == (303, "/forgotten-password")
        assert "was used or has run out" in again.get("/forgotten-password").text
        assert not can_sign_in(app, customer.email, "yet another long password")

    def test_its_token_is_not_in_the_address_of_the_form(self, app: Flask, link: str) -> None:
        client = app.test_client()
        assert client.get(link).location == "/reset-password"
        assert link.rpartition("/")[2] not in client.get("/reset-password").text

    def test_a_refused_password_leaves_it_as_it_was(self, app: Flask, customer: people.Customer, link: str) -> None:
        client = app.test_client()
        for refused in ("short", "liverpool2026!", customer.email, "Ada Obi 2026", "BursarBursar"):
            assert follow(client, link, refused) == 422
        assert follow(client, link) == 303

    def test_runs_out_after_half_an_hour(self, customer: people.Customer, link: str) -> None:
        token = link.rpartition("/")[2]
        asked = db.session.scalars(
            select(PasswordReset.created_at).where(PasswordReset.login_id == customer.login_id)
        ).one()
        leave()
        with clock.at(asked + timedelta(minutes=30)):
            assert not queries.reset_is_live_without_owner(token, audience=Audience.CUSTOMER)
            with pytest.raises(errors.LinkSpent), transaction(actor.system("test")):
                customers.reset_password(token, password=NEW)
        with clock.at(asked + timedelta(minutes=30, microseconds=-1)):
            assert queries.reset_is_live_without_owner(token, audience=Audience.CUSTOMER)

    def test_using_one_spends_the_others(
        self, app: Flask, customer: people.Customer, link: str, work_off: WorkOff
    ) -> None:
        ask(app.test_client(), customer.email)
        work_off()
        assert newest_link(customer.email) != link
        assert follow(app.test_client(), newest_link(customer.email)) == 303
        other = app.test_client()
        other.get(link)
        assert other.get("/reset-password").location == "/forgotten-password"

    def test_nonsense_is_a_spent_link(self, app: Flask, inside: Flask) -> None:
        client = app.test_client()
        client.get("/reset-password/nonsense")
        assert client.get("/reset-password").location == "/forgotten-password"
        assert app.test_client().get("/reset-password").location == "/forgotten-password"


class TestChange:
    def test_asks_the_present_one_and_ends_other_sessions(
        self, app: Flask, customer: people.Customer, work_off: WorkOff
    ) -> None:
        here, elsewhere = app.test_client(), app.test_client()
        browse.sign_in(here, customer.email)
        browse.sign_in(elsewhere, customer.email)
        wrong = browse.send(here, "/security/password", present="not the password", password=NEW)
        assert wrong.status_code == 422
        assert "not your present password" in wrong.text
        assert elsewhere.get("/activity").status_code == 200
        assert browse.send(here, "/security/password", present=people.PASSWORD, password="short").status_code == 422
        assert browse.send(here, "/security/password", present=people.PASSWORD, password=NEW).status_code == 303
        assert here.get("/activity").status_code == 200
        assert elsewhere.get("/activity").status_code == 303
        assert not can_sign_in(app, customer.email, people.PASSWORD)
        assert can_sign_in(app, customer.email, NEW)
        work_off()
        assert "Your password was changed" in mailbox.subjects_to(customer.email)

    def test_of_an_operator(self, app: Flask, inside: Flask) -> None:
        _, email = people.operator(Role.AUDITOR)
        here, elsewhere = app.test_client(), app.test_client()
        browse.sign_in(here, email, console=True)
        browse.sign_in(elsewhere, email, console=True)
        changed = browse.send(here, "/console/account/password", present=people.PASSWORD, password="Bola Ade 2026!")
        assert changed.status_code == 422
        changed = browse.send(here, "/console/account/password", present=people.PASSWORD, password=NEW)
        assert (changed.status_code, changed.location) == (303, "/console/account")
        assert elsewhere.get("/console/account").status_code == 303
        assert can_sign_in(app, email, NEW, console=True)

    def test_of_an_operator_without_any_role(self, app: Flask, inside: Flask) -> None:
        client, (_, email) = app.test_client(), people.operator()
        browse.sign_in(client, email, console=True)
        assert client.get("/console/account").status_code == 200
        changed = browse.send(client, "/console/account/password", present=people.PASSWORD, password=NEW)
        assert (changed.status_code, changed.location) == (303, "/console/account")
        assert client.get("/console/").status_code == 403


class TestSessions:
    CHROME = (
        "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"
    )

    def test_are_listed_with_device_and_address(self, app: Flask, customer: people.Customer) -> None:
        here, phone = app.test_client(), app.test_client()
        phone.environ_base.update(HTTP_USER_AGENT=self.CHROME, REMOTE_ADDR="198.51.100.7")
        browse.sign_in(here, customer.email)
        browse.sign_in(phone, customer.email)
        page = here.get("/security").text
        assert "Chrome on an Android phone" in page
        assert "198.51.100.7" in page
        assert page.count("This one") == 1

    def test_the_address_is_not_taken_from_a_header(self, app: Flask, customer: people.Customer) -> None:
        client = app.test_client()
        client.environ_base.update(HTTP_X_FORWARDED_FOR="203.0.113.9", HTTP_X_REAL_IP="203.0.113.9")
        browse.sign_in(client, customer.email)
        assert "203.0.113.9" not in client.get("/security").text

    def test_one_is_signed_out(self, app: Flask, customer: people.Customer) -> None:
        here, phone, tablet = app.test_client(), app.test_client(), app.test_client()
        for client in (here, phone, tablet):
            browse.sign_in(client, customer.email)
        leave()
        ids = [one.id for one in queries.sessions_of(owner=customer.login_id)]
        mine = re.findall(r"/security/sessions/(ses_\w+)/end", here.get("/security").text)
        assert len(ids) == 3
        assert len(mine) == 2
        ended = browse.send(here, f"/security/sessions/{mine[0]}/end", form_at="/security")
        assert ended.status_code == 303
        assert sorted(client.get("/activity").status_code for client in (here, phone, tablet)) == [200, 200, 303]
        assert here.get("/activity").status_code == 200

    def test_of_somebody_else_are_not_there(self, app: Flask, customer: people.Customer) -> None:
        other, client = app.test_client(), app.test_client()
        browse.sign_in(other, people.customer().email)
        browse.sign_in(client, customer.email)
        leave()
        session_id = queries.sessions_of(owner=customer.login_id)[0].id
        assert browse.send(other, f"/security/sessions/{session_id}/end", form_at="/security").status_code == 404
        assert client.get("/activity").status_code == 200

    def test_everywhere_else(self, app: Flask, customer: people.Customer, work_off: WorkOff) -> None:
        here, there = app.test_client(), app.test_client()
        asked = {"email": customer.email, "password": people.PASSWORD}
        token = app.test_client().post("/api/v1/sessions", json=asked).get_json()["token"]
        browse.sign_in(here, customer.email)
        browse.sign_in(there, customer.email)
        browse.send(here, "/security/sessions/end-others", form_at="/security")
        assert here.get("/activity").status_code == 200
        assert there.get("/activity").status_code == 303
        program = app.test_client().get("/api/v1/balances", headers={"Authorization": f"Bearer {token}"})
        assert program.status_code == 401
        assert "nowhere else" in here.get("/security").text
        work_off()
        assert "You were signed out everywhere else" in mailbox.subjects_to(customer.email)

    def test_idle_ones_are_not_listed(self, app: Flask, customer: people.Customer) -> None:
        browse.sign_in(app.test_client(), customer.email)
        leave()
        with clock.at(clock.now() + timedelta(minutes=30)):
            assert queries.sessions_of(owner=customer.login_id) == []

    def test_of_an_operator_at_the_console(self, app: Flask, inside: Flask) -> None:
        _, email = people.operator(Role.SUPPORT)
        here, there = app.test_client(), app.test_client()
        browse.sign_in(here, email, console=True)
        browse.sign_in(there, email, console=True)
        page = here.get("/console/account").text
        found = re.findall(r"/console/account/sessions/(ses_\w+)/end", page)
        assert len(found) == 1
        browse.send(here, f"/console/account/sessions/{found[0]}/end", form_at="/console/account")
        assert there.get("/console/account").status_code == 303
        there.set_cookie("bursar_console", sessions.opened(apps.login_of(email), Audience.OPERATOR))
        assert there.get("/console/account").status_code == 200
        browse.send(here, "/console/account/sessions/end-others", form_at="/console/account")
        assert there.get("/console/account").status_code == 303
        assert here.get("/console/account").status_code == 200

    def test_what_the_record_shows_is_masked(self, app: Flask, customer: people.Customer) -> None:
        client = app.test_client()
        client.environ_base.update(REMOTE_ADDR="198.51.100.77")
        browse.sign_in(client, customer.email)
        leave()
        found = db.session.scalars(select(SignedIn).where(SignedIn.login_id == customer.login_id)).one()
        assert found.ip == "198.51.100.77"
        from_record = [row.after for row in rows("SELECT after FROM audit.records WHERE row_id = :id", id=found.id)]
        assert from_record
        for after in from_record:
            assert after["ip"] == after["token_hash"] == after["device"] == "[masked]"
