"""Deposits against the sandbox over real HTTP: what is credited, what is not, and what is only late."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from app.clients.http import Silent
from app.core import actor
from app.core.db import db, leave, transaction
from app.core.money import NGN
from app.ledger import balances, chart
from app.payments import deposits, errors, flows, queries, rules, suspense
from app.payments.models import SuspenseItem
from app.payments.rules import DepositState
from app.payments.suspense import Trouble
from tests.makers import crowd, people
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess

SYSTEM = actor.system("test")


def state(deposit_id: str) -> str:
    leave()
    found = queries.deposit_for_system(deposit_id=deposit_id)
    assert found is not None
    return found.state


def watch(deposit_id: str, app: Flask) -> timedelta | None:
    return flows.watch_deposit(deposit_id, paystack=app.extensions["clients"].paystack, actor=SYSTEM)


def item_of(reference: str) -> SuspenseItem:
    leave()
    return db.session.scalars(select(SuspenseItem).where(SuspenseItem.reference == reference)).one()


def suspense_id(reference: str) -> str:
    return db.session.scalars(select(SuspenseItem.id).where(SuspenseItem.reference == reference)).one()


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


class TestCredit:
    def test_credits_the_intent_books_the_fee(self, inside: Flask, sandbox: SandboxProcess, owner: Customer) -> None:
        before = balances.of(chart.house(chart.PAYSTACK_CLEARING, asset=NGN)).booked
        deposit_id = people.paid_in(owner, naira(50_000), app=inside, sandbox=sandbox)
        assert state(deposit_id) == DepositState.CREDITED
        assert owner.balance().available == naira(50_000)
        # 1.5 % and NGN 100: what Paystack owes us is NGN 49,150
        assert balances.of(chart.house(chart.PAYSTACK_CLEARING, asset=NGN)).booked - before == naira(49_150)

    def test_watching_again_changes_nothing(self, inside: Flask, sandbox: SandboxProcess, owner: Customer) -> None:
        deposit_id = people.paid_in(owner, naira(1_000), app=inside, sandbox=sandbox)
        assert watch(deposit_id, inside) is None
        assert owner.balance().booked == naira(1_000)

    def test_a_lost_webhook_is_made_up_by_the_watch(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer, work_off: Callable[..., int]
    ) -> None:
        deposit_id, reference = people.open_deposit(owner, naira(3_000), app=inside)
        work_off()
        assert state(deposit_id) == DepositState.AWAITING_PAYMENT
        sandbox.pay(reference)
        work_off(timedelta(minutes=1))
        assert state(deposit_id) == DepositState.CREDITED

    def test_a_declined_first_try_is_not_the_end(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer, work_off: Callable[..., int]
    ) -> None:
        deposit_id, reference = people.open_deposit(owner, naira(3_000), app=inside)
        sandbox.pay(reference, outcome="failed")
        work_off()
        assert state(deposit_id) == DepositState.AWAITING_PAYMENT
        sandbox.pay(reference)
        work_off(timedelta(minutes=1))
        assert state(deposit_id) == DepositState.CREDITED

    def test_money_that_comes_after_we_gave_up_is_still_the_customers(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        deposit_id, reference = people.open_deposit(owner, naira(3_000), app=inside)
        with transaction(SYSTEM):
            deposits.give_up(deposit_id, reason="nobody paid in time", actor=SYSTEM)
        sandbox.pay(reference)
        charge = inside.extensions["clients"].paystack.find_charge(reference)
        flows.settle(deposit_id, charge=charge, paystack=inside.extensions["clients"].paystack, actor=SYSTEM)
        assert state(deposit_id) == DepositState.CREDITED


class TestSuspense:
    @pytest.mark.parametrize("paid", [299_900, 300_001, 400_000])
    def test_another_amount_goes_to_suspense_in_full(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer, paid: int
    ) -> None:
        deposit_id, reference = people.open_deposit(owner, naira(3_000), app=inside)
        before = balances.of(chart.house(chart.SUSPENSE, asset=NGN)).booked
        sandbox.pay(reference, amount=paid)
        watch(deposit_id, inside)
        assert state(deposit_id) == DepositState.SUSPENDED
        assert owner.balance().booked == naira(0)
        assert (balances.of(chart.house(chart.SUSPENSE, asset=NGN)).booked - before).units == paid
        assert item_of(reference).journal_id is not None

    def test_money_in_suspense_is_not_closed_with_a_note(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        deposit_id, reference = people.open_deposit(owner, naira(3_000), app=inside)
        sandbox.pay(reference, amount=200_000)
        watch(deposit_id, inside)
        item = item_of(reference)
        with pytest.raises(errors.NotResolvable), transaction(SYSTEM):
            suspense.resolve(item.id, note="whatever", actor=SYSTEM)

    def test_a_stray_transfer_is_booked_to_suspense_once(
        self, inside: Flask, sandbox: SandboxProcess, work_off: Callable[..., int]
    ) -> None:
        reference = sandbox.receive(750_000, "9900112233", sender_name="A STRANGER")
        before = balances.of(chart.house(chart.SUSPENSE, asset=NGN)).booked
        paystack = inside.extensions["clients"].paystack
        charge = paystack.find_charge(reference)
        assert charge is not None
        for told in (charge, charge, replace(charge, fees=charge.fees + 1)):  # (a fee may become another one)
            with transaction(SYSTEM):
                deposits.place_stray(told, our_domain="test", actor=SYSTEM)
        assert (balances.of(chart.house(chart.SUSPENSE, asset=NGN)).booked - before).units == 750_000
        assert item_of(reference).journal_id is not None

    def test_money_for_something_that_was_closed_opens_it_again(self, inside: Flask) -> None:
        trouble = Trouble(cause="test:closed", event="charge.success", reference="closed", reason="unknown")
        with transaction(SYSTEM):
            suspense.suspend(trouble, actor=SYSTEM)
            suspense.resolve(suspense_id("closed"), note="nothing behind it", actor=SYSTEM)
        with transaction(SYSTEM):
            suspense.suspend(trouble, journal_id=1, actor=SYSTEM)
        item = item_of("closed")
        assert (item.state, item.journal_id) == ("open", 1)


class TestCheckout:
    def test_a_lost_answer_charges_nobody_and_says_so(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        with transaction(owner.actor):
            deposit = deposits.start(owner.id, amount=naira(5_000), actor=owner.actor)
        how = {
            "paystack": inside.extensions["clients"].paystack,
            "email": owner.email,
            "callback_url": "http://localhost/",
            "actor": owner.actor,
        }
        sandbox.knobs(answer="drop", answer_times=1)
        with pytest.raises(Silent):
            flows.open_checkout(deposit, **how)
        with pytest.raises(errors.CheckoutLost):
            flows.open_checkout(deposit, **how)
        assert state(deposit.id) == DepositState.STARTED

    @pytest.mark.parametrize("amount", [0, 99, 5_000_001])
    def test_bounds_hold(self, owner: Customer, amount: int) -> None:
        with pytest.raises(errors.DepositOutOfBounds), transaction(owner.actor):
            deposits.start(owner.id, amount=naira(amount), actor=owner.actor)


class TestBankAccount:
    def test_one_that_is_not_there_is_refused(self, inside: Flask, sandbox: SandboxProcess, owner: Customer) -> None:
        people.bank_account(owner, app=inside)
        for number, refusal in (("9990000001", errors.AccountNotFound), ("12345", errors.BadAccountNumber)):
            with pytest.raises(refusal):
                flows.add_bank_account(
                    owner.id,
                    bank_code="057",
                    account_number=number,
                    paystack=inside.extensions["clients"].paystack,
                    actor=owner.actor,
                )
        with pytest.raises(errors.UnknownBank):
            flows.add_bank_account(
                owner.id,
                bank_code="nowhere",
                account_number="0123456789",
                paystack=inside.extensions["clients"].paystack,
                actor=owner.actor,
            )


class TestUnpaid:
    @staticmethod
    def begun(owner: Customer, many: int) -> list[str]:
        with transaction(owner.actor):
            found = [deposits.start(owner.id, amount=naira(500), actor=owner.actor).id for _ in range(many)]
        leave()
        return found

    def test_one_customer_begins_so_many_and_no_more_until_one_ends(self, owner: Customer) -> None:
        first, *_ = self.begun(owner, rules.UNPAID_MAX)
        with pytest.raises(errors.TooManyUnpaid, match=f" {rules.UNPAID_MAX} "):
            self.begun(owner, 1)
        self.begun(people.customer(), 1)
        with transaction(SYSTEM):
            deposits.give_up(first, reason="nobody paid in time", actor=SYSTEM)
        self.begun(owner, 1)

    def test_of_two_that_begin_at_once_one_sees_the_other(
        self, inside: Flask, owner_engine: Engine, owner: Customer
    ) -> None:
        self.begun(owner, rules.UNPAID_MAX - 1)
        found = crowd.meanwhile(
            inside,
            owner_engine,
            lambda: deposits.start(owner.id, amount=naira(500), actor=owner.actor),
            lambda: self.begun(owner, 1),
        )
        assert isinstance(found, errors.TooManyUnpaid)
