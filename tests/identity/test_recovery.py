"""Coming back without the mailbox: slow on purpose, told at once, stopped by whoever still reads the old mails."""

import secrets
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text

from app.core import actor, clock, crypto, machine
from app.core.db import db, leave, transaction
from app.core.errors import IllegalMove
from app.core.permissions import Role
from app.identity import errors, queries, recoveries, recovery, rules
from app.identity.models import Recovery
from app.identity.rules import Audience, RecoveryState
from jobs.schedule import SCHEDULE
from tests.makers import browse, mailbox, people
from tests.makers.books import refused, undone

WorkOff = Callable[..., int]
CarryOut = Callable[..., None]
SYSTEM = actor.system("test")
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


@pytest.fixture
def carry_out(owner_engine: Engine) -> CarryOut:
    """Carry one out so long after it was asked for. The database has its own clock: what was asked is made older."""

    def run(request: Recovery, *, after: timedelta) -> None:
        who = actor.operator(people.operator(Role.SUPPORT)[0])
        age(owner_engine, request.id, after)
        with clock.at(request.created_at), transaction(who):
            recovery.carry_out(request.id, actor=who)

    return run


def age(engine: Engine, recovery_id: str, by: timedelta) -> None:
    """Let so much time have passed since it was asked for."""
    earlier = "UPDATE recoveries SET created_at = created_at - :by, possible_at = possible_at - :by WHERE id = :id"
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text(earlier), {"by": by, "id": recovery_id})


def ask(customer: people.Customer, contact: str) -> str:
    """One more recovery, looked up already: its id."""
    with transaction(SYSTEM):
        recovery.ask(customer.email, contact=contact, actor=SYSTEM)
        where = crypto.blind_index(contact, kind="contact")
        recovery_id = db.session.scalars(select(Recovery.id).where(Recovery.contact_index == where)).one()
    with transaction(SYSTEM):
        recovery.answer(recovery_id, actor=SYSTEM)
    leave()
    return recovery_id


def stop(recovery_id: str) -> None:
    """As whoever reads the old mailbox."""
    token = recoveries.recovery_token_for_system(recovery_id)
    assert token
    with transaction(SYSTEM):
        recovery.stop(token, actor=SYSTEM)


def state_of(request: Recovery | str) -> str:
    leave()
    return db.session.get_one(Recovery, request if isinstance(request, str) else request.id).state


class TestAsked:
    def test_warns_the_known_address_at_once(self, customer: people.Customer, asked: Recovery) -> None:
        assert asked.state == RecoveryState.ASKED
        assert asked in recoveries.recoveries_for_operators(state=RecoveryState.ASKED, limit=1000)
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

    def test_one_to_an_address_at_a_time(
        self, app: Flask, customer: people.Customer, contact: str, asked: Recovery, work_off: WorkOff
    ) -> None:
        browse.send(app.test_client(), "/recover", email=customer.email, contact=contact)
        work_off()
        assert mailbox.subjects_to(customer.email).count(WARNING) == 1

    def test_a_strangers_does_not_shut_out_the_owners(
        self, customer: people.Customer, asked: Recovery, carry_out: CarryOut
    ) -> None:
        owners = ask(customer, f"owner-{secrets.token_hex(4)}@test.example")
        assert (state_of(asked), state_of(owners)) == ("asked", "asked")
        carry_out(db.session.get_one(Recovery, owners), after=timedelta(hours=72))
        assert (state_of(asked), state_of(owners)) == ("moot", "carried_out")

    def test_ends_after_two_weeks(self, customer: people.Customer, asked: Recovery, owner_engine: Engine) -> None:
        young = ask(customer, f"young-{secrets.token_hex(4)}@test.example")
        age(owner_engine, asked.id, rules.RECOVERY_LIVES)
        age(owner_engine, young, rules.RECOVERY_LIVES - timedelta(minutes=5))
        who = actor.operator(people.operator(Role.SUPPORT)[0])
        with pytest.raises(errors.RecoveryOver), transaction(who):
            recovery.carry_out(asked.id, actor=who)
        assert "identity.expire_recoveries" in {each.kind for each in SCHEDULE}
        with transaction(SYSTEM):
            recovery.expire(actor=SYSTEM)
        assert (state_of(asked), state_of(young)) == ("expired", "asked")

    def test_is_refused_by_staff_who_say_why(self, customer: people.Customer, asked: Recovery) -> None:
        who = actor.operator(people.operator(Role.SUPPORT)[0])
        for reason in ("  ", "x" * 501):
            with pytest.raises(errors.RefusalUnexplained), transaction(who):
                recovery.refuse(asked.id, reason=reason, actor=who)
        with transaction(who):
            recovery.refuse(asked.id, reason="They knew nothing.", actor=who)
        assert state_of(asked) == "refused"
        last = machine.history(asked.id)[-1]
        assert (last.actor, last.reason) == (str(who), "They knew nothing.")
        with pytest.raises(IllegalMove), transaction(who):
            recovery.refuse(asked.id, reason="Again.", actor=who)


class TestStop:
    def test_ends_all_that_wait(self, customer: people.Customer, asked: Recovery) -> None:
        second = ask(customer, f"second-{secrets.token_hex(4)}@test.example")
        stop(second)
        assert (state_of(asked), state_of(second)) == ("stopped", "stopped")

    @pytest.mark.parametrize(("ago", "then"), [(timedelta(0), "asked"), (timedelta(minutes=5), "moot")])
    def test_lets_no_other_be_heard_of_for_a_week(self, customer: people.Customer, ago: timedelta, then: str) -> None:
        with clock.at(clock.now() - rules.RECOVERY_PAUSE + ago):
            stop(ask(customer, f"first-{secrets.token_hex(4)}@test.example"))
        assert state_of(ask(customer, f"second-{secrets.token_hex(4)}@test.example")) == then

    def test_the_owner_stops_it_by_mail(
        self, app: Flask, customer: people.Customer, asked: Recovery, carry_out: CarryOut
    ) -> None:
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
    def test_not_before_its_time(self, asked: Recovery, carry_out: CarryOut) -> None:
        with pytest.raises(errors.RecoveryCools):
            carry_out(asked, after=timedelta(hours=72, microseconds=-1))
        assert state_of(asked) == RecoveryState.ASKED

    def test_gives_the_account_its_new_address(
        self,
        app: Flask,
        customer: people.Customer,
        contact: str,
        asked: Recovery,
        work_off: WorkOff,
        carry_out: CarryOut,
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
        self, customer: people.Customer, contact: str, asked: Recovery, work_off: WorkOff, carry_out: CarryOut
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
        self, app: Flask, customer: people.Customer, work_off: WorkOff, carry_out: CarryOut
    ) -> None:
        browse.send(app.test_client(), "/recover", email=customer.email, contact=people.customer().email)
        work_off()
        request = db.session.scalars(select(Recovery).where(Recovery.login_id == customer.login_id)).one()
        with pytest.raises(errors.AddressTaken):
            carry_out(request, after=timedelta(hours=72))
        assert state_of(request) == RecoveryState.ASKED


class TestBySqlAlone:
    @pytest.mark.parametrize("state", ["carried_out", "noted"])
    def test_does_not_move_where_it_may_not(self, asked: Recovery, owner_engine: Engine, state: str) -> None:
        move = "UPDATE recoveries SET state = :state, ended_at = now() + interval '73 h' WHERE id = :id"
        with undone(owner_engine) as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            assert refused(connection, move, state="stopped", id=asked.id) == ""
            assert refused(connection, move, state=state, id=asked.id) == "23001"

    def test_what_was_stopped_is_not_carried_out(self, asked: Recovery, owner_engine: Engine) -> None:
        age(owner_engine, asked.id, timedelta(hours=73))
        move = "UPDATE recoveries SET state = :state, ended_at = now() WHERE id = :id"
        with undone(owner_engine) as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            assert refused(connection, move, state="carried_out", id=asked.id) == ""
            connection.execute(text(move), {"state": "stopped", "id": asked.id})
            again = "UPDATE recoveries SET state = 'carried_out' WHERE id = :id"
            assert refused(connection, again, id=asked.id) == "23001"

    def test_is_not_born_without_its_72_hours(self, asked: Recovery, owner_engine: Engine) -> None:
        copy = (
            "INSERT INTO recoveries (id, contact_sealed, contact_index, state, created_at, possible_at)"
            " SELECT 'rc_test', contact_sealed, contact_index, 'noted', now(), now() + CAST(:cools AS interval)"
            " FROM recoveries WHERE id = :id"
        )
        with undone(owner_engine) as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            assert refused(connection, copy, id=asked.id, cools="72 h") == ""
            assert refused(connection, copy, id=asked.id, cools="71 h") == "23001"
