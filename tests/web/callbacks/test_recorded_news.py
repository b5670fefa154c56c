"""Recorded news of money that comes, about something of ours, told twice: its exact effect, by the vendor's door."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.db import leave, transaction
from app.payments import dedicated, deposits, queries
from app.payments.dedicated_rules import DedicatedState
from app.payments.deposits import PayWhere
from app.payments.rules import DepositState, Method
from tests.makers import people
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess
from tests.web.callbacks.test_paystack import RECORDED, deliver

WorkOff = Callable[..., int]


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


def tell(client: FlaskClient, name: str, work_off: WorkOff, **about: Any) -> None:
    """Deliver a recorded event about this, twice in different bytes: data's fields, or `customer`'s."""
    news = json.loads((RECORDED / f"{name}.json").read_text())
    told = dict(about)
    news["data"].setdefault("customer", {}).update(told.pop("customer", {}))
    news["data"].update(told)
    for indent in (None, 2):
        assert deliver(client, json.dumps(news, indent=indent).encode()) == 200
    work_off()
    leave()


@pytest.mark.parametrize("channel", ["card", "bank_transfer"])
def test_a_charge_is_credited_once_and_as_paystack_confirms_it(
    app: Flask,
    client: FlaskClient,
    sandbox: SandboxProcess,
    owner: Customer,
    work_off: WorkOff,
    channel: str,
) -> None:
    deposit_id, reference = people.open_deposit(owner, naira(5_000), app=app)
    sandbox.pay(reference, channel=channel)
    # What the news says of amounts and of whose it is, is not believed.
    metadata = {"customer_id": people.customer().id, "deposit_id": "dep_another"}
    tell(client, f"charge.success.{channel}", work_off, reference=reference, amount=99, metadata=metadata)
    assert owner.balance().booked == naira(5_000)
    assert queries.deposit(deposit_id, customer_id=owner.id).state == DepositState.CREDITED
    leave()


def test_a_transfer_that_was_sent_back_is_said_to_whoever_waits_and_moves_nothing(
    client: FlaskClient, owner: Customer, work_off: WorkOff
) -> None:
    with transaction(owner.actor):
        deposit_id = deposits.start(owner.id, amount=naira(5_000), actor=owner.actor, method=Method.BANK_TRANSFER).id
        deposits.await_payment(deposit_id, where=PayWhere(number="1234567890"), actor=owner.actor)
    tell(client, "bank.transfer.rejected", work_off, customer={"email": owner.email})
    found = queries.deposit(deposit_id, customer_id=owner.id)
    assert (found.state, bool(found.trouble)) == (DepositState.AWAITING_PAYMENT, True)
    assert owner.balance().booked == naira(0)
    leave()


def test_an_account_number_is_opened_as_paystack_confirms_it(
    app: Flask, client: FlaskClient, sandbox: SandboxProcess, owner: Customer, work_off: WorkOff
) -> None:
    paystack = app.extensions["clients"].paystack
    code = paystack.create_customer(email=owner.email, first_name="Ada", last_name="Obi")
    number = paystack.assign_account(customer_code=code, preferred_bank="test-bank").account_number
    with transaction(owner.actor):
        account_id = dedicated.ask(owner.id, actor=owner.actor).id
        dedicated.note_customer(account_id, code=code)
    tell(client, "dedicatedaccount.assign.success", work_off, customer={"customer_code": code, "email": owner.email})
    account = queries.dedicated_account_for_system(account_id)
    assert account is not None
    assert (account.state, account.account_number) == (DedicatedState.OPEN, number)  # (not the number of the news)
    leave()
