"""Asking to close an account, through the doors."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.core import clock, ids, machine
from app.core.db import db, leave, transaction
from app.core.permissions import Role
from app.customers import closures, errors, queries
from app.customers.models import ClosureRequest
from app.customers.rules import ClosureState
from tests.makers import browse, mailbox, people
from tests.makers.crowd import at_once


@pytest.fixture
def customer(inside: Flask) -> people.Customer:
    return people.customer()


def test_is_asked_and_taken_back(app: Flask, customer: people.Customer, work_off: Callable[..., int]) -> None:
    client = app.test_client()
    browse.come_in(client, customer.email)
    assert browse.send(client, "/security/close", reason="x" * 501).status_code == 422
    assert browse.send(client, "/security/close", reason="Moving abroad").status_code == 303
    assert "Moving abroad" in client.get("/security/close").text
    leave()
    asked = queries.open_closure(customer_id=customer.id)
    assert asked is not None
    browse.send(client, "/security/close/withdraw", form_at="/security/close")
    leave()
    assert queries.open_closure(customer_id=customer.id) is None
    assert [move.new_state for move in machine.history(asked.id)] == ["asked", "withdrawn"]
    work_off()
    assert "You asked to close your account" in mailbox.subjects_to(customer.email)


def test_one_at_a_time(customer: people.Customer) -> None:
    with transaction(customer.actor):
        closures.ask(customer.id, reason="", actor=customer.actor)
    with pytest.raises(errors.ClosureAskedAlready), transaction(customer.actor):
        closures.ask(customer.id, reason="", actor=customer.actor)
    second = ClosureRequest(
        id=ids.new("cl"), customer_id=customer.id, reason="", state=ClosureState.ASKED, created_at=clock.now()
    )
    with pytest.raises(IntegrityError), transaction(customer.actor):
        db.session.add(second)
    with transaction(customer.actor):
        closures.withdraw(customer.id, actor=customer.actor)
    with pytest.raises(errors.NoClosure), transaction(customer.actor):
        closures.withdraw(customer.id, actor=customer.actor)
    with transaction(customer.actor):
        closures.ask(customer.id, reason="", actor=customer.actor)


def test_clicked_twice_at_once_is_asked_once(app: Flask, customer: people.Customer) -> None:
    def ask() -> None:
        with transaction(customer.actor):
            closures.ask(customer.id, reason="", actor=customer.actor)

    leave()
    told = at_once(app, [ask] * 4)
    assert [type(one).__name__ for one in told].count("ClosureAskedAlready") == 3, told
    assert told.count(None) == 1


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER])
def test_staff_read_them(app: Flask, customer: people.Customer, role: Role) -> None:
    reason = f"Because of {customer.id}"
    with transaction(customer.actor):
        closures.ask(customer.id, reason=reason, actor=customer.actor)
    client = app.test_client()
    browse.come_in(client, people.operator(role)[1], console=True)
    assert reason in client.get("/console/closures").text
    assert reason not in client.get("/console/closures?view=withdrawn").text
