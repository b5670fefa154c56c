"""A role that was taken alone for an hour looks and stops harm: with it nobody decides, asks or moves money."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from app.adjustments import service as adjustments
from app.adjustments.rules import Content
from app.core import actor
from app.core.db import leave, transaction
from app.core.money import NGN
from app.core.permissions import Role
from app.customers import queries as customers
from app.governance import errors as governance_errors
from app.governance.rules import Leg, Rule
from app.ledger import chart
from app.ledger import journal as journals
from app.staff import rules, service
from app.withdrawals import errors, queries
from app.withdrawals import service as withdrawals
from app.withdrawals.models import Withdrawal
from app.withdrawals.rules import State
from tests.makers import books, browse, governed, people
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess

Ask = Callable[[int], Withdrawal]

# Doors that decide, ask others, or move money, with a role that opens each to those who hold it.
SHUT = (
    ("treasury", "POST", "/console/withdrawals/wd_1/approve"),
    ("treasury", "POST", "/console/withdrawals/wd_1/reject"),
    ("compliance_officer", "POST", "/console/withdrawals/wd_1/approve"),
    ("treasury", "POST", "/console/ledger/proof/halts/1/lift"),
    ("finance", "POST", "/console/ledger/requests"),
    ("finance", "GET", "/console/ledger/requests/new"),
    ("finance", "POST", "/console/ledger/periods/2099-10/begin"),
    ("finance", "POST", "/console/ledger/periods/2099-10/close"),
    ("finance", "POST", "/console/suspense/sus_1/resolve"),
    ("support", "POST", "/console/recoveries/rc_1"),
    ("compliance_officer", "POST", "/console/customers/cus_1/unfreeze"),
    ("compliance_officer", "GET", "/console/reveal/email/cus_1"),
)


def borrow(operator_id: str, role: str) -> None:
    """Take a role alone."""
    people.somebody_watches()
    who = actor.operator(operator_id)
    with transaction(who):
        service.break_glass(role, reason="Nobody answers.", operator_id=operator_id, actor=who)


@pytest.fixture
def me(inside: Flask) -> tuple[str, str]:
    """An administrator: id and address."""
    return people.operator(Role.ADMIN)


@pytest.fixture
def owner(inside: Flask, sandbox: SandboxProcess) -> Customer:
    """Somebody with NGN 1,000,000."""
    found = people.customer(enrolled=True)
    people.paid_in(found, naira(1_000_000), app=inside, sandbox=sandbox)
    return found


@pytest.fixture
def ask(inside: Flask, owner: Customer) -> Ask:
    """Ask for a withdrawal of so many naira."""
    account = people.bank_account(owner, app=inside)

    def request(amount: int) -> Withdrawal:
        with transaction(owner.actor):
            asked = withdrawals.request(owner.id, bank_account_id=account, amount=naira(amount), actor=owner.actor)
        return people.looked_into(asked.id)

    return request


def approve(asked: Withdrawal, *, by: str) -> State:
    """One yes."""
    who = actor.operator(by)
    with transaction(who):
        return withdrawals.approve(asked.id, operator_id=by, content_hash=asked.content_hash, owns=None, actor=who)


def state_of(asked: Withdrawal) -> str:
    leave()
    return queries.one_for_operators(asked.id).state


class TestAtTheDoors:
    @pytest.mark.parametrize("role", sorted({role for role, _, _ in SHUT}))
    def test_it_decides_asks_and_moves_nothing(self, client: FlaskClient, me: tuple[str, str], role: str) -> None:
        browse.sign_in(client, me[1], console=True)
        borrow(me[0], role)
        page = client.get("/console/operators")
        assert f"You have the role of {rules.in_words([role])}" in page.text
        token = browse.token_of(page)
        for method, path in [(method, path) for each, method, path in SHUT if each == role]:
            answer = client.get(path) if method == "GET" else client.post(path, data={"csrf_token": token})
            assert answer.status_code == 403, path
            assert "Your roles do not include" in answer.text, path

    def test_who_holds_the_role_comes_further(self, app: Flask, inside: Flask) -> None:
        """Otherwise the test above would prove nothing."""
        for role in sorted({role for role, _, _ in SHUT}):
            client = app.test_client()
            browse.sign_in(client, people.operator(Role(role))[1], console=True)
            token = browse.token_of(client.get("/console/account"))
            for method, path in [(method, path) for each, method, path in SHUT if each == role]:
                answer = client.get(path) if method == "GET" else client.post(path, data={"csrf_token": token})
                assert answer.status_code != 403, path

    def test_it_looks_and_freezes(self, client: FlaskClient, me: tuple[str, str]) -> None:
        browse.sign_in(client, me[1], console=True)
        borrow(me[0], "compliance_officer")
        someone = people.customer()
        place = f"/console/customers/{someone.id}"
        frozen = browse.send(client, f"{place}/freeze", form_at=place, reason="Money leaves as we speak.")
        assert frozen.status_code == 303
        leave()
        assert customers.is_locked(customer_id=someone.id)


class TestInTheRooms:
    @pytest.mark.parametrize("role", ["treasury", "compliance_officer"])
    def test_it_decides_on_no_withdrawal(self, me: tuple[str, str], ask: Ask, role: str) -> None:
        asked = ask(1_000)
        borrow(me[0], role)
        with pytest.raises(errors.NotYourDecision):
            approve(asked, by=me[0])
        who = actor.operator(me[0])
        with pytest.raises(errors.NotYourDecision), transaction(who):
            withdrawals.reject(asked.id, reason="No.", owns=None, actor=who)
        assert state_of(asked) == State.REQUESTED
        assert approve(asked, by=people.operator(Role.TREASURY)[0]) is State.APPROVED

    def test_it_fills_no_leg_and_asks_for_no_journal(self, me: tuple[str, str], owner_engine: Engine) -> None:
        office = governed.office(owner_engine, Rule((Leg(("finance",), 1),), timedelta(days=1)))
        asked = office.ask()
        borrow(me[0], "finance")
        with pytest.raises(governance_errors.NotYourLeg):
            office.approve(asked, me[0])
        with pytest.raises(governance_errors.NotYourLeg):
            office.deny(asked, me[0])
        fees = chart.house(chart.WITHDRAWAL_FEES, asset=NGN)
        legs = (journals.debit(fees, naira(1)), journals.credit(chart.house(chart.PAYSTACK_FEES, asset=NGN), naira(1)))
        who = actor.operator(me[0])
        with pytest.raises(governance_errors.NotAllowedToAsk), transaction(who):
            adjustments.request(Content(legs, "A reason."), operator_id=me[0], actor=who)


class TestAVoteOfSomebodyWhoMayNotVoteAnyMore:
    def test_is_not_counted_with_the_next_vote(self, ask: Ask, owner_engine: Engine) -> None:
        asked, first = ask(600_000), people.operator(Role.TREASURY)[0]
        assert approve(asked, by=first) is State.REQUESTED
        governed.set_roles(owner_engine, first, Role.SUPPORT)
        assert approve(asked, by=people.operator(Role.COMPLIANCE_OFFICER)[0]) is State.REQUESTED
        assert approve(asked, by=people.operator(Role.TREASURY)[0]) is State.APPROVED

    def test_is_not_enough_to_send(self, ask: Ask, owner_engine: Engine) -> None:
        asked, first = ask(1_000), people.operator(Role.TREASURY)[0]
        assert approve(asked, by=first) is State.APPROVED
        governed.set_roles(owner_engine, first, Role.SUPPORT)
        system = actor.system("test")
        with transaction(system):
            assert withdrawals.begin_sending(asked.id, actor=system) is None
        assert state_of(asked) == State.REQUESTED
        assert approve(asked, by=people.operator(Role.TREASURY)[0]) is State.APPROVED
        with transaction(system):
            assert withdrawals.begin_sending(asked.id, actor=system) is not None

    def test_is_not_enough_for_the_database(self, ask: Ask, owner_engine: Engine) -> None:
        asked, first = ask(1_000), people.operator(Role.TREASURY)[0]
        approve(asked, by=first)
        governed.set_roles(owner_engine, first, Role.SUPPORT)
        with books.undone(owner_engine) as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
            sent = "UPDATE withdrawals SET state = 'sending' WHERE id = :id"
            assert books.refused(connection, sent, id=asked.id) == "BU002"
