"""The ways to pay against the sandbox over real HTTP: what the vendor is asked, once, and what a lost answer leaves."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from app.clients.http import Silent, Unreadable
from app.clients.paystack import Charge, Paystack
from app.clients.paystack_refusals import InvalidKey
from app.core import clock, inbox
from app.core.db import leave, rows, transaction
from app.payments import dedicated, deposits, errors, queries
from app.payments import flows as payments
from app.payments.intake import flows
from app.payments.models import Deposit
from app.payments.rules import DedicatedState, DepositState, Method
from tests.makers import paying, people
from tests.makers.paying import SYSTEM
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


def started(owner: Customer, method: Method, **more: str | bool | None) -> Deposit:
    with transaction(owner.actor):
        return deposits.start(owner.id, amount=naira(3_000), actor=owner.actor, method=method, **more)  # type: ignore[arg-type]


def opened(deposit: Deposit, owner: Customer, app: Flask, *, ussd: str = "") -> Deposit:
    flows.open_payment(
        deposit,
        paystack=app.extensions["clients"].paystack,
        email=owner.email,
        callback_url="http://localhost/",
        ussd=ussd,
        actor=owner.actor,
    )
    return found(deposit.id)


def found(deposit_id: str) -> Deposit:
    leave()
    one = queries.deposit_for_system(deposit_id=deposit_id)
    assert one is not None
    return one


def watched(deposit_id: str, app: Flask) -> str:
    payments.watch_deposit(deposit_id, paystack=app.extensions["clients"].paystack, actor=SYSTEM)
    return found(deposit_id).state


def told(event: str, facts: Mapping[str, object], app: Flask) -> str | None:
    with transaction(SYSTEM):
        body = json.dumps({"event": event, "data": facts}).encode()
        inbox_id = inbox.receive("paystack", external_id=f"test:{secrets.token_hex(8)}", body=body)
    assert inbox_id is not None
    return flows.hear(inbox_id, paystack=app.extensions["clients"].paystack, actor=SYSTEM)


def kept(owner: Customer, app: Flask, sandbox: SandboxProcess) -> str:
    """A card that they kept when they paid with it: its id."""
    first = opened(started(owner, Method.CARD, keep_card=True), owner, app)
    sandbox.pay(first.reference)
    assert watched(first.id, app) == DepositState.CREDITED
    return queries.saved_cards(customer_id=owner.id)[0].id


class TestOneOffAccount:
    def test_is_told_and_pays_the_deposit(self, inside: Flask, sandbox: SandboxProcess, owner: Customer) -> None:
        deposit = opened(started(owner, Method.BANK_TRANSFER), owner, inside)
        assert deposit.state == DepositState.AWAITING_PAYMENT
        assert len(deposit.pay_number) == 10
        assert deposit.pay_until is not None
        assert timedelta(minutes=14) < deposit.pay_until - clock.now() <= timedelta(minutes=31)
        assert watched(deposit.id, inside) == DepositState.AWAITING_PAYMENT
        sandbox.receive(300_000, deposit.pay_number, sender_name="Ada Obi")
        assert watched(deposit.id, inside) == DepositState.CREDITED
        assert owner.balance().available == naira(3_000)

    @pytest.mark.parametrize(
        ("sender", "state", "available"),
        [("MUSA BELLO", DepositState.SUSPENDED, 0), ("ADA", DepositState.CREDITED, 0), ("OBI, Ada", None, 3_000)],
    )
    def test_is_for_who_sends_in_their_own_name(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer,
        sender: str, state: DepositState | None, available: int,
    ) -> None:  # fmt: skip
        deposit = opened(started(owner, Method.BANK_TRANSFER), owner, inside)
        sandbox.receive(300_000, deposit.pay_number, sender_name=sender)
        assert watched(deposit.id, inside) == (state or DepositState.CREDITED)
        assert owner.balance().available == naira(available)
        waiting = rows("SELECT topic FROM suspense_items WHERE reference = :r", r=deposit.reference)
        assert [item.topic for item in waiting] == (["name"] if state else [])

    def test_sends_another_amount_back_and_says_so(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        deposit = opened(started(owner, Method.BANK_TRANSFER), owner, inside)
        sandbox.receive(200_000, deposit.pay_number)
        facts = {"customer": {"email": owner.email}, "bank_transfer": {"amount": "200000"}}
        said = told("bank.transfer.rejected", facts, inside)
        assert said == f"transfer for {deposit.id} was sent back"
        after = found(deposit.id)
        assert (after.state, after.trouble) == (DepositState.AWAITING_PAYMENT, flows.REJECTED_WORDS)
        assert told("bank.transfer.rejected", {"customer": {"email": "nobody@test.example"}}, inside) == "in suspense"

    def test_that_was_sent_back_is_found_by_its_number_among_several(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        one, other = (opened(started(owner, Method.BANK_TRANSFER), owner, inside) for _ in range(2))
        charge = inside.extensions["clients"].paystack.find_charge(one.reference)
        assert charge is not None
        facts = {"customer": {"email": "of@old.example"}, "bank_transfer": {"transaction_id": charge.id}}
        assert told("bank.transfer.rejected", facts, inside) == f"transfer for {one.id} was sent back"
        assert [found(each.id).trouble for each in (one, other)] == [flows.REJECTED_WORDS, ""]

    @pytest.mark.parametrize("method", [Method.BANK_TRANSFER, Method.CARD])
    def test_a_no_to_our_key_ends_no_deposit(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer, method: Method
    ) -> None:
        deposit, wrong = started(owner, method), Paystack(sandbox.url, secret_key="sk_test_wrong")
        with pytest.raises(InvalidKey):
            flows.open_payment(
                deposit,
                paystack=wrong,
                email=owner.email,
                callback_url="http://localhost/",
                ussd="",
                actor=owner.actor,
            )
        assert found(deposit.id).state == DepositState.STARTED

    def test_a_lost_answer_is_not_asked_for_twice(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        deposit = started(owner, Method.BANK_TRANSFER)
        sandbox.knobs(answer="drop", answer_times=1, answer_to="/charge")
        with pytest.raises(Silent):
            opened(deposit, owner, inside)
        with pytest.raises(errors.CheckoutLost):
            opened(found(deposit.id), owner, inside)
        assert found(deposit.id).state == DepositState.STARTED


class TestUssd:
    def test_is_a_code_of_the_chosen_bank(self, inside: Flask, sandbox: SandboxProcess, owner: Customer) -> None:
        deposit = started(owner, Method.USSD)
        with pytest.raises(errors.NoSuchWay):
            opened(deposit, owner, inside, ussd="000")
        deposit = opened(found(deposit.id), owner, inside, ussd="919")
        assert "*919*" in deposit.dial
        sandbox.pay(deposit.reference, channel="ussd")
        assert watched(deposit.id, inside) == DepositState.CREDITED


class TestKeptCard:
    def test_is_charged_once_however_often_it_is_opened(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        card_id = kept(owner, inside, sandbox)
        deposit = started(owner, Method.SAVED_CARD, saved_card_id=card_id)
        for _ in range(2):
            assert opened(found(deposit.id), owner, inside).state == DepositState.CREDITED
        assert owner.balance().booked == naira(6_000)

    def test_a_lost_answer_is_asked_back_and_nothing_is_charged_twice(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        deposit = started(owner, Method.SAVED_CARD, saved_card_id=kept(owner, inside, sandbox))
        sandbox.knobs(answer="drop", answer_times=1, answer_to="/transaction/charge_authorization")
        with pytest.raises(Silent):
            opened(deposit, owner, inside)
        assert found(deposit.id).state == DepositState.STARTED
        assert watched(deposit.id, inside) == DepositState.CREDITED
        assert owner.balance().booked == naira(6_000)

    def test_one_that_is_declined_ends_it(self, inside: Flask, sandbox: SandboxProcess, owner: Customer) -> None:
        deposit = started(owner, Method.SAVED_CARD, saved_card_id=kept(owner, inside, sandbox))
        sandbox.knobs(saved_card="failed")
        with pytest.raises(errors.CardDeclined):
            opened(deposit, owner, inside)
        assert found(deposit.id).state == DepositState.FAILED
        assert owner.balance().booked == naira(3_000)


class TestAccountNumber:
    @pytest.fixture
    def asked(self, owner: Customer) -> str:
        with transaction(owner.actor):
            return dedicated.ask(owner.id, actor=owner.actor).id

    def open(self, account_id: str, app: Flask) -> None:
        assert flows.open_account(account_id, paystack=app.extensions["clients"].paystack, actor=SYSTEM) is None
        leave()

    def test_is_opened_and_takes_what_is_sent(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer, asked: str
    ) -> None:
        for _ in range(2):
            self.open(asked, inside)
        account = queries.open_dedicated_account(customer_id=owner.id)
        assert account.account_number
        reference = sandbox.receive(125_000, account.account_number, sender_name="OBI ADA")
        leave()
        assert paying.told(reference, inside) == "deposit credited"
        assert owner.balance().available.units == 125_000

    def test_an_answer_that_was_lost_is_found_by_the_event(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer, asked: str
    ) -> None:
        paystack = inside.extensions["clients"].paystack
        leave()
        code = paystack.create_customer(email=owner.email, first_name="Ada", last_name="Obi")
        with transaction(SYSTEM):
            dedicated.note_customer(asked, code=code)
        leave()
        paystack.assign_account(customer_code=code, preferred_bank="test-bank")
        told("dedicatedaccount.assign.success", {"customer": {"customer_code": code}}, inside)
        leave()
        assert queries.open_dedicated_account(customer_id=owner.id).customer_code == code
        facts = {"customer": {"customer_code": "CUS_nobodys"}}
        assert told("dedicatedaccount.assign.success", facts, inside) == "in suspense"

    def test_an_event_that_lies_opens_nothing(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer, asked: str
    ) -> None:
        paystack = inside.extensions["clients"].paystack
        leave()
        code = paystack.create_customer(email=owner.email, first_name="Ada", last_name="Obi")
        with transaction(SYSTEM):
            dedicated.note_customer(asked, code=code)
        told("dedicatedaccount.assign.success", {"customer": {"customer_code": code}}, inside)
        leave()
        account = queries.dedicated_account(customer_id=owner.id)
        assert account is not None
        assert (account.state, account.account_number) == (DedicatedState.ASKED, None)

    def test_paystack_looks_for_what_was_missed(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer, asked: str
    ) -> None:
        self.open(asked, inside)
        number = queries.open_dedicated_account(customer_id=owner.id).account_number or ""
        sandbox.control(
            "POST",
            "receive",
            {"amount": 90_000, "account_number": number, "sender_name": "ADA OBI", "unnoticed": True},
        )
        leave()
        flows.look_again(owner.id, paystack=inside.extensions["clients"].paystack, actor=owner.actor)
        flows.sweep(paystack=inside.extensions["clients"].paystack, actor=SYSTEM)
        assert owner.balance().available.units == 90_000


class TestSweep:
    def test_finds_what_no_webhook_told_and_once(self, inside: Flask, sandbox: SandboxProcess, owner: Customer) -> None:
        number = paying.account_number(owner)
        sandbox.receive(40_000, number, sender_name="Ada Obi")
        paystack = inside.extensions["clients"].paystack
        leave()
        assert flows.sweep(paystack=paystack, actor=SYSTEM) >= 1
        assert owner.balance().available.units == 40_000
        leave()
        assert flows.sweep(paystack=paystack, actor=SYSTEM) == 0

    def test_finds_what_was_paid_for_a_deposit_that_was_given_up(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        deposit_id, reference = people.open_deposit(owner, naira(2_000), app=inside)
        with transaction(SYSTEM):
            deposits.give_up(deposit_id, reason="nobody paid in time", actor=SYSTEM)
        sandbox.pay(reference, channel="bank_transfer")
        flows.sweep(paystack=inside.extensions["clients"].paystack, actor=SYSTEM)
        assert found(deposit_id).state == DepositState.CREDITED

    def test_finds_what_was_told_of_before_it_was_paid(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        reference = sandbox.receive(45_000, number := paying.account_number(owner), sender_name="Ada Obi")
        early = replace(paying.came(45_000, number, reference=reference), status="pending")
        with transaction(SYSTEM):
            deposits.place_stray(early, our_domain="test", actor=SYSTEM)
        flows.sweep(paystack=inside.extensions["clients"].paystack, actor=SYSTEM)
        assert owner.balance().booked.units == 45_000

    def test_one_that_cannot_be_read_keeps_none_behind_it_waiting(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        number = paying.account_number(owner)
        first, second = sorted(sandbox.receive(10_000, number, sender_name="Ada Obi") for _ in range(2))
        real = inside.extensions["clients"].paystack

        class Odd(Paystack):
            def find_charge(self, reference: str) -> Charge | None:
                if reference == first:
                    raise Unreadable
                return super().find_charge(reference)

        leave()
        with pytest.raises(Unreadable):
            flows.sweep(paystack=Odd(sandbox.url, secret_key=sandbox.secret), actor=SYSTEM)
        assert owner.balance().booked.units == 10_000
        leave()
        flows.sweep(paystack=real, actor=SYSTEM)
        assert (owner.balance().booked.units, second > first) == (20_000, True)
