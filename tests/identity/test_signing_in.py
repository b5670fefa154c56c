"""Signing in: what was true when the password was looked at must still be true when the session opens."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from app.core import actor
from app.core.db import db, leave, transaction
from app.customers import service as customers
from app.identity import errors, passwords, renewal, service, sessions
from app.identity.models import Login, SignedIn
from app.identity.rules import Audience
from config import Settings
from tests.makers import crowd, people

ACTOR = actor.system("test")
NEW = "another quite long password"


def sign_in(email: str) -> service.Entry:
    with transaction(ACTOR):
        return service.sign_in(
            email, password=people.PASSWORD, audience=Audience.CUSTOMER, device=service.Device("test", known=True)
        )


def change_password(login_id: str) -> None:
    """In a session that is over with it."""
    entry = service.open_session(login_id, audience=Audience.CUSTOMER, device=service.Device("elsewhere"))
    renewal.change(login_id, present=people.PASSWORD, password=NEW, here=entry.session_id)
    service.sign_out(entry.session_id)


def while_it_changes(app: Flask, engine: Engine, who: people.Customer, change: Callable[[], None]) -> object:
    """What signing in answers or raises while `change` is under way."""
    return crowd.meanwhile(app, engine, change, lambda: sign_in(who.email))


@pytest.fixture
def who(inside: Flask) -> people.Customer:
    return people.customer()


@pytest.fixture
def _other_cost(who: people.Customer, settings: Settings) -> Iterator[None]:
    """Passwords are hashed with other parameters than theirs was."""
    passwords.use_memory(settings.password_kib * 2)
    yield
    passwords.use_memory(settings.password_kib)


def live_sessions(login_id: str) -> int:
    leave()
    live = select(SignedIn.id).where(SignedIn.login_id == login_id, SignedIn.revoked_at.is_(None))
    return len(db.session.scalars(live).all())


def test_a_password_that_was_changed_meanwhile_opens_nothing(
    app: Flask, owner_engine: Engine, who: people.Customer
) -> None:
    answer = while_it_changes(app, owner_engine, who, lambda: change_password(who.login_id))
    assert isinstance(answer, errors.WrongCredentials)
    assert live_sessions(who.login_id) == 0


def test_who_is_shut_out_meanwhile_stays_out(app: Flask, owner_engine: Engine, who: people.Customer) -> None:
    answer = while_it_changes(app, owner_engine, who, lambda: sessions.shut_out(who.login_id))
    assert isinstance(answer, errors.WrongCredentials)
    assert live_sessions(who.login_id) == 0


@pytest.mark.usefixtures("_other_cost")
def test_a_hash_made_anew_is_not_written_over_a_newer_password(
    app: Flask, owner_engine: Engine, who: people.Customer
) -> None:
    while_it_changes(app, owner_engine, who, lambda: change_password(who.login_id))
    leave()
    assert passwords.verify(NEW, kept=db.session.get_one(Login, who.login_id).password_hash)


@pytest.mark.usefixtures("_other_cost")
def test_a_stale_hash_is_made_anew(who: people.Customer) -> None:
    assert sign_in(who.email).login_id == who.login_id
    leave()
    kept = db.session.get_one(Login, who.login_id).password_hash
    assert not passwords.stale(kept)
    assert passwords.verify(people.PASSWORD, kept=kept)


def test_who_never_confirmed_their_address_is_told_what_a_stranger_is(inside: Flask) -> None:
    with transaction(ACTOR):
        who = service.applicant("never@test.example", password=people.PASSWORD, audience=Audience.CUSTOMER)
        service.add_login(who)
    leave()
    with pytest.raises(errors.WrongCredentials):
        sign_in("never@test.example")


def test_two_sign_ups_at_once_are_one_account_and_the_later_one_counts(
    app: Flask, inside: Flask, owner_engine: Engine
) -> None:
    def sign_up(password: str) -> service.Claim:
        return customers.sign_up("Ada Obi", email="twice@test.example", phone=people.PHONE, password=password)

    def again() -> service.Claim:
        with transaction(ACTOR):
            return sign_up(NEW)

    later = crowd.meanwhile(app, owner_engine, lambda: sign_up(people.PASSWORD), again)
    assert isinstance(later, service.Claim), later
    leave()
    made = db.session.scalars(select(Login).where(Login.email == "twice@test.example")).one()
    assert made.id == later.login_id
    assert passwords.verify(NEW, kept=made.password_hash)
