"""Coming back without the mailbox: slow on purpose, told at once, stopped by whoever still reads the old mails."""

import secrets
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import actor, clock, machine
from app.core.db import db, leave, transaction
from app.core.errors import IllegalMove
from app.core.permissions import Role
from app.identity import errors, queries, recovery
from app.identity.models import Recovery
from app.identity.rules import Audience, RecoveryState
from tests.makers import browse, mailbox, people

WorkOff = Callable[..., int]
WARNING = "Somebody asks for your account"


@pytest.fixture
def customer(inside: Flask) -> people.Customer:
    return people.customer()


@pytest.fixture
def contact() -> str:
    return f"new-{secrets.token_hex(4)}@test.example"


@pytest.fixture
def asked(app: Flask, customer: people.Customer, contact: str, work_off: WorkOff) -> Recovery:
    """A recovery of the customer's account, told to its owner."""
    answer = browse.send(app.test_client(), "/recover", email=customer.email, contact=contact)
    assert (answer.status_code, answer.location) == (303, "/recover?sent=1")
    work_off()
    return db.session.scalars(select(Recovery).where(Recovery.login_id == customer.login_id)).one()


def carry_out(request: Recovery, *, after: timedelta) -> None:
    who = actor.operator(people.operator(Role.SUPPORT)[0])
    with clock.at(request.created_at + after), transaction(who):
        recovery.carry_out(request.id, actor=who)


def state_of(request: Recovery) -> str:
    leave()
    return db.session.get_one(Recovery, request.id).state


class TestAsked:
    def test_warns_the_known_address_at_once(self, customer: people.Customer, asked: Recovery) -> None:
        assert asked.state == RecoveryState.ASKED
        assert asked in queries.recoveries_for_operators(state=RecoveryState.ASKED, limit=1000)
        assert mailbox.subjects_to(customer.email).count(WARNING) == 1
        assert asked.address_sealed is None
        assert asked.stop_sealed is None

    def test_everybody_hears_the_same(
        self, app: Flask, customer: people.Customer, contact: str, work_off: WorkOff
    ) -> None:
        heard = set()
        for email in (customer.email, "nobody@test.example", people.operator(Role.SUPPORT)[1], "no address"):
            answer = browse.send(app.test_client(), "/recover", email=email, contact=contact)
            heard.add((answer.status_code, answer.location, answer.text))
        assert len(heard) == 1
        work_off()
        assert mailbox.letters_to(contact) == []

    def test_a_new_address_that_is_none_is_refused(self, app: Flask, customer: people.Customer) -> None:
        answer = browse.send(app.test_client(), "/recover", email=customer.email, contact="nowhere")
        assert answer.status_code == 422

    def test_one_at_a_time(
        self, app: Flask, customer: people.Customer, contact: str, asked: Recovery, work_off: WorkOff
    ) -> None:
        browse.send(app.test_client(), "/recover", email=customer.email, contact=contact)
        work_off()
        assert mailbox.subjects_to(customer.email).count(WARNING) == 1


class TestStop:
    def test_the_owner_stops_it_by_mail(self, app: Flask, customer: people.Customer, asked: Recovery) -> None:
        link = mailbox.link_in(next(one for one in mailbox.letters_to(customer.email) if one.subject == WARNING))
        client = app.test_client()
        assert client.get(link).location == "/stop-recovery"  # (the token stays in no address)
        assert "Is it not you?" in client.get("/stop-recovery").text
        assert state_of(asked) == RecoveryState.ASKED
        assert browse.send(client, "/stop-recovery").status_code == 303
        assert "Nothing to stop" in client.get("/stop-recovery").text
        assert state_of(asked) == RecoveryState.STOPPED
        with pytest.raises(IllegalMove):
            carry_out(asked, after=timedelta(hours=73))

    def test_nonsense_stops_nothing(self, app: Flask, asked: Recovery) -> None:
        assert "Nothing to stop" in app.test_client().get("/stop-recovery/nonsense", follow_redirects=True).text
        with pytest.raises(errors.LinkSpent), transaction(actor.system("test")):
            recovery.stop("nonsense", actor=actor.system("test"))


class TestCarriedOut:
    def test_not_before_its_time(self, asked: Recovery) -> None:
        with pytest.raises(errors.RecoveryCools):
            carry_out(asked, after=timedelta(hours=72, microseconds=-1))
        assert state_of(asked) == RecoveryState.ASKED

    def test_gives_the_account_its_new_address(
        self, app: Flask, customer: people.Customer, contact: str, asked: Recovery, work_off: WorkOff
    ) -> None:
        thief = app.test_client()
        browse.sign_in(thief, customer.email)
        carry_out(asked, after=timedelta(hours=72))
        assert thief.get("/activity").status_code == 303
        work_off()
        assert "This is the address of your account now" in mailbox.subjects_to(contact)
        assert queries.login_by_address_for_system(contact, audience=Audience.CUSTOMER) == customer.login_id
        assert queries.login_by_address_for_system(customer.email, audience=Audience.CUSTOMER) is None
        browse.sign_in(app.test_client(), contact)
        assert [move.new_state for move in machine.history(asked.id)] == ["noted", "asked", "carried_out"]

    def test_tells_the_address_that_was(
        self, customer: people.Customer, contact: str, asked: Recovery, work_off: WorkOff
    ) -> None:
        carry_out(asked, after=timedelta(hours=72))
        work_off()
        last = mailbox.letters_to(customer.email)[0]
        assert last.subject == "This is not the address of your account any more"
        assert contact not in last.body
        assert last.subject not in mailbox.subjects_to(contact)
        leave()
        assert db.session.get_one(Recovery, asked.id).address_sealed is None

    def test_not_to_an_address_that_somebody_has(
        self, app: Flask, customer: people.Customer, work_off: WorkOff
    ) -> None:
        browse.send(app.test_client(), "/recover", email=customer.email, contact=people.customer().email)
        work_off()
        request = db.session.scalars(select(Recovery).where(Recovery.login_id == customer.login_id)).one()
        with pytest.raises(errors.AddressTaken):
            carry_out(request, after=timedelta(hours=72))
        assert state_of(request) == RecoveryState.ASKED
